"""The numbers that the sentences, questions and boxes of the lesson on values speak of.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
    above       of the board as it stands
"""

from collections.abc import Mapping

from attention_core import costs, programs, run
from attention_core.benches import Value
from attention_core.benches.values import BENCH, WORDS
from attention_core.examples import PAINT
from attention_ui.readings import said, worked
from attention_ui.values_figures import BALL, LARGE, as_row, yours

_R = BENCH.settings["r"]


def predicted(question: str) -> tuple[list[str], str, Mapping[str, Value]]:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _residual() -> tuple[list[str], str, Mapping[str, Value]]:
    ours = {"maps": "ours", "r": _R}
    return ["a noun still", "no noun", "nothing at all"], "no noun", {**ours, "residual": False}


def _identity() -> tuple[list[str], str, Mapping[str, Value]]:
    return (
        ["nothing else", "a verb", "an adjective"],
        "an adjective",
        {"maps": "identity", "r": _R, "residual": True},
    )


def _narrow() -> tuple[list[str], str, Mapping[str, Value]]:
    return ["its colour", "its shape"], "its shape", {"r": 2, "maps": "ours", "residual": True}


def _growths() -> tuple[list[str], str, Mapping[str, Value]]:
    """By how much the red of ball and cube might grow once red hands over twice as much: 1; rightly; all of it."""
    red, asked = PAINT.features.index("red"), [WORDS.index(word) for word in ("ball", "cube")]
    given = {name: matrix.value for name, matrix in worked("values").head.trace.given.items()}
    w_v = given["w_v"].copy()
    w_v[red] *= 2
    made = (run(programs.HANDED_ON, {**given, "w_v": of}) for of in (given["w_v"], w_v))
    plain, more = (trace["output"].value[asked, 0] for trace in made)
    options = [f"by {said(ball)} and {said(cube)}" for ball, cube in ((1.0, 1.0), more - plain, more)]
    return options, options[1], {"maps": "ours", "r": _R, "residual": True}


def _times() -> tuple[list[str], str, Mapping[str, Value]]:
    """How many times as many numbers one matrix might have as the two: one wrong, the right one, one wrong."""
    counts = costs.value_map(*LARGE)
    right = counts["full"] // counts["low-rank"]
    options = ["2 times", f"{right} times", f"{2 * right} times"]
    return options, options[1], {}


_QUESTIONS = {"residual": _residual, "identity": _identity, "askers": _growths, "narrow": _narrow, "two": _times}


def stays() -> dict[str, str]:
    """ball above as it comes, and after the head with the residual."""
    now = yours(residual=True)
    return {"ball above, as it comes": now.vector("x", BALL),
            "ball above, after the head, with the residual": now.vector("residual", BALL)}  # fmt: skip


def mixtures() -> dict[str, str]:
    """What ball collects above: of the embeddings, and of the values."""
    now = yours()
    x, weights = (now.head.matrix(name).value for name in ("x", "weights"))
    return {"ball above, A times embeddings": as_row(weights[BALL] @ x),
            "ball above, A times values": now.vector("output", BALL)}  # fmt: skip


def widths() -> list[int]:
    """In our example: the numbers of W_V and W_O, and those that one matrix has."""
    given = worked("values").head
    w_v, w_o, w_ov = (given.matrix(name).value.size for name in ("w_v", "w_o", "w_ov"))
    return [w_v + w_o, w_ov]
