"""The figures of the lessons on lookup and softmax, and what they put beside each other. Each reads the benches.

Vocabulary
    setting   the learner's own; where it stands is marked in the figure
"""

from collections.abc import Sequence

from attention_ui.plots import Axes, bars, curve
from attention_ui.readings import Worked, chosen, said, sharpest, sweep, worked
from attention_ui.teach import compare


def results(setting: str, title: str) -> None:
    """What the soft and the hard table give, over a setting of the lookup."""
    over, softly = sweep("lookup", setting, "output")
    _, hardly = sweep("lookup", setting, "output", soft=False)
    lines = {"soft": softly["asked"], "hard": hardly["asked"]}
    curve(Axes(title, setting, "result"), over, lines, key=f"lookup.{setting}.curve", at=chosen(setting), inks="vx")


def other_value() -> None:
    """The table as we gave it, and with the learner's third value: weights and result."""
    ours, theirs = worked("lookup"), worked("lookup", third=chosen("third"))
    names = tuple(f"value {table.said('v', 0, -1)}" for table in (ours, theirs))
    compare("Our table, with another third value", *map(_weighed, (ours, theirs)), names)


def _weighed(table: Worked) -> dict[str, float]:
    return table.row("weights", called="weight, {}") | table.row("output", called="result")


def raised(added: float) -> None:
    """The row of ball as it is, and with a number added to every score: exponentials and weights."""
    rows = [
        found.row("exps", 1, "exp, {}") | found.row("weights", 1, "weight, {}")
        for found in (worked("softmax"), worked("softmax", constant=added))
    ]
    compare("The row of ball", *rows, ("+ 0", f"+ {said(added)}" if added > 0 else said(added)))


def shares_over_temperature() -> None:
    over, weights = sweep("softmax", "temperature", "weights", scores="logits")
    axes = Axes("The shares of the five", "temperature T", "weight")
    curve(axes, over, weights, key="softmax.temperature.curve", at=chosen("temperature"))


def soft_maxima() -> None:
    """The largest score of each of the five words beside its log-sum-exp."""
    tops = worked("softmax", scores="paint", steady=True).row("row_max")
    soft = worked("softmax", scores="paint").row("log_sum_exp")
    compare("The scores of each word", tops, soft, ("largest", "log-sum-exp"))


def row_totals() -> None:
    """What the rows of weights add up to, with softmax along the row and down the column."""
    right, wrong = (worked("softmax", scores="paint", columns=down).totals("weights") for down in (False, True))
    series = {"along the row": list(right.values()), "down the column": list(wrong.values())}
    axes = Axes("What the weights of each row add up to", "row", "sum")
    bars(axes, list(right), series, key="softmax.totals", inks=("weights", "x"))


def sharpest_cosines(counts: Sequence[int]) -> None:
    """The largest weight that cosines allow, for so many keys."""
    axes = Axes("The largest weight that cosines allow", "keys", "weight")
    series = {"best key": [sharpest(keys) for keys in counts]}
    bars(axes, [f"{keys} keys" for keys in counts], series, key="softmax.focus", inks=("weights",))
