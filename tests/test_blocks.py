"""Blocks, stacks, encoder-decoders and the next token equal plain loops (loops.py) and PyTorch (golden/)."""

from itertools import product
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.functions import exact_gelu, tanh_gelu
from attention_core.programs import ACTIVATIONS, BLOCK, MULTI_HEAD, SELF_ATTENTION, block, masked, one_head
from tests.heads import matmul, seeds
from tests.loops import (
    ACTIVATED,
    GOLDEN,
    added,
    arrays,
    attended,
    close,
    decoder_block,
    drawn,
    golden,
    lists,
    mlp,
    normed,
    probabilities,
    sizes,
)
from tests.loops import block as block_in_loops

few = settings(max_examples=5)
KINDS = ("layer", "rms", "")


def end(program, given):
    return run(program, given)[program[-1].name].value


def with_a_head(w):
    """The weights of one head as those of several, of which there is one."""
    return {name: [m] if name.rpartition(".")[2] in ("w_q", "w_k", "w_v", "b_q", "b_k", "b_v") else m
            for name, m in w.items()}  # fmt: skip


# --- The parts -------------------------------------------------------------------------------------------------------


@golden("norms")
def test_norms_agree_with_pytorch(case):
    close(end(programs.norm("n", "x", case["name"]), arrays(case)), case["made"]["n.out"])


@pytest.mark.parametrize("kind", ["layer", "rms"])
@given(sizes=sizes, seed=seeds)
@few
def test_a_norm_equals_plain_loops(kind, sizes, seed):
    program = programs.norm("n", "x", kind)
    matrices = drawn(program, sizes, seed)
    w = lists(matrices)
    close(end(program, matrices), normed(w["x"], kind, w["n.gain"], w.get("n.shift"), w["epsilon"]))


@given(sizes=sizes, seed=seeds, by=st.floats(0.1, 100), up=st.floats(-10, 10))
@few
def test_what_a_norm_takes_away_does_not_matter(sizes, seed, by, up):
    """LayerNorm undoes any scaling and shifting of a token's features; RMSNorm only the scaling."""
    for kind, change in (("layer", lambda x: by * x + up), ("rms", lambda x: by * x)):
        program = programs.norm("n", "x", kind)
        matrices = drawn(program, {**sizes, "d_model": 7, "d_v": 8}, seed, epsilon=1e-300)
        close(end(program, {**matrices, "x": change(matrices["x"])}), end(program, matrices), 1e-9)


def test_activations_agree_with_pytorch():
    x = np.array(GOLDEN["activations"]["x"])
    for name, value in GOLDEN["activations"]["made"].items():
        (step,) = (step for step in programs.mlp("x", name) if step.name == "mlp_post")
        close(step.rule.compute(step.parsed, x[None])[0], value)
        close([ACTIVATED[name](u) for u in x.tolist()], value)


def test_the_approximate_gelu_is_near_the_exact_one():
    x = np.linspace(-8, 8, 401)
    close(exact_gelu(np.array([2.0]))[0], 1.9544997361036416)
    assert 0 < np.abs(exact_gelu(x) - tanh_gelu(x)).max() < 5e-4


@pytest.mark.parametrize("biases", [False, True], ids=["", "biases"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(sizes=sizes, seed=seeds)
@few
def test_an_mlp_equals_plain_loops(activation, biases, sizes, seed):
    program = programs.mlp("x", activation, biases)
    matrices = drawn(program, sizes, seed)
    w = lists(matrices)
    assert ("b_1" in w) == biases
    close(end(program, matrices), mlp(w["x"], w, activation))


@pytest.mark.parametrize(("build", "message"), [
    (lambda: programs.norm("n", "x", "batch"), "a norm is one of layer, rms; 'batch' is not"),
    (lambda: block(kind="batch"), "a norm is one of layer, rms; 'batch' is not"),
    (lambda: programs.mlp("x", "tanh"), "an activation is one of gelu, gelu_tanh, relu; 'tanh' is not"),
    (lambda: block(activation="tanh"), "an activation is one of gelu, gelu_tanh, relu; 'tanh' is not"),
    (lambda: programs.next_token(BLOCK, top_k=0), "top-k keeps at least 1, and k is 0"),
])  # fmt: skip
def test_what_there_is_not_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_a_norm_that_would_divide_by_0_is_refused():
    given = {"x": np.ones((2, 3)), "n.gain": np.ones(3), "n.shift": np.ones(3), "epsilon": np.array(0.0)}
    with pytest.raises(ValueError, match=r"step 'n.spread': the root of 0 .* epsilon must be above 0"):
        run(programs.norm("n", "x"), given)


@pytest.mark.parametrize("summed", [False, True], ids=["concatenated", "summed"])
@given(sizes=sizes, seed=seeds)
@few
def test_biases_of_heads_equal_plain_loops(summed, sizes, seed):
    program = programs.with_biases(programs.multi_head(masked(SELF_ATTENTION), summed))
    matrices = drawn(program, sizes, seed)
    w = lists(matrices)
    w["w_o"] = [row for part in w["w_o"] for row in part] if summed else w["w_o"]
    close(run(program, matrices)["projected"].value, attended(w["x"], w["x"], w, mask=w["mask"]))


def test_biases_of_split_heads_are_those_of_separate_ones():
    sizes = {"query": 3, "head": 2, "d_model": 5, "d_k": 4, "d_v": 6}
    separate, split = (programs.with_biases(p) for p in (MULTI_HEAD, programs.split_heads(2)))
    matrices = drawn(separate, sizes, 0)
    wide = {name: np.concatenate(matrices[name], axis=1) for name in ("w_q", "w_k", "w_v")}
    close(end(split, {**matrices, **wide}), end(separate, matrices))


@given(sizes=sizes, group=st.integers(1, 3), seed=seeds)
@few
def test_heads_that_share_keys_share_their_biases(sizes, group, seed):
    sizes = {**sizes, "kv_head": sizes["head"], "head": sizes["head"] * group}
    program = programs.with_biases(programs.grouped(sizes["head"]))
    matrices = drawn(program, sizes, seed)
    assert matrices["b_k"].shape == (sizes["kv_head"], sizes["d_k"])
    repeated = {name: np.repeat(matrices[name], group, axis=0) for name in ("w_k", "w_v", "b_k", "b_v")}
    close(end(program, matrices), end(programs.with_biases(MULTI_HEAD), {**matrices, **repeated}))


# --- A block ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "post", "activation", "biases", "heads"),
                         list(product(KINDS, (False, True), ACTIVATIONS, (False, True), (False, True))))  # fmt: skip
@given(sizes=sizes, seed=seeds)
@settings(max_examples=2)
def test_a_block_equals_plain_loops(kind, post, activation, biases, heads, sizes, seed):
    options = {"kind": kind, "post": post, "activation": activation}
    program = block(masked(MULTI_HEAD if heads else SELF_ATTENTION), biases=biases, **options)
    matrices = drawn(program, sizes, seed)
    w = lists(matrices) if heads else with_a_head(lists(matrices))
    assert ("norm2.shift" in w) == (kind == "layer")
    assert ("b_o" in w) == ("b_2" in w) == biases
    assert program[-1].name == "resid_post"
    close(end(program, matrices), block_in_loops(w["x"], w, mask=w["mask"], **options))


@golden("encoders")
def test_a_block_agrees_with_pytorch(case):
    close(end(block(masked(MULTI_HEAD), **case["options"]), arrays(case)), case["made"]["resid_post"])
    w = case["given"]
    options = {name: value for name, value in case["options"].items() if name != "biases"}
    close(block_in_loops(w["x"], w, mask=w["mask"], **options), case["made"]["resid_post"])


def test_the_block_is_masked_with_a_norm_in_front():
    sizes = {"query": 3, "d_model": 5, "d_k": 2, "d_v": 4, "d_ff": 7}
    matrices = drawn(BLOCK, sizes, 0)
    w = with_a_head(lists(matrices))
    close(end(BLOCK, matrices), block_in_loops(w["x"], w, mask=w["mask"]))


@pytest.mark.parametrize("residual", [False, True], ids=["without residual", "residual"])
def test_a_block_adds_to_the_stream_even_if_its_head_does_not(residual):
    program, whole = block(one_head(residual=residual)), block(one_head())
    assert [step.name for step in program] == [step.name for step in whole]


# --- Blocks on top of one another ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_layers", [1, 3])
@given(sizes=sizes, seed=seeds)
@few
def test_a_stack_equals_one_block_after_another(n_layers, sizes, seed):
    program = programs.stack([block(masked(MULTI_HEAD))] * n_layers)
    matrices = drawn(program, sizes, seed)
    rows = matrices["x"].tolist()
    for i in range(1, n_layers + 1):
        w = lists(matrices, f"layer{i}.") | {name: matrices[name].tolist() for name in ("scale", "epsilon")}
        rows = block_in_loops(rows, w, mask=matrices["mask"].tolist())
        close(run(program, matrices)[f"layer{i}.resid_post"].value, rows, 1e-11)


@given(sizes=sizes, seed=seeds)
@few
def test_what_is_shared_is_given_once(sizes, seed):
    """A stack of two different layers with the same output weights."""
    layers = [masked(SELF_ATTENTION), SELF_ATTENTION]
    program = programs.stack(layers, shared=("w_o",))
    matrices = drawn(program, sizes, seed)
    assert {"w_o", "layer1.w_q", "layer2.w_q", "mask"} <= matrices.keys()
    assert "layer2.w_o" not in matrices
    x = matrices["x"]
    for i, layer in enumerate(layers, 1):
        own = {name: matrices[f"layer{i}.{name}"] for name in ("w_q", "w_k", "w_v")}
        x = end(layer, {**{name: matrices[name] for name in ("w_o", "mask", "scale")}, **own, "x": x})
    assert (end(program, matrices) == x).all()


@pytest.mark.parametrize(("kind", "post", "biases", "heads"), list(product(KINDS, *[(False, True)] * 3)))
@given(sizes=sizes, seed=seeds)
@settings(max_examples=2)
def test_a_decoder_block_equals_plain_loops(kind, post, biases, heads, sizes, seed):
    attention = MULTI_HEAD if heads else SELF_ATTENTION
    program = programs.decoder_block(attention, kind=kind, post=post, biases=biases)
    matrices = drawn(program, {**sizes, "source_key": 8, "d_source": 9}, seed)
    w = lists(matrices) if heads else with_a_head(lists(matrices))
    close(end(program, matrices), decoder_block(w["x"], w["source"], w, mask=w["mask"], kind=kind, post=post), 1e-11)


@golden("decoders")
def test_a_decoder_block_agrees_with_pytorch(case):
    close(end(programs.decoder_block(MULTI_HEAD, **case["options"]), arrays(case)), case["made"]["resid_post"])
    w = case["given"]
    close(decoder_block(w["x"], w["source"], w, mask=w["mask"], **case["options"]), case["made"]["resid_post"])


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("post", [False, True], ids=["pre", "post"])
@given(sizes=sizes, seed=seeds)
@settings(max_examples=3)
def test_an_encoder_decoder_equals_plain_loops(post, n_layers, sizes, seed):
    program = programs.encoder_decoder(n_layers, attention=MULTI_HEAD, post=post, kind="rms", activation="relu")
    sizes = {**sizes, "source_query": 8, "source_key": 8, "d_source": sizes["d_model"]}
    matrices = drawn(program, sizes, seed)
    shared = {name: matrices[name].tolist() for name in ("scale", "epsilon")}
    options = {"post": post, "kind": "rms", "activation": "relu"}
    source, rows = matrices["source"].tolist(), matrices["x"].tolist()
    for i in range(1, n_layers + 1):
        source = block_in_loops(source, lists(matrices, f"encoder{i}.") | shared, **options)
    for i in range(1, n_layers + 1):
        w = lists(matrices, f"decoder{i}.") | shared
        rows = decoder_block(rows, source, w, mask=matrices["mask"].tolist(), **options)
    close(end(program, matrices), rows, 1e-10)


def test_two_layers_find_what_one_cannot():
    """What shattered? The first layer tells each noun what it is made of; the second looks for nouns that are brittle.

    "glass ball steel table shattered": without the first layer ball and table weigh the same.
    """
    x = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [1, 0, 0, -1, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0.0]])
    adjective, noun, verb, brittle, made_of_brittle = np.eye(5)[:, :, None]
    ln27, ln81 = log(27), log(81)
    given = {
        "x": x, "scale": np.array(1.0), "mask": np.tri(5, dtype=bool),
        "layer1.w_q": noun * log(3), "layer1.w_k": adjective, "layer1.w_v": brittle, "layer1.w_o": made_of_brittle.T,
        "layer2.w_q": verb, "layer2.w_k": -ln27 * adjective + ln27 * noun + ln81 * made_of_brittle,
        "layer2.w_v": noun, "layer2.w_o": verb.T,
    }  # fmt: skip
    head = masked(SELF_ATTENTION)
    trace = run(programs.stack([head, head]), given)
    close(trace["layer1.output"].value[:, 0], [1, 0.75, 0, 0, 0])
    close(trace["layer2.exps"].value[4], [3, 729, 1 / 27, 27, 1])
    assert trace["layer2.weights"].value[4].round(4).tolist() == [0.0039, 0.9592, 0, 0.0355, 0.0013]
    second = {name.removeprefix("layer2."): m for name, m in given.items() if not name.startswith("layer1.")}
    alone = run(head, second)["weights"].value[4]
    assert alone.round(4).tolist() == [0.0007, 0.4902, 0.0007, 0.4902, 0.0182]


# --- The next token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top_k", [None, 1, 2, 5, 99])
@pytest.mark.parametrize("temperature", [False, True], ids=["", "temperature"])
@given(sizes=sizes, seed=seeds)
@few
def test_the_next_token_equals_plain_loops(temperature, top_k, sizes, seed):
    program = programs.next_token(BLOCK, temperature=temperature, top_k=top_k)
    matrices = drawn(program, sizes, seed)
    trace = run(program, matrices)
    logits = matmul(end(BLOCK, {n: m for n, m in matrices.items() if n not in ("w_u", "temperature")}).tolist(),
                    matrices["w_u"].tolist())  # fmt: skip
    close(trace["logits"].value, logits)
    t = matrices["temperature"].item() if temperature else 1.0
    close(trace["next.probabilities"].value, probabilities(logits, t, top_k))
    assert program[-1].name == "next.probabilities"
    close(trace["next.probabilities"].value.sum(axis=1), np.ones(sizes["query"]))


def test_equal_logits_at_the_cut_off_all_stay():
    program = programs.next_token(programs.masked(SELF_ATTENTION), top_k=2)
    matrices = drawn(program, {"query": 1, "d_model": 2, "d_k": 3, "d_v": 4, "vocab": 5}, 0, x=np.array([[1.0, 0]]))
    matrices |= {"w_o": np.zeros((4, 2)), "w_u": np.array([[0.5, 2.0, 0.5, 0.1, 0.5], [9.0] * 5])}
    probability = run(program, matrices)["next.probabilities"].value[0]
    assert (probability > 0).tolist() == [True, True, True, False, True]
    close(probability, probabilities([[0.5, 2.0, 0.5, 0.1, 0.5]], 1.0, 2)[0])


def test_a_bare_stream_can_be_read_out_too():
    """Added to a stack, the logits read what its last layer left."""
    program = programs.next_token(programs.stack([SELF_ATTENTION] * 2))
    sizes = {"query": 2, "d_model": 3, "d_k": 4, "d_v": 5, "vocab": 6}
    matrices = drawn(program, sizes, 1)
    trace = run(program, matrices)
    stream = trace["layer2.residual"].value.tolist()
    close(trace["next.probabilities"].value, probabilities(matmul(stream, matrices["w_u"].tolist())))
    close(trace["layer2.residual"].value, added(trace["layer1.residual"].value, trace["layer2.projected"].value))
