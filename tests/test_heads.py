"""Several heads equal several single heads, however they are put together; sources, caches and circuits likewise.

The golden values are PyTorch's: golden/make_programs.py says how they were made.
"""

from math import sqrt, tanh

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import ShapeError, programs, reference, run
from attention_core.programs import COMBINED, CROSS_ATTENTION, MULTI_HEAD, SELF_ATTENTION, SUMMED_HEADS
from tests.heads import matmul, seeds
from tests.loops import added, arrays, attended, close, drawn, golden, lists, sizes

few = settings(max_examples=10)

# Heads with everything that the plain loops of reference.py know of, and the arguments for it.
KINDS = {
    "plain": ((), ()),
    "masked": ((programs.masked,), ("mask",)),
    "all": ((programs.masked, programs.biased, programs.tempered), ("mask", "bias", "temperature")),
    "steadied": ((programs.masked, programs.steadied), ("mask",)),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def one_head(kind):
    program = SELF_ATTENTION
    for transform in KINDS[kind][0]:
        program = transform(program)
    return program


def options(kind, given):
    return {name: given[name].tolist() for name in KINDS[kind][1]}


def end(program, given):
    trace = run(program, given)
    return trace[tuple(trace)[-1]].value


def rows_per_head(given):
    """w_o [(head d_v) d_model] as [head d_v d_model]."""
    return {**given, "w_o": given["w_o"].reshape(len(given["w_v"]), -1, given["w_o"].shape[1])}


# --- Together --------------------------------------------------------------------------------------------------------


@every_kind
@given(sizes=sizes, seed=seeds)
@few
def test_concatenated_heads_equal_plain_loops(kind, sizes, seed):
    program = programs.multi_head(one_head(kind))
    matrices = drawn(program, sizes, seed)
    x, w = matrices["x"].tolist(), lists(matrices)
    trace = run(program, matrices)
    projected = attended(x, x, w, **options(kind, matrices))
    close(trace["projected"].value, projected)
    close(trace["residual"].value, added(x, projected))


@every_kind
@given(sizes=sizes, seed=seeds)
@few
def test_summed_heads_equal_concatenated_ones(kind, sizes, seed):
    program = one_head(kind)
    matrices = drawn(programs.multi_head(program), sizes, seed)
    summed = run(programs.multi_head(program, summed=True), rows_per_head(matrices))
    close(summed["residual"].value, end(programs.multi_head(program), matrices))
    for h in range(sizes["head"]):  # and each contribution is that of a single head
        alone = {n: m[h] if n.startswith("w_") else m for n, m in rows_per_head(matrices).items()}
        close(summed["contributions"].value[h], run(program, alone)["projected"].value)


@pytest.mark.parametrize("transform", [programs.masked, programs.biased, programs.softcapped, programs.tempered,
                                       programs.steadied], ids=lambda transform: transform.__name__)  # fmt: skip
@given(sizes=sizes, seed=seeds)
@few
def test_heads_can_be_changed_before_or_after_they_are_many(transform, sizes, seed):
    before, after = programs.multi_head(transform(SELF_ATTENTION)), transform(MULTI_HEAD)
    assert [step.axes for step in before] == [step.axes for step in after]
    matrices = drawn(before, sizes, seed)
    assert (end(before, matrices) == end(after, matrices)).all()


@pytest.mark.parametrize("program", [SELF_ATTENTION, MULTI_HEAD], ids=["one head", "heads"])
@given(sizes=sizes, seed=seeds)
@few
def test_a_softcap_bends_what_the_mask_then_hides(program, sizes, seed):
    """c tanh(x / c) of every scaled score: none of them gets beyond c, and hidden ones still get no weight."""
    capped = programs.masked(programs.softcapped(program))
    matrices = drawn(capped, sizes, seed)
    trace, c = run(capped, matrices), matrices["softcap"].item()
    close(trace["capped"].value.ravel(), [c * tanh(s / c) for s in trace["scaled"].value.ravel().tolist()])
    hidden = np.broadcast_to(~matrices["mask"], trace["weights"].value.shape)
    assert not trace["weights"].value[hidden].any()


@pytest.mark.parametrize(("transform", "name"), [(programs.softcapped, "softcap"), (programs.tempered, "temperature")])
@pytest.mark.parametrize("value", [0.0, -2.0])
def test_a_cap_or_a_temperature_not_above_0_is_refused(transform, name, value):
    program = transform(SELF_ATTENTION)
    matrices = drawn(program, {"query": 3, "d_model": 5, "d_k": 2, "d_v": 4}, 0, **{name: value})
    with pytest.raises(ValueError, match=f"{name} must be above 0, and is {value:g}"):
        run(program, matrices)


@every_kind
@given(sizes=sizes, seed=seeds)
@few
def test_one_wide_projection_split_equals_separate_ones(kind, sizes, seed):
    matrices = drawn(programs.multi_head(one_head(kind)), sizes, seed)
    wide = {name: np.concatenate(matrices[name], axis=1) for name in ("w_q", "w_k", "w_v")}
    split = programs.split_heads(sizes["head"], one_head(kind))
    close(end(split, {**matrices, **wide}), end(programs.multi_head(one_head(kind)), matrices))


def test_heads_that_do_not_divide_the_width_are_refused():
    sizes = {"query": 3, "head": 2, "d_model": 5, "d_k": 4, "d_v": 6}
    matrices = drawn(programs.split_heads(2), sizes, 0)
    with pytest.raises(ShapeError, match=r"step 'q': a width of 8 cannot be split into 3 heads"):
        run(programs.split_heads(3), matrices)


@every_kind
@pytest.mark.parametrize("summed", [False, True], ids=["concatenated", "summed"])
@given(sizes=sizes, group=st.integers(1, 3), seed=seeds)
@few
def test_grouped_heads_equal_repeated_ones(kind, summed, sizes, group, seed):
    """Query heads 0 .. group − 1 use key-value head 0, and so on; one key-value head for all is multi-query."""
    sizes = {**sizes, "kv_head": sizes["head"], "head": sizes["head"] * group}
    program = programs.grouped(sizes["head"], one_head(kind), summed)
    matrices = drawn(program, sizes, seed)
    repeated = {name: np.stack([matrices[name][h // group] for h in range(sizes["head"])]) for name in ("w_k", "w_v")}
    close(end(program, matrices), end(programs.multi_head(one_head(kind), summed), {**matrices, **repeated}))


def test_groups_that_do_not_divide_the_heads_are_refused():
    sizes = {"query": 2, "head": 5, "kv_head": 3, "d_model": 4, "d_k": 6, "d_v": 7}
    program = programs.grouped(5)
    with pytest.raises(ShapeError, match=r"step 'k': 5 query heads cannot share 3 key-value heads"):
        run(program, drawn(program, sizes, 0))


@given(sizes=sizes, order=st.randoms(use_true_random=False), seed=seeds)
@few
def test_the_order_of_the_heads_changes_no_output(sizes, order, seed):
    matrices = rows_per_head(drawn(MULTI_HEAD, sizes, seed))
    places = order.sample(range(sizes["head"]), sizes["head"])
    permuted = {n: m[places] if n.startswith("w_") else m for n, m in matrices.items()}
    close(end(SUMMED_HEADS, permuted), end(SUMMED_HEADS, matrices))
    flat = [{**given, "w_o": np.concatenate(given["w_o"])} for given in (permuted, matrices)]
    close(end(MULTI_HEAD, flat[0]), end(MULTI_HEAD, flat[1]))


@golden("multi_head")
def test_heads_agree_with_pytorch(case):
    given = arrays(case)
    program = programs.masked(SELF_ATTENTION) if "mask" in given else SELF_ATTENTION
    program = programs.crossed(program) if "source" in given else program
    program = programs.multi_head(program)
    trace = run(programs.with_biases(program) if "b_q" in given else program, given)
    for name, value in case["made"].items():
        close(trace[name].value, value)
    source = case["given"].get("source", case["given"]["x"])
    close(attended(case["given"]["x"], source, case["given"], mask=case["given"].get("mask")), trace["projected"].value)


@golden("grouped")
def test_grouped_heads_agree_with_pytorch(case):
    trace = run(programs.masked(programs.grouped(case["n_heads"])), arrays(case))
    for name, value in case["made"].items():
        close(trace[name].value, value)


# --- From elsewhere, and from before ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hides", [False, True], ids=["all", "masked"])
@given(sizes=sizes, seed=seeds)
@few
def test_cross_attention_equals_the_definition(hides, sizes, seed):
    program = programs.masked(CROSS_ATTENTION) if hides else CROSS_ATTENTION
    sizes = {**sizes, "key": 8, "d_source": 9}
    matrices = drawn(program, sizes, seed)
    w = lists(matrices)
    q, k, v = matmul(w["x"], w["w_q"]), matmul(w["source"], w["w_k"]), matmul(w["source"], w["w_v"])
    trace = run(program, matrices)
    output = reference.attention(q, k, v, w.get("mask"), w["scale"])
    close(trace["output"].value, output)
    close(trace["residual"].value, added(w["x"], matmul(output, w["w_o"])))


@given(sizes=sizes, seed=seeds)
@few
def test_cross_attention_of_several_heads_equals_plain_loops(sizes, seed):
    program = programs.multi_head(CROSS_ATTENTION)
    matrices = drawn(program, {**sizes, "key": 8, "d_source": 9}, seed)
    w = lists(matrices)
    close(run(program, matrices)["projected"].value, attended(w["x"], w["source"], w))


@pytest.mark.parametrize("transform", [programs.crossed, programs.placed], ids=["crossed", "placed"])
@given(sizes=sizes, seed=seeds)
@few
def test_split_and_grouped_heads_keep_where_they_read_from(transform, sizes, seed):
    """Queries from x, keys from the source; or everything from the embeddings with places."""
    program, n_heads = transform(SELF_ATTENTION), sizes["head"]
    matrices = drawn(programs.multi_head(program), {**sizes, "d_source": 9}, seed)
    expected = end(programs.multi_head(program), matrices)
    wide = {name: np.concatenate(matrices[name], axis=1) for name in ("w_q", "w_k", "w_v")}
    close(end(programs.split_heads(n_heads, program), {**matrices, **wide}), expected)
    close(end(programs.grouped(n_heads, program), matrices), expected)


@given(sizes=sizes, seed=seeds)
@few
def test_cross_attention_to_oneself_is_self_attention(sizes, seed):
    matrices = drawn(SELF_ATTENTION, sizes, seed)
    assert (end(CROSS_ATTENTION, {**matrices, "source": matrices["x"]}) == end(SELF_ATTENTION, matrices)).all()


@pytest.mark.parametrize("heads", [False, True], ids=["one head", "heads"])
@given(sizes=sizes, seed=seeds)
@few
def test_token_by_token_with_a_cache_equals_the_whole_text(heads, sizes, seed):
    whole, step = programs.masked(SELF_ATTENTION), programs.cached()
    if heads:
        whole, step = programs.multi_head(whole), programs.cached(MULTI_HEAD)
    n = sizes["query"]
    matrices = drawn(whole, sizes, seed, mask=np.tri(n, dtype=bool))
    full = run(whole, matrices)
    given = {name: m for name, m in matrices.items() if name != "mask"}
    past = {f"{name}_past": full[name].value[..., :0, :] for name in "kv"}
    for i in range(n):
        trace = run(step, {**given, **past, "x": matrices["x"][i : i + 1]})
        close(trace["weights"].value[..., 0, :], full["weights"].value[..., i, : i + 1])
        close(trace["residual"].value, full["residual"].value[i : i + 1])
        past = {f"{name}_past": trace[name].value for name in "kv"}
    for name in "kv":
        close(past[f"{name}_past"], full[name].value)


@pytest.mark.parametrize("heads", [False, True], ids=["one head", "heads"])
@given(sizes=sizes, past=st.integers(0, 5), seed=seeds)
@few
def test_several_new_tokens_after_a_cache_equal_the_whole_text(heads, sizes, past, seed):
    whole = programs.masked(MULTI_HEAD if heads else SELF_ATTENTION)
    n = sizes["query"] + past
    matrices = drawn(whole, {**sizes, "query": n}, seed, mask=np.tri(n, dtype=bool))
    full = run(whole, matrices)
    kept = {f"{name}_past": full[name].value[..., :past, :] for name in "kv"}
    late = {**matrices, **kept, "x": matrices["x"][past:], "mask": matrices["mask"][past:]}
    close(end(programs.cached(whole), late), full["residual"].value[past:])


# --- Circuits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hides", [False, True], ids=["all", "masked"])
@given(sizes=sizes, seed=seeds)
@few
def test_combined_weights_give_what_the_separate_ones_give(hides, sizes, seed):
    separate, combined = (programs.masked(p) if hides else p for p in (SELF_ATTENTION, COMBINED))
    matrices = drawn(separate, sizes, seed)
    one, other = run(separate, matrices), run(combined, matrices)
    for name in ("scores", "scaled", "weights", "projected", "residual"):
        close(other[name].value, one[name].value, 1e-11)
    w = lists(matrices)
    close(other["w_qk"].value, matmul(w["w_q"], list(zip(*w["w_k"], strict=True))))
    close(other["w_ov"].value, matmul(w["w_v"], w["w_o"]))


@given(sizes=sizes, seed=seeds)
@few
def test_combined_weights_have_no_more_rank_than_a_head_has_room(sizes, seed):
    trace = run(COMBINED, drawn(COMBINED, sizes, seed))
    for name, d in (("w_qk", "d_k"), ("w_ov", "d_v")):
        assert programs.rank(trace[name].value) == min(sizes[d], sizes["d_model"])


@given(rows=st.integers(1, 6), columns=st.integers(1, 6), seed=seeds)
def test_low_rank_is_the_closest_product_of_that_rank(rows, columns, seed):
    """Eckart and Young 1936: what is missing is what the smaller singular values hold, and nobody gets closer."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, columns))
    sizes = np.linalg.svd(matrix, compute_uv=False)
    for r in range(1, min(rows, columns) + 1):
        left, right = programs.low_rank(matrix, r)
        assert (left.shape, right.shape) == ((rows, r), (r, columns))
        assert programs.rank(left @ right) == r
        missing = np.linalg.norm(matrix - left @ right)
        close(missing, sqrt((sizes[r:] ** 2).sum()))
        for size in (1e-3, 0.1, 1.0):
            other = (left + size * rng.normal(size=left.shape)) @ (right + size * rng.normal(size=right.shape))
            assert np.linalg.norm(matrix - other) >= missing - 1e-12


@pytest.mark.parametrize("r", [-1, 0, 4])
def test_a_rank_that_a_map_cannot_have_is_refused(r):
    with pytest.raises(ValueError, match=rf"shape \(3, 5\) has a rank within 1..3; r is {r}"):
        programs.low_rank(np.ones((3, 5)), r)


@given(sizes=sizes, factor=st.floats(0.01, 100), seed=seeds)
@few
def test_scaling_queries_up_and_keys_down_changes_nothing(sizes, factor, seed):
    matrices = drawn(SELF_ATTENTION, sizes, seed)
    changed = {**matrices, "w_q": matrices["w_q"] * factor, "w_k": matrices["w_k"] / factor}
    one, other = run(SELF_ATTENTION, matrices), run(SELF_ATTENTION, changed)
    for name in ("scores", "weights", "residual"):
        close(other[name].value, one[name].value, 1e-11)


@given(sizes=sizes, seed=seeds)
@few
def test_turning_queries_and_keys_together_changes_no_score(sizes, seed):
    matrices = drawn(SELF_ATTENTION, sizes, seed)
    turn, turn_v = (
        np.linalg.qr(np.random.default_rng(seed).normal(size=(sizes[d], sizes[d])))[0] for d in ("d_k", "d_v")
    )
    changed = {
        **matrices, "w_q": matrices["w_q"] @ turn, "w_k": matrices["w_k"] @ turn,
        "w_v": matrices["w_v"] @ turn_v, "w_o": turn_v.T @ matrices["w_o"],
    }  # fmt: skip
    one, other = run(SELF_ATTENTION, matrices), run(SELF_ATTENTION, changed)
    for name in ("scores", "weights", "projected"):
        close(other[name].value, one[name].value, 1e-11)
