"""Laws of a lesson's sheet: which of the typed numbers stay when a setting changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core.benches import BENCHES
from attention_ui.sheet import Sheet


@st.composite
def changed_sheets(draw):
    """A sheet with numbers typed into it, and the same with one setting changed."""
    bench = BENCHES[draw(st.sampled_from(sorted(BENCHES)))]
    sheet = Sheet(bench.name)
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sheet.editable))
        at = tuple(draw(st.integers(0, n - 1)) for n in sheet.unedited()[0][name].shape)
        sheet = sheet.with_cells(name, {at: draw(st.sampled_from(("7", "ln 3", "-3/4")))})
    settings = [name for name in bench.settings if name not in bench.figures]
    name = draw(st.sampled_from(settings))
    default, allowed = bench.settings[name], bench.allowed[name]
    values = st.floats(*map(float, allowed)) if type(default) is float else st.sampled_from(allowed)
    return sheet, sheet.with_settings(**{name: draw(values)})


def by_number(sheet, name, cells):
    """What stands in these cells, by which number of ours each is; nothing where the sheet does not have the matrix."""
    numbers = sheet.set_up.numbers
    return {int(numbers[name][at]): what for at, what in cells.items()} if name in sheet.unedited()[0] else {}


@given(changed_sheets())
def test_a_typed_number_stays_just_where_the_number_under_it_does(pair):
    sheet, after = pair
    (old, places), (new, now) = sheet.unedited(), after.unedited()
    for name, cells in sheet.edits.items():
        kept = after.edits.get(name, {})
        if name in after.set_up.numbers:  # arranged anew: each text stands where its number is now
            if sheet.bench.keeps:
                continue  # see test_lesson_sandbox
            was, is_now = (by_number(of, name, dict(np.ndenumerate(of.unedited()[0].get(name, 0)))) for of in pair)
            typed = by_number(sheet, name, cells)
            stay = {number: text for number, text in typed.items() if was[number] == is_now.get(number)}
            assert by_number(after, name, kept) == stay
            continue
        assert kept.items() <= cells.items() or name in after.set_up.alike
        if name not in new or new[name].shape != old[name].shape:
            assert not kept
        elif name not in sheet.bench.single and not np.array_equal(old[name], new[name]):
            assert not kept or name in after.set_up.alike
        elif places == now:
            assert set(kept) == {at for at in cells if old[name][at] == new[name][at]}
        for at in kept:
            assert old[name][at] == new[name][at] or name in after.set_up.alike
    assert set(after.edits) <= {*sheet.edits, *after.set_up.alike}
    assert all(after.edits.values())


def test_the_nudge_keeps_what_was_typed_beside_it():
    sheet = Sheet("lookup").with_cells("q", {(0, 0): "5", (0, 1): "4"}).with_cells("v", {(0, 2): "7"})
    after = sheet.with_settings(nudge=0.5)
    assert after.edits == {"q": {(0, 0): "5"}, "v": {(0, 2): "7"}}
    assert after.given()[0]["q"].tolist() == [[5, pytest.approx(np.log(3) + 0.5), 0]]


def test_numbers_typed_between_other_labels_do_not_stay():
    """As many scores in as many rows, but of other words."""
    scores = BENCHES["softmax"].allowed["scores"]
    one, other = Sheet("softmax").with_settings(scores="paint"), Sheet("softmax").with_settings(scores="chatbot")
    assert {"paint", "chatbot"} <= set(scores)
    assert one.unedited()[0]["scores"].shape == other.unedited()[0]["scores"].shape
    zeros = [at for at in np.ndindex(5, 5) if one.unedited()[0]["scores"][at] == other.unedited()[0]["scores"][at]]
    typed = one.with_cells("scores", {zeros[0]: "7"})
    assert typed.with_settings(scores="chatbot").edits == {}
