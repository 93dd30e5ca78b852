"""Links and files that a teacher sends: whatever the state, it comes back; what is hidden is gone until it is shown.

Vocabulary
    state    a document of any lesson, with settings, typed and painted cells, a view and a task, drawn by lot
"""

from random import Random
from urllib.parse import urlencode

import numpy as np
import pytest

from attention_core.benches import BENCHES
from attention_core.benches.bench import Text
from attention_core.examples import EXAMPLES
from attention_core.exercises import EXERCISES
from attention_ui.document import compute, example_document
from attention_ui.link import SHORT, LinkError, View, encode, pack, readable, said_of, unpack
from attention_ui.page_file import MOST, PageError, read_page, write_page
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.sheet import Sheet
from attention_ui.task import GROUPS, LONGEST, PARAM, VARIANTS, Task, pack_task, unpack_task
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
    asked = draw.choice(("", *EXERCISES))
    task = Task(" ".join(draw.choices(WORDS, k=draw.randint(0, 20))), hides, asked, draw.choice(VARIANTS))
    return document, view, task


@pytest.mark.parametrize("block", range(10))
def test_any_state_comes_back_by_link_and_by_file(block):
    for seed in range(block * STATES // 10, (block + 1) * STATES // 10):
        document, view, task = drawn_state(seed)
        params = pack(document, view)
        again, seen, problems = unpack(params, document.plain if isinstance(document, Sheet) else None)
        assert (again, seen, problems) == (document, view, [])
        assert unpack_task(pack_task(task).get(PARAM, encode({}))) == task
        assert read_page("here", write_page("here", document, view).encode(), document.plain) == (document, view)
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
        ({"exercise": 1}, "not written as"),
        ({"exercise": "walls"}, "there is not"),
        ({"exercise": "heads-sum", "variant": True}, "not written as"),
        ({"variant": 1000}, "no. 0 to 999"),
        ({"variant": -1}, "no. 0 to 999"),
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
        (b" " * 4_100_000, "bytes"),
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


def test_a_task_of_another_lesson_is_refused():
    task = Task(exercise=next(name for name, found in EXERCISES.items() if found.lesson == "masks"))
    assert unpack_task(pack_task(task)[PARAM], "masks") == task
    with pytest.raises(LinkError, match="of another lesson"):
        unpack_task(pack_task(task)[PARAM], "heads")


def test_a_link_from_before_there_were_exercises_in_it_is_read():
    old = "1.eNqrVipJLM5WslJyy8xLUSjJSFUozy9K0VPSUcrITEktVrKKViqpLMjMS1eKrQUARHoOqA"
    assert unpack_task(old) == Task("Find the word.", ("typing",))


def test_the_exercise_of_a_link_stands_alone_with_its_numbers():
    """Chosen for the class, with the same numbers for all; the others are hidden, and come back."""
    asked = [name for name, found in EXERCISES.items() if found.lesson == "masks"][1]
    app = opened("pages/masks.py", **pack_task(Task("", ("exercises",), asked, 17)))
    assert any(f"“{EXERCISES[asked].title}”, with the numbers no. 17" in text.value for text in app.markdown)
    assert any("fresh numbers, no. 17" in text.value for text in app.caption)
    assert any("the other exercises" in text.value for text in app.caption)
    assert "masks.exercise" not in {group.key for group in app.button_group}
    app.button(key="task.show").click().run()
    assert sound(app).session_state["masks.exercise"] == asked
    assert any("fresh numbers, no. 17" in text.value for text in app.caption)


def test_numbers_that_no_link_can_hold_are_told_and_kept_in_a_file():
    """One layer of the largest sandbox, with the longest number typed into every cell; three of them still fit in."""
    names = {"sentence": " ".join(f"w{i}" for i in range(16)), "features": ", ".join(f"f{i}" for i in range(24))}
    document = Sheet("sandbox").with_settings(**names, heads=4, d_k=64, d_v=64)
    given, _ = document.given()
    rng = np.random.default_rng(0)
    for name in document.editable:
        if name in given and name not in document.painted and given[name].ndim:
            document = document.with_cells(
                name, {at: f"{rng.normal():.58f}"[:60] for at in np.ndindex(given[name].shape)}
            )
    params = pack(document, View(exact=True))
    assert not readable(params)
    assert "more than a link can hold" in said_of(params)
    assert "Save this page as a file" in said_of(params)
    with_file = write_page("sandbox", document, View(exact=True)).encode()
    assert 3 * len(with_file) <= MOST < 5 * 1024**2  # which the field takes
    assert read_page("sandbox", with_file, Sheet("sandbox")) == (document, View(exact=True))


@pytest.mark.parametrize("rows", [0, 2, 6])
def test_what_a_chat_might_cut_is_said(rows):
    document = Sheet("sandbox").with_settings(d_k=64)
    rng = np.random.default_rng(0)
    typed = {(row, col): f"{rng.normal():.9f}" for row in range(rows) for col in range(64)}
    params = pack(document.with_cells("w_q", typed), View())
    assert readable(params)
    assert ("is safer" in said_of(params)) == (len(urlencode(params)) > SHORT) == (rows == 6)


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
