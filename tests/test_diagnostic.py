"""The diagnostic: every answer is computed once more from the words of its question, and options differ in all seeds.

The oracles read a question as a learner does: its text alone. None of them calls the core.
"""

import re
from datetime import date
from fractions import Fraction
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attention_core import diagnostic, progress
from attention_core.choices import LETTERS
from attention_core.diagnostic import FORMS, ITEMS, next_seed, sitting
from attention_core.numerals import parse
from attention_core.progress import DIAGNOSTIC, Progress
from attention_ui.lesson import LESSONS
from tests.test_class_pages import html, link_targets
from tests.test_pages import opened, sound

SEEDS = range(40)
DAY = date(2026, 3, 1)


def numbers(text):
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def soft(scores):
    return [exp(score) / sum(map(exp, scores)) for score in scores]


def scores_of(text):
    return [parse(found.replace("\N{NO-BREAK SPACE}", " ")) for found in re.findall(r"(?:\d+\s)?ln\s\d+|\b0\b", text)]


def lookup(prompt):
    counts, values = (
        numbers(part) for part in re.match(r".*count (.*), and their values are (.*)\. What", prompt).groups()
    )
    return sum(count * value for count, value in zip(counts, values, strict=True)) / sum(counts)


def softmax(prompt):
    return soft(scores_of(prompt.split("scores")[1].split(".")[0]))[0]


def scaling(prompt):
    score, others, d_k = re.match(
        r".*the score (.*) with one key, and 0 with (\d+) others; d_k is (\d+)", prompt
    ).groups()
    return soft([parse(score.replace("\N{NO-BREAK SPACE}", " ")) / sqrt(int(d_k)), *[0] * int(others)])[0]


def projections(prompt):
    return re.search(r"W_[QK] is (\d+ × \d+)", prompt)[1]


def share(prompt, sentence, asks, gives, masked):
    """The weight of a word on another, by what the prompt says: what fits counts 3 times, all else once."""
    colours, nouns = {"red", "blue"}, {"ball", "cube", "box", "door", "cup", "lamp"}
    looks_for = colours if asks in nouns else nouns if asks not in colours else set()
    assert "what fits counts 3 times" in prompt
    seen = sentence[: sentence.index(asks) + 1] if masked else sentence
    return {word: 3 if word in looks_for else 1 for word in seen}[gives] / sum(3 if w in looks_for else 1 for w in seen)


def quoted(prompt):
    return re.findall(r"“([^”]+)”", prompt)


def masks(prompt):
    sentence, asks, gives, more = quoted(prompt)
    return share(prompt, [*sentence.split(), more], asks, gives, masked=True)


def positions(prompt):
    *_, sentence, asks, gives = quoted(prompt)
    return share(prompt, sentence.split(), asks, gives, masked=False)


def residual(prompt):
    return 0  # what words hand over is colour and shape: no noun


def heads(prompt):
    d_model, _, _, _, h, wide = numbers(re.sub(r"W_\w", "", prompt))
    return h * (3 * d_model * wide + wide * d_model)


def cross(prompt):
    return " × ".join(str(int(number)) for number in numbers(prompt))


def block(prompt):
    sentence, asks, gives = quoted(prompt)
    factor = {"doubled": 2.0, "halved": 0.5}[re.search("doubled|halved", prompt)[0]]
    now = share(prompt, sentence.split(), asks, gives, masked=True)
    words = sentence.split().index(asks)  # as many others, each with a score of 0
    assert now == pytest.approx(3 / (3 + words))
    return soft([log(3) * factor**2, *[0] * words])[0]


def training(prompt):
    return "none" if "reads a sentence" in prompt else "W_Q, W_K, W_V and W_O"


def cost(prompt):
    return numbers(prompt)[2] ** 2


ORACLES = {
    "lookup": lookup, "softmax": softmax, "scaling": scaling, "projections": projections, "masks": masks,
    "positions": positions, "residual": residual, "heads": heads, "cross": cross, "block": block,
    "training": training, "cost": cost,
}  # fmt: skip


def read(text):
    found = re.match(r"−?[\d,]+(?:\.\d+)?(?:/\d+)?(?=$|, )", text)
    return float(Fraction(found[0].replace(",", "").replace("−", "-"))) if found else None


@pytest.mark.parametrize("idea", ITEMS)
def test_every_answer_is_computed_once_more_from_its_question(idea):
    for seed in SEEDS:
        question = ITEMS[idea].question(seed)
        expected, answer = ORACLES[idea](question.prompt), question.answer.text
        if isinstance(expected, str):
            assert answer == expected, seed
        else:
            tolerance = 0.00501 if "." in answer else 1e-9
            assert read(answer) == pytest.approx(expected, abs=tolerance), (seed, question.prompt)


@pytest.mark.parametrize("idea", ITEMS)
def test_options_differ_in_all_seeds(idea):
    places = set()
    for seed in SEEDS:
        question = ITEMS[idea].question(seed)
        assert len({option.text for option in question.options}) == len(LETTERS)
        told = [number for option in question.options if (number := read(option.text)) is not None]
        assert all(abs(a - b) > 0.01 for i, a in enumerate(told) for b in told[:i]), (seed, told)
        assert all(option.says.endswith(".") for option in question.options)
        assert question.prompt.endswith("?")
        assert not re.search(r"[{}]|nan|None", question.prompt)
        places.add(question.right)
        assert question == ITEMS[idea].question(seed)
    assert places == set(range(len(LETTERS)))


def test_the_two_forms_ask_for_the_same_with_other_words():
    for item in ITEMS.values():
        before, after = (item.question(seed) for seed in (0, 1))
        assert before.prompt != after.prompt
        assert re.sub(r"[\d,.]+", "", before.prompt)[:4] == re.sub(r"[\d,.]+", "", after.prompt)[:4] or item.idea in (
            "masks", "positions", "residual", "block", "training",
        )  # fmt: skip


def test_there_are_twelve_ideas_each_with_a_lesson():
    assert len(ITEMS) == 12
    assert {item.lesson for item in ITEMS.values()} <= {lesson.name for lesson in LESSONS}
    assert len({item.lesson for item in ITEMS.values()}) == len(ITEMS)
    assert set(ORACLES) == set(ITEMS)


@pytest.mark.parametrize("seed", [-1, 0.5, True, "1"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="a seed is a whole number"):
        ITEMS["masks"].question(seed)


def test_an_item_without_good_numbers_is_found():
    same = diagnostic.Item("x", "", "", lambda rng, form: ("?", ("1", "."), ("1", "."), ("2", "."), ("3", ".")))
    with pytest.raises(RuntimeError, match="finds no numbers"):
        same.question(0)


# --- Sittings --------------------------------------------------------------------------------------------------------


def sat(seed, right, start=None):
    """A progress after a sitting in which these ideas were known."""
    now = start or Progress()
    for idea in ITEMS:
        now = progress.answered(now, DIAGNOSTIC + idea, seed, idea in right, 0, DAY, "a", "")
    return now


def test_a_sitting_is_the_last_of_its_form():
    now = sat(3, {"cost"}, sat(1, set(), sat(0, {"masks"})))
    assert {idea for idea, answer in sitting(now, "before").items() if answer.right} == {"masks"}
    assert {idea for idea, answer in sitting(now, "after").items() if answer.right} == {"cost"}
    assert (next_seed(now, "before"), next_seed(now, "after")) == (2, 5)
    assert [next_seed(Progress(), form) for form in FORMS] == [0, 1]
    assert sitting(Progress(), "after") == {}


@given(st.lists(st.integers(0, 9), max_size=8))
def test_no_sitting_has_numbers_that_were_asked_before(seeds):
    now = Progress()
    for seed in seeds:
        now = sat(seed, set(), now)
    for parity, form in enumerate(FORMS):
        new = next_seed(now, form)
        assert new % 2 == parity
        assert new not in seeds


# --- The page --------------------------------------------------------------------------------------------------------


def answer_all(app: AppTest, seed: int, known: set[str], skipped: set[str] = frozenset()) -> AppTest:
    """Answer a sitting: these ideas rightly, those not at all, the others wrongly; then show the profile."""
    for idea, item in ITEMS.items():
        right = item.question(seed).right
        option = right if idea in known else (right + 1) % len(LETTERS)
        if idea not in skipped:
            app.radio(key=f"diagnostic.{seed}.{idea}").set_value(option)
    sound(app.run())
    for words in ("✓", "✗", "not right", item.question(seed).answer.says):
        assert words not in html(app)  # not a word before all is answered
    return sound(app.button(key=f"diagnostic.{seed}.done").click().run())


def table(app: AppTest) -> dict[str, list[str]]:
    """The profile, by the title of the idea."""
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", html(app))
    cells = [re.sub("<.*?>", "|", row.replace("</th><td>", "</td><td>").replace("</td><td>", "</td>")) for row in rows]
    return {title: rest for title, *rest in (row.strip("|").split("|") for row in cells)}


def test_before_the_course_and_after_it():
    app = answer_all(opened("pages/diagnostic.py"), 0, {"lookup", "masks"}, {"cost"})
    titles = {idea: item.title for idea, item in ITEMS.items()}
    assert table(app)[titles["lookup"]] == ["✓ known"]
    assert table(app)[titles["softmax"]] == ["✗ not yet"]
    assert table(app)[titles["cost"]] == ["– no answer"]
    assert "Known: before the course 2 of 12." in html(app)
    assert "Right:" not in html(app)  # the lessons say it
    targets = [page for page, _ in link_targets(app)]
    assert "softmax" in targets
    assert "masks" not in targets
    sound(app.switch_page("pages/softmax.py").run())
    sound(app.switch_page("pages/diagnostic.py").run())
    sound(app.segmented_control(key="diagnostic.form").set_value("after").run())
    answer_all(app, 1, {"lookup", "softmax"})
    assert table(app)[titles["lookup"]] == ["✓ known", "✓ known", "the same"]
    assert table(app)[titles["softmax"]] == ["✗ not yet", "✓ known", "gained"]
    assert table(app)[titles["masks"]] == ["✓ known", "✗ not yet", "lost"]
    assert "before the course 2 of 12; after the course 2 of 12" in html(app)
    question = ITEMS["masks"].question(1)
    assert f"Right: {question.answer.text}. {question.answer.says}" in html(app)
    sound(app.button(key="diagnostic.after.again").click().run())
    assert ITEMS["masks"].question(3).prompt in html(app)


def test_what_is_known_to_all_twelve_needs_no_lesson():
    app = answer_all(opened("pages/diagnostic.py"), 0, set(ITEMS))
    assert any("You know all twelve." in element.value for element in app.markdown)


def test_what_was_chosen_survives_another_page():
    app = opened("pages/diagnostic.py")
    sound(app.radio(key="diagnostic.0.masks").set_value(2).run())
    sound(app.switch_page("pages/softmax.py").run())
    sound(app.switch_page("pages/diagnostic.py").run())
    assert app.radio(key="diagnostic.0.masks").value == 2
