"""The lesson on in-context learning: its numbers, what holds for any numbers, training, and the page's settings."""

from fractions import Fraction as F
from math import inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import attention, handmade, in_context, log_sum_exp, programs, run
from attention_core.benches import BENCHES
from attention_core.benches.in_context import (
    ASKED,
    PARTS,
    RULE,
    TEXTS,
    THROWS,
    VOCABULARY,
    WORDS,
    ZEROS,
    frozen,
    said_again,
    shots_of,
)
from attention_core.exercises import EXERCISES
from attention_core.in_context import Layer, Tasks
from attention_ui.document import compute
from attention_ui.in_context_figures import paint_weights
from attention_ui.in_context_numbers import (
    between,
    long_window,
    merging,
    not_dropped,
    one_key,
    one_row,
    one_step,
    opening,
    predicted,
    side_by_side,
    steps,
    unchanged,
)
from attention_ui.link import View, pack
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.sheet import Sheet
from tests.guessing import guess_all, skip_all
from tests.laws import close
from tests.test_benches import traced
from tests.test_lesson_similarity import texts
from tests.test_pages import opened, sound

PAGE = "pages/in-context.py"
BENCH = BENCHES["in_context"]
QUESTIONS = {
    "in_context.curried": ("by another amount for each query", "Two functions, one set of weights"),
    "in_context.zero": ("2/3", "Where q · k is about 0, a token drops out"),
    "in_context.merge": ("2/3", "Log-sum-exp of n scores is at least"),
    "in_context.fixed": ("no: 3.611", "A fixed key gives a straight line"),
    "in_context.step": ("6", "K layers are K steps"),
    "in_context.softmax": ("2.54", "and W\\_V collects 2.54"),
    "in_context.trained": ("one step of gradient descent", "Here W moves: this is training"),
    "in_context.again": ("ball", "It repeats what the context did"),
    "in_context.loss": ("2.56", "“ball” after red at the end"),
    "in_context.dice": ("27/28", "What is expected next"),
}
DRAWN = {"text": "induction", **dict.fromkeys(("shots", "noise", "rate", "layers"), "regression")}
BALL, CUBE = range(2)
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25)


def everything(app):
    """All that the page says, tables too."""
    return texts(app) + " ".join(element.proto.body for element in app.get("html"))


def answered(exact=True, edits=None, **settings):
    """The page with every question skipped, with these settings and edits, its numbers as fractions."""
    sheet = Sheet("in_context").with_settings(**{k: v for k, v in settings.items() if k not in BENCH.figures})
    for name, typed in (edits or {}).items():
        sheet = sheet.with_cells(name, typed)
    view = View(exact=exact, figures={k: v for k, v in settings.items() if k in BENCH.figures})
    app = opened(PAGE, **pack(sheet, view))
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def row(*cells):
    """A row of a table, as it is drawn."""
    first, *rest = cells
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_context_and_question_added_up():
    """Exponentials 6, 2 and 1, 3: from 1/4, 3/4 to 7/12, 5/12."""
    trace = traced("in_context")
    close(trace["context.exps"].value, [[6, 2]])
    close(trace["question.exps"].value, [[1, 3]])
    close(trace["output"].value, [[7 / 12, 5 / 12]])
    given_ = frozen()
    close(attention(given_["q_scaled"], given_["k"], given_["values"], scale=1.0), [[1 / 4, 3 / 4]])


@pytest.mark.parametrize("n", [n for n in ZEROS if n])
def test_words_that_score_0(n):
    """Eight of them, against exponentials 1 and 3, take 66.7 %."""
    trace = traced("in_context", zeros=n)
    close(trace["weights"].value[0, :n].sum(), n / (n + 4))
    close(trace["output"].value[0], np.array([1, 3]) / (n + 4))


def test_merged_exactly_and_by_the_max_rule():
    close(traced("in_context", sum="exact")["weights"].value, [[7 / 12, 5 / 12]])
    close(traced("in_context", sum="max")["weights"].value, [[2 / 3, 1 / 3]])


def test_no_key_does_it_for_every_query():
    """ln 7 at q; a fixed key would give 2 ln 7 = 3.892 at 2 q, and it is ln 37 = 3.611."""
    once, twice = (traced("in_context", sum="exact", times=times)["merged"].value[0, BALL] for times in (1, 2))
    close([once, twice], [log(7), log(37)])
    assert (round(2 * once, 3), round(twice, 3)) == (3.892, 3.611)


def test_the_guesses_of_the_layers():
    """0, 4, 6, 7, 7.5, 7.75 towards 8; softmax attention, unscaled, 2.538."""
    given_ = in_context.constructed(*shots_of(2, 0.0), ASKED, 0.5)
    assert in_context.guesses(run(in_context.layers(5), given_), 5) == [0, 4, 6, 7, 7.5, 7.75]
    w = in_context.descended(*shots_of(2, 0.0), 0.5, 5)
    assert (w @ ASKED).tolist() == [0, 4, 6, 7, 7.5, 7.75]
    assert np.array(RULE) @ ASKED == 8
    assert in_context.smoothed(given_) == pytest.approx(2.5378828427399904)


def test_the_induction_head():
    trace = traced("in_context", part="induction")
    close(trace["weights"].value[-1], [0.02, 0.02, 0.9, 0.02, 0.02, 0.02])
    close(trace["output"].value[-1], [0.02, 0.04, 0.9, 0.02, 0.02])


def test_the_same_word_without_an_example_costs_ln_13():
    with_it, without = (traced("in_context", part="induction", text=name)["next.probabilities"].value[-1, 2]
                        for name in ("example", "none"))  # fmt: skip
    close(without, 1 / 13)
    assert in_context.cross_entropy(without) == pytest.approx(log(13))
    assert in_context.cross_entropy(with_it) < 0.1


def test_the_running_example_in_blocks():
    whole = paint_weights()
    close(whole[:3, 3:], 0)
    close([whole[4, :3].sum(), whole[4, 3:].sum()], [5 / 9, 4 / 9])
    close(paint_weights(3)[1], [3 / 4, 1 / 4])


def test_what_sentences_say_is_computed():
    assert opening() == ["0.25", "0.75", "6 and 2", "1 and 3", "8", "4", "12", "(6, 2)", "(1, 3)", "(0.58, 0.42)"]
    assert merging() == ["6 + 1", "ln 7", "ln 6", "ln 3"]
    assert one_key() == ["ln 7", "1.946"]
    assert one_step() == ["(1, 0) → 2 and (0, 1) → 4", "(2, 1)", "1/2", "(1, 2)", "4", "4"]
    assert between() == ["exp(2) and exp(1)", "0.73 · 2 + 0.27 · 4 ≈ 2.54", "2 and 4", "8"]
    assert steps(2) == [0, 4, 6]
    assert list(one_row().values()) == ["5/9", "4/9"]
    assert list(unchanged().values()) == ["2 ln 3", "2 ln 3", "3/4", "1/3"]
    assert not_dropped()["8 words that score 0"] == "66.7%"
    assert list(long_window().values()) == ["96", "1,000,000"]
    descends, layers, apart = side_by_side().values()
    assert (descends, apart) == (layers, "0")


# --- Blocks and merging: what holds for any numbers ------------------------------------------------------------------


def matrices(seed, n=3, frozen_n=5, queries=2, d_k=4, d_v=6):
    rng = np.random.default_rng(seed)
    shapes = {"q_scaled": (queries, d_k), "k_frozen": (frozen_n, d_k), "v_frozen": (frozen_n, d_v), "k": (n, d_k),
              "values": (n, d_v)}  # fmt: skip
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


@given(seeds, st.integers(1, 5), st.integers(1, 7), st.booleans())
@few
def test_blocks_are_attention_over_both(seed, n, before, steady):
    given_ = matrices(seed, n, before)
    trace = run(programs.blocks(before, n, steady=steady), given_)
    keys, values = (np.concatenate([given_[a], given_[b]]) for a, b in (("k_frozen", "k"), ("v_frozen", "values")))
    close(trace["output"].value, attention(given_["q_scaled"], keys, values, scale=1.0))
    close(trace["weights"].value @ values, trace["output"].value)


@given(seeds, st.integers(1, 5), st.booleans())
@few
def test_exactly_merged_pairs_take_what_both_take(seed, n, steady):
    given_ = matrices(seed, n, n)
    both = {**given_, "v_frozen": given_["values"]}
    pairs = {name: matrix for name, matrix in given_.items() if name != "v_frozen"}
    merged = run(programs.merged("exact", steady=steady), pairs)
    plain = run(programs.blocks(n, n), both)
    close(merged["output"].value, plain["output"].value)
    close(merged["weights"].value, plain["weights"].value[:, :n] + plain["weights"].value[:, n:])


@given(seeds, st.integers(1, 8))
@few
def test_log_sum_exp_is_near_the_largest(seed, n):
    scores = 5 * np.random.default_rng(seed).normal(size=(4, n))
    over = log_sum_exp(scores) - scores.max(axis=1)
    assert (over >= 0).all()
    assert (over <= log(n) + 1e-12).all()
    close(log_sum_exp(np.full((1, n), 1.5)), [1.5 + log(n)])


@given(seeds)
@few
def test_the_max_rule_is_off_by_ln_2_at_most(seed):
    given_ = {name: matrix for name, matrix in matrices(seed, 5, 5).items() if name != "v_frozen"}
    exact, largest = (run(programs.merged(how), given_)["merged"].value for how in programs.MERGES)
    assert (exact >= largest).all()
    assert (exact - largest <= log(2) + 1e-12).all()


def test_a_huge_score_is_held_by_the_steady_program():
    for settings_ in ({}, {"sum": "exact"}, {"sum": "max"}):
        sheet = Sheet("in_context").with_settings(**settings_).with_cells("k", {(0, 0): "5000"})
        head = compute(sheet)
        assert head.forced
        close(head.matrix("output").value, [[1, 0]])


def test_blocks_of_nothing_and_other_ways_to_merge_are_refused():
    with pytest.raises(ValueError, match="at least 1 token each; got 0 and 2"):
        programs.blocks(0, 2)
    with pytest.raises(ValueError, match="'mean' is none"):
        programs.merged("mean")
    with pytest.raises(ValueError, match="at least 1 layer, and n is 0"):
        in_context.layers(0)


# --- Layers and steps ------------------------------------------------------------------------------------------------


def by_loops(x, y, asked, rate, n):
    """Gradient descent in plain loops: what it says for `asked` after each step."""
    w, said = [0.0] * len(asked), [0.0]
    for _ in range(n):
        left = [b - sum(p * q for p, q in zip(w, a, strict=True)) for a, b in zip(x, y, strict=True)]
        w = [p + rate * sum(e * a[i] for e, a in zip(left, x, strict=True)) for i, p in enumerate(w)]
        said.append(sum(p * q for p, q in zip(w, asked, strict=True)))
    return said


@pytest.mark.parametrize("n", [1, 2, 5])
@given(shots=st.integers(1, 7), d=st.integers(1, 4), rate=st.floats(0.01, 0.15), seed=seeds)
@few
def test_layers_are_steps(n, shots, d, rate, seed):
    """To 1e-12 of the numbers themselves; and what is left of each shot is what the descent has left."""
    rng = np.random.default_rng(seed)
    x, y, asked = rng.normal(size=(shots, d)), rng.normal(size=shots), rng.normal(size=d)
    trace = run(in_context.layers(n), in_context.constructed(x, y, asked, rate))
    w = in_context.descended(x, y, rate, n)
    close(in_context.guesses(trace, n), w @ asked)
    close(w @ asked, by_loops(x.tolist(), y.tolist(), asked.tolist(), rate, n))
    left = trace[f"layer{n}.residual"].value
    close(left[:-1, d], y - x @ w[-1])
    close(left[:-1, d + 1], x @ w[-1])


@given(shots=st.integers(1, 6), seed=seeds)
@few
def test_softmax_attention_stays_between_the_answers(shots, seed):
    rng = np.random.default_rng(seed)
    x, y, asked = rng.normal(size=(shots, 2)), rng.normal(size=shots), rng.normal(size=2)
    answer = in_context.smoothed(in_context.constructed(x, y, asked, 0.3))
    assert y.min() - 1e-12 <= answer <= y.max() + 1e-12
    exps = np.exp(x @ asked)
    close(answer, exps @ y / exps.sum())
    close(in_context.shares(in_context.constructed(x, y, asked, 0.3)), exps / exps.sum())


def test_softmax_attention_is_no_such_step():
    rng = np.random.default_rng(3)
    x, y, asked = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=2)
    given_ = in_context.constructed(x, y, asked, 0.2)
    assert abs(in_context.smoothed(given_) - in_context.descended(x, y, 0.2, 1)[-1] @ asked) > 0.05


@pytest.mark.parametrize("shots", BENCH.allowed["shots"])
@pytest.mark.parametrize("noise", [0.0, 2.0])
@pytest.mark.parametrize("rate", [0.1, 2.5])
def test_the_board_is_gradient_descent(shots, noise, rate):
    trace = traced("in_context", part="regression", shots=shots, noise=noise, rate=rate, layers=3)
    w = in_context.descended(*shots_of(shots, noise), rate, 3)
    close(in_context.guesses(trace, 3), w @ ASKED)


# --- A layer that is trained -----------------------------------------------------------------------------------------


@given(seeds)
@few
def test_the_gradient_is_a_difference_quotient(seed):
    """Central differences of the loss, 1e-6 relative, for every weight of a layer of other sizes."""
    rng = np.random.default_rng(seed)
    tasks = in_context.drawn(rng, batch=7, shots=5, d=3)
    layer = Layer(rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), float(rng.normal()))
    slope, h = in_context.gradient(layer, tasks), 1e-5

    def moved(**change):
        parts = {"w_q": layer.w_q, "w_k": layer.w_k, "gain": layer.gain, **change}
        return in_context.loss(Layer(**parts), tasks)

    scale = max(1.0, in_context.loss(layer, tasks))
    for name in ("w_q", "w_k"):
        for at in np.ndindex(3, 3):
            nudge = np.zeros((3, 3))
            nudge[at] = h
            up, down = (moved(**{name: getattr(layer, name) + sign * nudge}) for sign in (1, -1))
            assert (up - down) / (2 * h) == pytest.approx(getattr(slope, name)[at], rel=1e-6, abs=1e-6 * scale)
    quotient = (moved(gain=layer.gain + h) - moved(gain=layer.gain - h)) / (2 * h)
    assert quotient == pytest.approx(slope.gain, rel=1e-6, abs=1e-6 * scale)


@given(seeds)
@few
def test_the_trained_layer_is_the_linear_attention_of_the_programs(seed):
    """With W_Q, W_K and the gain set into the constructed matrices, one layer of `layers` answers the same."""
    rng = np.random.default_rng(seed)
    tasks = in_context.drawn(rng, batch=3, shots=4, d=2)
    layer = Layer(rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), float(rng.normal()))
    for i in range(3):
        given_ = in_context.constructed(tasks.x[i], tasks.y[i], tasks.asked[i], layer.gain)
        wide = {"w_q": np.vstack([layer.w_q, np.zeros((2, 2))]), "w_k": np.vstack([layer.w_k, np.zeros((2, 2))])}
        trace = run(in_context.layers(1), {**given_, **wide})
        close(in_context.guesses(trace, 1)[-1], in_context.answered(layer, tasks)[i])
        close(tasks.y[i] @ tasks.x[i] @ layer.step @ tasks.asked[i], in_context.answered(layer, tasks)[i])


@given(seeds, st.floats(0.01, 0.3))
@few
def test_one_step_is_a_layer(seed, rate):
    tasks = in_context.drawn(np.random.default_rng(seed), batch=4)
    said = in_context.answered(in_context.one_step(rate), tasks)
    for i in range(4):
        close(said[i], in_context.descended(tasks.x[i], tasks.y[i], rate, 1)[-1] @ tasks.asked[i])


@pytest.mark.parametrize("seed", BENCH.allowed["seed"])
def test_training_finds_the_best_step(seed):
    """From every seed that the page offers: near η on the diagonal and 0 beside it; an error within 2 % of the best."""
    best, after = in_context.best_rate(), in_context.train(seed, BENCH.allowed["trained"][-1])
    assert best == pytest.approx(1 / 7)
    np.testing.assert_allclose(after.layers[-1].step, best * np.eye(2), atol=0.02)
    held_out = in_context.held_out()
    least = in_context.loss(in_context.one_step(best), held_out)
    assert in_context.loss(after.layers[0], held_out) > 1.8 * least
    assert in_context.loss(after.layers[-1], held_out) < 1.02 * least
    assert after.losses[0] == in_context.loss(after.layers[0], in_context.drawn(_rng_after_start(seed)))


def _rng_after_start(seed):
    """The generator of a run, after it has drawn the first weights."""
    rng = np.random.default_rng(seed)
    rng.normal(size=(2, in_context.WIDTH, in_context.WIDTH))
    return rng


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.1, 1.25])
def test_no_other_step_size_is_better(factor):
    best, held_out = in_context.best_rate(), in_context.held_out()
    assert in_context.loss(in_context.one_step(best), held_out) < in_context.loss(
        in_context.one_step(factor * best), held_out
    )


def test_a_run_is_the_same_from_the_same_seed_and_as_long_as_it_is_asked():
    one, longer = in_context.train(5, 20), in_context.train(5, 40)
    assert [layer.gain for layer in one.layers] == [layer.gain for layer in longer.layers[:21]]
    assert in_context.train(6, 20).losses != one.losses
    assert len(one.layers) == 21


def test_an_exact_answer_costs_nothing():
    """A layer that answers rightly has no loss, and nothing pulls at it."""
    tasks = Tasks(np.eye(2)[None], np.array([[3.0, 5.0]]), np.array([[1.0, 1.0]]), np.array([8.0]))
    layer = in_context.one_step(1.0)
    assert in_context.loss(layer, tasks) == 0
    slope = in_context.gradient(layer, tasks)
    assert not slope.w_q.any()
    assert not slope.w_k.any()
    assert slope.gain == 0


# --- Said again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS.values())
def test_the_board_is_the_second_layer_of_the_hand_made_head(text):
    """Two real layers, built from places and words: their second one gives the weights that the board shows."""
    tokens = text.split()
    head = handmade.HEADS["induction"]
    given_, labels = head.given(tokens)
    deep = run(head.program, given_, labels)
    board = run(programs.AGAIN, said_again(tokens))
    close(deep["layer2.weights"].value, board["weights"].value, 1e-3)
    close(np.tril(deep["layer1.weights"].value[1:, :-1])[-1, -1], 1, 1e-4)


@given(st.permutations(VOCABULARY[1:]), st.integers(1, 4))
@few
def test_whatever_came_after_a_word_is_said_again(words, again):
    tokens = [VOCABULARY[0], *words, *words[:again]]
    last = run(programs.AGAIN, said_again(tokens))["next.probabilities"].value[-1]
    follows = words[again % len(words)] if again < len(words) else words[0]
    assert VOCABULARY[int(last.argmax())] == follows


def test_an_example_of_something_else_misleads():
    costs = {name: in_context.cross_entropy(
        traced("in_context", part="induction", text=name)["next.probabilities"].value[-1, 2].item()
    ) for name in ("example", "none", "other")}  # fmt: skip
    assert costs["example"] < log(5) < costs["none"] < costs["other"]


# --- Coin or die -----------------------------------------------------------------------------------------------------


def by_fractions(throws, prior=F(1, 2)):
    """Bayes' rule in whole numbers: belief in the coin."""
    coin, die = prior, 1 - prior
    for face in throws:
        coin, die = coin * (F(1, 2) if face <= 2 else 0), die * F(1, 6)
    return coin / (coin + die)


@given(st.lists(st.integers(1, 6), max_size=9), st.integers(1, 9))
@few
def test_belief_is_bayes_rule(throws, tenth):
    found = in_context.believed(throws, (tenth / 10, 1 - tenth / 10))
    close(found["coin"], float(by_fractions(throws, F(tenth, 10))))
    close(sum(found.values()), 1)
    close(sum(in_context.expected(found)), 1)


@given(st.lists(st.integers(1, 6), max_size=6), st.integers(1, 6))
@few
def test_what_is_expected_is_the_ratio_of_evidence(throws, face):
    """p(next | throws) = p(throws, next) / p(throws), without any belief."""

    def evidence(seen):
        coin = F(1, 2) ** len(seen) if all(one <= 2 for one in seen) else 0
        return (coin + F(1, 6) ** len(seen)) / 2

    found = in_context.expected(in_context.believed(throws))[face - 1]
    close(found, float(evidence([*throws, face]) / evidence(throws)))


def test_three_throws():
    assert in_context.believed(THROWS["1 2 1"])["coin"] == pytest.approx(27 / 28)
    assert in_context.believed(THROWS["1 2 5"]) == {"coin": 0, "die": 1}


def test_throws_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=r"a throw shows 1 to 6, and these are \[7\]"):
        in_context.believed([7])
    with pytest.raises(ValueError, match=r"no source that is believed in can show \[5\]"):
        in_context.believed([5], (1, 0))
    assert in_context.cross_entropy(0.0) == inf


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_computed(name):
    options, right, then = predicted(name.partition(".")[2])
    assert right == QUESTIONS[name][0]
    assert options.count(right) == 1
    assert len(set(options)) == 3
    BENCH.changed(then)


@pytest.mark.parametrize("rightly", [True, False])
def test_results_wait_for_their_guess(rightly):
    guess_all(opened(PAGE), QUESTIONS, everything, rightly)


def test_a_question_may_be_skipped():
    skip_all(opened(PAGE), QUESTIONS, texts)


@pytest.mark.parametrize("part", PARTS)
def test_the_page_in_every_part(part):
    app = answered(part=part)
    drawn = [button for button in app.button if button.key and button.key.startswith("in_context.draw.")]
    assert part not in {button.key.split(".")[2] for button in drawn}
    assert {button.key.split(".")[2] for button in drawn} == set(PARTS) - {part}


@pytest.mark.parametrize("setting", [name for name in BENCH.allowed if name not in ("part", "seed")])
def test_the_page_in_every_setting(setting):
    for value in BENCH.allowed[setting]:
        part = {"text": "induction"}.get(
            setting, "regression" if setting in ("shots", "noise", "rate", "layers") else ""
        )
        answered(**({"part": part} if part else {}), **{setting: value})


def test_the_tables_above_follow_what_is_typed():
    """The key of ball in the context from ln 6 to 0: exponentials 1, 2 and 1, 3."""
    said = everything(answered(edits={"k_frozen": {(0, 0): "0"}}))
    assert row("the context", "3", "3/7") in said
    assert row("with it", "2/7", "5/7") in said
    assert row("without the context", "1/4", "3/4") in said


def test_a_shot_that_is_typed_is_descended_by_both():
    """The second y from 4 to 6: w = (1, 3) after one step, so 5."""
    said = everything(answered(part="regression", edits={"x": {(1, 2): "6"}}))
    assert row("1", "5", "5") in said


def test_other_weights_are_no_such_step():
    """W_V no longer hands over what is left: the layer parts from gradient descent, and the table shows it."""
    said = everything(answered(part="regression", edits={"w_v": {(2, 0): "2"}}))
    assert row("1", "8", "4") in said


def test_steps_side_by_side_with_noise():
    said = everything(answered(part="regression", shots=4, noise=1.0, rate=0.7))
    w = in_context.descended(*shots_of(4, 1.0), 0.7, 5)
    assert f"<td>{w[5] @ ASKED:.2f}</td><td>{w[5] @ ASKED:.2f}</td><td>0</td>" in said


def test_training_step_by_step():
    app = answered()
    assert "the layer after 0 steps" in everything(app)
    sound(app.button(key="in_context.train").click().run())
    assert "the layer after 50 steps" in everything(app)
    sound(app.button(key="in_context.end").click().run())
    assert "the layer after 600 steps" in everything(app)
    assert app.button(key="in_context.train").proto.disabled
    sound(app.button(key="in_context.again").click().run())
    assert "the layer after 0 steps" in everything(app)


def test_a_given_matrix_says_what_it_is():
    """X is no sentence here: neither its equation nor a cell of it speaks of a word list."""
    for part, says in (("regression", "A shot has its x"), ("induction", "1 for the word that stands here")):
        sheet = Sheet("in_context").with_settings(part=part)
        data = board_data(Picture(compute(sheet), None, View(picked=("x", 0, 0))))
        assert data["equations"][0]["note"].startswith(says)
        assert data["panel"]["about"].startswith(says)


def test_a_token_is_not_taken_for_a_pronoun():
    """A word called “it” stands in quotes wherever a sentence tells of its cell; other words stand as they are."""
    data = board_data(Picture(compute(Sheet("in_context")), None, View(picked=("weights", 0, 0))))
    assert data["panel"]["where"] == "how much “it” takes from ball₁"
    data = board_data(Picture(compute(Sheet("in_context").with_settings(part="induction")), None,
                              View(picked=("output", 5, 2))))  # fmt: skip
    assert data["panel"]["where"] == "how much of “ball” red₂ says again"


def test_layers_say_what_their_mask_and_their_stream_are():
    """The output reads the masked scores, in its formula too; the two notes are about the token that asks."""
    for step in in_context.layers(2):
        name = step.name.partition(".")[2]
        if name == "output":
            assert (step.formula, step.formula_t) == (r"O = {\hat S} V", r"O = V {\hat S}")
        assert ("token that asks" in step.says) == (name in ("masked", "residual"))
    trace = traced("in_context", part="regression", layers=3)
    for i in (1, 2, 3):
        left, guess = trace[f"layer{i}.residual"].value[-1, -2:]
        assert left == -guess


def test_numbers_are_written_out():
    """Where 3.611 and 2.54 come from, which rule says 8, and what the noisy shots of the box were."""
    said = everything(answered())
    assert row("× 2", "ln(36 + 1) ≈ 3.611", "2 ln 7 ≈ 3.892", "0.28") in said
    assert "the rule, y = 2 x₁ + 4 x₂, says 8" in said
    assert "0.73 · 2 + 0.27 · 4 ≈ 2.54" in said
    assert "each such throw speaks 3 to 1" in said
    assert "lead to 27 to 1 (the **posterior**): 27/28" in said
    found = next(iter(side_by_side()))
    assert found.endswith("four shots, noise 1, η = 0.70")
    descends = in_context.descended(*shots_of(4, 1.0), 0.7, 5)[-1] @ ASKED
    assert side_by_side()[found] == f"{descends:.2f}"


# --- Exercises -------------------------------------------------------------------------------------------------------


def test_a_second_step():
    task = EXERCISES["E29"].task(0)
    assert task.check("6").right
    assert task.check("4").slips[0].name == "one step"
    assert task.check("8").slips[0].name in ("not what is left", "step size left out")


def test_merged_keys():
    task = EXERCISES["E30"].task(0)

    def checked(*numbers):
        return task.check(dict(zip(task.blanks, numbers, strict=True)))

    assert checked("7/12", "5/12").right
    assert [slip.name for slip in checked("2/3", "1/3").slips] == ["max rule"]
    assert [slip.name for slip in checked("1/4", "3/4").slips] == ["question alone"]
    assert [slip.name for slip in checked("1/2", "1/2").slips] == ["scores added"]
    assert [slip.name for slip in checked("7", "5").slips] == ["not divided"]
    assert len(task.blanks) == len(WORDS)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "slip"),
    [
        ("in-context-zeros", "2/3", "0", "dropped out"),
        ("in-context-zeros", "0.667", "1/12", "one of them"),
        ("in-context-belief", "0.9", "9", "odds"),
        ("in-context-belief", "9/10", "27/28", "prior left out"),
        ("in-context-cost", "ln 13", "1/13", "probability"),
        ("in-context-cost", "2.56", "12/13", "one minus"),
    ],
)
def test_numbers_and_their_slips(name, right, wrong, slip):
    task = EXERCISES[name].task(0)
    assert task.check(right).right, task.check(right).says
    assert slip in [found.name for found in task.check(wrong).slips]
