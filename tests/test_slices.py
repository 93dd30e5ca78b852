"""The board draws every program of the core: matrices with heads head by head, and each reference is a cell that is.

Vocabulary
    drawn     the name of a figure: "weights@1" is head 1 of the weights
    lit       the cells that the browser lights for a cell: by axes, or as the server lists them for what only moves
"""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from attention_core.trace import Program, run
from attention_ui.account import panel
from attention_ui.document import Head
from attention_ui.editable import Editable, EditError
from attention_ui.link import View
from attention_ui.mathml import tree
from attention_ui.naming import cell_name, plain_letter
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.slices import address_of, base, drawn_names, has, head_of, index_of, lines
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of

every_mechanism = pytest.mark.parametrize("name", MECHANISMS)


@dataclass(frozen=True)
class Plain(Editable):
    """Any program as a document of which every given matrix may be typed over."""

    steps: Program
    numbers: dict = field(default_factory=dict)

    program = property(lambda self: self.steps)
    plain = property(lambda self: Plain(self.steps, self.numbers))
    topic = property(lambda self: ("any",))
    editable = property(lambda self: tuple(name for name in self.numbers if name != "mask"))

    def unedited(self):
        return {name: np.array(matrix) for name, matrix in self.numbers.items()}, {}

    def about(self, matrix, at, d_k):
        return "Chosen at random."


def document(name) -> Plain:
    return Plain(MECHANISMS[name], drawn_for(MECHANISMS[name], sizes_of(name), 7))


def picture(name, **view) -> Picture:
    document_ = document(name)
    return Picture(Head(document_, (), run(document_.program, document_.numbers), False), None, View(**view))


@every_mechanism
@pytest.mark.parametrize("columns", [False, True], ids=["rows", "columns"])
def test_every_program_can_be_drawn(name, columns):
    """Every matrix, every head of it once as given or result; every operand of an equation is drawn, too."""
    shown = picture(name, columns=columns)
    data = board_data(shown)
    json.dumps(data, allow_nan=False)
    terms = [term for equation in data["equations"] for term in equation["terms"] if "name" in term]
    assert all(term["name"] in data["matrices"] for term in terms)
    once = sorted(term["name"] for term in terms if term["role"] != "operand")
    trace = shown.head.trace
    assert once == sorted(drawn for matrix in (*trace.given.values(), *trace.values()) for drawn in drawn_names(matrix))
    for drawn, matrix in data["matrices"].items():
        assert (matrix["step"], matrix["head"]) == (base(drawn), head_of(drawn))
        assert len(matrix["texts"]) == int(np.prod(matrix["shape"]))
        letter = plain_letter(shown, drawn)
        assert letter
        assert not set(letter) & set("{}\\^")


def lit(data, trace, drawn, row, col):
    """What the browser lights for a cell, as board.js does it."""
    step = data["steps"].get(drawn)
    if not step or step["pattern"] == "none":
        return set()
    shape = data["matrices"][drawn]["shape"]
    if "sources" in step:
        return {tuple(cell) for cell in step["sources"][row * shape[1] + col]}
    left, right = step["axes"].split("->")
    fixed = {**step.get("fixed", {}), **dict(zip(right.split(), (row, col), strict=False))}
    found = set()
    for slot, (name, group) in enumerate(zip(step["inputs"], left.split(","), strict=True)):
        if step["pattern"] == "masked" and slot == 0:
            seen = trace.matrix(base(step["inputs"][1])).value
            if not seen[index_of(trace, step["inputs"][1], row, col)]:
                continue
        axes, size = group.split(), data["matrices"][name]["shape"]
        along = [[0] if k >= len(axes) else [fixed[axes[k]]] if axes[k] in fixed else range(size[k]) for k in range(2)]
        found |= {(name, r, c) for r in along[0] for c in along[1]}
    return found


@every_mechanism
def test_what_lights_is_what_was_read(name):
    """Law 4, for every cell of every program: the browser lights exactly the cells that the core read."""
    shown = picture(name)
    data, trace = board_data(shown), shown.head.trace
    for made in trace.values():
        for at in np.ndindex(*made.value.shape):
            reads = zip(made.step.inputs, made.explain(at).reads, strict=True)
            read = {address_of(trace.matrix(source), cell) for source, cells in reads for cell in cells}
            assert lit(data, trace, *address_of(made, at)) == read, (made.name, at)


@every_mechanism
def test_every_cell_has_a_panel(name):
    """Where it sits in words, its arithmetic, and operands that are cells of figures."""
    shown = picture(name)
    trace = shown.head.trace
    for matrix in (*trace.given.values(), *trace.values()):
        cells = list(np.ndindex(*matrix.value.shape))
        for at in {cells[0], cells[-1], cells[len(cells) // 2]}:
            address = address_of(matrix, at)
            assert index_of(trace, *address) == at
            said = panel(Picture(shown.head, None, View(picked=address), trail=[address]))
            assert said["cell"] == cell_name(shown, matrix.name, at)
            assert said["where"]
            assert not set(said["where"]) & set("{}")
            for piece in said["arithmetic"]:
                if not isinstance(piece, str):
                    assert index_of(trace, piece["step"], piece["row"], piece["col"]) is not None


def test_a_letter_has_its_head_and_its_layer():
    heads, layers = picture("multi-head, summed, with every stage"), picture("two layers")
    names = {"w_q@1": "W_Q,2", "weights@0": "A_1", "contributions@1": "Y_2", "scaled@0": "S̃_1", "x": "X"}
    assert {drawn: plain_letter(heads, drawn) for drawn in names} == names
    names = {"layer2.weights": "A(2)", "layer1.w_q": "W_Q(1)", "layer1.norm2.normed": "N(1,n2)"}
    assert {drawn: plain_letter(layers, drawn) for drawn in names} == names
    assert tree("W_{Q,2}") == ["msub", ["mi", "W"], ["mrow", ["mi", "Q"], ["mo", ","], ["mn", "2"]]]


def test_a_group_of_heads_shares_its_keys():
    """Query heads 0 to 2 of 6 read group 0 of 2."""
    trace = picture("grouped").head.trace
    found = lines(trace, trace["k"].step)
    n, groups = len(trace["k"].value), len(trace["k_groups"].value)
    assert [line.step.inputs for line in found] == [(f"k_groups@{h // (n // groups)}",) for h in range(n)]


@pytest.mark.parametrize(
    "address", [("weights@9", 0, 0), ("weights", 0, 0), ("x@0", 0, 0), ("weights@", 0, 0), ("weights@-1", 0, 0),
                ("weights@0", 99, 0), ("weights@0", 0, -1), ("nothing@0", 0, 0), ("scale", 0, 1), ("weights@１", 0, 0)],
)  # fmt: skip
def test_what_is_no_cell_of_a_figure_is_none(address):
    trace = picture("multi-head").head.trace
    assert index_of(trace, *address) is None
    assert address[0] in ("weights@0", "scale") or not has(trace, address[0])


def test_a_block_is_pasted_into_one_head():
    before = document("multi-head")
    after = before.with_block("w_q", (1, 2, 1), "5\t6\n7\t8")
    old, new = before.given()[0]["w_q"], after.given()[0]["w_q"]
    assert new[1, 2:4, 1:3].tolist() == [[5, 6], [7, 8]]
    assert np.count_nonzero(old != new) == 4
    with pytest.raises(EditError, match=r"room for"):
        before.with_block("w_q", (1, old.shape[1] - 1, 0), "5\n6")


def test_a_cell_of_a_head_is_named_in_an_error():
    with pytest.raises(EditError, match=r"^W_Q, head 2, row 0, column 1: "):
        document("multi-head").with_cells("w_q", {(1, 0, 1): "abc"})
