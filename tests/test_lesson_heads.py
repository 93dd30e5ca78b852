"""The lesson on several heads: its numbers, that heads add up, and what the page says in every setting."""

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import costs, programs, run
from attention_core.benches import BENCHES
from attention_core.exercises import EXERCISES
from attention_ui.account import panel
from attention_ui.document import compute
from attention_ui.editable import EditError
from attention_ui.heads_numbers import BLUE, CUBE, RED, predicted
from attention_ui.link import View, pack
from attention_ui.picture import Picture
from attention_ui.sheet import Sheet
from tests.laws import close
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of
from tests.test_benches import traced
from tests.test_lesson_similarity import texts
from tests.test_pages import opened, sound

PAGE = "pages/heads.py"
BENCH = BENCHES["heads"]
QUESTIONS = ("together", "split", "count", "order", "rows", "prune", "shared")
HIDDEN = {
    "together": "The heads’ parts are added, whichever way", "split": "A column of a product is made by one column",
    "count": "Many heads cost no more than one", "rows": "Then an output meets the other head’s rows",
    "prune": "**Pruning** takes a head’s part away", "shared": "our heads have the same keys",
}  # fmt: skip
COLOURS = np.s_[CUBE, 3:5]
seeds = st.integers(0, 2**32 - 1)


def answered(**settings):
    """The page with every question skipped, with these settings, its numbers as fractions."""
    sheet = Sheet("heads").with_settings(**{k: v for k, v in settings.items() if k not in BENCH.figures})
    view = View(exact=True, figures={k: v for k, v in settings.items() if k in BENCH.figures})
    app = opened(PAGE, **pack(sheet, view))
    app.session_state["guesses"] = {f"heads.{name}": "" for name in QUESTIONS}
    return sound(app.run())


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_what_cube_takes_in_each_head():
    weights = traced("heads", whole=True)["weights"].value
    close(traced("heads").given["weights"].value, weights)
    close(weights[0, CUBE, [RED, BLUE]], [1 / 3, 1 / 3])
    close(weights[1, CUBE], np.array([1, 1, 1, 9, 1]) / 13)


def test_content_and_previous_token_add_up():
    """(.333, .333) + (.077, .692) = (.410, 1.026) of red and blue."""
    trace = traced("heads", together="summed")
    content, previous = (trace["contributions"].value[head][COLOURS] for head in (0, 1))
    close(content, [1 / 3, 1 / 3])
    close(previous, [1 / 13, 9 / 13])
    close(trace["projected"].value[COLOURS], [float(F(16, 39)), float(F(40, 39))])
    assert trace["projected"].value[COLOURS].round(3).tolist() == [0.410, 1.026]


@pytest.mark.parametrize("made", BENCH.allowed["made"])
@pytest.mark.parametrize("together", BENCH.allowed["together"])
@pytest.mark.parametrize("swapped", [False, True])
def test_however_it_is_computed(made, together, swapped):
    """Separate, split or shared; concatenated or added up; in either order: the same X′."""
    trace = traced("heads", made=made, together=together, swapped=swapped)
    close(trace["residual"].value, traced("heads")["residual"].value)


def test_leaving_a_head_out():
    """Pruned, its part is gone; at its mean over the words, every word gets the same part."""
    whole = traced("heads", together="summed")
    parts = whole["contributions"].value
    x = whole.given["x"].value
    for head, name in enumerate(("content", "previous token")):
        close(traced("heads", out=name)["residual"].value, x + parts[1 - head])
        mean = parts[head].mean(axis=0)
        close(traced("heads", out=name, instead="its mean")["residual"].value, x + parts[1 - head] + mean)


def test_parameters_do_not_depend_on_the_number_of_heads():
    """d = 12: 4 · 12 · 12 = 576 for every h that divides it; GPT-3 has 96 heads of 128."""
    for h in (1, 2, 3, 4, 6, 12):
        assert 4 * h * 12 * (12 // h) == 576
    assert EXERCISES["E24"].task(0).check("576").right
    config = costs.MODELS["GPT-3 175B"].config
    assert (config.n_heads, config.d_model, config.d_model // config.n_heads) == (96, 12288, 128)
    assert predicted("count")[1] in predicted("count")[0]


@given(seeds)
def test_a_concatenation_is_a_sum(seed):
    """For any numbers: H times W_O is each output times its own rows, added up; and permuting both changes nothing."""
    name = "multi-head"
    matrices = drawn_for(MECHANISMS[name], sizes_of(name), seed)
    heads = len(matrices["w_q"])
    rows = matrices["w_o"].reshape(heads, -1, matrices["w_o"].shape[1])
    one = run(programs.MULTI_HEAD, matrices)["residual"].value
    close(run(programs.SUMMED_HEADS, {**matrices, "w_o": rows})["residual"].value, one)
    turned = {n: matrices[n][::-1].copy() for n in ("w_q", "w_k", "w_v")} | {"w_o": rows[::-1].copy()}
    close(run(programs.SUMMED_HEADS, {**matrices, **turned})["residual"].value, one)


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_computed_and_its_setting_exists(name):
    options, right, then = predicted(name)
    assert options.count(right) == 1
    assert len(set(options)) == len(options)
    BENCH.changed({k: v for k, v in then.items() if k not in BENCH.figures})


@pytest.mark.parametrize("name", HIDDEN)
def test_results_are_hidden_until_the_guess(name):
    app = opened(PAGE)
    app.session_state["guesses"] = {f"heads.{other}": "" for other in QUESTIONS if other != name}
    sound(app.run())
    assert HIDDEN[name] not in texts(app)
    sound(app.button(key=f"heads.{name}.skip").click().run())
    assert HIDDEN[name] in texts(app)


@pytest.mark.parametrize("setting", BENCH.allowed)
def test_the_page_in_every_setting(setting):
    for value in BENCH.allowed[setting]:
        assert "Goal." in texts(answered(**{setting: value}))


def test_the_page_says_its_numbers():
    said = texts(answered())
    assert "*cube* takes 1/3 from *red* and 1/3 from *blue*" in said
    assert "*cube* takes 1/13 from *red* and 9/13 from *blue*" in said
    assert "1/3 + 1/13 = **16/39** of red" in said
    assert "that is 0.41 and 1.03" in said


def test_a_number_typed_in_one_head_stays_when_heads_change_places():
    """What is typed belongs to its head, wherever that stands."""
    sheet = Sheet("heads").with_cells("w_v", {(1, 3, 1): "5"})
    turned = sheet.with_settings(swapped=True)
    assert turned.given()[0]["w_v"][0, 3, 1] == 5
    assert turned.with_settings(swapped=False).edits == sheet.edits


def test_a_cell_that_cannot_be_read_is_named_as_it_is_labelled():
    """The fourth row of W_O is headed “0 of head 2”: no row 3."""
    sheet = Sheet("heads")
    with pytest.raises(EditError, match=r"^W_O, row 0 of head 2, column blue: "):
        sheet.with_cells("w_o", {(3, 4): "hello"})
    with pytest.raises(EditError, match=r"^W_O, head 2, row 0, column blue: "):
        sheet.with_settings(together="summed").with_cells("w_o", {(1, 0, 4): "hello"})


def told(name, *at, **settings):
    """What the panel says of a picked cell: its arithmetic as text, and the sentences about it."""
    view = View(picked=(name, *at))
    said = panel(Picture(compute(Sheet("heads").with_settings(**settings)), None, view))
    return "".join(part if isinstance(part, str) else part["text"] for part in said["arithmetic"]), said["about"]


@pytest.mark.parametrize("out", ["nobody", "previous token"])
def test_a_product_says_what_each_head_adds(out):
    """Y[cube, blue] is one row times one column; which of it is whose, the page could not be asked."""
    _, about = told("projected", CUBE, 4, out=out)
    assert about.endswith(f"Of this, head 1 adds 0.33 and head 2 adds {'0.69' if out == 'nobody' else '0'}.")
    assert "Of this" not in told("projected", CUBE, 4, together="summed")[1]
    assert "Of this" not in told("output@1", CUBE, 0)[1]


def test_a_number_that_is_only_moved_says_where_it_was():
    assert told("concat", CUBE, 3)[0] == "O_2[cube, 0] = 0.69"


def test_what_is_kept_follows_the_heads_above():
    """Two heads of 3 keys and 3 values, 5 words, 2 bytes a number: 120; half of it when they share."""
    for made, groups, size in (("separate", 2, 120), ("shared", 1, 60)):
        row = f"<td>2</td><td>{groups}</td><td>{size}\N{NO-BREAK SPACE}B</td><td>120\N{NO-BREAK SPACE}B</td>"
        assert row in texts(answered(made=made))


def test_a_sentence_without_colours_says_why_nothing_is_handed_over():
    silent = "so all values are 0: these heads hand over nothing"
    assert silent in texts(answered(sentence="the cat sat on the mat"))
    assert silent not in texts(answered())


def test_how_the_matrices_are_not_ours_is_said_above_them():
    assert "The text is about our words and numbers." in texts(answered())
    said = texts(answered(out="previous token", swapped=True))
    assert (
        "**Not our numbers any more:** the heads have changed places and the previous-token head is left out." in said
    )
