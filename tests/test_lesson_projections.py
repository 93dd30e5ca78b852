"""The lesson on queries, keys and values: what it says before and after each guess, and in every setting."""

import pytest

from attention_core.benches import BENCHES
from tests.guessing import guess_all, skip_all
from tests.test_lesson_similarity import keys, set_to, texts
from tests.test_pages import opened, packed, sound

PAGE = "pages/projections.py"
QUESTIONS = {
    "projections.length": ("X, Q, K, V and the scores", "50 × 50"),
    "projections.key_bias": ("no weight", "Softmax sees no constant"),
    "projections.query_bias": ("some weights", "with b_Q"),
}


def answered(**params):
    """The page with every question skipped."""
    app = opened(PAGE, **params)
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def test_the_worked_example_says_the_curriculums_numbers():
    said = texts(opened(PAGE))
    for number in (
        "q = (2.20, 0, 0, 0)", "k = (0, 1, 0, 0)", "the key (1, 0, 0, 0)",
        "2.20 × 1 + 0 × 0 + 0 × 0 + 0 × 0 = **2.20**",
        "2 ln 3 is about 2.20", "X, 5 × 6", "each 6 × 4", "<td>(2.20, 0, 0, 0)</td>", "b_K = (0.70, 0, 0, 0)",
    ):  # fmt: skip
        assert number in said


@pytest.mark.parametrize("guessed_right", [True, False])
def test_results_are_hidden_until_the_guess(guessed_right):
    guess_all(opened(PAGE), QUESTIONS, texts, guessed_right)


def test_every_question_can_be_skipped():
    skip_all(opened(PAGE), QUESTIONS, texts)


def test_a_control_appears_with_its_result():
    before, after = (
        keys([*app.slider, *app.toggle, *app.get("button_group")]) for app in (opened(PAGE), answered())
    )  # fmt: skip
    assert after - before >= {"projections.n", "projections.other", "projections.bias"}
    assert "projections.asks" in before


@pytest.mark.parametrize("name", BENCHES["projections"].settings)
def test_every_end_of_every_control(name):
    bench = BENCHES["projections"]
    for value in (bench.allowed[name][0], bench.allowed[name][-1]):
        app = answered(s=packed({"settings": {name: value}}))
        assert set_to(app, "projections", name) == value


def test_the_shapes_follow_the_length():
    app = answered()
    sound(app.slider(key="projections.n").set_value(7).run())
    said = texts(app)
    assert '<th scope="row">Q</th><td>7 × 4</td><td>50 × 4</td><td>other numbers</td>' in said
    assert '<th scope="row">W_Q</th><td>6 × 4</td><td>6 × 4</td><td>the same numbers</td>' in said
    assert '<th scope="row">scores</th><td>7 × 7</td><td>50 × 50</td><td>other numbers</td>' in said


def test_the_text_follows_how_tokens_stand_and_how_numbers_are_written():
    said = texts(answered(s=packed({"columns": True, "exact": True})))
    for changed in (
        "a column of numbers", "X, 6 × 5", "each 4 × 6", "q = (2 ln 3, 0, 0, 0)", "Q, 4 × 5, and each column of Q",
        "one column more in X, Q, K and V", "b_K = (7/10, 0, 0, 0)",
        '<th scope="row">Q</th><td>4 × 5</td><td>4 × 50</td>', '<th scope="row">W_Q</th><td>4 × 6</td><td>4 × 6</td>',
    ):  # fmt: skip
        assert changed in said


def test_whose_query_is_followed_changes_no_number():
    app = answered(s=packed({"settings": {"asks": "hit"}}))
    now = app.session_state["visit.projections"]
    assert (now.document, dict(now.view.figures)) == (now.document.plain, {"asks": "hit"})


@pytest.mark.parametrize(("bias", "weights"), [("", False), ("zero", True), ("b_q", True), ("b_k", True)])
def test_a_bias_brings_the_steps_up_to_the_weights(bias, weights):
    document = answered(s=packed({"settings": {"bias": bias}})).session_state["visit.projections"].document
    assert (document.program[-1].name == "weights") == weights


@pytest.mark.parametrize(("asks", "q"), [("hit", "(0, 2.20, 0, 0)"), ("red", "(0, 0, 0, 0)")])
def test_another_words_query_can_be_followed(asks, q):
    assert f"The query of *{asks}* is q = {q}" in texts(answered(s=packed({"settings": {"asks": asks}})))
