"""Links and files that a teacher sends: whatever the state, it comes back; what is hidden is gone until it is shown.

Vocabulary
    state    a document of any lesson, with settings, typed and painted cells, a view and a task, drawn by lot
"""

from random import Random
from urllib.parse import urlencode

import pytest

from attention_core.benches import BENCHES
from attention_core.benches.bench import Text
from attention_core.examples import EXAMPLES
from attention_ui.document import compute, example_document
from attention_ui.lesson_link import SHORT
from attention_ui.link import LinkError, View, encode, pack, unpack
from attention_ui.page_file import PageError, read_page, write_page
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.sheet import Sheet
from attention_ui.task import GROUPS, LONGEST, PARAM, Task, pack_task, unpack_task
from tests.test_pages import alerts, opened, sound

NUMBERS = ("2 ln 3", "-3/4", "0.25", "sqrt(2)", "7", "-1.5")
WORDS = ("red", "ball", "naïve", "猫", "🎈", "<b>", "a₁", "$x$")
STATES = 500


def drawn_sheet(draw):
    bench = BENCHES[draw.choice(sorted(BENCHES))]
    settings = {}
    for name, values in bench.allowed.items():
        if name in bench.figures or draw.random() < 0.6:
            continue
        default = bench.settings[name]
        if isinstance(values, Text):
            settings[name] = draw.choice(values)
        else:
            settings[name] = (
                round(draw.uniform(values[0], values[1]), 2) if type(default) is float else draw.choice(values)
            )
    for name in ("d_k", "d_v"):
        if bench.name == "sandbox" and name in settings:
            settings[name] = settings[name] % 8 + 1  # what learners draw; larger ones come from files
    return Sheet(bench.name).with_settings(**settings), bench


def drawn_state(seed):
    draw = Random(seed)
    if draw.random() < 0.2:
        document, figures = example_document(draw.choice(list(EXAMPLES))), {}
        document = document.with_sentence(" ".join(draw.choices(WORDS, k=draw.randint(1, 16))))
    else:
        document, bench = drawn_sheet(draw)
        figures = {n: draw.choice(v) for n, v in bench.allowed.items() if n in bench.figures and type(bench.settings[n])
                   is not float}  # fmt: skip
        figures = bench.changed(figures)
    given, _ = document.given()
    for _ in range(draw.randint(0, 30)):
        names = [name for name in document.editable if name in given and given[name].ndim]
        if not names:
            break
        name = draw.choice(names)
        at = tuple(draw.randrange(n) for n in given[name].shape)
        text = draw.choice(NUMBERS)
        if name not in document.painted:
            document = document.with_cells(name, {at: text})
    if "mask" in given and "mask" in document.painted:
        document = document.toggled(tuple(draw.randrange(n) for n in given["mask"].shape))
    view = View(draw.choice(("all", document.program[0].name)), draw.random() < 0.5, draw.random() < 0.5, None, figures)
    hides = tuple(draw.sample(list(GROUPS), draw.randint(0, len(GROUPS))))
    return document, view, Task(" ".join(draw.choices(WORDS, k=draw.randint(0, 20))), hides)


@pytest.mark.parametrize("block", range(10))
def test_any_state_comes_back_by_link_and_by_file(block):
    for seed in range(block * STATES // 10, (block + 1) * STATES // 10):
        document, view, task = drawn_state(seed)
        params = pack(document, view)
        again, seen, problems = unpack(params, document.plain if isinstance(document, Sheet) else None)
        assert (again, seen, problems) == (document, view, [])
        assert unpack_task(pack_task(task).get(PARAM, encode({}))) == task
        assert read_page("here", write_page("here", document, view).encode(), document.plain) == document
        assert len(urlencode(params | pack_task(task))) < SHORT


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        ({"task": "x" * (LONGEST + 1)}, "characters long"),
        ({"task": 7}, "not written as"),
        ({"hides": "controls"}, "not written as"),
        ({"hides": ["walls"]}, "does not have"),
        ({"hides": [1]}, "does not have"),
        ({"hides": ["typing", "typing"]}, "does not have"),
        ({"asks": "x"}, "not written as"),
        ({"task": "a\u202eb"}, "cannot be shown"),
        ({"task": "a" * 60 + "\u202eb"}, "cannot be shown"),
    ],
)
def test_a_task_that_cannot_be_is_refused(inner, says):
    with pytest.raises(LinkError, match=says):
        unpack_task(encode(inner))


@pytest.mark.parametrize("text", ["", "1", "1.", "2.abc", "9.abc", "1.!!", "1.abc", "x" * 40_000])
def test_a_damaged_task_is_told(text):
    with pytest.raises(LinkError):
        unpack_task(text)


def test_a_link_of_a_later_version_says_so():
    with pytest.raises(LinkError, match="a newer app made"):
        unpack_task("2." + encode({"task": "x"}).partition(".")[2])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cut short"), (b"\xff", "cut short"), (b"[1]", "no page that was saved"), (b"{}", "no page"),
        (b'{"kind": "attention-page"}', "another version"),
        (b'{"kind": "attention-page", "version": 1, "lesson": "masks"}', "in another lesson, “masks”"),
        (b'{"kind": "attention-page", "version": 1, "lesson": "heads", "s": 1}', "not written as"),
        (b'{"kind": "attention-page", "version": 1, "lesson": "heads", "s": "1.x"}', "Part of the file cannot be read"),
        (b" " * 50_000, "bytes"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_page_is_told(data, says):
    with pytest.raises(PageError, match=says):
        read_page("heads", data, Sheet("heads"))


@pytest.mark.parametrize("locked", [False, True])
def test_where_typing_is_hidden_no_cell_opens(locked):
    data = board_data(Picture(compute(Sheet("masks")), None, View(), locked=locked))
    offers = {matrix[what] for matrix in data["matrices"].values() for what in ("editable", "paintable")}
    assert offers == {False, not locked} if not locked else offers == {False}
    assert ("can be changed" in data["empty"]) == (not locked)
    assert ("edits" in data["keys"]) == (not locked)


# --- on the page -----------------------------------------------------------------------------------------------------


def texts(app):
    return [element.value for element in (*app.text, *app.caption)]


def test_a_task_is_text_and_what_it_hides_is_gone_until_it_is_shown():
    task = Task("Find <b>it</b>.\n*Then* say why.", ("controls", "typing", "exercises", "more", "display"))
    app = opened("pages/heads.py", **pack_task(task))
    assert task.text in texts(app)
    assert not [widget for widget in (*app.toggle, *app.button_group) if not widget.key.startswith("heads.exercise")]
    app.button(key="task.show").click().run()
    assert sound(app).toggle
    del app.query_params[PARAM]  # as a browser does at a page switch
    app.switch_page("pages/masks.py").run()
    assert task.text not in texts(sound(app))
    app.switch_page("pages/heads.py").run()
    assert task.text in texts(sound(app))
    assert pack_task(task)[PARAM] in app.query_params[PARAM]


def test_a_damaged_task_is_told_on_the_page():
    app = opened("pages/heads.py", lesson="1.nonsense")
    assert any("The task of this link cannot be read" in body for body in alerts(app))


def test_a_teacher_makes_a_link_that_says_the_task():
    app = opened("pages/heads.py")
    app.text_area(key="heads.task").set_value("Which head sees cube?").run()
    app.multiselect(key="heads.hides").set_value(["typing"]).run()
    app.button(key="heads.make").click().run()
    link = next(code.value for code in sound(app).code if PARAM in code.value)
    assert link.endswith(urlencode(pack_task(Task("Which head sees cube?", ("typing",)))))


def test_a_page_that_was_saved_is_opened_again():
    saved = Sheet("heads").with_settings(swapped=True).with_cells("w_v", {(0, 1, 1): "3/4"})
    app = opened("pages/heads.py")
    field = next(field for field in app.get("file_uploader") if field.key == "heads.page.open")
    field.set_value(("a.json", write_page("heads", saved, View()).encode(), "application/json")).run()
    assert sound(app).session_state["visit.heads"].document == saved
