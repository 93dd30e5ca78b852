"""Every page runs: opened cold, in every setting, after every change. And a page is prose and calls, nothing else."""

import ast
import base64
import json
import re
import zlib
from html import unescape
from math import gcd
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from attention_core import programs
from attention_core.examples import EXAMPLES
from attention_ui.controls import ABLATIONS
from attention_ui.document import example_document
from attention_ui.lesson import LESSONS, TOOLS
from attention_ui.link import View, unpack
from tests.damaged import DAMAGED

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "pages").glob("*.py"))
HEAD = "pages/one-head.py"
every_page = pytest.mark.parametrize("page", [lesson.file for lesson in LESSONS])
every_file = pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)


def opened(page: str = HEAD, **params: str) -> AppTest:
    """The app with this page opened by a new visitor, at an address with these parameters."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    for name, value in params.items():
        app.query_params[name] = value
    if page != "pages/home.py":
        app.switch_page(page)
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    """The app, once it is certain that its last run came to an end without an exception."""
    assert not app.exception, [error.message for error in app.exception]
    return app


def document(app: AppTest):
    return app.session_state["visit"].document


def alerts(app: AppTest) -> list[str]:
    """The sentences about what could not be used."""
    bodies = [element.proto.body for element in app.get("html")]
    return [body for body in bodies if 'role="alert"' in body]


def packed(inner: object) -> str:
    return "1." + base64.urlsafe_b64encode(zlib.compress(json.dumps(inner).encode())).decode().rstrip("=")


# ---- damaged links


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_link_says_what_was_wrong_and_shows_the_example(name):
    params, says = DAMAGED[name]
    ((key, value),) = parse_qsl(params, keep_blank_values=True)
    app = opened(**{key: value})
    sentences = [unescape(re.sub("<[^>]*>", "", body)).strip() for body in alerts(app)]
    assert any(says in sentence for sentence in sentences) or not says, sentences
    assert all(sentence.endswith(".") for sentence in sentences)
    assert document(app).plain == document(app)


# ---- every page, opened cold


@every_page
def test_a_page_opens(page):
    app = opened(page)
    (lesson,) = [lesson for lesson in LESSONS if lesson.file == page]
    assert app.title[0].value == lesson.title
    assert not alerts(app)


STRANGE = [  # all that a page may be asked for; where the matrices are a sheet's, only `s` is read
    {"s": "1.broken"},
    {"s": packed({"edits": {"w_q": "\ud800"}})},
    {"s": packed({"temperature": 2, "picked": ["row_max", 99, 0]})},
    {"example": "banks"},
    {"example": "nothing"},
    {"sentence": "a " * 17},
    {"sentence": "<b>{0}</b> %s $x$ `y`"},
    {"s": packed({"ablation": "wrong_axis", "stage": "weights", "picked": ["weights", 0, 0]})},
]


@pytest.mark.parametrize(
    ("page", "params"),
    [(lesson.file, params) for lesson in LESSONS for params in (STRANGE[:3] if lesson.bench else STRANGE)],
    ids=str,
)
def test_a_page_opens_by_any_link(page, params):
    sound(opened(page, **params).run())


@pytest.mark.parametrize("stride", [n for n in range(1, len(LESSONS)) if gcd(n, len(LESSONS)) == 1][:3])
def test_a_page_survives_others(stride):
    """Each lesson comes after three others: the one before it, and those some way off. These strides reach them all."""
    app = opened()
    for i in range(len(LESSONS) + 1):
        sound(app.switch_page(LESSONS[i * stride % len(LESSONS)].file).run())


def test_the_lessons_and_the_tools_are_the_pages():
    known = (*LESSONS, *TOOLS)
    assert sorted(page.file for page in known) == [f"pages/{file.name}" for file in PAGES]
    assert len({page.path for page in known}) == len({page.name for page in known}) == len(known)
    assert all(lesson.goal.endswith(".") for lesson in LESSONS)


# ---- the controls of a head


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_can_be_chosen(name):
    app = sound(opened().selectbox(key="example").select(name).run())
    assert document(app) == example_document(name)
    assert app.text_input(key="sentence").value == EXAMPLES[name].sentence


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("switch", ["causal", "scaled", "residual", "steady"])
def test_every_switch_works_both_ways(name, switch):
    app = opened(example=name)
    for times in (1, 2):
        toggle = app.toggle(key=switch)
        sound(toggle.set_value(not toggle.value).run())
        changed = getattr(document(app), switch) != getattr(example_document(name), switch)
        assert changed == (times == 1)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("ablation", ABLATIONS)
def test_everything_that_can_be_broken_is_broken(name, ablation):
    app = opened(example=name)
    sound(app.selectbox(key="ablation").set_value(ablation).run())
    sound(app.selectbox(key="ablation").set_value("").run())
    assert document(app) == example_document(name)


def test_everything_that_the_core_can_break_can_be_chosen():
    assert set(programs.ABLATIONS) <= set(ABLATIONS)


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 10.0])
def test_every_temperature_can_be_set(temperature):
    app = sound(opened().slider(key="temperature").set_value(temperature).run())
    assert document(app).temperature == temperature


def test_the_numbers_can_be_shown_in_every_way():
    app = opened()
    for key in ("columns", "exact"):
        for value in (True, False):
            app.session_state[key] = value
            sound(app.run())


@pytest.mark.parametrize("sentence", ["", "   ", "a " * 17, "x" * 41, "a\u202eb", "<script>alert(1)</script> " * 17])
def test_a_bad_sentence_is_said_and_stays_in_the_field(sentence):
    app = sound(opened().text_input(key="sentence").set_value(sentence).run())
    assert len(alerts(app)) == 1
    assert "The last sentence stays below." in alerts(app)[0]
    assert document(app) == example_document("paint")
    assert app.text_input(key="sentence").value == sentence
    sound(app.text_input(key="sentence").set_value("blue cube").run())
    assert not alerts(app)
    assert document(app).tokens == ("blue", "cube")


def test_words_are_never_markup():
    app = opened(sentence="<script>alert(1)</script> " * 17)
    (alert,) = alerts(app)
    assert "<script" not in alert


@pytest.mark.parametrize("sentence", ["a", "{query} {} {0} %s", "the the the", "word " * 16, "猫 🎈 שלום naïve"])
def test_every_good_sentence_is_shown(sentence):
    app = opened()
    sound(app.text_input(key="sentence").set_value(sentence).run())
    for ablation in programs.ABLATIONS:
        sound(app.selectbox(key="ablation").set_value(ablation).run())
    assert document(app).tokens == tuple(sentence.split())


def test_a_change_reaches_the_address():
    app = sound(opened().toggle(key="scaled").set_value(False).run())
    assert unpack(dict(app.query_params)) == (document(app), View(), [])
    assert not document(app).scaled
    assert not app.session_state["visit"].touched


def test_a_link_sets_the_controls():
    app = opened(example="banks", s=packed({"causal": False, "temperature": 0.5, "ablation": "wrong_axis"}))
    assert app.selectbox(key="example").value == "banks"
    assert not app.toggle(key="causal").value
    assert app.slider(key="temperature").value == 0.5
    assert app.selectbox(key="ablation").value == "wrong_axis"


def test_a_bad_link_is_said_in_a_sentence():
    (alert,) = alerts(opened(s="1.broken"))
    assert "Part of the link cannot be read" in alert


def test_what_was_changed_survives_a_page_switch():
    app = opened()
    sound(app.toggle(key="scaled").set_value(False).run())
    sound(app.switch_page("pages/home.py").run())
    sound(app.switch_page(HEAD).run())
    assert not document(app).scaled
    assert not app.toggle(key="scaled").value


# ---- a page is prose and calls


@every_file
def test_a_page_is_short(file):
    assert len(file.read_text().splitlines()) <= 90


@every_file
def test_a_page_imports_the_screen_and_what_it_teaches(file):
    """Streamlit and components; of the core, only what it offers to everybody."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= {"streamlit"}
        elif isinstance(node, ast.ImportFrom):
            assert node.module == "attention_core" or node.module.startswith("attention_ui.")
            assert not any(alias.name.startswith("_") for alias in node.names)


@every_file
def test_a_page_has_no_markup_and_no_state(file):
    source = file.read_text()
    assert not re.search(r"</?[a-zA-Z][^>\n]*>|&[a-z]+;|unsafe_allow_html|st\.html", source)
    assert "session_state" not in source
    assert "query_params" not in source


@every_file
def test_a_page_says_what_it_is_and_opens_its_lesson(file):
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    (opening,) = [call for call in calls if call.func.id in ("open_lesson", "open_tool")]
    pages = LESSONS if opening.func.id == "open_lesson" else TOOLS
    (page,) = [page for page in pages if page.name == opening.args[0].value]
    assert ROOT / page.file == file


@every_file
def test_a_page_defines_nothing(file):
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While)
    assert not [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds)]
