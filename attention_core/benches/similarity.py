"""How alike two vectors are."""

from math import sqrt

import numpy as np

from attention_core import programs
from attention_core.benches.bench import Bench, SetUp

_COMPASS = {"east": (3.0, 0.0), "north-east": (2.0, 2.0), "north": (0.0, 1.0), "west": (-2.0, 0.0)}


def _similarity(stretch: float) -> SetUp:
    """Arrows on a map, each compared with each; the first is drawn `stretch` times as long."""
    vectors = np.array(list(_COMPASS.values()))
    vectors[0] *= stretch
    names = tuple(_COMPASS)
    given = {"q": vectors, "k": vectors.copy(), "scale": np.array(1 / sqrt(vectors.shape[1]))}
    about = {
        "q": "How far the arrow goes east, x, and north, y. You can type another; K follows.",
        "k": "The same arrows again, as what each is compared with. You can type another; Q follows.",
        "scale": "1 / √2, because an arrow has 2 coordinates.",
    }
    labels = {"query": names, "key": names, "d_k": ("x (east)", "y (north)")}
    return SetUp(programs.SIMILARITY_AND_SCALE, given, labels, ("q", "k"), about, alike=("q", "k"))


# The settings of figures belong to random vectors (attention_core.simulations): how many coordinates queries and keys
# have, how many keys there are, and how many coordinates two directions have.
BENCH = Bench(
    "similarity",
    {"stretch": 1.0, "d": 64, "keys": 8, "directions": 12288},
    {
        "stretch": (-20.0, 20.0),
        "d": (4, 16, 64, 256, 1024),
        "keys": tuple(range(2, 65)),
        "directions": (2, 16, 128, 1024, 12288),
    },
    _similarity,
    figures=("d", "keys", "directions"),
)
