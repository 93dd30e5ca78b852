"""Numbers as they are shown and typed: what is read, what is refused and in which words, and that both agree."""

import math
from fractions import Fraction
from math import e, exp, inf, log, nan, pi, sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attention_core.numerals import (
    ALLOWED,
    LIMIT,
    LONGEST,
    NumberError,
    amounts,
    decimal,
    exact,
    parse,
    parse_block,
    says,
)

# --- What is read ----------------------------------------------------------------------------------------------------

READ = {
    "2": 2, "-0.5": -0.5, "3/4": 0.75, "ln 3": log(3), "ln3": log(3), "2 ln 3": 2 * log(3), "2ln3": 2 * log(3),
    "sqrt(2)": sqrt(2), "sqrt 2": sqrt(2), "√2": sqrt(2), "exp(1)": e, "exp 2": exp(2), "pi": pi,
    "(1+2)/4": 0.75, " 7 ": 7, "+3": 3, ".5": 0.5, "5.": 5, "1e3": 1000, "2.5E-1": 0.25, "−1": -1, "–1": -1,
    "2×3": 6, "2·3": 6, "6÷4": 1.5, "2 * 3": 6, "-2 ln 3 / 4": -log(3) / 2, "1/2 ln 3": log(3) / 2,
    "ln 3/4": log(3) / 4, "ln(3/4)": log(0.75), "2(3+1)": 8, "(1+1)(2)": 4, "1 - 2 - 3": -4, "8/4/2": 1,
    "2 + 3 * 4": 14, "-(-2)": 2, "2--3": 5, "2*-3": -6, "ln 2 ln 3": log(2) * log(3), "2 pi": 2 * pi,
    "7.3·10⁻¹⁰": 7.3e-10, "−8.1×10⁵": -8.1e5, "10⁻³": 1e-3, "2 / 10²": 0.02, "π": pi, "2π": 2 * pi,
    "1000000": LIMIT, "-1000000": -LIMIT, "1/3": 1 / 3, "0": 0, "0/5": 0, "exp(-1000)": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_what_is_read(text):
    assert parse(text) == pytest.approx(READ[text], rel=1e-15, abs=0)


def test_there_is_no_negative_zero():
    assert math.copysign(1, parse("-0")) == math.copysign(1, parse("0 * -3")) == 1


REFUSED = {
    "": "Nothing was typed", "   ": "Nothing was typed", "abc": "not a number", "nan": "not a number",
    "inf": "not a number", "infinity": "not a number", "1/0": "divides by zero", "1/(2-2)": "divides by zero",
    "ln 0": "not a number", "ln -1": "not a number", "sqrt(-1)": "not a number", "1000001": "too large",
    "1e999": "too large", "exp(1000)": "too large", "1e300*1e300": "too large", "1e999/1e999": "too large",
    "0.5,": "not a number", "0,5": "has a comma", "-1,25": "has a comma", "1,000,000": "not a number",
    "(1": "not a number", "1)": "not a number", "()": "not a number", "1 +": "not a number", "* 2": "not a number",
    "2 3": "not a number", "2 .5": "not a number", "1.2.3": "not a number", "1..2": "not a number",
    "ln": "not a number", "2^3": "not a number", "2**3": "not a number", "0x10": "not a number",
    "1_000": "not a number", "1j": "not a number", "½": "not a number", "٣": "not a number", "１": "not a number",
    "__import__('os')": "not a number", "LN 3": "not a number", "1;2": "not a number", "sin 1": "not a number",
    "(" * 30 + "1" + ")" * 29: "not a number", "-" * 40 + "1": "not a number", "--3": "not a number",
    "2---3": "not a number", "-+3": "not a number", "−−3": "not a number", "3 4/5": "not a number",
    "1" * 61: "61 characters long", "(1+2)3": "not a number", "pi 2": "not a number", "\x00": "not a number",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_is_named_with_what_is_allowed(text):
    with pytest.raises(NumberError) as caught:
        parse(text)
    message = str(caught.value)
    assert REFUSED[text] in message
    assert message.endswith(f". {ALLOWED}.")
    if text.strip():
        assert f"“{text if len(text) <= 24 else text[:20] + '…'}”" in message


@given(st.text() | st.text("0123456789.+-*/() ,lnsqrtexpi√−×\t", max_size=30))
@example("e" * LONGEST)
def test_any_text_is_a_number_within_the_limit_or_refused(text):
    try:
        value = parse(text)
    except NumberError:
        return
    assert type(value) is float
    assert math.isfinite(value)
    assert abs(value) <= LIMIT


def combined(parts):
    """Sums, products and quotients, as typed and as Python means them."""
    pairs = st.tuples(parts, st.sampled_from("+-*"), parts).map(lambda t: "(" + t[0] + t[1] + t[2] + ")")
    return pairs | parts.map(lambda part: f"-({part})") | parts.map(lambda part: f"exp(-(({part})*({part})))")


atoms = st.integers(0, 20).map(str) | st.sampled_from(["0.5", ".25", "1e-2"])
expressions = st.recursive(atoms, combined, max_leaves=6)


@given(expressions)
def test_arithmetic_is_read_as_written(text):
    expected = eval(text, {"exp": exp})
    if len(text) <= LONGEST and abs(expected) <= LIMIT:
        assert parse(text) == pytest.approx(expected, rel=1e-12, abs=1e-12)


# --- What is shown ---------------------------------------------------------------------------------------------------

DECIMALS = [
    (2.2, "2.20"), (0.053, "0.053"), (-1.0, "−1"), (0.0, "0"), (-0.0, "0"), (3.0, "3"), (0.75, "0.75"), (1 / 3, "0.33"),
    (-0.25, "−0.25"), (12345.678, "12345.68"), (99999.0, "99999"), (1234567.0, "1.2·10⁶"), (1e-5, "1.0·10⁻⁵"),
    (-2.5e-7, "−2.5·10⁻⁷"), (1e300, "1.0·10³⁰⁰"), (inf, "∞"), (-inf, "−∞"), (nan, "undefined"), (0.1 + 0.2, "0.30"),
    (0.0994, "0.099"), (0.0996, "0.10"), (1 - 1e-13, "1"), (True, "1"), (False, "0"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "text"), DECIMALS)
def test_decimals(x, text):
    assert decimal(x) == text


EXACTS = [
    (0.75, "3/4"), (-1 / 3, "−1/3"), (2.0, "2"), (log(3), "ln 3"), (2 * log(3), "2 ln 3"), (log(9), "2 ln 3"),
    (log(3) / 2, "ln 3 / 2"), (-log(2), "−ln 2"), (-3 * log(5) / 4, "−3 ln 5 / 4"), (sqrt(2), "1.41"), (inf, "∞"),
    (-inf, "−∞"), (nan, "undefined"), (0.0, "0"), (81 / 82, "81/82"), (1e6, "1.0·10⁶"), (log(6), "ln 6"),
    (-2 * log(6), "−2 ln 6"), (log(36), "2 ln 6"), (log(8), "3 ln 2"), (log(100), "2 ln 10"), (log(14), "2.64"),
    (1.7918, "1.79"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "text"), EXACTS)
def test_exact_forms(x, text):
    assert exact(x) == text


@given(st.floats())
def test_everything_has_a_short_form_without_a_hyphen(x):
    for form in (decimal, exact):
        assert 0 < len(form(x)) <= 14
        assert "-" not in form(x)


@given(st.floats(-LIMIT, LIMIT))
def test_a_decimal_reads_back_to_what_it_shows(x):
    size = abs(x)
    step = 0.05 * size if size < 1e-3 or size >= 1e5 else 0.0005 if size < 0.0995 else 0.005
    assert abs(parse(decimal(x)) - x) <= step * (1 + 1e-9) + 1e-12


@given(st.integers(-99_999, 99_999), st.integers(1, 999))
def test_fractions_read_back(numerator, denominator):
    if abs(numerator / denominator) < 1e5:
        shown = exact(numerator / denominator)
        assert parse(shown) == pytest.approx(numerator / denominator, rel=1e-12, abs=1e-12)
        assert Fraction(shown.replace("−", "-")) == Fraction(numerator, denominator)


@given(st.integers(-99, 99), st.integers(1, 12), st.sampled_from([2, 3, 5, 7, 10]))
def test_multiples_of_logarithms_read_back(times, over, base):
    x = times * log(base) / over
    assert parse(exact(x)) == pytest.approx(x, rel=1e-12, abs=1e-12)
    assert times == 0 or f"ln {base}" in exact(x)


SAID = [  # a number, and whether its decimal and its exact form say it without rounding
    (2.0, True, True), (0.0, True, True), (-1.0, True, True), (0.75, True, True), (-0.25, True, True),
    (1 / 3, False, True), (log(3), False, True), (-2 * log(3), False, True), (3 / 8, False, True),
    (0.5 + 1e-13, True, True), (0.5 + 1e-9, False, False), (sqrt(2), False, False), (0.0125, False, True),
    (1e5, True, True), (123_456.0, False, False), (1e12, True, True), (1.2e12, True, True), (1.234e12, False, False),
    (1.2e12 * (1 + 1e-13), True, True), (1.2e12 * (1 + 1e-9), False, False), (-1.2e12, True, True),
    (1e300, True, True), (1e-5, True, True), (1.23e-5, False, False), (True, True, True), (False, True, True),
]  # fmt: skip


@pytest.mark.parametrize(("x", "by_decimal", "by_exact"), SAID)
def test_a_text_says_its_number_or_rounds_it(x, by_decimal, by_exact):
    assert says(decimal(x), x) == by_decimal
    assert says(exact(x), x) == by_exact


@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(-LIMIT, LIMIT))
def test_a_text_that_says_its_number_says_nothing_else(x):
    for form in (decimal, exact):
        other = x + max(1.0, abs(x)) * 1e-11
        assert not (says(form(x), x) and says(form(x), other))


@pytest.mark.parametrize(
    ("written", "x", "comes_to_it"),
    [
        ("2.20 × 0 + 1 × 3", 3.0, True), ("2.20 × 1", 2 * log(3), False), ("0.33 + 0.33 + 0.33", 1.0, False),
        ("exp(1.10)", 3.0, False), ("1 / 3", 1 / 3, True), ("(−4) / 2", -2.0, True),
        ("1.10 (the mask says 1)", 1.1, False), ("−∞", -inf, False), ("1 / 0", 0.0, False),
        ("(" * 5000, 0.0, False), ("", 0.0, False),
    ],
)  # fmt: skip
def test_written_arithmetic_comes_to_a_number_or_does_not(written, x, comes_to_it):
    assert amounts(written, x) == comes_to_it


@given(st.integers(-99_999, 99_999))
def test_whole_numbers_are_said(x):
    assert says(decimal(float(x)), float(x))


# --- What is pasted --------------------------------------------------------------------------------------------------

BLOCKS = [
    ("1\t2\n3\t4", [[1, 2], [3, 4]]),
    ("1\t2\r\n3\t4\r\n", [[1, 2], [3, 4]]),
    ("1;2\n3;4", [[1, 2], [3, 4]]),
    ("1, 2\n3, 4", [[1, 2], [3, 4]]),
    ("1 2\n-3 4", [[1, 2], [-3, 4]]),
    ("\n1 2\n\n3 4\n\n", [[1, 2], [3, 4]]),
    ("2 ln 3\t1/2\nsqrt 4\t(1+1)", [[2 * log(3), 0.5], [2, 2]]),
    ("2 ln 3", [[2 * log(3)]]),
    ("1 + 2", [[3]]),
    ("5", [[5]]),
]


@pytest.mark.parametrize(("text", "rows"), BLOCKS)
def test_blocks(text, rows):
    assert parse_block(text) == rows


BAD_BLOCKS = [
    ("", "empty"),
    (" \n\t\n", "empty"),
    ("1\tx", "row 1, column 2: “x” is not a number"),
    ("1\t2\n3\t1/0", "row 2, column 2: “1/0” divides by zero"),
    ("1\t2\n3", "row 2 has 1 columns, but row 1 has 2"),
    ("1\t\t2", "row 1, column 2: Nothing was typed"),
    ("1,5\t2", "row 1, column 1: “1,5” has a comma"),
    ("1e9 2", "row 1, column 1: “1e9” is too large"),
]


@pytest.mark.parametrize(("text", "message"), BAD_BLOCKS)
def test_bad_blocks_name_the_place(text, message):
    with pytest.raises(NumberError) as caught:
        parse_block(text)
    assert message in str(caught.value)


@given(st.lists(st.lists(st.integers(-999, 999), min_size=2, max_size=2), min_size=1), st.sampled_from("\t;, "))
def test_blocks_read_back(rows, separator):
    assert parse_block("\n".join(separator.join(map(str, row)) for row in rows)) == rows


@given(st.text())
def test_any_block_is_a_rectangle_or_refused(text):
    try:
        rows = parse_block(text)
    except NumberError:
        return
    assert len({len(row) for row in rows}) == 1


@given(st.floats(min_value=1e-300, max_value=9.9e5), st.sampled_from([1, -1]))
def test_a_shown_decimal_can_be_typed_again(size, sign):
    """To the digits that are shown, however small the number is."""
    assert parse(decimal(sign * size)) == pytest.approx(sign * size, rel=0.06)


def test_a_pasted_block_may_hold_powers_of_ten():
    assert parse_block("7.3·10⁻¹⁰\t1\n2 3·10²") == [[pytest.approx(7.3e-10), 1], [2, 300]]
    assert parse_block(decimal(7.3e-10)) == [[pytest.approx(7.3e-10)]]
