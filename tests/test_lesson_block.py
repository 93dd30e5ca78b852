"""The lesson on the block: its numbers, what holds for any numbers, words that are written, and every setting."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.benches.block import (
    FEATURES,
    GLASS,
    VOCABULARY,
    WORDS,
    glass_unembedding,
    model,
    stages,
)
from attention_core.examples import PAINT
from attention_core.exercises import EXERCISES
from attention_core.generation import Reader, fallen, most, readout, work, write
from attention_ui.block_numbers import predicted, shares_of
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from tests.laws import close
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of
from tests.test_benches import traced
from tests.test_lesson_similarity import texts
from tests.test_pages import opened, sound

PAGE = "pages/block.py"
BENCH = BENCHES["block"]
QUESTIONS = {
    "alone": ("for no word", "No word comes red *and* a noun"),
    "and": ("no", "Without a bend, *neither* + *both*"),
    "norm": ("it stays as it was", "Mean and spread take it off again"),
    "one": ("from both alike", "Now layer 1: a noun looks for adjectives"),
    "two": ("0.96", "Layer 1 tells *ball* what it is made of"),
    "lens": ("after layer 2", "begins as its own word and ends as the next"),
    "double": ("81/82", "Q and K double, so scores grow fourfold"),
    "which": ("the last, that of cube", "Each row predicts its next word"),
    "cache": ("not at all", "a recurrent network hands a word on"),
}
BALL, SHATTERED = 1, 4
seeds = st.integers(0, 2**32 - 1)


def answered(**settings):
    """The page with every question skipped, with these settings, its numbers as fractions."""
    sheet = Sheet("block").with_settings(**{k: v for k, v in settings.items() if k not in BENCH.figures})
    view = View(exact=True, figures={k: v for k, v in settings.items() if k in BENCH.figures})
    app = opened(PAGE, **pack(sheet, view))
    app.session_state["guesses"] = {f"block.{name}": "" for name in QUESTIONS}
    return sound(app.run())


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_the_neuron_for_red_nouns():
    """−8 adj + 4 noun + 4 red − 5, of what the head leaves: −5, 2, −4.2, −12, 1/3; GELU(2) = 1.954."""
    trace = traced("block")
    close(trace["mlp_pre"].value[:, 0], [-5, 2, -4.2, -12, 1 / 3])
    assert trace["mlp_post"].value[BALL, 0] == pytest.approx(1.9544997361036416)
    assert (trace["mlp_post"].value[[0, 2, 3], 0] < 0.01).all()
    assert trace["resid_post"].value[BALL, FEATURES.index("red thing")] == trace["mlp_post"].value[BALL, 0]


def test_the_head_is_that_of_the_running_example():
    given_, labels = PAINT.given(WORDS)
    head = run(programs.one_head(), given_, labels)
    close(traced("block")["weights"].value, head["weights"].value)
    close(traced("block")["residual"].value[:, :6], head["residual"].value)


def test_one_layer_cannot_and_two_can():
    """shattered takes .490 from ball and from table with one layer; with two .959 and .036."""
    one = traced("block", part="layers", built="one")["layer2.weights"].value[SHATTERED]
    two = traced("block", part="layers", built="own")["layer2.weights"].value[SHATTERED]
    assert one.round(4).tolist() == [0.0007, 0.4902, 0.0007, 0.4902, 0.0182]
    assert two.round(4).tolist() == [0.0039, 0.9592, 0.0, 0.0355, 0.0013]
    made = traced("block", part="layers", built="own")["layer1.residual"].value[:, -2]
    close(made, [1, 0.75, 0, 0, 0])


def test_the_same_layer_twice_is_no_help():
    for built in ("first twice", "second twice"):
        takes = traced("block", part="layers", built=built)["layer2.weights"].value[SHATTERED]
        assert takes[1] == pytest.approx(takes[3], abs=0.05)


def test_doubled_embeddings_sharpen():
    assert shares_of(1.0) == pytest.approx(3 / 4)
    assert shares_of(2.0) == pytest.approx(81 / 82)


def test_a_cooler_choice():
    """8 : 4 : 2 : 1 : 1 at T = 1/2: the first has 64/86."""
    task = EXERCISES["E27"].task(0)
    assert task.check("64/86").right
    assert task.check("0.744").right
    assert [slip.name for slip in task.check("1/2").slips] == ["without T"]


# --- What holds for any numbers --------------------------------------------------------------------------------------


@given(seeds, st.floats(0.1, 50), st.floats(-50, 50))
def test_a_norm_does_not_see_a_factor_nor_a_constant(seed, times, plus):
    x = np.random.default_rng(seed).normal(size=(3, 7))
    rest = {"norm.gain": np.linspace(1, 2, 7), "norm.shift": np.linspace(-1, 1, 7), "epsilon": np.array(1e-15)}
    plain, moved = (
        run(programs.norm("norm", "x"), {"x": of, **rest})["norm.out"].value for of in (x, times * x + plus)
    )
    np.testing.assert_allclose(moved, plain, rtol=1e-9, atol=1e-9)


@given(seeds)
def test_a_block_is_a_running_sum(seed):
    """x + what attention adds + what the MLP adds, whatever the weights; and no word's MLP reads another word."""
    name = "block"
    matrices = drawn_for(MECHANISMS[name], sizes_of(name), seed)
    trace = run(MECHANISMS[name], matrices)
    close(trace["residual"].value, matrices["x"] + trace["projected"].value)
    close(trace["resid_post"].value, trace["residual"].value + trace["mlp_out"].value)


@given(seeds)
def test_softmax_in_one_step_is_softmax(seed):
    whole, short = programs.masked(programs.SELF_ATTENTION), programs.compact(programs.masked(programs.SELF_ATTENTION))
    matrices = drawn_for(whole, sizes_of("block"), seed)
    one, other = run(whole, matrices), run(short, matrices)
    assert {"row_max", "shifted", "exps", "row_sums", "masked"}.isdisjoint(other)
    close(other["weights"].value, one["weights"].value)
    close(other["residual"].value, one["residual"].value)


@given(seeds, st.floats(-5, 5))
def test_for_fixed_shares_it_is_linear_in_the_values(seed, times):
    rng = np.random.default_rng(seed)
    weights, one, other = rng.random((4, 4)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    close(weights @ (one + times * other), weights @ one + times * (weights @ other))


@pytest.mark.parametrize("built", BENCH.allowed["built"])
def test_a_read_out_is_that_of_a_shorter_stack(built):
    """What is read off after layer 1 is what a model of one layer would say."""
    trace = traced("block", part="layers", built=built)
    said = readout(trace, stages(built), glass_unembedding())
    assert list(said) == list(stages(built))
    if built == "own":
        matrices = {name.removeprefix("layer1."): of.value for name, of in trace.given.items() if "layer2" not in name}
        program = tuple(step for step in BENCH.set_up(part="layers", built=built).program if "layer1" in step.name)
        short = run(program, {f"layer1.{n}" if n not in ("x", "mask") else n: of for n, of in matrices.items()})
        close(short["layer1.residual"].value @ glass_unembedding(), said["layer1.residual"])


def test_the_row_ends_as_the_next_word():
    said = readout(traced("block", part="layers", built="own"), stages("own"), glass_unembedding())
    tops = [most(of[SHATTERED], VOCABULARY, 1)[0][0] for of in said.values()]
    assert tops == ["shattered", "shattered", "."]
    assert most(said["layer1.residual"][GLASS.index("ball")], VOCABULARY, 1)[0][0] == "vase"


# --- Word by word ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.3, 2), (3.0, 4)])
def test_with_the_cache_and_without(seed, temperature, top_k):
    """The same words and the same logits, for less work; again from the same seed, and others from another."""
    words = write(model(), WORDS, 8, seed, temperature, top_k)
    assert [word.apart for word in words] == [0] * 8
    assert all(word.kept < word.whole for word in words[1:])
    assert all(before.whole < after.whole for before, after in pairwise(words))
    assert write(model(), WORDS, 8, seed, temperature, top_k) == words
    if top_k:
        assert all(word.probability > 0 for word in words)


def test_a_reader_reads_in_any_pieces():
    whole = model().read(WORDS)
    reader = Reader(model())
    pieces = [reader.read(piece)["logits"].value for piece in (WORDS[:2], WORDS[2:3], WORDS[3:])]
    close(np.vstack(pieces), whole["logits"].value)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(sum), st.floats(0, 1, exclude_max=True))
def test_a_draw_falls_upon_a_word_that_has_a_share(weights, draw):
    shares = np.array(weights) / sum(weights)
    at = fallen(shares, draw)
    assert 0 <= at < len(shares)
    assert shares[at] > 0 or np.isclose(draw * shares.sum(), np.cumsum(shares)[at])


def test_the_work_is_counted_from_the_shapes():
    trace = run((programs.find(programs.SELF_ATTENTION, "scores"),), {"q": np.ones((3, 2)), "k": np.ones((5, 2))})
    assert work(trace) == 3 * 2 * 5


def test_an_unknown_word_is_named():
    with pytest.raises(ValueError, match="'xyzzy'"):
        model().read(["xyzzy"])


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_computed(name):
    options, right, then = predicted(name)
    assert right == QUESTIONS[name][0]
    assert options.count(right) == 1
    BENCH.changed(then)


@pytest.mark.parametrize("name", QUESTIONS)
def test_results_are_hidden_until_the_guess(name):
    app = opened(PAGE)
    app.session_state["guesses"] = {f"block.{other}": "" for other in QUESTIONS if other != name}
    sound(app.run())
    assert QUESTIONS[name][1] not in texts(app)
    sound(app.button(key=f"block.{name}.skip").click().run())
    assert QUESTIONS[name][1] in texts(app)


@pytest.mark.parametrize("part", BENCH.allowed["part"])
def test_the_page_in_every_part(part):
    assert "Goal." in texts(answered(part=part))


@pytest.mark.parametrize("setting", [name for name in BENCH.allowed if name not in ("part", "seed", "written")])
def test_the_page_in_every_setting(setting):
    for value in BENCH.allowed[setting]:
        answered(**{setting: value})


def test_words_that_tie_are_both_said():
    """hit is followed by red and blue alike; and where one word may be chosen, by either."""
    for settings in ({}, {"top_k": 1}):
        said = texts(answered(part="next", **settings))
        assert "<td>red ball hit</td><td>red or blue</td>" in said
        assert "<td>red ball</td><td>hit</td>" in said


def test_two_layers_say_which_are_drawn():
    assert "Drawn: layer 2 alone. Layer 1 is put before it" in texts(answered(part="layers"))
    said = texts(answered(part="layers", built="own"))
    assert "Drawn: two layers, each its own." in said
    assert "Layer 1 is put before it" not in said


def test_the_formulas_of_the_norm_speak_of_the_matrices_that_are_drawn():
    steps = BENCH.set_up(part="norm").program
    assert not any("U" in step.formula for step in steps)
    assert "X_{if}" in programs.find(steps, "mean").formula
    assert programs.find(steps, "spread").rule.sign == ("√", "+")


def test_the_end_of_what_is_written_is_said():
    last = BENCH.allowed["written"][-1]
    assert "as far as it goes" not in texts(answered(written=last - 1))
    app = answered(written=last)
    assert f"{last} words are as far as it goes here" in texts(app)
    assert app.button(key="block.next").disabled


def test_a_text_is_written_word_by_word():
    app = answered()
    for n in (1, 2, 3):
        sound(app.button(key="block.next").click().run())
        words = [word.word for word in write(model(), WORDS, n, BENCH.settings["seed"])]
        assert f"red ball hit blue cube **{' '.join(words)}**" in texts(app)
    sound(app.button(key="block.again").click().run())
    assert "red ball hit blue cube …" in texts(app)


# --- Exercises -------------------------------------------------------------------------------------------------------


def built(*numbers: str):
    task = EXERCISES["E26"].task(0)
    return task.check(dict(zip(task.blanks, numbers, strict=True)))


@pytest.mark.parametrize(
    "numbers",  # adj, noun, verb, red, blue, round, and the bias
    [
        ("0", "4", "0", "0", "4", "0", "-6"),
        ("-8", "4", "-8", "0", "9", "0", "-9"),
        ("0", "2", "0", "1/2", "2", "1/3", "-3"),
    ],
)
def test_any_right_neuron_is_right(numbers):
    assert built(*numbers).right, built(*numbers).says


@pytest.mark.parametrize(
    ("numbers", "slip", "says"),
    [
        (("0", "4", "0", "0", "4", "0", "-2"), "an OR", "For “ball, red” (noun, red) the neuron is 2"),
        (("0", "-4", "0", "0", "-4", "0", "6"), "sign", "For “red” (adj, red) the neuron is 6"),
        (("0",) * 7, "nothing typed", "Nothing is typed yet"),
    ],
)
def test_a_wrong_neuron_is_told_the_word_that_fails(numbers, slip, says):
    verdict = built(*numbers)
    assert not verdict.right
    assert slip in [found.name for found in verdict.slips]
    assert says in verdict.says
