"""The pages for a class, opened and used: plans, a vote from a learner's phone to the screen, hands, addresses."""

import re
from html import unescape
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest

from attention_core.answer_codes import LENGTH, SURE, ballot_of
from attention_core.plans import PLANS
from attention_core.votes import VOTES
from attention_ui import class_links
from attention_ui.class_links import AddressError, base_of, qr_code, qr_image, reached, read_base, vote_link
from attention_ui.lesson import LESSONS, TOOLS
from tests.test_pages import alerts, opened, sound

NAME = "scaling"
QUESTION = VOTES[NAME].question


def html(app: AppTest) -> str:
    return unescape(" ".join(body for element in app.get("html") if "<style" not in (body := element.proto.body)))


def link_targets(app: AppTest) -> list[tuple[str, str]]:
    """The links of a page to others: where to, and with which parameters."""
    return [(link.proto.page, link.proto.query_string) for link in app.get("page_link")]


# --- Every page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@pytest.mark.parametrize("params", [{}, {"q": NAME}, {"q": "<b>no</b> $x$ {0}"}, {"s": "1.broken"}, {"round": "x"}])
def test_a_tool_opens_by_any_link(tool, params):
    app = opened(tool.file, **params)
    assert not tool.goal or app.title[0].value == tool.title
    assert "<b>no</b>" not in " ".join(element.proto.body for element in app.get("html"))
    assert dict(app.query_params) == params  # it has no matrices to write of


def test_lessons_are_as_they_were_after_a_visit_to_the_tools():
    app = opened("pages/softmax.py")
    app.session_state["visit.softmax"].document = app.session_state["visit.softmax"].document.with_settings(keys=4)
    for tool in TOOLS:
        sound(app.switch_page(tool.file).run())
    sound(app.switch_page("pages/softmax.py").run())
    assert app.session_state["visit.softmax"].document.setting("keys") == 4


# --- Plans and the list of votes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", PLANS)
def test_every_plan_can_be_read_and_followed(minutes):
    app = opened("pages/teach.py")
    sound(app.segmented_control(key="plan.minutes").set_value(minutes).run())
    for i, plan in enumerate(PLANS[minutes]):
        sound(app.selectbox(key=f"plan.{minutes}").set_value(i).run())
        shown = " ".join(element.value for element in app.markdown)
        assert all(text in shown for step in plan.steps for text in (step.show, step.ask, step.listen))
        targets = link_targets(app)
        assert all(("screen", f"q={step.vote}") in targets for step in plan.steps if step.vote)


def test_every_vote_is_listed_with_its_lesson():
    app = opened("pages/teach.py")
    listed = set()
    for lesson in LESSONS:
        sound(app.selectbox(key="votes.lesson").set_value(lesson.name).run())
        listed |= {query for page, query in link_targets(app) if page == "screen"}
    assert listed == {f"q={name}" for name in VOTES}


# --- From the phone to the screen -------------------------------------------------------------------------------------


def vote(option: int, sure: int, **params: str) -> str:
    """Vote as a learner does; returns the code that is shown."""
    app = opened("pages/vote.py", q=NAME, **params)
    key = f"ballot.{NAME}.{int(params.get('round', '1')) - 1}"
    assert app.button(key=f"{key}.send").disabled
    sound(app.radio(key=f"{key}.option").set_value(option).run())
    sound(app.radio(key=f"{key}.sure").set_value(sure).run())
    sound(app.button(key=f"{key}.send").click().run())
    (code,) = re.findall(r'class="answer-code">(\w+)<', html(app))
    assert app.code[0].value == code
    sound(app.button(key=f"{key}.anew").click().run())
    assert "answer-code" not in html(app)
    return code


def counts(app: AppTest) -> list[str]:
    return re.findall(r"(?:(first|second): )?(\d+) \((\d+) %\)", html(app))


def test_a_vote_from_the_phones_to_the_answer_and_again():
    right, wrong = QUESTION.right, (QUESTION.right + 1) % 4
    first = [vote(right, 2), vote(wrong, 0), vote(wrong, 1)]
    assert all(len(code) == LENGTH for code in first)
    again = vote(right, 1, round="2")
    assert ballot_of(again).round == 1

    app = opened("pages/screen.py", q=NAME)
    assert QUESTION.prompt in html(app)
    assert QUESTION.answer.says not in html(app)
    sound(app.text_area[0].set_value(f"{first[0]}\n{first[1].lower()};{first[2]} {first[2]} {again} nobody").run())
    assert "3 votes read. Counted once, though they came more than once: " + first[2] in html(app)
    assert "it is a code of the second vote" in html(app)
    assert "a code has 6 signs, and this has 6" not in html(app)
    assert not counts(app)  # the class sees them when the teacher shows them
    sound(app.button(key="vote_counts").click().run())
    shown = [int(number) for _, number, _ in counts(app)]
    assert shown[right] == 1
    assert shown[wrong] == 2
    assert "qr" in html(app)
    table = re.search(r"Votes, by how sure.*?</table>", html(app))[0]
    assert all(word in table for word in SURE)

    sound(app.button(key="vote_reveal").click().run())
    assert QUESTION.answer.says in html(app)
    assert all(option.says in html(app) for option in QUESTION.options)
    assert html(app).count("✓ right") == 1

    sound(app.button(key="vote_again").click().run())
    assert QUESTION.answer.says not in html(app)
    assert f"q={NAME}&round=2" in html(app)
    sound(app.text_area[0].set_value(f"{again} {first[0]}").run())
    assert "it is a code of the first vote" in html(app)
    sound(app.button(key="vote_counts").click().run())
    both = {(of_round, int(number)) for of_round, number, _ in counts(app)[2 * right : 2 * right + 2]}
    assert both == {("first", 1), ("second", 1)}

    sound(app.switch_page("pages/teach.py").run())
    app.query_params["q"] = NAME
    sound(app.switch_page("pages/screen.py").run())
    assert app.text_area[0].value == f"{again} {first[0]}"  # a page switch loses nothing

    sound(app.button(key="vote_over").click().run())  # and another class begins anew
    assert app.text_area[0].value == ""
    sound(app.button(key="vote_reveal").click().run())
    assert QUESTION.answer.says in html(app)
    assert not counts(app)


def test_hands_are_counted_where_there_are_no_phones():
    app = opened("pages/screen.py", q=NAME)
    sound(app.segmented_control[0].set_value(True).run())
    for field, number in zip(app.number_input, (3, 5, 0, 8), strict=True):
        field.set_value(number)
    sound(app.run())
    sound(app.button(key="vote_counts").click().run())
    assert [(int(number), int(share)) for _, number, share in counts(app)] == [(3, 19), (5, 31), (0, 0), (8, 50)]


def test_a_list_that_is_too_long_is_said():
    app = opened("pages/screen.py", q=NAME)
    sound(app.text_area[0].set_value("A " * 1001).run())
    assert "These are 1,001 codes; at most 1,000 are counted." in alerts(app)[0]


# --- Addresses and QR codes -------------------------------------------------------------------------------------------


def test_the_address_can_be_set_and_is_checked():
    app = opened("pages/screen.py", q=NAME)
    (field,) = app.text_input
    assert any("is, on a phone, the phone itself" in alert for alert in alerts(app))
    sound(field.set_value("http://class.example:8501/vote?q=other").run())
    assert f"http://class.example:8501/vote?q={NAME}" in html(app)
    assert not alerts(app)
    sound(app.text_input[0].set_value("javascript:alert(1)").run())
    assert "“javascript:alert(1)” is no address that a phone can open." in unescape(alerts(app)[0])
    assert f"http://class.example:8501/vote?q={NAME}" in html(app)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("http://192.168.1.20:8501", "http://192.168.1.20:8501"),
        (" https://app.example/course/ ", "https://app.example/course"),
        ("https://app.example/course/screen?q=a#b", "https://app.example/course"),
        ("http://[::1]:8501/teach", "http://[::1]:8501"),
    ],
)
def test_an_address_is_read(typed, read):
    assert read_base(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "app.example",
        "ftp://a.b",
        "http://",
        "http://a b",
        "http://a:x",
        "http://a/\0",
        "http://ä",
        "http://" + "a" * 200,
    ],
)
def test_what_is_no_address_is_refused_in_words(typed):
    with pytest.raises(AddressError, match="is no address that a phone can open"):
        read_base(typed)


def test_the_base_is_what_the_browser_says_without_the_page():
    assert base_of("http://host:8501/screen", "screen") == "http://host:8501"
    assert base_of("https://host/course/screen/", "screen") == "https://host/course"
    assert base_of("https://host/", "screen") == "https://host"


def test_only_other_machines_names_are_reached():
    assert not any(map(reached, ("http://localhost:1", "http://127.0.0.1", "http://[::1]:8", "http://a.localhost", "")))
    assert all(map(reached, ("http://192.168.1.20:8501", "https://app.example")))


@pytest.mark.parametrize("name", [NAME, "hidden-by-zero"])
def test_the_qr_code_is_of_the_link_and_can_be_scanned(name, monkeypatch):
    """What the picture draws is the matrix of the very link, black on white, with four modules of white around it."""
    link, coded = vote_link("http://192.168.1.20:8501", name, 1), []
    make = class_links.segno.make
    monkeypatch.setattr(class_links.segno, "make", lambda text, **how: coded.append(text) or make(text, **how))
    picture = qr_image(link, f"QR code: {link}")
    assert coded == [link]
    code = make(link, error="m", micro=False, boost_error=False)
    assert (code.designator, code.mask) == (qr_code(link).designator, qr_code(link).mask)
    source = unescape(re.search(r'src="([^"]+)"', picture)[1])
    assert f'alt="QR code: {link.replace("&", "&amp;")}"' in picture
    assert drawn(source) == [[bool(module) for module in row] for row in code.matrix_iter(border=4)]


def drawn(source: str) -> list[list[bool]]:
    """The modules that an SVG of strokes draws: for each, whether it is black."""
    head, _, body = source.partition(",")
    assert head.startswith("data:image/svg+xml")
    root = ElementTree.fromstring(unquote(body))
    size = int(root.get("viewBox").split()[2])
    ground, strokes = root[0], root[1]
    assert (ground.get("fill"), strokes.get("stroke")) == ("#fff", "#000")
    modules = [[False] * size for _ in range(size)]
    x = y = 0.0
    for sign, numbers in re.findall(r"([Mmh])([-\d. ]+)", strokes.get("d")):
        values = [float(number) for number in numbers.split()]
        if sign == "h":
            for i in range(int(values[0])):
                modules[int(y)][int(x) + i] = True
            x += values[0]
        else:
            x, y = (values[0], values[1]) if sign == "M" else (x + values[0], y + values[1])
    return modules
