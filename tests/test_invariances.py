"""The gallery of changes that change nothing: so it is, for any numbers; and the contrasts do change something."""

from random import Random

import numpy as np
import pytest

from attention_core.benches.sandbox import BENCH
from attention_core.invariances import CHANGES, Model, NotHere, gaps
from attention_ui.invariances import model_of
from attention_ui.sheet import Sheet
from tests.test_pages import opened, sound

SETTINGS = 40


def random_model(seed, **fixed):
    draw = Random(seed)
    sizes = {"d_k": (2, 3, 6), "d_v": (4, 5), "temperature": (1.0, 2.5)}
    settings = {name: draw.choice(sizes.get(name, values)) for name, values in BENCH.allowed.items()}
    settings |= {
        "weights": "random",
        "sentence": "red ball hit blue cube",
        "features": BENCH.settings["features"],
    } | fixed
    return model_of(Sheet("sandbox", settings=BENCH.changed(settings)))


def measured(name, seeds=range(SETTINGS), **fixed):
    """What a change does, where it can be made; how often it could."""
    found = []
    for seed in seeds:
        try:
            found.append(gaps(CHANGES[name], random_model(seed, **fixed)))
        except NotHere:
            continue
    return found


@pytest.mark.parametrize("name", [name for name, change in CHANGES.items() if change.kept])
def test_it_changes_nothing_whatever_the_numbers(name):
    fixed = {"heads": 3, "layers": 2, "begin": "X"} if name == "heads" else {}
    found = measured(name, **fixed)
    assert len(found) >= SETTINGS // 4
    assert all(gap.same for made in found for gap in made), [(g.name, g.size) for made in found for g in made]


@pytest.mark.parametrize("name", [name for name, change in CHANGES.items() if not change.kept])
def test_a_contrast_changes_weights(name):
    found = measured(name, begin="X", source="", mask="causal", places="none", temperature=1.0)
    assert len(found) >= SETTINGS // 4
    assert all(not made[0].same for made in found)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_one(name):
    """Nothing stays the same because nothing was done."""
    for seed in range(SETTINGS):
        model = random_model(seed, heads=2, mask="causal", source="", places="none")
        try:
            program, given = CHANGES[name].make(model)
        except NotHere:
            continue
        read = {of for step in program for of in step.inputs}
        other = [of for of in given if of in read and not np.array_equal(given[of], model.given.get(of, np.nan))]
        assert other
        return
    raise AssertionError("it could never be made")


def test_tables_of_heads_go_with_their_heads():
    for places in ("by distance", "ALiBi", "by pair"):
        model = random_model(1, heads=3, places=places, begin="X", source="", layers=1)
        (gap,) = gaps(CHANGES["heads"], model)
        assert gap.same, places


def test_it_says_why_it_cannot_be_made():
    one = random_model(0, heads=1, begin="X")
    with pytest.raises(NotHere, match=r"one head only; .*\.$"):
        gaps(CHANGES["heads"], one)
    given = random_model(0, begin="Q, K, V")
    with pytest.raises(NotHere, match="begin later"):
        gaps(CHANGES["values"], given)
    assert isinstance(one, Model)


def test_the_gallery_on_the_page():
    app = opened("pages/sandbox.py")
    field = app.selectbox(key="sandbox.change")
    assert len(field.options) == len(CHANGES)
    for name, change in CHANGES.items():
        app.selectbox(key="sandbox.change").set_value(name).run()
        shown = " ".join(element.value for element in sound(app).markdown)
        assert change.says in shown
        if name != "heads":
            app.button(key=f"sandbox.same.{name}.skip").click().run()
            verdict = "no weight" if change.kept else "some weights"
            assert any(verdict in element.value for element in sound(app).markdown), name
