"""One visitor's state: commits and their undoing, events of the component handled once, and the address bar.

The visit is tested by itself, without a running page: `visit` stands in for the one of a browser session.
"""

import copy
import json
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attention_core import programs
from attention_ui import controls, session
from attention_ui.controls import ABLATIONS
from attention_ui.document import Document, compute, example_document
from attention_ui.link import View, pack
from attention_ui.payload import board_data
from attention_ui.picture import SHOWN, Picture
from attention_ui.session import Visit, handle
from attention_ui.sheet import Sheet
from attention_ui.whys import why
from tests.documents import documents, matrices, seeds, switched, typed_cells

PAINT, BANKS = example_document("paint"), example_document("banks")
LINK = pack(replace(BANKS, scaled=False), View())
UNMOVED = "No number in the matrices changed"
REORDERED = "The words stand in another order"
in_place = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


class Address:
    """A stand-in for the address bar: st.query_params as far as the session uses it, and how often it was written."""

    def __init__(self, **params: str):
        self.params, self.writes = params, 0

    def __contains__(self, name):
        return name in self.params

    def __getitem__(self, name):
        return self.params[name]

    def get(self, name, default):
        return self.params.get(name, default)

    def to_dict(self):
        return dict(self.params)

    def from_dict(self, params):
        self.params, self.writes = dict(params), self.writes + 1


@pytest.fixture
def now(monkeypatch) -> Visit:
    """A new visitor, who is the one that the session's functions speak of."""
    visitor = Visit()
    monkeypatch.setattr(session, "visit", lambda sheet=None: visitor)
    return visitor


@pytest.fixture
def address(monkeypatch) -> Address:
    bar = Address()
    monkeypatch.setattr(session, "st", SimpleNamespace(query_params=bar, session_state={}))
    return bar


@pytest.fixture
def report(now):
    """Report these events to the visit, numbered on, as the component does."""
    count = 0

    def report(*events):
        nonlocal count
        numbered = []
        for event in events:
            count += 1
            numbered.append({"seq": count, **event})
        handle({"mount": "m", "list": numbered})

    return report


def edit(step="w_q", row=1, col=0, text="ln 5") -> dict:
    return {"kind": "edit", "step": step, "row": row, "col": col, "text": text}


def pick(step="weights", row=1, col=0, **more) -> dict:
    return {"kind": "pick", "step": step, "row": row, "col": col, **more}


def fresh(visitor: Visit) -> None:
    """Make this visitor a new one."""
    vars(visitor).update(vars(Visit()))


def drawable(visitor: Visit) -> None:
    """What a page does with a visit after each rerun."""
    before = compute(visitor.before) if visitor.before is not None else None
    shown = Picture(compute(visitor.document), before, visitor.view, visitor.shown, tuple(visitor.trail))
    text = json.dumps(board_data(shown) | {"ack": visitor.ack, "errors": visitor.errors}, allow_nan=False)
    assert text
    pack(visitor.document, visitor.view)


# ---- undo and redo


def wandered(visitor: Visit, seed: int) -> list[Document]:
    """Commit changes, now and then with an undo or redo between; every document that was shown."""
    rng = Random(seed)
    shown = [visitor.document]
    for _ in range(rng.randint(1, 8)):
        choice = rng.random()
        if choice < 0.2:
            visitor.undo()
        elif choice < 0.3:
            visitor.redo()
        elif choice < 0.5:
            visitor.commit(switched(visitor.document, rng), "")
        else:
            name = rng.choice(matrices(visitor.document))
            visitor.commit(visitor.document.with_cells(name, typed_cells(visitor.document, name, rng)), "")
        shown.append(visitor.document)
    return shown


@given(seeds, st.integers(1, 9))
def test_undo_then_redo_is_where_it_was(seed, times):
    visitor = Visit()
    wandered(visitor, seed)
    before, deep = visitor.document, min(times, len(visitor.past))
    for _ in range(deep):
        visitor.undo()
    for _ in range(deep):
        visitor.redo()
    assert visitor.document == before


@given(seeds)
def test_undoing_everything_is_the_beginning(seed):
    visitor = Visit()
    shown = wandered(visitor, seed)
    while visitor.past:
        visitor.undo()
        assert visitor.document in shown
    assert visitor.document == Document()
    visitor.undo()
    assert visitor.document == Document()


@given(documents, documents)
def test_a_commit_is_undone_by_one_undo(one, other):
    visitor = Visit(document=one)
    visitor.commit(other, "")
    assert visitor.document == other
    visitor.undo()
    assert visitor.document == one


def test_a_commit_forgets_what_could_be_redone():
    visitor = Visit()
    visitor.commit(BANKS, "")
    visitor.undo()
    visitor.commit(replace(PAINT, scaled=False), "")
    visitor.redo()
    assert visitor.document == replace(PAINT, scaled=False)


def test_committing_the_same_is_no_commit_and_says_so():
    visitor = Visit()
    visitor.commit(Document(), "changed")
    assert (visitor.past, visitor.before) == ([], None)
    assert "already" in visitor.said


def test_history_is_bounded():
    visitor = Visit()
    for tenths in range(1, 101):
        for scaled in (True, False, True):
            visitor.commit(replace(PAINT, temperature=tenths / 10, scaled=scaled), "")
    assert 200 <= len(visitor.past) <= 201


def test_reset_can_be_undone():
    visitor = Visit(document=replace(BANKS, scaled=False))
    visitor.reset()
    assert visitor.document == BANKS
    visitor.undo()
    assert visitor.document == replace(BANKS, scaled=False)


def test_what_was_before_is_kept_for_comparing():
    visitor = Visit()
    visitor.commit(BANKS, "")
    assert visitor.before == PAINT
    visitor.undo()
    assert visitor.before == BANKS


class Broken(Exception):
    """What nobody foresaw."""


@pytest.fixture
def broken(monkeypatch):
    """Call it, and no document can be computed any more."""

    def compute(document):
        raise Broken

    return lambda: monkeypatch.setattr(session, "compute", compute)


@pytest.mark.parametrize(
    "change",
    [
        lambda visitor: visitor.commit(BANKS, "changed"),
        lambda visitor: visitor.commit(replace(visitor.document, residual=False), "changed"),
        Visit.undo,
        Visit.redo,
        Visit.reset,
        lambda visitor: session._load(visitor, LINK),
        lambda visitor: session._load(visitor, {"s": "1.broken"}),
    ],
    ids=["example", "switch", "undo", "redo", "reset", "link", "bad link"],
)
def test_what_cannot_be_computed_leaves_the_visit_as_it_was(report, now, broken, change):
    report(edit(text="2"), edit(text="3"), {"kind": "undo"}, {"kind": "stage", "to": "residual"}, pick("residual"))
    now.errors, now.problems, now.sentence_error = [{"message": "!"}], ["!"], "!"
    before = copy.deepcopy(now)
    broken()
    with pytest.raises(Broken):
        change(now)
    assert now == before


# ---- picking, walking and the trail


def test_following_operands_leaves_a_trail(report, now):
    report(pick("weights", 1, 0), pick("exps", 1, 0, via="operand"), pick("shifted", 1, 0, via="operand"))
    assert now.view.picked == ("shifted", 1, 0)
    assert now.trail == [("weights", 1, 0), ("exps", 1, 0)]


def test_going_back_cuts_the_trail(report, now):
    report(pick("weights"), pick("exps", via="operand"), pick("shifted", via="operand"), {"kind": "back", "index": 1})
    assert now.view.picked == ("exps", 1, 0)
    assert now.trail == [("weights", 1, 0)]


def test_picking_anew_ends_the_trail(report, now):
    report(pick("weights"), pick("exps", via="operand"), pick("q", 0, 0))
    assert (now.view.picked, now.trail) == (("q", 0, 0), [])


@pytest.mark.parametrize("cell", [("nothing", 0, 0), ("q", 5, 0), ("q", 0, -1), ("bias", 0, 0), ("row_sums", 0, 1)])
def test_what_is_not_there_cannot_be_picked(report, now, cell):
    report(pick("weights"), pick(*cell))
    assert now.view.picked == ("weights", 1, 0)


@pytest.mark.parametrize("index", [-1, 2, 10**30, "0", None, 0.0])
def test_back_to_nowhere_stays(report, now, index):
    report(pick("weights"), pick("exps", via="operand"), {"kind": "back", "index": index})
    assert now.view.picked == ("exps", 1, 0)


def test_a_picked_cell_that_disappears_is_let_go(report, now):
    report(pick("residual", 4, 0), pick("x", 4, 0, via="operand"))
    session.set_sentence("red ball")
    assert (now.view.picked, now.trail) == (None, [])
    drawable(now)


@pytest.mark.parametrize(
    "change", [lambda: session.set_sentence("blue ball hit red cube"), lambda: session.set_example("banks")]
)
def test_another_sentence_or_example_has_nothing_picked(report, now, change):
    """Even where the new one has such a cell: it is another word's."""
    report(pick("weights"), pick("exps", via="operand"))
    change()
    assert (now.view.picked, now.trail) == (None, [])
    report(pick("weights"))
    now.undo()
    assert (now.view.picked, now.trail) == (None, [])


def test_a_picked_cell_stays_through_an_edit(report, now):
    report(pick("weights"), pick("exps", via="operand"), edit(text="2"))
    session.set_document(scaled=False)
    assert (now.view.picked, now.trail) == (("exps", 1, 0), [("weights", 1, 0)])


def test_a_trail_keeps_what_is_still_there(report, now):
    report(pick("residual"), pick("projected", via="operand"), pick("output", via="operand"))
    session.set_document(residual=False)
    assert (now.view.picked, now.trail) == (("output", 1, 0), [("projected", 1, 0)])


def test_a_stage_that_disappears_is_let_go(report, now):
    report({"kind": "stage", "to": "residual"})
    assert now.view.stage == "residual"
    session.set_document(residual=False)
    assert now.view.stage == "all"


def test_the_stepper_follows_an_operand_to_its_step(report, now):
    report({"kind": "stage", "to": "weights"}, pick("exps", 1, 0))
    assert now.view.stage == "weights", "the operand stands in this step"
    report(pick("scores", 1, 0, via="operand"))
    assert now.view.stage == "scores"
    report(pick("w_q", 1, 0, via="operand"))
    assert now.view.stage == "q"


@pytest.mark.parametrize("stage", ["", "nothing", "biased", "w_q", "None"])
def test_an_unknown_stage_is_not_walked_to(report, now, stage):
    report({"kind": "stage", "to": stage})
    assert now.view.stage == "all"


# ---- events


def test_an_edit_is_committed(report, now):
    report(edit(text=" ln 5 "))
    assert now.document == PAINT.with_cells("w_q", {(1, 0): "ln 5"})
    assert (now.errors, now.past) == ([], [PAINT])


def test_a_bad_edit_says_why_and_changes_nothing(report, now):
    report(edit(text="much"))
    (error,) = now.errors
    assert (error["step"], error["row"], error["col"], error["text"]) == ("w_q", 1, 0, "much")
    assert "W_Q, row noun, column 0" in error["message"]
    assert (now.document, now.past) == (PAINT, [])
    report(edit(text="2"))
    assert now.errors == []


def test_a_toggle_paints_the_mask(report, now):
    report({"kind": "toggle", "step": "mask", "row": 0, "col": 1})
    assert now.document == PAINT.toggled((0, 1))


@pytest.mark.parametrize("step", ["w_q", "weights", "x", "masked", "", "nothing"])
def test_a_toggle_of_another_matrix_paints_nothing(report, now, step):
    report({"kind": "toggle", "step": step, "row": 0, "col": 1})
    assert (now.document, now.past, now.errors) == (PAINT, [], [])


def test_a_toggle_outside_the_mask_says_so(report, now):
    report({"kind": "toggle", "step": "mask", "row": 0, "col": 9})
    assert (now.document, len(now.errors)) == (PAINT, 1)


def test_a_paste_is_committed_as_one(report, now):
    report({"kind": "paste", "step": "w_q", "row": 0, "col": 0, "text": "1\t2\n3\t4"})
    assert len(now.past) == 1
    report({"kind": "undo"})
    assert now.document == PAINT


def test_events_are_handled_in_order(report, now):
    report(edit(text="2"), edit(text="3"), {"kind": "undo"}, {"kind": "undo"}, {"kind": "redo"})
    assert now.document == PAINT.with_cells("w_q", {(1, 0): "2"})


def test_an_event_that_is_sent_again_is_not_handled_again(now):
    events = [{"seq": 1, **edit(text="2")}, {"seq": 2, **edit(text="3")}]
    for end in (1, 2, 2, 1):
        handle({"mount": "m", "list": events[:end]})
    assert len(now.past) == 2
    assert now.ack == {"mount": "m", "seq": 2}
    handle({"mount": "m", "list": [*events, {"seq": 3, "kind": "undo"}]})
    assert now.document == PAINT.with_cells("w_q", {(1, 0): "2"})


@pytest.mark.parametrize(
    ("events", "stale"),
    [
        ([edit(text="2"), pick(), {"kind": "stage", "to": "weights"}, {"kind": "toggle", **edit("mask", 0, 1)}], False),
        ([edit(text="much")], False),
        ([{"kind": "undo"}], True),
        ([{"kind": "reset"}], True),
        ([edit(text="2"), {"kind": "undo"}], False),
        ([{"kind": "undo"}, {"kind": "redo"}], False),
    ],
)  # fmt: skip
def test_the_page_around_is_stale_when_it_shows_what_an_event_changed(now, report, events, stale):
    """A switch that is undone stands outside the matrices; a number that is edited does not."""
    session.set_document(scaled=False)
    assert not now.stale, "the page runs anyway when a control of its own was used"
    report(*events)
    assert now.stale == stale
    assert now.touched


def test_a_page_stays_stale_until_it_has_run(now, report):
    session.set_document(scaled=False)
    report({"kind": "undo"})
    report(pick())
    assert now.stale


def test_sentences_around_the_matrices_go_stale(now, report):
    now.sentence_error = "That is 17 words."
    report(edit(text="2"))
    assert (now.sentence_error, now.stale) == ("", True)
    now.stale, now.problems = False, ["Part of the link cannot be read."]
    report(edit(text="3"))
    assert (now.problems, now.stale) == ([], True)


def test_a_new_component_counts_from_one(now):
    handle({"mount": "m", "list": [{"seq": 7, **edit(text="2")}]})
    handle({"mount": "n", "list": [{"seq": 1, **edit(text="3")}]})
    assert len(now.past) == 2
    assert now.ack == {"mount": "n", "seq": 1}


# ---- malformed reports

ENORMOUS = "9" * 1_000_000
BAD = [
    None, 0, "", "list", [], {}, {"list": None}, {"list": {}}, {"list": "abc"}, {"mount": "m"},
    {"mount": None, "list": [None, 1, "x", [], {}]},
    {"mount": {"a": []}, "list": [{"seq": "1", **edit()}, {"seq": None, **edit()}, {"seq": 1.5, **edit()}]},
    {"mount": ENORMOUS, "list": []},
]  # fmt: skip
EVENTS = [
    {}, {"kind": None}, {"kind": "explode"}, {"kind": ["edit"]}, {"kind": {}},
    {"kind": "edit"}, {"kind": "edit", "step": "w_q"}, edit(row="1"), edit(row=None), edit(row=1.0), edit(row=True),
    edit(row=-1), edit(row=10**30), edit(step=None), edit(step=3), edit(step="weights"), edit(step=["w_q"]),
    edit(text=None), edit(text=7), edit(text=ENORMOUS), edit(text="\ud800"), edit(text="\x00"), edit(text={}),
    {**edit(), "kind": "paste", "text": ENORMOUS}, {**edit(), "kind": "paste", "text": "1\t" * 9999},
    {**edit(row=-1), "kind": "paste"}, {**edit(row=10**30), "kind": "paste"}, {**edit("scale"), "kind": "paste"},
    {**edit(), "kind": "toggle"}, {**edit("mask", 9, 9), "kind": "toggle"},
    {**edit("mask", -1), "kind": "toggle"}, {**edit("mask", 10**30), "kind": "toggle"},
    pick(step=None), pick(step=["q"]), pick(row=-1), pick(row=True, col=False), pick(row=10**30), pick(via=["operand"]),
    {"kind": "stage"}, {"kind": "stage", "to": None}, {"kind": "stage", "to": ["q"]},
    {"kind": "back"}, *({"kind": "back", "index": index} for index in ("0", True, 10**30)),
    {"kind": "enlarge"}, {"kind": "enlarge", "step": ["q"]}, {"kind": "enlarge", "step": "\ud800"},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad)[:40])
def test_a_malformed_report_does_nothing(now, bad):
    handle(bad)
    assert (now.document, now.past, now.view, now.errors) == (PAINT, [], View(), [])
    drawable(now)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: repr(event)[:60])
def test_a_malformed_event_can_always_be_drawn_after(now, event):
    handle({"mount": "m", "list": [{"seq": 1, **event}, {"seq": 2, **pick("q", 0, 0)}]})
    assert now.ack == {"mount": "m", "seq": 2}
    assert now.view.picked == ("q", 0, 0)
    assert all(len(error["text"]) <= 80 for error in now.errors)
    drawable(now)


def test_a_picked_cell_has_whole_numbers(report, now):
    """True and False count as numbers in Python, but a link refuses them."""
    report(pick("weights", True, False))
    assert now.view.picked is None
    assert session.unpack(pack(now.document, now.view))[2] == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
KINDS = ("edit", "paste", "toggle", "pick", "back", "stage", "undo", "redo", "reset", "enlarge")
NAMES = (*programs.names(PAINT.program), *matrices(PAINT))
likely = st.sampled_from((*NAMES, *KINDS, "operand", "all", "1", "2 ln 3", "1\t2\n3\t4", 0, 1, 2, 3))
numbers = st.integers(-1, 5)
usual = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "step": st.sampled_from(NAMES),
        "row": numbers, "col": numbers, "index": numbers,
    },
    optional={"text": likely, "to": likely, "via": likely},
)  # fmt: skip
odd = st.dictionaries(
    st.sampled_from(("kind", "step", "row", "col", "text", "to", "index", "via")), likely | json_values
)
reports = st.fixed_dictionaries(
    {
        "mount": st.sampled_from(("m", "n")),
        "list": st.lists(
            st.builds(lambda seq, event: {"seq": seq, **event}, st.integers(0, 20), usual | odd), max_size=5
        ),
    }
)


@given(st.lists(reports | json_values, max_size=5))
@in_place
def test_no_report_raises_and_none_is_handled_twice(now, reports):
    fresh(now)
    for report in reports:
        handle(report)
        state = copy.deepcopy(now)
        handle(report)
        assert now == state
    drawable(now)


# ---- the controls


def test_a_bad_sentence_is_said_and_the_last_one_stays(now):
    session.set_sentence("a " * 17)
    assert "17 words" in now.sentence_error
    assert now.document == PAINT
    session.set_sentence("blue cube")
    assert (now.sentence_error, now.document.tokens) == ("", ("blue", "cube"))


def test_a_new_example_is_a_commit(now):
    session.set_example("banks")
    assert now.document == BANKS
    now.undo()
    assert now.document == PAINT


def test_the_causal_switch_drops_what_was_painted(now):
    now.commit(PAINT.toggled((0, 1)), "")
    session.set_document(causal=False)
    assert now.document == replace(PAINT, causal=False)


def marked(visitor: Visit) -> int:
    """How many matrices show a dark corner."""
    shown = Picture(compute(visitor.document), compute(visitor.before), visitor.view)
    return sum(bool(matrix["changed"]) for matrix in board_data(shown)["matrices"].values())


@pytest.mark.parametrize(
    "change",
    [
        lambda now: session.set_document(scaled=False),
        lambda now: session.set_document(causal=False),
        lambda now: session.set_document(ablation="wrong_axis"),
        lambda now: now.commit(PAINT.with_cells("w_k", {(2, 3): "5"}), ""),
    ],
    ids=["no scaling", "no mask", "mistake", "edit"],
)
def test_a_change_says_where_to_look_and_in_how_many_matrices(now, change):
    change(now)
    assert marked(now) > 1
    assert now.said == f"A dark corner marks every number that changed, in {marked(now)} matrices."


def test_a_change_of_one_matrix_says_one(now):
    """Weights of a feature that no word has: W_K is all that changes."""
    silent = PAINT.with_cells("x", {(row, 3): "0" for row in range(5)})
    now.commit(silent, "")
    now.commit(silent.with_cells("w_k", {(3, 3): "5"}), "")
    assert marked(now) == 1
    assert now.said == "A dark corner marks every number that changed, in 1 matrix."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: session.set_sentence("blue cube"), "These are other words; nothing to compare."),
        (lambda: session.set_sentence("red cube hit blue box"), "These are other words; nothing to compare."),
        (lambda: session.set_sentence("cube hit blue red ball"), f"{REORDERED}; nothing to compare."),
        (lambda: session.set_example("banks"), "This is another example; nothing to compare."),
        (lambda: session.set_sentence(" red  ball hit blue cube"), f"{UNMOVED}."),
        (lambda: session.set_document(residual=False), f"{UNMOVED}, but a step was added or taken away."),
    ],
    ids=["fewer words", "as many words", "the same words", "example", "spaces", "residual"],
)
def test_a_change_that_marks_nothing_does_not_send_to_look_for_marks(now, change, said):
    change()
    assert now.said == said
    assert marked(now) == 0


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("softmax", {"scores": "paint"}, "These are other rows or columns; nothing to compare."),
        ("heads", {"swapped": True}, "The heads stand in another order; nothing to compare."),
        ("cross_attention", {"read": "picture"}, "Other matrices are drawn now; nothing to compare."),
        ("projections", {"n": 3}, "These are other words; nothing to compare."),
        ("positions", {"order": "swapped"}, f"{REORDERED}; nothing to compare."),
        ("projections", {"bias": "zero"}, f"{UNMOVED}, but steps were added or taken away."),
        ("block", {"part": "mlp"}, f"{UNMOVED}, but steps were added or taken away."),
        ("block", {"part": "norm"}, "Other matrices are drawn now; nothing to compare."),
        ("block", {"part": "next"}, "Other matrices are drawn now; nothing to compare."),
        ("block", {"part": "layers"}, "These are other words; nothing to compare."),
        ("cost", {"show": "lora"}, "Other matrices are drawn now; nothing to compare."),
        ("cost", {"show": "bits"}, "Other matrices are drawn now; nothing to compare."),
        ("softmax", {"keys": 3}, f"{UNMOVED}."),
        ("lookup", {"soft": False}, "A dark corner marks every number that changed, in 3 matrices."),
    ],
)
def test_a_setting_of_a_lesson_says_what_it_did(now, name, setting, said):
    now.document = Sheet(name)
    session.set_setting(**setting)
    assert now.said == said


def test_a_question_is_compared_with_nothing_else_changed(now):
    """That a head counts again is no part of what sharing keys and values does; Undo leads back to what was seen."""
    pruned = now.document = Sheet("heads").with_settings(out="previous token")
    session.set_asked(out="nobody", swapped=False, made="shared")
    assert now.document == Sheet("heads").with_settings(made="shared")
    assert now.before == Sheet("heads")
    lines = why(Picture(compute(now.document), compute(now.before), View()))["lines"]
    assert [line["text"] for line in (lines[0], lines[-1])] == [
        "Now both heads share W_K and W_V.",
        "There the change ends: nothing after it moved.",
    ]
    now.undo()
    assert now.document == pruned


def test_a_question_that_only_takes_back_is_compared_with_what_was_seen(now):
    pruned = now.document = Sheet("heads").with_settings(out="content")
    session.set_asked(out="nobody")
    assert (now.document, now.before) == (Sheet("heads"), pruned)


def test_dropped_edits_are_said(now):
    session.set_sentence("blue cube")
    assert "Undo" not in now.said, "nothing was lost"
    now.reset()
    now.commit(PAINT.toggled((0, 1)).with_cells("x", {(0, 0): "2"}).with_cells("w_q", {(0, 0): "2"}), "")
    session.set_sentence("blue cube")
    assert now.said == "Your changes to M and X belonged to what was there before; Undo brings them back."
    now.undo()
    session.set_document(causal=False)
    assert now.said == "Your changes to M belonged to what was there before; Undo brings them back."
    session.set_example("banks")
    assert now.said == "Your changes to X and W_Q belonged to what was there before; Undo brings them back."


def test_a_setting_says_which_of_the_typed_numbers_it_dropped(now):
    """The nudge changes one number of Q: what was typed over it goes, and is spoken of; the other stays."""
    now.document = Sheet("lookup").with_cells("q", {(0, 0): "5", (0, 1): "4"})
    session.set_setting(nudge=0.5)
    assert now.document.edits == {"q": {(0, 0): "5"}}
    assert now.said == "1 of your 2 changes to Q belonged to what was there before; Undo brings them back."
    session.set_setting(sharpness=2.0)
    assert now.document.edits == {"q": {(0, 0): "5"}}
    assert "Undo" not in now.said


def test_the_page_follows_when_the_row_maximum_must_be_subtracted(now):
    """Its switch stands outside the matrices, and shows it."""
    around = now.around()
    now.commit(PAINT.with_cells("w_q", {(1, 0): "7"}), "")
    assert now.around() == around
    now.commit(PAINT.with_cells("w_q", {(1, 0): "100000"}), "")
    assert now.around() != around


@pytest.mark.parametrize("ablation", [name for name in ABLATIONS if name])
def test_a_mistake_is_compared_with_what_is_right(now, ablation):
    """Not with the mistake that was chosen before it; every other change is compared with what was before."""
    session.set_document(temperature=2.0)
    session.set_document(ablation="wrong_axis" if ablation != "wrong_axis" else "masked_after")
    session.set_document(ablation=ablation)
    assert now.document == replace(PAINT, temperature=2.0, ablation=ablation)
    assert now.before == replace(PAINT, temperature=2.0)
    session.set_document(scaled=False)
    assert now.before == replace(PAINT, temperature=2.0, ablation=ablation)
    session.set_document(ablation="")
    assert now.before == replace(PAINT, temperature=2.0, ablation=ablation, scaled=False)


@pytest.mark.parametrize("shown", [*SHOWN, "never", ""])
def test_only_known_numbers_are_shown(now, shown):
    now.said = "Undone."
    session.set_shown(shown)
    assert now.said == ""
    assert now.shown == (shown if shown in SHOWN else "after")
    drawable(now)


# ---- the address bar


def rerun(page: str = "one_head") -> None:
    """A rerun of a page as far as the address goes: it arrives first; the board, where there is one, writes last."""
    session.arrive(page)
    if page == "one_head" and session.visit().touched:
        session.write(session.visit())


def test_a_link_is_loaded(now, address):
    address.params = dict(LINK)
    rerun()
    assert now.document == replace(BANKS, scaled=False)
    assert address.writes == 0


def test_a_commit_is_written_once(now, address):
    rerun()
    session.set_document(scaled=False)
    for _ in range(3):
        rerun()
    assert address.params == pack(now.document, View())
    assert address.writes == 1


def test_a_touched_visit_is_left_to_who_writes_last(now, address):
    """Arriving writes nothing after a change on the page, and does not take the lagging address for a link either."""
    rerun()
    session.set_document(scaled=False)
    session.arrive("one_head")
    assert (now.document, now.touched, address.writes) == (replace(PAINT, scaled=False), True, 0)
    session.write(now)
    assert (now.touched, address.writes, now.written) == (False, 1, address.params)
    assert address.params == pack(now.document, View())


def test_writing_what_is_there_already_is_no_step_of_the_history(now, address):
    rerun()
    session.set_document(scaled=False)
    session.set_document(scaled=True)
    rerun()
    assert (now.touched, address.params, address.writes) == (False, {}, 0)


def test_a_touched_visit_goes_with_its_visitor_to_another_page(now, address):
    """The page was left before anybody had written; the page that comes next writes at once."""
    rerun()
    session.set_document(scaled=False)
    session.arrive("home")
    assert (now.document, now.touched, address.writes) == (replace(PAINT, scaled=False), False, 1)
    assert address.params == pack(now.document, View())


def test_a_pick_is_not_written(now, address, report):
    rerun()
    report(pick())
    rerun()
    assert (address.params, address.writes) == ({}, 0)


def test_what_is_not_ours_stays_in_the_address(now, address):
    address.params = {"embed": "true"}
    rerun()
    session.set_document(scaled=False)
    rerun()
    assert address.params["embed"] == "true"


def test_back_and_forward_are_followed(now, address):
    rerun()
    session.set_document(scaled=False)
    rerun()
    forward = dict(address.params)
    address.params = {}
    rerun()
    assert now.document == PAINT
    address.params = forward
    rerun()
    assert now.document == replace(PAINT, scaled=False)
    assert address.writes == 1


def test_going_back_can_be_undone(now, address):
    rerun()
    session.set_document(scaled=False)
    rerun()
    address.params = {}
    rerun()
    now.undo()
    assert now.document == replace(PAINT, scaled=False)


def test_a_page_switch_keeps_the_visit(now, address):
    rerun()
    session.set_document(scaled=False)
    rerun()
    address.params = {}
    rerun("home")
    assert now.document == replace(PAINT, scaled=False)
    assert address.params == pack(now.document, View())


def test_a_lagging_address_does_not_undo_a_change(now, address):
    """Two quick changes: the second rerun still sees the address from before the first."""
    rerun()
    session.set_document(scaled=False)
    rerun()
    session.set_document(residual=False)
    address.params = {}
    rerun()
    assert now.document == replace(PAINT, scaled=False, residual=False)


def test_a_bad_link_is_said_and_can_be_left(now, address):
    address.params = {"s": "1.broken"}
    rerun()
    assert len(now.problems) == 1
    rerun()
    assert len(now.problems) == 1
    session.set_document(scaled=False)
    rerun()
    assert now.problems == []
    assert address.params == pack(now.document, View())


@given(st.dictionaries(st.sampled_from(("example", "sentence", "s", "embed")), st.text(max_size=20)))
@in_place
def test_any_address_can_be_arrived_at(now, address, params):
    fresh(now)
    address.params = dict(params)
    rerun()
    drawable(now)
    before = now.document
    rerun()
    assert now.document == before


def test_a_widget_that_says_nothing_changes_nothing(monkeypatch):
    """As a segmented control does whose page is left while it is drawn: no link could be read that says so."""
    said, state = [], {"columns": None}
    monkeypatch.setattr(controls.st, "session_state", state)
    changed = controls.reporting("columns", said.append)
    changed()
    assert said == []
    state["columns"] = False
    changed()
    assert said == [False]
