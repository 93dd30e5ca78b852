"""The benches of the lessons: the curriculum's numbers for them, and settings that are refused."""

from itertools import product
from math import log
from random import Random

import numpy as np
import pytest

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.trace import givens
from tests.laws import cells, close, explains


def traced(name, **settings):
    set_up = BENCHES[name].set_up(**settings)
    return run(set_up.program, set_up.given, set_up.labels)


MOST = 1024  # combinations that are all tried; of more, as few as SOME, drawn by lot
SOME, CELLS = 40, 150


def every_setting(bench):
    """The settings at both ends of their limits, in every combination; not those that only figures read."""
    allowed = {name: values for name, values in bench.allowed.items() if name not in bench.figures}
    choices = [(name, (values[0], values[-1])) for name, values in allowed.items()]
    if 2 ** len(choices) > MOST:
        draw = Random(len(choices))
        return [{name: draw.choice(ends) for name, ends in choices} for _ in range(SOME)]
    return [
        dict(zip([name for name, _ in choices], values, strict=True)) for values in product(*(v for _, v in choices))
    ]


@pytest.mark.parametrize("bench", BENCHES.values(), ids=lambda bench: bench.name)
def test_every_setting_runs_and_explains_itself(bench):
    for settings in every_setting(bench):
        set_up = bench.set_up(**settings)
        trace, _ = programs.run_steady(set_up.program, set_up.given, set_up.labels, set_up.steady)
        assert set(set_up.editable) <= set(trace.given)
        assert set(givens(set_up.program)) - set(set_up.editable) - {"x", "mask"} <= set(set_up.about)
        found = list(cells(trace))
        for made, at in found if len(found) <= 20 * CELLS else Random(len(found)).sample(found, CELLS):
            explains(made, at, 1e-12)


def test_the_table_looked_up_softly():
    trace = traced("lookup", pull=True)
    close(trace["exps"].value, [[6, 3, 1]])
    close(trace["weights"].value, [[0.6, 0.3, 0.1]])
    close(trace["output"].value, [18])
    close(trace["felt"].value, [[-4.8, 0.6, 4.2]])


def test_the_pull_is_the_derivative():
    """Nudging a score moves the output as the pull says: a central difference agrees."""
    set_up = BENCHES["lookup"].set_up()
    step = 1e-5
    for i in range(3):
        nudged = [{**set_up.given, "q": set_up.given["q"] + sign * step * np.eye(3)[i]} for sign in (1, -1)]
        up, down = (run(set_up.program, given)["output"].value[0] for given in nudged)
        close((up - down) / (2 * step), traced("lookup", pull=True)["felt"].value[0, i], 1e-8)


def test_a_hard_table_does_not_feel_a_nudge():
    set_up = BENCHES["lookup"].set_up(soft=False)
    assert run(set_up.program, set_up.given)["output"].value == 10
    nudged = {**set_up.given, "q": set_up.given["q"] + [[0.0, 0.5, 0.9]]}
    assert run(set_up.program, nudged)["output"].value == 10


def test_a_larger_nudge_makes_a_hard_table_jump_and_a_soft_one_move():
    nudges = (0.0, 0.1, 0.6, 0.7, 1.0)
    hard = [traced("lookup", soft=False, nudge=nudge)["output"].value[0] for nudge in nudges]
    soft = [traced("lookup", nudge=nudge)["output"].value[0] for nudge in nudges]
    assert hard == [10, 10, 10, 20, 20]
    assert soft == sorted(set(soft))


def test_a_value_changes_no_weight():
    plain, other = traced("lookup"), traced("lookup", third=100.0)
    close(other["weights"].value, plain["weights"].value)
    close(other["output"].value, [22])


def test_sharpness_leads_from_the_mean_to_the_hard_table():
    close(traced("lookup", sharpness=0.0)["output"].value, [30])
    close(traced("lookup", sharpness=10.0)["output"].value, [10], 0.01)


def test_the_softmax_of_the_running_example():
    close(traced("softmax")["exps"].value, [[1, 1, 1], [3, 1, 1], [1, 3, 1]])
    close(traced("softmax")["weights"].value[1], [0.6, 0.2, 0.2])
    trace = traced("softmax", scores="paint", log_sum_exp=True)
    close(trace["row_sums"].value, [5, 9, 9, 5, 9])
    close(trace["log_sum_exp"].value, np.log([5, 9, 9, 5, 9]))
    close(
        traced("softmax", scores="paint", columns=True)["weights"].value.sum(axis=1),
        [223 / 315, 363 / 315, 403 / 315, 223 / 315, 363 / 315],
        1e-6,
    )


@pytest.mark.parametrize(("temperature", "first"), [(1.0, 8 / 16), (0.5, 64 / 86)])
def test_the_temperature_of_logits(temperature, first):
    close(traced("softmax", scores="logits", temperature=temperature)["weights"].value[0, 0], first)


def test_the_softmax_that_a_chatbot_got_wrong():
    trace = traced("softmax", scores="chatbot")
    close(trace["row_sums"].value, [5.207, 5.280, 5.154, 5.143, 5.143], 5e-4)
    close(trace["weights"].value[0], [0.192, 0.212, 0.202, 0.198, 0.196], 5e-4)


def test_dividing_by_the_sum_makes_no_shares():
    trace = traced("softmax", scores="signed", exponential=False)
    close(trace["weights"].value, [[1, -0.5, 0.5]])
    assert "exps" not in trace


@pytest.mark.parametrize(("keys", "largest"), [(2, 0.881), (5, 0.649), (12, 0.402)])
def test_cosines_cannot_focus(keys, largest):
    close(traced("softmax", scores="cosines", keys=keys)["weights"].value[0].max(), largest, 1e-3)


def test_a_constant_changes_no_weight_and_moves_the_soft_maximum():
    plain, raised = (traced("softmax", log_sum_exp=True, **more) for more in ({}, {"constant": 100.0, "steady": True}))
    close(raised["weights"].value, plain["weights"].value)
    close(raised["log_sum_exp"].value, plain["log_sum_exp"].value + 100)


def test_the_compass():
    trace = traced("similarity")
    close(trace["cosine"].value[0], [1, np.sqrt(0.5), 0, -1])
    close(np.diag(trace["cosine"].value), 1)
    close(np.diag(trace["scores"].value), trace["q_length"].value ** 2)


def test_a_key_bias_changes_no_weight_and_a_query_bias_does():
    set_up = BENCHES["projections"].set_up(bias="zero")
    plain, keyed, asked = (
        run(set_up.program, {**set_up.given, **biased})["weights"].value
        for biased in ({}, {"b_k": np.eye(4)[0]}, {"b_q": np.eye(4)[0]})
    )
    close(keyed, plain)
    assert np.abs(asked - plain).max() > 0.05


def test_the_projections_are_those_of_the_running_example():
    trace = traced("projections")
    close(trace["q"].value[1], [2 * log(3), 0, 0, 0])
    close(trace["k"].value[0], [1, 0, 0, 0])
    assert traced("projections", n=7)["q"].value.shape == (7, 4)
    assert traced("projections", n=7, bias="zero")["weights"].value.shape == (7, 7)


NEEDS = {  # of a setting that counts only beside another one
    ("softmax", "keys"): {"scores": "cosines"},
    ("positions", "factor"): {"scheme": "relative"},
    ("cross_attention", "cut"): {"read": "picture"},
    ("cost", "pattern"): {"show": "mask"},
    ("cost", "r"): {"show": "lora"},
    ("cost", "bits"): {"show": "bits"},
    ("cost", "top"): {"show": "experts"},
    ("heads", "instead"): {"out": "content"},
    ("block", "moved"): {"part": "norm"},
    ("block", "built"): {"part": "layers"},
    ("block", "temperature"): {"part": "next"},
    ("block", "top_k"): {"part": "next"},
    ("in_context", "shots"): {"part": "regression"},
    ("in_context", "noise"): {"part": "regression"},
    ("in_context", "rate"): {"part": "regression"},
    ("in_context", "layers"): {"part": "regression"},
    ("in_context", "text"): {"part": "induction"},
    ("sandbox", "seed"): {"weights": "random"},
}


@pytest.mark.parametrize("bench", BENCHES.values(), ids=lambda bench: bench.name)
def test_a_setting_changes_a_matrix_or_belongs_to_a_figure(bench):
    def made(**settings):
        trace = traced(bench.name, **settings)
        return {name: matrix.value.tolist() for name, matrix in {**trace.given, **trace}.items()}

    for name, allowed in bench.allowed.items():
        needs = NEEDS.get((bench.name, name), {})
        ends = [made(**needs, **{name: value}) for value in (allowed[0], allowed[-1])]
        assert (ends[0] == ends[1]) == (name in bench.figures), name


@pytest.mark.parametrize(
    "settings", [{"soft": 1}, {"sharpness": 11.0}, {"sharpness": True}, {"size": 3}, {"sharpness": "2"}]
)
def test_a_setting_that_may_not_be_is_refused(settings):
    with pytest.raises(ValueError, match="the bench 'lookup' has no setting"):
        BENCHES["lookup"].set_up(**settings)
