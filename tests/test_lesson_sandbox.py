"""The sandbox: any setting agrees with the kernel, what is typed stays with its number, what does not fit is told.

Vocabulary
    chosen   settings drawn by lot, every one of them
    kernel   attention(): written apart from the programs, and held to PyTorch by its own tests
"""

from random import Random

import numpy as np
import pytest

from attention_core import attention, programs
from attention_core.benches.sandbox import BENCH, MOST_FEATURES, apart, features
from attention_core.examples import BANK
from attention_core.handmade import HEADS
from attention_core.loading import LOADS, held
from attention_core.numerals import parse
from attention_ui.document import compute
from attention_ui.editable import EditError
from attention_ui.link import View, pack, unpack
from attention_ui.sheet import Sheet
from tests.test_pages import alerts, opened, sound

PAGE = "pages/sandbox.py"


def chosen(draw, **fixed):
    sizes = {"d_k": (1, 2, 3, 6), "d_v": (1, 4, 5), "temperature": (1.0, 2.5)}
    return {name: draw.choice(sizes.get(name, values)) for name, values in BENCH.allowed.items()} | fixed


def sheet(**settings):
    return Sheet("sandbox").with_settings(**settings)


@pytest.mark.parametrize("seed", range(60))
def test_one_layer_is_what_the_kernel_computes(seed):
    settings = chosen(Random(seed), layers=1)
    head = compute(Sheet("sandbox", settings=BENCH.changed(settings)))

    def value(*names):
        return next(np.asarray(head.matrix(name).value, dtype=float) for name in names if head.trace.has(name))

    q, k, v = value("q_rotated", "q"), value("k_rotated", "k"), value("values", "v")
    bias = value("bias") if head.trace.has("bias") else np.zeros(1)
    bias = -bias if head.trace.has("distance") else bias  # a penalty is taken off
    t = settings["temperature"]
    q, k, v = (of if of.ndim == 3 else of[None] for of in (q, k, v))
    expected = attention(q, k, v, mask=value("mask") > 0, scale=float(value("scale")) / t, bias=bias / t)
    found = value("output")
    np.testing.assert_allclose(found if found.ndim == 3 else found[None], expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_a_second_layer_reads_what_the_first_one_left(seed):
    settings = chosen(Random(seed), layers=3, begin="X")
    head = compute(Sheet("sandbox", settings=BENCH.changed(settings)))
    for layer in (2, 3):
        below = head.matrix(f"layer{layer - 1}.residual").value
        w_q, q = head.matrix(f"layer{layer}.w_q").value, head.matrix(f"layer{layer}.q").value
        np.testing.assert_allclose(q, below @ w_q, atol=1e-9 * (1 + np.abs(q).max()))


def test_what_is_typed_stays_with_its_number():
    one = sheet().with_cells("w_q", {(1, 0): "7"}).with_cells("x", {(0, 3): "5"}).with_cells("mask", {(0, 4): "1"})
    wider = one.with_settings(features="size, adj, noun, verb, red, blue, round", d_k=6)
    assert wider.edits == {"w_q": {(2, 0): "7"}, "x": {(0, 4): "5"}, "mask": {(0, 4): "1"}}
    assert one.with_settings(heads=2).edits["w_q"] == {(0, 1, 0): "7"}
    layered = one.with_settings(heads=3, layers=2)
    assert layered.edits["layer1.w_q"] == {(0, 1, 0): "7"}
    assert layered.with_settings(heads=1, layers=1).edits == one.edits
    assert one.with_settings(mask="none").edits.get("mask") is None
    assert "x" not in one.with_settings(sentence="blue ball hit blue cube").edits
    assert one.with_settings(sentence="red ball hit").edits["x"] == {(0, 3): "5"}


def test_a_feature_of_another_name_keeps_what_was_typed():
    one = sheet().with_cells("w_q", {(1, 0): "7"})
    assert one.with_settings(features="adj, thing, verb, red, blue, round").edits["w_q"] == {(1, 0): "7"}
    moved = one.with_settings(features="noun, adj, verb, red, blue, round")  # the same names in another order
    assert moved.edits["w_q"] == {(0, 0): "7"}
    assert "w_q" not in one.with_settings(features="adj, verb, red, blue, round").edits


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("places", BENCH.allowed["places"])
def test_every_given_matrix_can_be_typed_into_and_pasted_into(places, heads):
    one = sheet(places=places, heads=heads, features="adj, noun, verb, red, blue, round, size")
    given = one.given()[0]
    for name in one.editable:
        at = tuple(n - 1 for n in given[name].shape)
        assert compute(one.with_cells(name, {at: "3/4"})).matrix(name).value[at] == 0.75
        with pytest.raises(EditError, match=r"\.$"):
            one.with_cells(name, {at: "nonsense"})


def test_rows_of_w_o_belong_to_their_head():
    one = sheet(heads=3, d_v=2).with_cells("w_o", {(4, 3): "9"})  # head 3, coordinate 0
    assert one.with_settings(d_v=5).edits["w_o"] == {(10, 3): "9"}
    assert "w_o" not in one.with_settings(heads=2).edits


@pytest.mark.parametrize("seed", range(30))
def test_any_sandbox_comes_back_from_its_matrices(seed):
    """Given matrices, and nothing else, make the same sandbox again."""
    draw = Random(seed)
    settings = chosen(draw, weights="random", places="none", temperature=1.0, scaled=True, residual=True)
    head = compute(Sheet("sandbox", settings=BENCH.changed(settings)))
    matrices = {name: of.value for name, of in head.trace.given.items() if name != "scale"}
    labels = {name: head.matrix(name).labels for name in matrices}
    tokens = labels["mask"][0]
    again, edits = held(matrices, tokens, labels["mask"][1], labels.get("x", ((), ()))[1],
                        compact=settings["compact"], steady=settings["steady"])  # fmt: skip
    other = compute(Sheet("sandbox", settings=again, edits=edits))
    assert all(parse(text) == matrices[name][at] for name, cells in edits.items() for at, text in cells.items())
    np.testing.assert_array_equal(other.matrix(other.program[-1].name).value, head.matrix(head.program[-1].name).value)


@pytest.mark.parametrize("name", LOADS)
def test_what_can_be_loaded_runs_and_fits_in_a_link(name):
    settings, edits = LOADS[name].make()
    one = Sheet("sandbox", settings=settings, edits=edits)
    again, _, problems = unpack(pack(one, View()), Sheet("sandbox"))
    assert again == one
    assert not problems
    if name in HEADS:
        given, labels = HEADS[name].given(one.setting("sentence").split())
        built, _ = programs.run_steady(HEADS[name].program, given, labels)
        last = HEADS[name].program[-1].name
        np.testing.assert_allclose(compute(one).matrix(last).value, built[last].value, atol=1e-12)


def test_the_banks_are_those_of_the_course():
    settings, edits = LOADS["banks"].make()
    after = compute(Sheet("sandbox", settings=settings, edits=edits)).matrix("residual").value
    np.testing.assert_allclose(after[3, :2], (1.25, 2.75))  # the curriculum's numbers for the bank of the river
    assert BANK.sentence.split()[3] == "bank"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No feature is named"), (" , ", "No feature is named"), ("a,,b", "Feature 2 has no name"),
        ("a, b, a", "“a” is named twice"), ("x" * 30, "at most 20 fit"), ("a, b\u202e", "reorders the text"),
        (", ".join(f"f{i}" for i in range(MOST_FEATURES + 1)), f"at most {MOST_FEATURES}"),
    ],
)  # fmt: skip
def test_features_that_cannot_be_are_told(text, says):
    with pytest.raises(ValueError, match=says):
        features(text)
    assert not BENCH.allows("features", text)


@pytest.mark.parametrize(
    ("settings", "gives_way"),
    [
        ({"begin": "Q, K, V", "layers": 2}, {"layers"}),
        ({"begin": "Q, K, V", "places": "sinusoidal"}, {"places"}),
        ({"source": "a b c", "places": "rotary"}, {"places"}),
        ({"features": "a, b", "places": "one-hot"}, {"places"}),
        ({"d_k": 1, "places": "rotary"}, {"places"}),
        ({"source": "a b c", "mask": "window"}, {"mask"}),
        ({"places": "by pair", "source": "a b", "heads": 4, "layers": 3}, set()),
    ],
)
def test_what_does_not_go_together_is_told(settings, gives_way):
    found = apart({**BENCH.settings, **settings})
    assert set(found) == gives_way
    assert all(why.endswith(".") for _, why in found.values())
    instead = {name: value for name, (value, _) in found.items()}
    alike = [compute(Sheet("sandbox", settings=BENCH.changed(of))) for of in (settings, settings | instead)]
    assert programs.names(alike[0].program) == programs.names(alike[1].program)


# --- on the page -----------------------------------------------------------------------------------------------------


def document(app):
    return app.session_state["visit.sandbox"].document


def test_a_text_that_cannot_be_stays_in_its_field():
    app = opened(PAGE)
    app.text_input(key="sandbox.features").set_value("adj, adj").run()
    assert any("named twice" in body for body in alerts(sound(app)))
    assert app.text_input(key="sandbox.features").value == "adj, adj"
    assert document(app) == Sheet("sandbox")
    app.text_input(key="sandbox.features").set_value("adj, <b>noun</b>").run()
    assert not alerts(sound(app))
    assert document(app).setting("features") == "adj, <b>noun</b>"


def test_something_is_loaded_changed_and_compared():
    app = opened(PAGE)
    app.button(key="sandbox.keep").click().run()
    app.selectbox(key="sandbox.load").set_value("two heads").run()
    app.button(key="sandbox.load.go").click().run()
    assert document(sound(app)).settings == LOADS["two heads"].make()[0]
    shown = " ".join(element.proto.body for element in app.get("html"))
    assert "Heads: 2." in shown
    app.button(key="sandbox.back").click().run()
    assert document(sound(app)) == Sheet("sandbox")
