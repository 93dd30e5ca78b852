"""A table, looked up softly or hard."""

from math import log

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp
from attention_core.examples import LN3

COORDINATES = ("a", "b", "c")  # of the query and the keys: letters, so that nobody asks whether they count from 0


def _lookup(soft: bool, sharpness: float, nudge: float, third: float, pull: bool) -> SetUp:
    """Three keys at right angles with the values 10, 20, 60; the query fits them as 6 : 3 : 1."""
    given = {"q": np.array([[log(6), LN3 + nudge, 0.0]]), "k": np.eye(3), "v": np.array([[10.0, 20.0, third]])}
    steps = {"sharpened": sharpness != 1, "pull": pull}
    if soft:
        given["scale"] = np.array(float(sharpness))
    labels = {"query": ("the query",), "key": ("key 1", "key 2", "key 3"), "d_k": COORDINATES}
    about = {
        "q": "Chosen by us, so that the exponentials are 6, 3 and 1; the nudge is added to coordinate b. You can "
        "type another.",
        "k": "Each key stands for one entry of the table. You can type another.",
        "v": "What the table holds. You can type another.",
        "scale": "The sharpness, set by the slider.",
    }
    program = programs.soft_table(**steps) if soft else programs.HARD_TABLE
    steady = programs.soft_table(**steps, steady=True) if soft else ()
    return SetUp(program, given, labels, ("q", "k", "v"), about, steady=steady)


BENCH = Bench(
    "lookup",
    {"soft": True, "sharpness": 1.0, "nudge": 0.0, "third": 60.0, "pull": False},
    {"soft": BOTH, "sharpness": (0.0, 10.0), "nudge": (0.0, 1.0), "third": (0.0, 100.0), "pull": BOTH},
    _lookup,
    single=("q", "v"),
)
