"""The lesson on masks: what it says before and after each guess, in every setting, and after painting."""

import numpy as np
import pytest

from attention_core.benches import BENCHES
from attention_core.exercises import EXERCISES
from attention_ui.account import panel
from attention_ui.document import compute
from attention_ui.link import View, pack
from attention_ui.masks_figures import APPLIED_NAMES, KIND_NAMES
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.session import Visit
from attention_ui.sheet import Sheet
from tests.guessing import guess_all, skip_all
from tests.test_lesson_similarity import keys, texts
from tests.test_pages import opened, packed, sound

PAGE = "pages/masks.py"
QUESTIONS = {
    "masks.why": ("4/9", "would learn to copy"),
    "masks.append": ("3/4 → 3/4, and 3/8 → 1/3", "*cube* gets a share"),
    "masks.blind": ("all 0", "NaN"),
    "masks.zero": ("3/7", "The sum is 1 + 3 + 1 + 1 + 1 = 7"),
    "masks.again": ("3/5, as it should be", "Two wrongs agree"),
}


def answered(**params):
    """The page with every question skipped."""
    app = opened(PAGE, **params)
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def settled(**settings):
    """The texts of the page with these settings, every question skipped."""
    return texts(answered(s=packed({"settings": settings})))


def painted(cells):
    return Sheet("masks").with_cells("mask", cells)


def row(*cells):
    """A row of a table, as it is drawn."""
    first, *rest = cells
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


def test_every_choice_of_the_bench_has_a_name():
    allowed = BENCHES["masks"].allowed
    assert (tuple(KIND_NAMES), tuple(APPLIED_NAMES)) == (allowed["kind"], allowed["applied"])


def test_the_worked_example_says_the_curriculums_numbers():
    said = texts(opened(PAGE))
    for number in ("0, ln 3, 0, 0 and ln 3", "1, 3, 1, 0 and 0", "**1/5, 3/5, 1/5, 0 and 0**"):
        assert number in said
    assert row("red in red, after it", "2") in said


@pytest.mark.parametrize("guessed_right", [True, False])
def test_results_are_hidden_until_the_guess(guessed_right):
    guess_all(opened(PAGE), QUESTIONS, texts, guessed_right)


def test_every_question_can_be_skipped():
    skip_all(opened(PAGE), QUESTIONS, texts)


def test_a_control_appears_with_its_result():
    before, after = (keys([*app.slider, *app.get("button_group")]) for app in (opened(PAGE), answered()))
    assert after - before >= {"masks.n", "masks.applied"}
    assert "masks.kind" in before


@pytest.mark.parametrize("name", BENCHES["masks"].settings)
def test_every_value_of_every_control(name):
    for value in BENCHES["masks"].allowed[name]:
        app = answered(s=packed({"settings": {name: value}}))
        assert app.session_state["visit.masks"].document.setting(name) == value


def test_the_examples_show_who_looks_ahead():
    assert row("hit", "red ball hit", "blue", "0", "0") in settled()
    assert row("hit", "red ball hit blue cube", "blue", "1/9", "4/9") in settled(kind="full")
    assert row("hit", "red ball hit", "blue", "1/7", "2/7") in settled(applied="zero")
    assert row("cube", "red ball hit blue cube", "and", "0", "0") in settled(n=6)
    assert row("red", "nothing", "ball", "0", "0") in settled(kind="free")


def test_a_longer_text_changes_rows_only_without_a_causal_mask():
    said = settled()
    for cells in (
        ("causal", "3/4", "3/4", "0 of 4"), ("no mask", "3/8", "1/3", "4 of 4"),
        ("window of 3", "3/4", "3/4", "0 of 4"), ("prefix of 2", "3/4", "3/4", "0 of 4"),
        ("padding", "3/8", "1/3", "4 of 4"),
    ):  # fmt: skip
        assert row(*cells) in said
    assert row("causal", "3/8", "1/3", "4 of 4") not in said
    assert row("causal", "1/2", "3/7", "4 of 4") in settled(applied="zero")
    assert "“balloon” is appended" in settled(n=8)


def test_word_by_word_agrees_under_a_causal_mask_only():
    same, other = "<td>the same</td>", "<td>not the same</td>"
    assert (settled().count(same), settled().count(other)) == (5, 0)
    assert (settled(kind="full").count(same), settled(kind="full").count(other)) == (1, 4)
    assert row("ball", "the same", "3/4, 1/4", "3/4, 1/4, 0, 0, 0") in settled()
    assert settled(kind="window").count(other) == 0
    assert settled(kind="prefix").count(other) == 1


@pytest.mark.parametrize(("n", "other"), [(5, 8), (3, 8), (8, 3)])
def test_another_text_changes_no_weight_matrix(n, other):
    said = settled(n=n)
    assert row("numbers in the four W", "96") in said
    assert row(f"of them changed, {n} → {other} words", "0") in said
    assert row(f"weights A, {n} words", str(n * n)) in said


def test_where_the_hidden_triangle_lies():
    app = answered()
    assert row("tokens as rows (drawn so now)", "10", "0", "0") in texts(app)
    app.session_state["visit.masks"].view = View(columns=True)
    sound(app.run())
    assert row("tokens as columns (drawn so now)", "0", "0", "10") in texts(app)


def test_the_ways_to_get_it_wrong():
    said = settled()
    for cells in (
        ("−∞, before softmax", "1/5", "3/5", "1/5", "0", "0", "1"),
        ("0 instead of −∞", "1/7", "3/7", "1/7", "1/7", "1/7", "1"),
        ("after softmax", "1/9", "1/3", "1/9", "0", "0", "5/9"),
        ("after softmax, divided once more", "1/5", "3/5", "1/5", "0", "0", "1"),
    ):
        assert row(*cells) in said
    assert row("after softmax", "1/2", "1/2", "1") not in said
    assert "What red takes" in settled(n=1)


def test_a_row_that_sees_nothing():
    said = settled()
    for cells in (("here", *"00000"), ("as often typed", *["NaN"] * 5)):
        assert row(*cells) in said
    assert row("−10⁹ for −∞", *["1/5"] * 5) in said


@pytest.mark.parametrize(("applied", "step"), [("before", 1), ("zero", 1), ("after", 4), ("again", 4)])
def test_the_board_begins_with_the_scores_and_draws_the_mask_once(applied, step):
    app = answered(s=packed({"settings": {"applied": applied}}))
    program = app.session_state["visit.masks"].document.program
    assert "scores" in program[0].inputs
    assert [number for number, made in enumerate(program, 1) if "mask" in made.inputs] == [step]


def test_scores_that_are_typed_stay_on_the_board():
    """The tables say that they keep our scores, and they do."""
    sheet = Sheet("masks").with_cells("scores", {(2, 1): "0"})
    app = answered(**pack(sheet, View()))
    assert "follow M, with our scores" in texts(app)
    assert compute(app.session_state["visit.masks"].document).matrix("weights").value[2, 1] == pytest.approx(1 / 3)
    assert row("−∞, before softmax", "1/5", "3/5", "1/5", "0", "0", "1") in texts(app)


def test_painting_reaches_the_tables():
    """A cell that is painted is an edit that the page shows around the matrices, too."""
    app = answered(**pack(painted({(2, 3): "1", (0, 0): "0"}), View()))
    said = texts(app)
    assert row("hit", "red ball hit blue", "blue", "1/6", "1/6") in said
    assert row("red", "nothing", "ball", "0", "0") in said
    assert row("tokens as rows (drawn so now)", "9", "1", "0") in said
    visit = Visit(app.session_state["visit.masks"].document)
    assert visit.around() != Visit(visit.document.plain).around()


def test_a_painted_cell_survives_another_way_to_apply_and_not_another_kind():
    document = painted({(2, 3): "1"})
    assert document.with_settings(applied="zero").edits == document.edits
    assert not document.with_settings(kind="window").edits


def test_a_score_that_is_too_large_for_exp_is_no_change_of_the_program_by_the_learner():
    ours, large = (compute(sheet) for sheet in (Sheet("masks"), Sheet("masks").with_cells("scores", {(2, 1): "1000"})))
    first, *_ = board_data(Picture(large, ours, View()))["why"]["lines"]
    assert (first["label"], first["text"]) == ("S[hit, ball]", " went from 1.10 to 1000: the score of hit with ball.")
    for before, after in ((ours, large), (large, ours)):
        assert "you changed" not in str(board_data(Picture(after, before, View()))["why"])
    other = compute(Sheet("masks").with_settings(applied="zero"))
    assert "You changed how this step is computed" in str(board_data(Picture(other, ours, View()))["why"])


# --- Exercises -------------------------------------------------------------------------------------------------------


def slips(name, answer):
    return [slip.name for slip in EXERCISES[name].task(0).check(answer).slips]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3/4", "causal mask"), ("1/3", "one word too many"), ("9/20", "no scaling"), (".317", "÷ d_k"),
        (".355", "÷ √d_model"), (".295", "÷ d_model"), ("1/4", "transposed"), ("3", "exponential instead of weight"),
        ("ln 3", "score instead of weight"),
    ],
)  # fmt: skip
def test_four_words_without_a_mask(text, found):
    assert slips("E19", text)[0] == found
    assert EXERCISES["E19"].task(0).check("3/8").right


@pytest.mark.parametrize(("more", "found"), [("1/6", "masked with 0"), ("1/4", "columns")])
def test_one_more_cell_tells_half_apart(more, found):
    task = EXERCISES["E19"].task(0)
    verdict = task.check("1/2")
    assert [slip.name for slip in verdict.slips] == ["masked with 0", "columns"]
    assert verdict.ask.index == (1, 2)
    assert [slip.name for slip in task.check_ask(verdict.ask, more).slips] == [found]


def test_what_the_mask_with_0_may_be_taken_for():
    assert slips("masks-zero", "3/5") == ["−∞ after all"]
    assert slips("masks-zero", "1/3") == ["masked after softmax", "no mask"]


NAIVE = "masked = where(mask, scores, -inf)\nexps = exp(masked - masked.max(axis=1, keepdims=True))\n"
SHARE = "exps / exps.sum(axis=1, keepdims=True)"


@pytest.mark.parametrize(
    "code",
    [
        "exps = where(mask, exp(scores), 0)\nsums = exps.sum(axis=1, keepdims=True)\nexps / where(sums > 0, sums, 1)",
        "exps = mask * exp(scores)\nexps / maximum(exps.sum(axis=1, keepdims=True), 1e-30)",
        f"{NAIVE}w = {SHARE}\nwhere(mask, w, 0)",
        f"{NAIVE}w = {SHARE}\nwhere(w == w, w, 0)",
    ],
)
def test_every_cure_of_a_blind_row_is_right(code):
    for seed in range(3):
        assert EXERCISES["E20"].task(seed).check(code).right


def test_what_is_no_cure_is_named():
    assert slips("E20", NAIVE + SHARE) == ["NaN"]
    assert "the second row: the row that may see nothing" in EXERCISES["E20"].task(0).check(NAIVE + SHARE).says
    assert slips("E20", NAIVE.replace("-inf", "-1e9") + SHARE) == ["even shares"]
    assert not EXERCISES["E20"].task(0).check("scores * 0").right
    assert "though it sees something" in EXERCISES["E20"].task(0).check("scores * 0 / 0").says


@pytest.mark.parametrize("name", ["E18", "masks-prefix"])
def test_a_mask_that_nobody_has_painted_is_told(name):
    for seed in range(3):
        task = EXERCISES[name].task(seed)
        verdict = task.check(np.zeros_like(task.right()))
        assert [slip.name for slip in verdict.slips] == ["nothing painted"]
        assert "not even itself" in verdict.says


@pytest.mark.parametrize("name", ["E18", "masks-prefix"])
def test_the_weights_that_are_shown_give_no_mask_away(name):
    for seed in range(5):
        assert EXERCISES[name].task(seed).trace["weights"].value.all()


def test_what_an_appended_word_changes_has_three_answers():
    answers = {EXERCISES["masks-appended"].task(seed).right() for seed in range(20)}
    assert answers == {"none of them", "only that of the last", "all of them"}
    assert EXERCISES["masks-appended"].task(0).right() == "all of them"


def test_the_weights_that_were_divided_once_more_have_a_letter_in_plain_text():
    head = compute(Sheet("masks").with_settings(applied="again"))
    picture = Picture(head, None, View(picked=("renormalised_weights", 2, 1)))
    about = panel(picture)
    assert (about["cell"], about["value"]) == ("A\u0303[hit, ball]", "0.60 (3/5)")
    assert "".join(piece if isinstance(piece, str) else piece["text"] for piece in about["arithmetic"]).endswith("0.60")
    assert board_data(picture)["matrices"]["renormalised_weights"]["identity"] == "weights"


# --- A painted mask -------------------------------------------------------------------------------------------------


def test_a_painted_mask_is_none_of_those_offered():
    """While it is painted nothing is chosen; to choose what it was before brings that back."""
    app = opened(PAGE, **pack(Sheet("masks").toggled((0, 0)), View()))
    assert app.segmented_control(key="masks.kind").value is None
    assert "M is painted now" in texts(app)
    sound(app.segmented_control(key="masks.kind").set_value("causal").run())
    assert app.session_state["visit.masks"].document == Sheet("masks")
    assert "M is painted now" not in texts(app)
    app.session_state["visit.masks"].undo()
    sound(app.run())
    assert app.session_state["visit.masks"].document.edits == {"mask": {(0, 0): "0"}}


def test_the_mask_that_is_chosen_stays_chosen():
    """Pressed again it is not let go."""
    app = opened(PAGE)
    sound(app.segmented_control(key="masks.kind").set_value(None).run())
    assert app.segmented_control(key="masks.kind").value == "causal"
