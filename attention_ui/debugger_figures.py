"""The lesson on a chatbot's numbers: its lines, one at a time or all together, and what is so.

Vocabulary
    line      a table of the conversation, held against the lines before it
    printed   as it was printed, each cell marked as right or wrong; beside it stands what comes out
"""

import numpy as np
import streamlit as st

from attention_core import dialogue
from attention_core.claims import KINDS, SOURCES, Judgement
from attention_core.numerals import decimal
from attention_core.printed import Printed
from attention_core.trace import Matrix
from attention_ui.controls import setting_choice, setting_select
from attention_ui.readings import chosen
from attention_ui.tables import matrix_table, text_table

_TAKEN = {"printed": "as printed", "true": "the true cosines"}
_REPEATED = ("second", "third")
_THE, _CAT, _ON, _MAT = 0, 1, 3, 5


def taken() -> None:
    """Which scores the matrices above begin with."""
    setting_choice("taken", "Scores", _TAKEN)


def lines() -> None:
    """Every line: what it was said to be, what it was made from, how many of its numbers follow, and what does."""
    rows = []
    for known in dialogue.LINES:
        found = dialogue.judged()[known.name]
        right = f"{int(found.fits.sum())} of {found.fits.size}" if known.sources else "–"
        rows.append((f"{known.title}, from {known.of}", right, "; ".join(_reasons(found)) or "–"))
    st.html(
        text_table("Line by line", ("the line, and what it is held against", "follow", "what it is"), rows, prose=True)
    )


def vectors() -> None:
    """The vectors that were made up for the words."""
    st.html(matrix_table(_matrix(dialogue.VECTORS), "The vectors, as printed", _plain(dialogue.VECTORS)))


def one_line() -> None:
    """A line that the learner chooses: its numbers, marked, and what comes out."""
    setting_select("line", "A line", {known.name: known.title for known in dialogue.LINES})
    known = dialogue.line(chosen("line"))
    if known.sources:
        with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
            for name, source in known.sources.items():
                table = matrix_table(_matrix(source), f"Made from: {SOURCES[name]}", _plain(source))
                st.html(table, width="content")
    judgement(dialogue.judged()[known.name])


def judgement(found: Judgement) -> None:
    """What there is to say of a printed matrix: a sentence, the matrix with its marks, what comes out, and why."""
    st.markdown(f"**{headline(found)}**")
    for reason in _reasons(found):
        st.markdown(f"- {reason}")
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        st.html(
            matrix_table(_matrix(found.claim.printed), "As printed", _plain(found.claim.printed), _marks(found)),
            width="content",
        )
        if found.expected is not None and found.wrong.any():
            st.html(matrix_table(_matrix(found.claim.printed, found.expected), "As it comes out",
                                 _decimals(found.expected)), width="content")  # fmt: skip


def headline(found: Judgement) -> str:
    """The verdict in a sentence."""
    name = KINDS[found.claim.kind][0]
    if found.shape is not None:
        size = " × ".join(map(str, found.shape))
        return f"These cannot be the {name}: they should be {size}, and are {' × '.join(map(str, found.fits.shape))}."
    if found.expected is None:
        return (
            f"By themselves, these may be {name}."
            if found.right
            else f"These cannot be {name}, whatever they come from."
        )
    wrong, count = int(found.wrong.sum()), found.fits.size
    if wrong:
        return f"{wrong} of {count} numbers {'does' if wrong == 1 else 'do'} not follow."
    if found.may.any():
        return (f"All {count} numbers follow, if what they were made from was rounded before it was printed: "
                f"{int(found.may.sum())} of them are off by more than their own rounding.")  # fmt: skip
    rounded = f", rounded: none is off by more than {decimal(found.off)}" if found.off > 1e-9 else ", exactly"
    return f"All {count} numbers follow{rounded}."


def _reasons(found: Judgement) -> list[str]:
    """What explains a wrong matrix, the closest first, and what it says against itself."""
    said = []
    for one in found.explanations:
        how = "all" if one.whole else f"{int(one.fits.sum())} of {one.fits.size}"
        said.append(f"{how} of its numbers come out when {one.when}")
    return [*said, *found.alone]


def _matrix(printed: Printed, value: np.ndarray | None = None) -> Matrix:
    rows = printed.rows or tuple(str(i + 1) for i in range(printed.shape[0]))
    columns = printed.columns or tuple(str(j + 1) for j in range(printed.shape[1]))
    return Matrix("printed", ("row", "column"), printed.value if value is None else np.array(value), (rows, columns))


def _plain(printed: Printed) -> dict[tuple[int, int], str]:
    """The cells as they were printed."""
    return {(i, j): text for i, row in enumerate(printed.texts) for j, text in enumerate(row)}


def _decimals(value: np.ndarray) -> dict[tuple[int, int], str]:
    """Three decimals for all: one more than is mostly printed; none where all are whole."""
    finite = value[np.isfinite(value)]
    places = 0 if (finite == np.round(finite)).all() else 3
    return {
        at: (f"{x:.{places}f}" if np.isfinite(x) else decimal(x)).replace("-", "−") for at, x in np.ndenumerate(value)
    }


def _marks(found: Judgement) -> dict[tuple[int, int], str]:
    if found.expected is None:
        return {}
    return {at: "wrong" for at in np.ndindex(found.fits.shape) if found.wrong[at]}


def invented() -> dict[str, str]:
    """Cosines as they were printed, and as they are: the pairs that were most wrong."""
    pairs = (("cat", "the", _CAT, _THE), ("on", "mat", _ON, _MAT), ("the", "mat", _THE, _MAT))
    true = dialogue.cosines()
    return {
        f"{one}, {other}": f"printed {dialogue.SCORES.texts[i][j]}, is {true[i, j]:.2f}" for one, other, i, j in pairs
    }


def along() -> None:
    """Sums repeated along their rows, as was asked for, beside what was printed as such."""
    sums = dialogue.sums("exps")
    rows = [
        (word, ", ".join([f"{total:.2f}"] * 3) + ", …", ", ".join(dialogue.SECOND_TRY.texts[i][:3]) + ", …")
        for i, (word, total) in enumerate(zip(dialogue.WORDS, sums, strict=True))
    ]
    header = ("row", "its sum, repeated", "printed, second try")
    st.html(text_table("Row sums of the printed exponentials, repeated along each row", header, rows))


def predicted(question: str) -> tuple[list[str], str]:
    """The options of a question, by its name on the page, and the one that comes out."""
    if question == "first":
        titles = [known.title for known in dialogue.LINES[:3]]
        return [*titles, "the weights"], dialogue.first_wrong().title
    if question == "sum":
        found = [f"{dialogue.sums(of)[0]:.2f}" for of in ("scores", "exps")]
        return [dialogue.ROW_SUMS.texts[0][0], *found], found[0]
    constant = all(len(set(row)) == 1 for row in np.repeat(dialogue.sums("exps")[:, None], 6, axis=1).tolist())
    options = ["yes: row sums must differ along a row", "no: along its row, a row’s sum is always the same number"]
    return options, options[int(constant)]


def range_of_exp() -> dict[str, str]:
    """What exp makes of cosines: claimed, and so."""
    return {"claimed, of numbers from −1 to 1": "0 to 2.718", "so": f"{np.exp(-1):.3f} to {np.exp(1):.3f}"}


def printed_sum() -> str:
    """The first row sum that was printed."""
    return dialogue.ROW_SUMS.texts[0][0]


def sums_of() -> None:
    """The row sums that answer three different questions, beside those that were printed."""
    says = {"from the true cosines": "vectors", "from the printed scores": "scores"}
    says["from the printed exponentials"] = "exps"
    columns = [dialogue.sums(name) for name in says.values()]
    rows = [
        (word, *(f"{column[i]:.2f}" for column in columns), dialogue.ROW_SUMS.texts[i][0])
        for i, word in enumerate(dialogue.WORDS)
    ]
    st.html(text_table("Row sums: three right ones, and those printed", ("row", *says, "printed"), rows))
