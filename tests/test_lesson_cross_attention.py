"""The lesson on two sources: its numbers, what a source may be, the masks of a whole model, and pictures as texts."""

from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import masks, programs, run
from attention_core.benches import BENCHES
from attention_core.benches.cross_attention import MODELS, PARTS, PICTURE, SENTENCES
from attention_core.exercises import EXERCISES
from attention_ui.cross_attention_figures import VISION
from attention_ui.cross_attention_numbers import predicted, vision
from attention_ui.document import compute
from attention_ui.editable import EditError
from attention_ui.link import View, pack, unpack
from attention_ui.sheet import Sheet
from tests.laws import close
from tests.test_benches import traced
from tests.test_lesson_similarity import texts
from tests.test_pages import opened, sound

PAGE = "pages/cross-attention.py"
BENCH = BENCHES["cross_attention"]
QUESTIONS = {
    "cross_attention.longer": ("2 × 3", "A row for each word that asks"),
    "cross_attention.masked": ("red and ball", "What is read was finished before"),
    "cross_attention.joint": ("the same", "here three attentions"),
    "cross_attention.alike": ("P1, P2, P3, P4 and P5, all alike", "An empty patch asks for nothing"),
    "cross_attention.patches": ("16", "a sixteenth of the weights"),
}
seeds = st.integers(0, 2**32 - 1)


def rows(*texts_of):
    return [[float(F(number)) for number in text.split()] for text in texts_of]


def answered(**settings):
    """The page with every question skipped, with these settings."""
    sheet = Sheet("cross_attention").with_settings(**{k: v for k, v in settings.items() if k not in BENCH.figures})
    view = View(exact=True, figures={k: v for k, v in settings.items() if k in BENCH.figures})
    app = opened(PAGE, **pack(sheet, view))
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_the_word_order_flips():
    """balle rouge over red ball: exponentials 1 and 9, weights .1 and .9."""
    trace = traced("cross_attention")
    close(trace["exps"].value, rows("1 9", "9 1"))
    close(trace["weights"].value, rows("1/10 9/10", "9/10 1/10"))
    assert trace["weights"].labels == (("balle", "rouge"), ("red", "ball"))


def test_the_meaning_comes_over():
    """Colour and shape of the English stand in the last two features of the French, where 0 stood."""
    trace = traced("cross_attention")
    assert (trace.given["x"].value[:, -2:] == 0).all()
    close(trace["residual"].value[:, -2:], rows("1/10 9/10", "9/10 1/10"))
    close(trace["residual"].value[:, :-2], trace.given["x"].value[:, :-2])


def test_the_sources_have_features_of_their_own():
    trace = traced("cross_attention")
    assert trace.given["x"].value.shape[1] != trace.given["source"].value.shape[1]
    assert trace["q"].value.shape == trace["k"].value.shape == (2, 4)


@pytest.mark.parametrize(("english", "french"), list(product(*SENTENCES.values())))
def test_a_row_for_each_that_asks(english, french):
    trace = traced("cross_attention", english=english, french=french)
    shape = len(french.split()), len(english.split())
    assert trace["weights"].value.shape == shape
    close(trace["weights"].value.sum(axis=1), np.ones(shape[0]))
    for word, kin in (("balle", "ball"), ("rouge", "red")):
        at = french.split().index(word), english.split().index(kin)
        assert trace["weights"].value[at] == pytest.approx(9 / (8 + shape[1]))


def test_who_reads_whom():
    """Only between two sentences is there a source; only the writer's own attention is causal."""
    for name, part in PARTS.items():
        trace = traced("cross_attention", part=name, english="the red ball")
        assert ("source" in trace.given) == part.crossed
        assert trace.given["mask"].value.all() != (name == "decoder")
    own = traced("cross_attention", part="decoder")
    close(own["weights"].value, rows("1 0", "9/10 1/10"))  # rouge looks back at its noun: the gender comes from it


@given(seeds)
def test_a_sentence_as_its_own_source_is_self_attention(seed):
    rng = np.random.default_rng(seed)
    shapes = {"x": (5, 7), "w_q": (7, 3), "w_k": (7, 3), "w_v": (7, 4), "w_o": (4, 7)}
    matrices = {name: rng.normal(size=shape) for name, shape in shapes.items()} | {"scale": np.array(0.5)}
    own = run(programs.SELF_ATTENTION, matrices)
    crossed = run(programs.CROSS_ATTENTION, {**matrices, "source": matrices["x"]})
    for name in own:
        assert (own[name].value == crossed[name].value).all(), name


# --- A whole model ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 6))
def test_the_models_are_three_masks(n, m):
    assert MODELS["encoder"](n, m).value.all()
    assert (MODELS["decoder"](n, m).value == np.tri(n + m, dtype=bool)).all()
    both = MODELS["both"](n, m).value
    blocks = both[:n, :n], both[n:, n:], both[n:, :n], both[:n, n:]
    wanted = masks.full(n), masks.causal(m), masks.full(m, n), ~masks.full(n, m)
    assert all((one == other.value).all() for one, other in zip(blocks, wanted, strict=True))


# --- A picture -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [2, 3])
def test_patches_are_the_picture(cut):
    """Row by row of the pixels of each patch, and back; equal weights for equal patches."""
    trace = traced("cross_attention", read="picture", cut=cut)
    along = len(PICTURE) // cut
    for i, patch in enumerate(trace["patches"].value):
        r, c = divmod(i, along)
        assert (patch.reshape(cut, cut) == PICTURE[r * cut : (r + 1) * cut, c * cut : (c + 1) * cut]).all()
    mixed = trace["weights"].value @ trace["patches"].value
    close(trace["mixed"].value, mixed.reshape(along, along, cut, cut).transpose(0, 2, 1, 3).reshape(PICTURE.shape))


def test_a_pixel_in_common_doubles_the_exponential():
    trace = traced("cross_attention", read="picture")
    patches = trace["patches"].value
    close(trace["exps"].value, 2.0 ** (patches @ patches.T))


def test_an_empty_patch_shares_evenly():
    trace = traced("cross_attention", read="picture")
    empty = ~trace["patches"].value.any(axis=1)
    assert empty.any()
    close(trace["weights"].value[empty], np.full((empty.sum(), len(empty)), 1 / len(empty)))


def test_a_picture_is_painted():
    """A click fills or empties a pixel; a number between is a grey; another one is refused in a sentence."""
    sheet = Sheet("cross_attention").with_settings(read="picture")
    once = sheet.toggled((0, 0), "picture")
    assert compute(once).matrix("picture").value[0, 0] == 0
    assert once.toggled((0, 0), "picture") == sheet
    grey = sheet.with_cells("picture", {(5, 5): "1/2"})
    assert compute(grey).matrix("patches").value[8, 3] == 0.5
    for text in ("2", "-1", "x"):
        with pytest.raises(EditError, match=r"^I, row 6, column 6: "):
            sheet.with_cells("picture", {(5, 5): text})


def test_a_link_brings_the_picture_back():
    sheet = Sheet("cross_attention").with_settings(read="picture", cut=3).toggled((2, 4), "picture")
    assert unpack(pack(sheet, View()), sheet.plain) == (sheet, View(), [])


def test_patches_of_a_large_picture():
    assert VISION == (224, 16)
    assert vision() == (224, 16, 196)


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_answers_are_the_computed_ones():
    for name, (answer, _) in QUESTIONS.items():
        options, right, then = predicted(name.partition(".")[2])
        assert right == answer
        assert options.count(right) == 1
        BENCH.changed(then)


@pytest.mark.parametrize("name", QUESTIONS)
def test_results_are_hidden_until_the_guess(name):
    app = opened(PAGE)
    app.session_state["guesses"] = {other: "" for other in QUESTIONS if other != name}
    sound(app.run())
    hidden = QUESTIONS[name][1]
    assert hidden not in texts(app)
    sound(app.button(key=f"{name}.skip").click().run())
    assert hidden in texts(app)


@pytest.mark.parametrize("setting", BENCH.allowed)
def test_the_page_in_every_setting(setting):
    for value in BENCH.allowed[setting]:
        for read in BENCH.allowed["read"]:
            app = answered(**{"read": read, setting: value})
            assert "Goal." in texts(app)


def test_the_page_says_the_numbers_of_the_board():
    said = texts(answered())
    assert "weights **1/10 and 9/10**; *rouge* has **9/10 and 1/10**" in said
    assert "their sum 10" in said


def test_a_picture_and_back():
    app = answered()
    sound(app.button(key="cross_attention.bring.picture").click().run())
    assert app.session_state["visit.cross_attention"].document.setting("read") == "picture"
    sound(app.button(key="cross_attention.bring.words").click().run())
    assert app.session_state["visit.cross_attention"].document == Sheet("cross_attention")


# --- Exercises -------------------------------------------------------------------------------------------------------


def test_the_exercises_have_the_numbers_of_the_course():
    assert EXERCISES["cross-patches"].task(0).check("196").right
    shapes = EXERCISES["cross-shapes"].task(0)
    assert list(shapes.right().values()) == ["4", "7", "4", "3"]
    assert EXERCISES["E25"].task(0).right() == "Q from its French translation; K and V from an English sentence"
    assert (EXERCISES["cross-model"].task(0).right() == masks.encoder_decoder(2, 2).value).all()


def test_while_a_picture_is_read_the_page_says_how_to_choose_who_reads_whom():
    """The choice itself is not there then."""
    hint = "Choose “two sentences” there, and then who reads whom."
    assert hint in texts(answered(read="picture"))
    assert hint not in texts(answered())


def test_that_a_change_was_lost_is_said_below_the_row_of_choices():
    """Among them it would push the next choice to the edge."""
    sheet = Sheet("cross_attention").with_cells("mask", {(0, 0): "0"})
    app = opened(PAGE, **pack(sheet, View()))
    choice = next(group for group in app.button_group if group.key == "cross_attention.read")
    sound(choice.set_value("picture").run())
    said = [
        "lost" if node.type == "html" and "Your changes to M belonged" in node.proto.body else getattr(node, "key", "")
        for node in app.main
    ]
    assert said.count("lost") == 1
    assert said.index("cross_attention.read") < said.index("cross_attention.cut") < said.index("lost")
