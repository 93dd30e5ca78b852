"""The lesson on masks: its controls, and tables that follow its settings and the painted mask, with our words' scores.

Vocabulary
    now       the whole head as the learner has set and painted it; scores that were typed are left out
    settled   the weights that the values are mixed with, whatever was done to them after softmax
    ahead     what a row takes from words that come after it
"""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from attention_core.benches.masks import APPLIED, BENCH, KINDS, TEXT, whole
from attention_core.masking import LARGE, ahead, naive_weights, same_rows, settled, word_by_word
from attention_core.numerals import exact
from attention_core.trace import Trace
from attention_ui.controls import painted, setting_choice, setting_slider
from attention_ui.document import compute
from attention_ui.readings import chosen, worked
from attention_ui.session import visit
from attention_ui.tables import text_table
from attention_ui.teach import difference

KIND_NAMES = {
    "causal": "causal", "full": "no mask", "window": "window of 3", "prefix": "prefix of 2", "padding": "padding",
    "free": "all hidden, to paint",
}  # fmt: skip
APPLIED_NAMES = {
    "before": "−∞, before softmax", "zero": "0 instead of −∞", "after": "after softmax",
    "again": "after softmax, divided once more",
}  # fmt: skip
_RED, _BALL, _HIT, _CUBE = 0, 1, 2, 4
_WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
_NOTHING = "nothing"


def _now(**settings: str) -> Trace:
    """What the learner has set and painted; settings: those that are to be others."""
    document = visit().document.around()
    mask = compute(document).matrix("mask").value
    return whole(**{name: document.setting(name) for name in BENCH.settings} | settings, mask=mask)


def _table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    st.html(text_table(caption, header, list(rows)))


def _how() -> str:
    """Said after a caption while the mask is applied in another way than it should be, or scores are typed over."""
    applied = chosen("applied")
    says = [] if applied == "before" else [f"mask applied: {APPLIED_NAMES[applied]}"]
    says += ["with our scores, not those that you typed"] * ("scores" in visit().document.edits)
    return f" ({'; '.join(says)})" if says else ""


def choose() -> None:
    """The kind of the mask, and how to paint one; for above the matrices."""
    setting_choice("kind", "Mask", KIND_NAMES, anew="mask")
    if painted("mask"):
        st.caption("M is painted now, and so none of these. Choose one to bring it back.")
    st.caption(
        "*Causal*: itself and what came before. *Window*: itself, and two before it. *Prefix*: all see the first two "
        "words, say a question; the rest is causal. *Padding*: two places at the end, [PAD], hold no word, and nobody "
        "sees them. Or paint: click a cell of M, or press Space there. Tables further below follow M, with our scores."
    )


def triangle() -> None:
    """On which side of the diagonal the hidden cells of the mask lie, in both conventions."""
    hidden = ~_now().given["mask"].value
    over, on, under = (int(part.sum()) for part in (np.triu(hidden, 1), np.diagonal(hidden), np.tril(hidden, -1)))
    columns = visit().view.columns
    _table(
        "How many hidden cells of M lie above, on and below the diagonal",
        ("", "above", "on", "below"),
        (
            _convention("tokens as rows", not columns, (over, on, under)),
            _convention("tokens as columns", columns, (under, on, over)),
        ),
    )


def _convention(says: str, drawn: bool, counts: Sequence[int]) -> tuple[str, ...]:
    return (says + (" (drawn so now)" if drawn else ""), *map(str, counts))


def predicted(question: str) -> tuple[list[str], str]:
    """The options of a question, "why", "append", "zero" or "again", and the one that comes out."""
    if question == "why":
        _, later = ahead(whole("full")["weights"].value)
        peek = exact(later[_HIT].item())
        return ["0", "1/9", peek, "3/5"], peek
    if question == "append":
        return _appended()
    taken = {name: exact(_share(whole(applied=name), _HIT, _BALL)) for name in APPLIED}
    if question == "zero":
        return [taken["before"], taken["after"], taken["zero"], "0"], taken["zero"]
    again = f"{taken['again']}, as it should be"
    return [taken["after"], taken["zero"], again], again


def _appended() -> tuple[list[str], str]:
    """What may become of the share of red in ball when cube is appended, causal and with no mask."""
    (four, five), (open4, open5) = (
        [exact(_share(whole(kind, n), _BALL, _RED)) for n in (_CUBE, _CUBE + 1)] for kind in ("causal", "full")
    )
    ends = ((open5, open4), (five, open5), (five, open4))
    rows = [f"{four} → {closed}, and {open4} → {opened}" for closed, opened in ends]
    return rows, rows[1]


def numbers(about: str) -> dict[str, float] | dict[str, str]:
    """The numbers that decide a misconception: about the "first word", or about "another text"."""
    return _first_word() if about == "first word" else _other_text()


def _first_word() -> dict[str, float]:
    """What red takes from itself under a causal mask in a text of any length, and what that does to it."""
    texts = {n: whole(n=n) for n in (1, chosen("n"), len(TEXT))}
    shares = {f"red takes from red, in a text of {n}": _share(found, _RED, _RED) for n, found in texts.items()}
    ours = whole()
    before, after = ours.given["x"], ours["residual"]
    paint = before.labels[1].index("red")
    return shares | {
        "red in red, before the head": before.value[_RED, paint].item(),
        "red in red, after it": after.value[_RED, paint].item(),
    }


def examples() -> None:
    """Each row as a training example: what it sees, what it is to predict, and what it takes from words ahead."""
    trace, n = _now(), chosen("n")
    following, later = ahead(settled(trace).value)
    seen = trace.given["mask"].value[:n, :n]
    words = [
        [
            word,
            " ".join(TEXT[j] for j in np.flatnonzero(seen[i])) or _NOTHING,
            TEXT[i + 1] if i + 1 < n else "???",
            exact(following[i].item()) if i + 1 < n else "not yet here",
            exact(later[i].item()),
        ]
        for i, word in enumerate(TEXT[:n])
    ]
    header = ("word", "sees", "to predict", "takes from that", "takes from all later")
    _table("One run, one example a row" + _how(), header, words)


def longer() -> None:
    """How long the text is; the share of red in ball, and how many earlier rows change, when its last word comes."""
    setting_slider("n", "Words in the text", "The matrices above follow.", step=1)
    n = max(chosen("n"), _HIT + 1)
    applied = chosen("applied")
    rows = []
    for kind in list(KINDS)[:-1]:  # a mask that hides everything has nothing to show
        short, long = (whole(kind, m, applied) for m in (n - 1, n))
        shares = [_share(found, _BALL, _RED) for found in (short, long)]
        kept = same_rows(*(settled(found).value[:m, :m] for found, m in ((short, n - 1), (long, n))))
        rows.append((KIND_NAMES[kind], *map(exact, shares), f"{int((~kept).sum())} of {n - 1}"))
    header = ("mask", f"{n - 1} words", f"{n} words", "rows changed")
    _table(f"ball takes from red; “{TEXT[n - 1]}” is appended{_how()}", header, rows)


def _share(trace: Trace, query: int, key: int) -> float:
    return settled(trace).value[query, key].item()


def generated() -> None:
    """Word by word with a cache, beside the rows of one run over the whole text."""
    trace = _now()
    whole, single = settled(trace), word_by_word(trace)
    words = TEXT[: chosen("n")]  # places for padding follow them, and hold no word to write
    rows = [
        (word, _apart(alone, whole.value[i]), _numbers(alone), _numbers(whole.value[i]))
        for i, (word, alone) in enumerate(zip(words, single, strict=False))
    ]
    header = ("word", "both rows are", "alone, as the last", "in one run")
    _table("Word by word with a cache, and all at once" + _how(), header, rows)


def _numbers(row: np.ndarray) -> str:
    return ", ".join(map(exact, row.tolist()))


def _apart(alone: np.ndarray, row: np.ndarray) -> str:
    """Whether a row that was made alone is that of the whole run, which has more cells: those must be 0."""
    padded = np.append(alone, np.zeros(len(row) - len(alone)))
    same = all(difference(*pair) == "the same" for pair in zip(padded.tolist(), row.tolist(), strict=True))
    return "the same" if same else "not the same"


def ways() -> None:
    """How the mask is applied, and the row of hit by each way; in a shorter text, that of the last word."""
    setting_choice("applied", "Apply the mask above", APPLIED_NAMES)
    row = min(_HIT, chosen("n") - 1)
    found = {name: settled(_now(applied=name)) for name in APPLIED}
    header = ("applied", *found["before"].labels[1], "sum")
    rows = [
        (APPLIED_NAMES[name], *map(exact, made.value[row].tolist()), exact(made.value[row].sum().item()))
        for name, made in found.items()
    ]
    _table(f"What {TEXT[row]} takes, with the mask as it is now", header, rows)


def blind() -> None:
    """The row of red, should it see nothing: as the page computes it, as often typed, and with a number for −∞."""
    plain = worked("masks").head.trace
    mask, scores = plain.given["mask"].value.copy(), plain.given["scores"].value
    mask[_RED] = False
    kept = naive_weights(scores, mask)[_RED], naive_weights(scores, mask, -LARGE)[_RED]
    header = ("red takes from", *plain["weights"].labels[1])
    _table(
        "A row that may see nothing",
        header,
        (
            ("here", *map(exact, worked("masks", kind="free").row("weights", _RED).values())),
            ("as often typed", *("NaN" if np.isnan(x) else exact(x) for x in kept[0].tolist())),
            ("−10⁹ for −∞", *map(exact, kept[1].tolist())),
        ),
    )
    _as_painted()


def _as_painted() -> None:
    """What the first word may see and takes, with the mask as it stands above."""
    trace = _now()
    sees, takes = trace.given["mask"].value[_RED], settled(trace).value[_RED]
    words = trace.given["mask"].labels[1]
    rows = (("may see", *("yes" if one else "no" for one in sees)), ("takes", *map(exact, takes.tolist())))
    _table(f"red, with M as it stands above{_how()}", ("", *words), rows)


def _other_text() -> dict[str, str]:
    """How many numbers of the weight matrices differ between the text as it is set and another length: counted."""
    n = chosen("n")
    longer_text = len(TEXT) if n < len(TEXT) else _HIT + 1
    one, other = (whole(n=m) for m in (n, longer_text))
    return {
        "numbers in the four W": str(sum(one.given[name].value.size for name in _WEIGHTS)),
        f"of them changed, {n} → {longer_text} words": str(sum(_moved(one, other, name) for name in _WEIGHTS)),
        f"weights A, {n} words": str(one["weights"].value.size),
        f"weights A, {longer_text} words": str(other["weights"].value.size),
    }


def _moved(one: Trace, other: Trace, name: str) -> int:
    return int((one.given[name].value != other.given[name].value).sum())
