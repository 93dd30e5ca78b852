"""Matrices from elsewhere: however they were written down they are read, and what cannot be is told in a sentence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core.numerals import NumberError
from attention_core.printed import LONGEST, MOST_COLUMNS, MOST_ROWS, of_numbers, read

MATRICES = st.integers(1, 6).flatmap(
    lambda columns: st.lists(
        st.lists(st.integers(-99999, 99999).map(lambda x: x / 100), min_size=columns, max_size=columns),
        min_size=1, max_size=5,
    )
)  # fmt: skip


def markdown(rows):
    head = "| " + " | ".join("abcdef"[: len(rows[0])]) + " |\n|" + "---|" * len(rows[0])
    return "\n".join([head, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def latex(rows, kind, columns=""):
    body = " \\\\\n".join(" & ".join(map(str, row)) for row in rows)
    return f"\\begin{{{kind}}}{columns}\n{body}\n\\end{{{kind}}}"


FORMS = {
    "spreadsheet": lambda rows: "\n".join("\t".join(map(str, row)) for row in rows),
    "csv": lambda rows: "\n".join(",".join(map(str, row)) for row in rows),
    "semicolons": lambda rows: "\n".join(";".join(map(str, row)) for row in rows),
    "spaces": lambda rows: "\n".join("  ".join(map(str, row)) for row in rows),
    "python": repr,
    "json": lambda rows: json.dumps(rows, indent=2),
    "numpy": lambda rows: str(np.array(rows)) if len(rows) > 1 or len(rows[0]) > 1 else repr(rows),
    "array": lambda rows: f"w = np.array({rows})",
    "tensor": lambda rows: f"tensor({rows}, dtype=torch.float64)",
    "markdown": markdown,
    "latex": lambda rows: latex(rows, "bmatrix"),
    "latex, with a letter": lambda rows: "$$ S = " + latex(rows, "pmatrix") + " $$",
    "latex, in columns": lambda rows: latex(rows, "array", "{" + "c" * len(rows[0]) + "}"),
    "named": lambda rows: "\n".join("\t".join([f"word {i}", *map(str, row)]) for i, row in enumerate(rows)),
}


@pytest.mark.parametrize("form", FORMS)
@given(rows=MATRICES)
def test_every_form_is_read(form, rows):
    np.testing.assert_allclose(read(FORMS[form](rows)).value, rows, rtol=1e-7)


def test_names_beside_and_above_are_kept_as_text():
    found = read("\t<b>red</b>\t=ball\nhit\t1\t2\nblue\t3\t4")
    assert (found.rows, found.columns) == (("hit", "blue"), ("<b>red</b>", "=ball"))
    assert found.texts == (("1", "2"), ("3", "4"))


def test_words_between_spaces_may_head_columns():
    assert read("the cat\n1 2\n3 4").columns == ("the", "cat")
    assert read("word the cat\n1 2\n3 4").columns == ("the", "cat")
    assert read("scores\n1 2\n3 4").columns == ()


def test_numbers_may_be_written_as_people_write_them():
    found = read("3/4, ln 3\n−∞, -inf").value
    np.testing.assert_allclose(found[0], (0.75, np.log(3)))
    assert np.isneginf(found[1]).all()


def test_latex_writes_numbers_its_own_way():
    found = read(r"\begin{pmatrix} & \text{red} & \text{ball} \\ \hline \text{hit} & \frac{3}{5} & -\infty \\[2pt] "
                 r"\text{blue} & 2 \ln 3 & \sqrt{2} \\ \end{pmatrix}")  # fmt: skip
    assert (found.rows, found.columns) == (("hit", "blue"), ("red", "ball"))
    np.testing.assert_allclose(found.value, [[0.6, -np.inf], [2 * np.log(3), np.sqrt(2)]])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Nothing was pasted"),
        ("  \n ", "Nothing was pasted"),
        ("1 2\n3", "Row 2 of numbers has 1 column, but row 1 has 2"),
        ("nan nan\n0.5 0.5", "Row 1, column 1: there is no number (nan)"),
        ("1+2j 0.5\n0.5 0.5j", "Row 1, column 1: “1+2j” is a complex number"),
        ("0,29 0,71\n0,5 0,5", "Row 1, column 1: “0,29” has a comma; write decimals with a point"),
        ("0,29\t0,71\n0,5\t0,5", "Row 1, column 1: “0,29” has a comma"),
        ("29% 71%\n50% 50%", "Row 1, column 1: “29%” is in per cent"),
        ("tensor([[0.1, ..., 0.2]])", "Row 1, column 2: “...” stands for numbers that were not printed"),
        ("0.5 x\n0.1 0.2", "“0.5 x” is not a number"),
        ("1+2j, 3", "Row 1, column 1: “1+2j” is a complex number"),
        ("nan, 1", "Row 1, column 1: there is no number (nan)"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4", "The matrix in LaTeX is not complete"),
        (r"\begin{bmatrix}1\end{bmatrix}\begin{bmatrix}2\end{bmatrix}", "There are 2 matrices in the LaTeX"),
        (r"\begin{bmatrix}1 & \alpha\end{bmatrix}", r"Row 1, column 2: “\alpha”"),
        (r"\begin{bmatrix}1 & 2\\3\end{bmatrix}", "Row 2 of numbers has 1 column, but row 1 has 2"),
        (r"\begin{bmatrix}1 & \ldots & 2\end{bmatrix}", "stands for numbers that were not printed"),
        ("1,,2", "Row 1, column 2: there is no number (an empty cell)"),
        ("[[1, 2], [3", "The list is not complete"),
        ("[[[1, 2]]]", "three levels"),
        ("1, 2, x", "Row 1, column 3: “x” is not a number"),
        ("__import__('os').system('ls')", "is not a number"),
        ("1e9", "too large"),
        ("\n".join("1" for _ in range(MOST_ROWS + 1)), f"at most {MOST_ROWS} rows"),
        (",".join("1" for _ in range(MOST_COLUMNS + 1)), f"{MOST_COLUMNS} columns are read"),
        ("1" * (LONGEST + 1), "characters long"),
        ("|---|---|", "no row of numbers"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(text, says):
    with pytest.raises(NumberError) as error:
        read(text)
    assert says in str(error.value)
    assert str(error.value).endswith(".")


@given(st.text())
def test_no_text_breaks_it(text):
    try:
        found = read(text)
    except NumberError:
        return
    assert found.value.shape == found.half.shape == found.shape


@given(MATRICES, st.integers(1, 2))
def test_a_rounded_number_is_no_further_off_than_half_of_its_last_digit(rows, places):
    value = np.array(rows)
    printed = of_numbers(value, places)
    assert (np.abs(printed.value - value) <= printed.half + 1e-9).all()


def test_a_short_cell_was_rounded_as_the_longest_was():
    half = read("0.5, 0.25\n14.9, 1").half
    np.testing.assert_allclose(half, [[0.005, 0.005], [0.05, 0.005]])
    assert not read("1, 2\n3, 4").half.any()
