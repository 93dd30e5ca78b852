"""The lesson on W_Q and W_K together: its numbers, what a turn keeps, and what the page says in every setting."""

from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import costs, programs, run
from attention_core.benches import BENCHES
from attention_core.benches.query_key import (
    D_MODEL,
    DIALOGUE_EMBEDDINGS,
    DIALOGUE_SCORES,
    SENTENCES,
    dialogue_weights,
    scores_of,
    turned,
)
from attention_core.exercises import EXERCISES
from attention_core.numerals import exact
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from tests.guessing import guess_all
from tests.laws import close
from tests.test_benches import traced
from tests.test_lesson_similarity import keys, set_to, texts
from tests.test_pages import alerts, opened, packed, sound

PAGE = "pages/query-key.py"
QUESTIONS = {
    "query_key.sought": ("ball, and itself", "The rules, as they stand above"),
    "query_key.sentence": ("the scores only", "compare them with themselves"),
    "query_key.tied": ("the scores only", "Our numbers, tied, with no mask"),
    "query_key.turned": ("no score", "scores that change"),
    "query_key.spare": ("no score", "how many directions each uses"),
    "query_key.two": ("48 times", "Two matrices, or one"),
}
G = 2 * log(3)
ADJ, NOUN, VERB = range(3)
RED, BALL, HIT, BLUE, CUBE = range(5)
seeds = st.integers(0, 2**32 - 1)


def answered(**params):
    """The page with every question skipped."""
    app = opened(PAGE, **params)
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def drawn(seed, d_model=6, d_k=4, n=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d_model)), rng.normal(size=(d_model, d_k)), rng.normal(size=(d_model, d_k))


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_two_cells_and_rank_two():
    combined = traced("query_key")["w_qk"].value
    rules = {(int(i), int(j)): combined[i, j] for i, j in np.argwhere(combined)}
    assert rules == {(NOUN, ADJ): pytest.approx(G), (VERB, NOUN): pytest.approx(G)}
    assert programs.rank(combined) == 2


def test_the_masked_weights_are_those_of_the_running_example():
    f = Fraction
    rows = [[1, 0, 0, 0, 0], [f(3, 4), f(1, 4), 0, 0, 0], [f(1, 5), f(3, 5), f(1, 5), 0, 0], [f(1, 4)] * 4 + [0],
            [f(1, 3), f(1, 9), f(1, 9), f(1, 3), f(1, 9)]]  # fmt: skip
    weights = traced("query_key")["weights"].value
    close(weights, np.array(rows, dtype=float))
    assert weights[BALL].argmax() == RED


def test_tied_weights_make_symmetric_scores_and_no_symmetric_weights():
    trace = traced("query_key", tied=True, causal=False)
    e = 3**G
    close(trace["scores"].value[BALL, CUBE], 4 * log(3) ** 2)
    close(trace["scaled"].value[HIT, HIT], 2 * log(3) ** 2)
    assert programs.symmetric(trace["w_qk"].value)
    assert programs.symmetric(trace["scores"].value)
    assert not programs.symmetric(trace["weights"].value)
    close(trace["weights"].value[BALL, HIT], 1 / (2 * e + 3))
    close(trace["weights"].value[HIT, BALL], 1 / (e + 4))
    close(trace["weights"].value[[BALL, HIT], [BALL, HIT]], [e / (2 * e + 3), e / (e + 4)])
    close(traced("query_key", tied=True)["weights"].value[BALL, :2], [1 / (1 + e), e / (1 + e)])


def test_a_chatbots_scores_are_symmetric_and_its_weights_are_not():
    weights = dialogue_weights()
    assert programs.symmetric(DIALOGUE_SCORES)
    assert (round(weights[0, 1], 3), round(weights[1, 0], 4)) == (0.176, 0.1845)


def test_a_word_need_not_fit_itself_best():
    on, mat = DIALOGUE_EMBEDDINGS[3], DIALOGUE_EMBEDDINGS[5]
    close([on @ on, on @ mat], [0.5, 0.55])


@pytest.mark.parametrize(
    ("sought", "row", "rank"),
    [("adjectives", [3, 1, 1, 3, 1], 2), ("nouns", [1, 3, 1, 1, 3], 1), ("verbs", [1, 1, 3, 1, 1], 2)],
)
def test_what_nouns_look_for(sought, row, rank):
    trace = traced("query_key", sought=sought)
    close(trace["weights"].value[CUBE], np.array(row) / sum(row))
    assert programs.rank(trace["w_qk"].value) == rank


@pytest.mark.parametrize(
    ("spare", "ranks", "moved"), [("w_q", (3, 3, 2), 0), ("w_k", (2, 4, 2), 0), ("both", (3, 4, 3), 2)]
)
def test_a_spare_column_counts_in_both_only(spare, ranks, moved):
    plain, trace = traced("query_key"), traced("query_key", spare=spare)
    assert tuple(programs.rank(trace.matrix(name).value) for name in ("w_q", "w_k", "w_qk")) == ranks
    assert (abs(trace["scores"].value - plain["scores"].value) > 1e-9).sum() == moved


def test_every_sentence_meets_the_same_combined_weights():
    found = [traced("query_key", sentence=sentence) for sentence in SENTENCES]
    for trace in found[1:]:
        close(trace["w_qk"].value, found[0]["w_qk"].value)
        assert not np.array_equal(trace["scores"].value, found[0]["scores"].value)


def test_what_two_matrices_save():
    two, one = costs.score_map(D_MODEL, 128)
    assert list(two.values()) == [3_145_728, 128, 128, 128]
    assert list(one.values()) == [150_994_944, 12288, 12288, 12288]
    two, one = costs.score_map(D_MODEL, D_MODEL // 2)
    assert two["numbers to train"] == one["numbers to train"]


# --- Laws ------------------------------------------------------------------------------------------------------------


@given(seeds, st.floats(-720, 720))
def test_a_turn_of_both_changes_no_score(seed, angle):
    x, w_q, w_k = drawn(seed)
    close(scores_of(x, *turned(w_q, w_k, angle)), scores_of(x, w_q, w_k), 1e-9)


@given(st.integers(1, 6), st.floats(-720, 720))
def test_a_rotation_is_one(pairs, angle):
    turn = programs.rotation(2 * pairs, angle)
    close(turn @ turn.T, np.eye(2 * pairs))
    close(np.linalg.det(turn), 1)
    vector = np.ones(2 * pairs)
    close(vector @ turn @ vector / len(vector), np.cos(np.radians(angle)), 1e-9)  # each vector turns by this angle


@given(st.floats(1, 359))
def test_a_turn_changes_every_entry_that_is_not_0(angle):
    w_q, w_k = (BENCHES["query_key"].set_up().given[name] for name in ("w_q", "w_k"))
    for before, after in zip((w_q, w_k), turned(w_q, w_k, angle), strict=True):
        assert (abs(after - before)[before != 0] > 1e-5).all()


@pytest.mark.parametrize("d", [-2, 0, 1, 3])
def test_an_odd_number_of_coordinates_is_refused(d):
    with pytest.raises(ValueError, match=f"must be even and at least 2, and is {d}"):
        programs.rotation(d, 30)


@given(seeds)
def test_the_scores_are_the_same_by_both_ways(seed):
    x, w_q, w_k = drawn(seed)
    trace = run(programs.BOTH_WAYS, {"x": x, "w_q": w_q, "w_k": w_k, "scale": np.array(0.5)})
    close(trace["regained"].value, trace["scores"].value, 1e-9)
    assert programs.rank(trace["w_qk"].value) <= 4


@given(seeds)
def test_tied_matrices_make_symmetric_scores(seed):
    x, w_q, w_k = drawn(seed)
    assert programs.symmetric(scores_of(x, w_q, w_q))
    assert not programs.symmetric(scores_of(x, w_q, w_k))


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_page_says_the_numbers_without_a_touch():
    said = texts(opened(PAGE))
    for number in (
        "Row *noun*, column *adj*: **2 ln 3**", "takes 1/3 each", "with a score of 2 ln 3", "d_model = 12288",
        "ball takes from red</th><td>3/4", "ball takes from ball</th><td>1/4", "on · on</th><td>1/2",
        "on · mat</th><td>11/20",
    ):  # fmt: skip
        assert number in said, number


@pytest.mark.parametrize("guessed_right", [True, False])
def test_results_are_hidden_until_the_guess(guessed_right):
    guess_all(opened(PAGE), QUESTIONS, texts, guessed_right)


def test_a_control_appears_with_its_result():
    before, after = (keys([*app.slider, *app.toggle, *app.get("button_group")]) for app in (opened(PAGE), answered()))
    controls = {f"query_key.{name}" for name in BENCHES["query_key"].settings}
    assert controls <= after
    assert not controls & before


@pytest.mark.parametrize("name", BENCHES["query_key"].settings)
def test_every_end_of_every_control(name):
    bench = BENCHES["query_key"]
    for value in bench.allowed[name]:
        app = answered(s=packed({"settings": {name: value}}))
        assert set_to(app, "query_key", name) == value


def test_the_tables_say_what_was_predicted():
    said = texts(answered())
    for number in (
        "scores that change</th><td>0</td>", "cells of W_Q and W_K that change</th><td>10<",
        "<td>0.176</td><td>0.184</td>", "<td>0.039</td><td>0.066</td>", "<td>3,145,728</td><td>150,994,944</td>",
        "in both</th><td>3</td><td>4</td><td>3</td><td>2</td>", "turned by 40°",
    ):  # fmt: skip
        assert number in said, number


def test_the_rules_follow_settings_and_edits():
    said = texts(answered(s=packed({"settings": {"sought": "nouns", "tied": True, "spare": "both", "angle": 75}})))
    assert "noun</th><td>verb</td><td>4.83" in said  # tied: a noun's key is its query, which a verb shares
    assert "turned by 75°" in said
    assert "scores that change</th><td>0</td>" in said
    sheet = Sheet("query_key", edits={"w_q": {(5, 3): "2"}, "w_k": {(4, 3): "1.5"}})
    edited = texts(answered(**pack(sheet, View())))
    assert "round</th><td>blue</td><td>3</td>" in edited
    assert "as it stands above</th><td>3</td><td>4</td><td>3</td>" in edited


@pytest.mark.parametrize(("setting", "value"), [("angle", 30.0), ("sought", "nouns"), ("spare", "both")])
def test_a_setting_that_makes_the_matrices_anew_says_that_what_was_typed_is_gone(setting, value):
    """And Undo brings it back."""
    app = answered(**pack(Sheet("query_key").with_cells("w_q", {(1, 0): "5"}).with_cells("w_k", {(0, 0): "2"}), View()))
    visit = app.session_state["visit.query_key"]
    typed = visit.document
    found = [*app.slider, *app.get("button_group")]
    next(control for control in found if control.key == f"query_key.{setting}").set_value(value)
    sound(app.run())
    assert visit.said.startswith(("Your changes to W_Q", "Your changes to W_K and W_Q"))
    assert visit.said.endswith("belonged to what was there before; Undo brings them back.")
    assert "w_q" not in visit.document.edits
    visit.undo()
    assert visit.document == typed


def test_tied_matrices_stay_alike_whatever_is_typed():
    """Before or after they are tied, into one or the other; untied, W_K is ours again."""
    before = Sheet("query_key").with_cells("w_q", {(3, 2): "7"}).with_settings(tied=True)
    after = before.with_cells("w_k", {(4, 1): "-2"})
    for sheet in (before, after, after.with_settings(causal=False)):
        given, _ = sheet.given()
        assert given["w_q"][3, 2] == 7
        assert np.array_equal(given["w_q"], given["w_k"])
    assert not after.with_settings(tied=False).edits.get("w_k")
    assert after.with_settings(tied=False).edits["w_q"] == after.edits["w_q"]
    assert Sheet("query_key").with_cells("w_q", {(3, 2): "7"}).edits.keys() == {"w_q"}


def test_symmetry_follows_the_switches():
    tied = texts(answered(s=packed({"settings": {"tied": True, "causal": False}})))
    assert "scores</th><td>0</td>" in tied
    assert "weights</th><td>0.16</td>" in tied  # red takes 1/5 from ball, ball 0.039 from red
    assert "scores</th><td>2 ln 3</td>" in texts(answered())


# --- Exercises -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_who_reads_the_answer_off_the_board_is_told_that_these_are_other_matrices(seed):
    task = EXERCISES["query-key-cell"].task(seed)
    ours = traced("query_key")["w_qk"].value[task.target[1]]
    verdict = task.check(exact(float(ours)))
    assert not verdict.right
    assert "the lesson's matrices" in [slip.name for slip in verdict.slips]
    if ours:
        assert verdict.slips[0].name == "the lesson's matrices"


def test_the_mirror_of_the_boards_cell_is_two_slips_at_once():
    task = EXERCISES["query-key-cell"].task(0)
    assert task.target[1] == (ADJ, NOUN)
    assert [slip.name for slip in task.check("0").slips] == ["the lesson's matrices"]
    assert [slip.name for slip in task.check("2 ln 3").slips] == ["the lesson's matrices + transposed"]


def test_what_a_choice_threw_away_is_said_beside_it():
    """A typed number that goes with the weights that a setting makes anew; Undo stands beside the choice."""
    app = opened(PAGE, **pack(Sheet("query_key").with_cells("w_q", {(0, 0): "7"}), View()))
    app.session_state["guesses"] = {"query_key.sought": ""}
    sound(app.run())
    app.segmented_control(key="query_key.sought").set_value("verbs").run()
    visit = app.session_state["visit.query_key"]
    assert not visit.document.edits
    assert visit.lost[0] == "sought"
    assert any("belonged to what was there before" in body for body in alerts(app))
    sound(app.button(key="sought.undo").click().run())
    assert visit.document.edits == {"w_q": {(0, 0): "7"}}
