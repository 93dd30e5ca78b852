"""The checks: true of every program without a slip, false of each slip where it shows."""

import numpy as np
import pytest
from hypothesis import given, settings

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.checks import checks
from attention_core.examples import PAINT
from tests.heads import FIXED, SOUND, VARIANTS, drawn, seeds, sizes


def painted(program):
    given, labels = PAINT.given(PAINT.sentence.split())
    return run(program, given, labels)


def texts(trace, name, holds=True):
    return [check.text for check in checks(trace, name) if check.holds == holds]


@pytest.mark.parametrize("variant", SOUND, ids=repr)
@given(sizes=sizes, seed=seeds)
@settings(max_examples=4)
def test_every_check_holds_without_a_slip(variant, sizes, seed):
    trace = run(variant.program, drawn(variant, sizes, seed), {})
    assert [check for name in trace for check in checks(trace, name) if not check.holds] == []


@pytest.mark.parametrize("variant", VARIANTS, ids=repr)
def test_products_and_weights_are_checked(variant):
    trace = run(variant.program, drawn(variant, FIXED, 5), {})
    checked = {name for name in trace if checks(trace, name)}
    assert checked - {"masked_weights"} == {"q", "k", "v", "scores", "weights", "output", "projected"}


def test_shapes_are_said_with_their_sizes():
    trace = run(SOUND[0].program, drawn(SOUND[0], {"n": 3, "d_model": 7, "d_k": 2, "d_v": 5}, 1), {})
    said = {
        "q": "3×7 times 7×2 gives 3×2", "k": "3×7 times 7×2 gives 3×2", "v": "3×7 times 7×5 gives 3×5",
        "scores": "3×2 times 2×3 gives 3×3", "output": "3×3 times 3×5 gives 3×5",
        "projected": "3×5 times 5×7 gives 3×7",
    }  # fmt: skip
    assert {name: texts(trace, name) for name in said} == {name: [f"shapes: {text}"] for name, text in said.items()}


def test_what_is_said_of_good_weights():
    assert texts(painted(programs.one_head()), "weights") == ["each row sums to 1", "masked cells are 0"]
    assert texts(painted(programs.SELF_ATTENTION), "weights") == ["each row sums to 1"]


def test_a_row_that_may_see_nothing_is_said():
    given, labels = PAINT.given(PAINT.sentence.split())
    given["mask"][2] = False
    trace = run(programs.one_head(), given, labels)
    assert texts(trace, "weights")[0] == "each row sums to 1; a row that may see nothing sums to 0"
    assert texts(trace, "weights", holds=False) == []


def test_given_weights_are_checked_where_they_are_read_first():
    """No step makes them, so whoever types over them is told in the step that takes them first."""
    given = {"x": np.eye(2), "weights": np.array([[1.0, 0.0], [0.25, 7.0]]), "w_v": np.eye(2), "w_o": np.eye(2)}
    trace = run(programs.HANDED_ON, given)
    said = {name: [check.text for check in checks(trace, name) if not check.holds] for name in trace}
    assert said.pop("output") == ["the rows of A sum to 1, 7.25, and should sum to 1"]
    assert not any(said.values())
    given["weights"][1, 1] = 0.75
    assert texts(run(programs.HANDED_ON, given), "output")[-1] == "each row of A sums to 1"
    given["weights"][1] = (-0.5, 1.5)
    assert texts(run(programs.HANDED_ON, given), "output", holds=False) == [
        "no share should be below 0, and the smallest is −0.50"
    ]


def test_of_several_heads_the_rows_that_do_not_fit_are_named():
    bench = BENCHES["heads"].set_up()
    weights = np.array(bench.given["weights"])
    weights[1, 4, 3] = 0
    given = {**bench.given, "weights": weights}
    said = texts(run(bench.program, given, bench.labels), "output", holds=False)
    assert said == ["each row of A should sum to 1; not so: “cube” in head 2 (0.31)"]
    weights *= 2
    (said,) = texts(run(bench.program, given, bench.labels), "output", holds=False)
    assert said.endswith(
        "“red” in head 1 (2), “ball” in head 1 (2), “hit” in head 1 (2), “blue” in head 1 (2), and 6 more"
    )


def test_softmax_over_columns_breaks_the_rows():
    trace = painted(programs.one_head(ablation="wrong_axis"))
    (broken,) = texts(trace, "weights", holds=False)
    assert broken.startswith("the rows sum to 0.11, ")
    assert broken.endswith(", and should sum to 1")
    assert texts(trace, "weights") == ["masked cells are 0"]


def test_masking_after_softmax_breaks_the_rows():
    trace = painted(programs.one_head(ablation="masked_after"))
    (broken,) = texts(trace, "masked_weights", holds=False)
    assert broken == "the rows sum to 0.20, 0.44, 0.56, 0.80, 1, and should sum to 1"
    assert texts(trace, "masked_weights") == ["masked cells are 0"]


def test_masking_with_zero_leaks():
    trace = painted(programs.one_head(ablation="masked_with_zero"))
    assert texts(trace, "weights", holds=False) == ["masked cells should be 0, and reach 0.20"]
    assert texts(trace, "weights") == ["each row sums to 1"]


@pytest.mark.parametrize("name", programs.ABLATIONS)
@given(sizes=sizes.filter(lambda drawn: drawn["n"] > 1), seed=seeds)
@settings(max_examples=20)
def test_each_slip_breaks_a_check(name, sizes, seed):
    program = programs.one_head(ablation=name)
    given = drawn(SOUND[1], sizes, seed)
    given["mask"] = np.tri(sizes["n"], dtype=bool)
    trace = run(program, given, {})
    last = "masked_weights" if name == "masked_after" else "weights"
    assert not all(check.holds for check in checks(trace, last))
