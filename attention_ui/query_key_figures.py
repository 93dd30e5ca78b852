"""The lesson on W_Q and W_K together: controls, figures and tables. Each follows the matrices as the learner set them.

Vocabulary
    yours    the matrices of the board as they stand, with the learner's settings and edits
    rule     a cell of W_QK that is not 0: this feature looks for that one
    mirror   the cell with its row and column exchanged
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import streamlit as st

from attention_core import costs, programs
from attention_core.benches.query_key import (
    BENCH,
    D_MODEL,
    DIALOGUE,
    DIALOGUE_EMBEDDINGS,
    DIALOGUE_SCORES,
    SENTENCES,
    SPARE,
    dialogue_weights,
    scores_of,
    turned,
)
from attention_core.numerals import exact
from attention_ui.controls import setting_choice, setting_slider, setting_switch
from attention_ui.copies import copies
from attention_ui.document import compute
from attention_ui.plots import Axes, arrows2d, curve
from attention_ui.readings import Worked, chosen, line, said, worked
from attention_ui.session import visit
from attention_ui.tables import text_table
from attention_ui.teach import compare

_SMALL = 1e-9  # rounding, after a turn
_MOST_RULES = 8
_POINTS = 193  # of a curve: 0, 64, 128, ..., so that every choice of d_k is one of them
_NOUN, _CUBE, _WORD = 1, 4, "cube"
_PAIRS = (("ball", "red"), ("ball", "cube"), ("red", "blue"))
_SPARE = {"none": "empty", "w_q": "in W_Q only", "w_k": "in W_K only", "both": "in both"}
_BOTH_WAYS = ("scores", "weights")
_SAME = {(True, True): "scores and weights", (True, False): "the scores only", (False, False): "neither"}
_LARGE = D_MODEL, BENCH.settings["d_k"]  # a head of a large model
_RANKED = {"w_q": "W_Q", "w_k": "W_K", "w_qk": "W_QK"}


def yours() -> Worked:
    return Worked(compute(visit().document))


def sought() -> None:
    """What nouns look for; the rules that this makes, the strongest first; W_QK, and what the last noun takes."""
    setting_choice("sought", "Nouns look for")
    _about_tied()
    now = yours()
    combined = now.head.matrix("w_qk")
    places = [at for at in np.ndindex(combined.value.shape) if abs(combined.value[at]) > _SMALL]
    places.sort(key=lambda at: (-abs(combined.value[at]), at))
    rows = [(*(of[i] for of, i in zip(combined.labels, at, strict=True)), exact(combined.value[at].item()))
            for at in places[:_MOST_RULES]]  # fmt: skip
    left = len(places) - len(rows)
    rows += [(f"and {left} more", "", "")] * bool(left)
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        caption = "The rules, as they stand above"
        st.html(text_table(caption, ("the feature", "looks for", "by"), rows), width="content")
        _taken(now)
    copies(now, {"w_qk": "W_QK, as it stands above"})


def _taken(now: Worked) -> None:
    """What cube takes; in a sentence without it, what the first word takes that looks for something."""
    words = list(now.row("row_sums"))
    at = words.index(_WORD) if _WORD in words else _looking(now)
    rows = [(word, exact(share)) for word, share in now.row("weights", at).items()]
    st.html(text_table(f"{words[at]} takes, as it stands above", ("from", "weight"), rows), width="content")


def _about_tied() -> None:
    """While keys are made by W_Q, other things follow from the choice above than with our keys: said there."""
    if chosen("tied"):
        st.caption(
            "W_K = W_Q is on, under “Is a score the same both ways?”: whoever asks by a coordinate is found by it."
        )


def prompts() -> None:
    """The sentence; what it leaves, and what it changes."""
    setting_choice("sentence", "Sentence")
    now, first = yours(), worked("query_key")
    copies(now, {"w_qk": "W_QK, as it stands above: no word is in it", "scores": "The scores, as they stand above"})
    moved = int((np.abs(now.head.matrix("w_qk").value - first.head.matrix("w_qk").value) > _SMALL).sum())
    if moved:  # by the learner, who may have set or typed other weights
        st.caption(f"{moved} cells of W_QK are not ours any more: you changed the weights, and no sentence did.")


def alike() -> None:
    """What pairs of words have in common as they come, and what they score with our weights."""
    ours = worked("query_key")
    x = ours.head.matrix("x").value
    words = list(ours.row("scores"))
    rows = []
    for query, key in _PAIRS:
        i, j = words.index(query), words.index(key)
        rows.append((f"{query} looks at {key}", exact(float(x[i] @ x[j])), ours.said("scores", i, j)))
    header = ("our numbers", "dot product of the words", "score")
    st.html(text_table("Alike, by whose measure?", header, rows))


def twice() -> None:
    """The scores of one word that looks for something, from Q and K and from W_QK alone."""
    now = yours()
    at = _looking(now)
    word = list(now.row("row_sums"))[at]
    compare(f"The scores of {word}, as they stand above", now.row("scores", at, "with {}"),
            now.row("regained", at, "with {}"), ("from Q and K", "from W_QK"))  # fmt: skip


def _looking(now: Worked) -> int:
    """The first word that looks for something; the first of all where none does."""
    return int((np.abs(now.head.matrix("scores").value) > _SMALL).any(axis=1).argmax())


def mirror(one: int, other: int) -> None:
    """W_K = W_Q or not, the mask, and how uneven the board is then; two words both ways, tied; a chatbot's scores."""
    with st.container(horizontal=True):
        setting_switch("tied", "W_K = W_Q", "Keys are queries; the rules change with it.")
        setting_switch("causal", "Causal mask", "A word sees itself and those before it.")
    _uneven_above()
    copies(yours(), {"scores": "The scores, as they stand above", "weights": "The weights, as they stand above"})
    found = worked("query_key", tied=True, causal=False)
    words = list(found.row("row_sums"))
    pairs = [(words[one], words[other], (one, other), *(found.head.matrix(name).value for name in _BOTH_WAYS)),
             ("the", "cat", (0, 1), DIALOGUE_SCORES, dialogue_weights())]  # fmt: skip
    rows = [
        (
            f"{says}: {word} looks at {looked}",
            *(said(of[cell], 3) for of in (scores, weights) for cell in (at, at[::-1])),
        )
        for says, (word, looked, at, scores, weights) in zip(("tied", "a chatbot’s"), pairs, strict=True)
    ]
    header = ("", "score", "and back", "weight", "and back")
    st.html(text_table("Our numbers, tied, with no mask; and scores as a chatbot once made them up", header, rows))


def predicted(question: str) -> tuple[list[str], str]:
    """The options of a question, by the name that it has on the page, and the one that comes out."""
    return _QUESTIONS[question]()


def _sought() -> tuple[list[str], str]:
    weights = worked("query_key", sought="nouns").row("weights", _CUBE)
    most = ", and ".join(word for word in weights if weights[word] > max(weights.values()) - _SMALL)
    options = {"red, and blue": "red and blue", "ball, and cube": "ball, and itself"}
    return [*options.values(), "all alike"], options.get(most, "all alike")


def _sentence() -> tuple[list[str], str]:
    ours, others = worked("query_key"), [worked("query_key", sentence=sentence) for sentence in SENTENCES[1:]]
    changed = tuple(
        not any(np.array_equal(ours.head.matrix(name).value, other.head.matrix(name).value) for other in others)
        for name in ("w_qk", "scores")
    )
    options = {(True, True): "W_QK and the scores", (False, True): "the scores only", (True, False): "W_QK only"}
    return list(options.values()), options[changed]


def _tied() -> tuple[list[str], str]:
    tied = worked("query_key", tied=True, causal=False).head
    return list(_SAME.values()), _SAME[tuple(programs.symmetric(tied.matrix(name).value) for name in _BOTH_WAYS)]


def _which_scores(**settings: float | str) -> tuple[list[str], str]:
    options = {0: "no score", 2: "two scores"}
    moved = _moved(worked("query_key"), worked("query_key", **settings))
    return [*options.values(), "every score"], options.get(moved, "every score")


def _two() -> tuple[list[str], str]:
    two, one = (next(iter(cost.values())) for cost in costs.score_map(*_LARGE))
    times = [f"{number} times" for number in (2, one // two, D_MODEL)]
    return times, times[1]


_QUESTIONS: Mapping[str, Callable[[], tuple[list[str], str]]] = {
    "sought": _sought,
    "sentence": _sentence,
    "tied": _tied,
    "turned": lambda: _which_scores(angle=40.0),
    "spare": lambda: _which_scores(spare="w_q"),
    "two": _two,
}


def itself() -> dict[str, float]:
    """Dot products of the embeddings that a chatbot made up: a word with itself, and with a longer one."""
    on, mat = (DIALOGUE_EMBEDDINGS[DIALOGUE.index(word)] for word in ("on", "mat"))
    return {"on · on": float(on @ on), "on · mat": float(on @ mat)}


def _uneven_above() -> None:
    """By how much scores and weights differ from their mirror image, above."""
    now = yours()
    rows = [(title, exact(_uneven(now.head.matrix(name).value))) for name, title in
            (("w_qk", "W_QK"), ("scores", "scores"), ("weights", "weights"))]  # fmt: skip
    header = ("as it stands above", "largest difference")
    st.html(text_table("A cell and its mirror", header, rows))


def _uneven(matrix: np.ndarray) -> float:
    most = float(np.abs(matrix - matrix.T).max())
    return most if most > _SMALL else 0.0


def turning(at_first: float) -> None:
    """The angle, and W_Q and W_K not turned and turned by it, or by `at_first` while it is 0: what changes."""
    setting_slider("angle", "Angle, in degrees", "The matrices above turn.", step=5.0)
    now, angle = yours(), chosen("angle") or at_first
    if not chosen("angle"):
        st.caption(f"At 0° the matrices above are not turned. The figure shows them turned by {at_first:.0f}°.")
    labels, x = now.head.matrix("w_q").labels[0], now.head.matrix("x").value
    plain = turned(now.head.matrix("w_q").value, now.head.matrix("w_k").value, -chosen("angle"))
    after = turned(*plain, angle)
    first = int(np.abs(plain[0][_NOUN]).argmax()) // 2 * 2  # coordinates turn in pairs: the one in which nouns ask
    arrows = _arrows(labels, first, *after)
    if arrows:
        title = f"{line().capitalize()}s of W_Q and W_K, turned by {angle:.0f}°"
        axes = Axes(title, f"coordinate {first}", f"coordinate {first + 1}")
        arrows2d(axes, arrows, key="query_key.arrows", inks=["q" if "asks" in name else "k" for name in arrows])
        st.caption("These are the coordinates in which nouns ask. The other two turn likewise.")
    key = int(np.abs((plain[0] @ plain[1].T)[_NOUN]).argmax())
    before_after = (_turned(labels, x, pair, key, first) for pair in (plain, after))
    compare("What a turn changes, in the matrices above", *before_after, ("0°", f"{angle:.0f}°"))
    moved = sum(int((np.abs(a - b) > _SMALL).sum()) for a, b in zip(plain, after, strict=True))
    scores = [scores_of(x, *pair) for pair in (plain, after)]
    rows = [("cells of W_Q and W_K that change", str(moved)),
            ("scores that change", str(int((np.abs(scores[0] - scores[1]) > _SMALL).sum())))]  # fmt: skip
    st.html(text_table("All cells together", ("", "how many"), rows))


def _turned(
    labels: Sequence[str], x: np.ndarray, pair: tuple[np.ndarray, np.ndarray], key: int, first: int
) -> dict[str, float]:
    w_q, w_k = pair
    both = (first, first + 1)
    cells = {f"W_Q ({labels[_NOUN]}, {i})": w_q[_NOUN, i] for i in both}
    cells |= {f"W_K ({labels[key]}, {i})": w_k[key, i] for i in both}
    cells |= {f"W_QK ({labels[_NOUN]}, {labels[key]})": w_q[_NOUN] @ w_k[key]}
    return {name: float(value) for name, value in cells.items()}


def _arrows(labels: Sequence[str], first: int, w_q: np.ndarray, w_k: np.ndarray) -> dict[str, tuple[float, float]]:
    """Two coordinates, from `first` on, of every row that has any; rows that coincide share an arrow."""
    tips: dict[tuple[float, float], list[str]] = {}
    for matrix, says in ((w_q, "{} asks"), (w_k, "{} key")):
        for label, row in zip(labels, matrix, strict=True):
            tip = tuple(np.round(row[first : first + 2], 9).tolist())
            if any(tip):
                tips.setdefault(tip, []).append(says.format(label))
    return {", ".join(names): tip for tip, names in tips.items()}


def ranks() -> None:
    """What coordinate 3 holds; the rank of each matrix with it empty, filled in one, filled in both; and of the
    board's."""
    setting_choice("spare", "A number in coordinate 3", _SPARE)
    _about_tied()
    empty = worked("query_key")
    rows = [(_SPARE[spare], *_ranked(found := worked("query_key", spare=spare)), str(_moved(empty, found)))
            for spare in SPARE]  # fmt: skip
    rows.append(("as it stands above", *_ranked(yours()), "–"))
    header = ("coordinate 3, our numbers", *_RANKED.values(), "scores changed")
    st.html(text_table("The rank: how many directions each uses", header, rows))
    copies(yours(), {"w_qk": "W_QK, as it stands above"})


def _ranked(found: Worked) -> list[str]:
    return [str(programs.rank(found.head.matrix(name).value)) for name in _RANKED]


def _moved(one: Worked, other: Worked) -> int:
    return int((np.abs(one.head.matrix("scores").value - other.head.matrix("scores").value) > _SMALL).sum())


def two() -> None:
    """What W_Q and W_K cost, and what one matrix in their place would: over d_k, and at the chosen one."""
    d_k, train = chosen("d_k"), next(iter(costs.score_map(*_LARGE)[0]))
    over = np.linspace(0, D_MODEL, _POINTS).round().astype(int).tolist()
    both = [costs.score_map(D_MODEL, width) for width in over]
    lines = {"W_Q and W_K": [two[train] for two, _ in both], "one matrix": [one[train] for _, one in both]}
    axes = Axes(f"Numbers to train in one head, d_model = {D_MODEL}", "d_k", "numbers")
    curve(axes, over, lines, key="query_key.two", at=d_k, inks=("q", "x"))
    two, one = costs.score_map(D_MODEL, d_k)
    rows = [(name, f"{number:,}", f"{one[name]:,}") for name, number in two.items()]
    st.html(text_table("Two matrices, or one", ("", f"W_Q and W_K, d_k = {d_k}", "one matrix"), rows))
