"""What a mask does to a text that grows, to a row that sees nothing, and what becomes of it when it is got wrong."""

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.benches.masks import APPLIED, KINDS, TEXT, whole
from attention_core.masking import LARGE, ahead, naive_weights, same_rows, settled, shortened, word_by_word
from attention_core.tokens import embed, load_lexicon
from tests.laws import close
from tests.test_benches import traced

RED, BALL, HIT = range(3)
seeds = st.integers(0, 2**32 - 1)


def weights(**chosen):
    """On the board, and in the head that its scores come from: they are the same."""
    drawn = settled(traced("masks", **chosen)).value
    assert drawn.tolist() == settled(whole(**chosen)).value.tolist()
    return drawn


def rows(*texts):
    return [[float(F(x)) for x in text.split()] for text in texts]


def drawn(seed, n, mask):
    """A head with random numbers for n words, and this mask."""
    rng = np.random.default_rng(seed)
    sizes = {"x": (n, 5), "w_q": (5, 4), "w_k": (5, 4), "w_v": (5, 3), "w_o": (3, 5)}
    return {name: rng.normal(size=size) for name, size in sizes.items()} | {"scale": np.array(0.5), "mask": mask}


# --- The curriculum's numbers ----------------------------------------------------------------------------------------


def test_the_words_are_in_the_word_list_and_no_two_are_alike():
    assert len(set(TEXT)) == len(TEXT)
    assert all(word.known for word in embed(TEXT, load_lexicon()))


def test_a_word_that_is_appended():
    assert [weights(n=n)[BALL, RED] for n in (4, 5)] == pytest.approx([3 / 4, 3 / 4])
    assert [weights(n=n, kind="full")[BALL, RED] for n in (4, 5)] == pytest.approx([3 / 8, 1 / 3])
    close(weights(n=4, kind="full"), rows("1/4 1/4 1/4 1/4", "3/8 1/8 1/8 3/8", "1/6 1/2 1/6 1/6", "1/4 1/4 1/4 1/4"))
    close(whole(n=4, kind="full")["residual"].value[BALL], [0, 1, 0, 3 / 8, 3 / 8, 9 / 8])
    close(whole("full")["residual"].value[BALL], [0, 1, 0, 1 / 3, 1 / 3, 1])


def test_the_mask_with_0():
    zero = ("1/5 1/5 1/5 1/5 1/5", "3/7 1/7 1/7 1/7 1/7", "1/7 3/7 1/7 1/7 1/7", "1/5 1/5 1/5 1/5 1/5")
    close(weights(applied="zero"), rows(*zero, "1/3 1/9 1/9 1/3 1/9"))


def test_the_mask_after_softmax():
    late = weights(applied="after")
    assert late[HIT, BALL] == pytest.approx(1 / 3)
    close(late.sum(axis=1), [1 / 5, 4 / 9, 5 / 9, 4 / 5, 1])
    close(traced("masks", applied="again")["masked_sums"].value, [1 / 5, 4 / 9, 5 / 9, 4 / 5, 1])


def test_the_sums_with_and_without_a_mask():
    close(traced("masks")["row_sums"].value, [1, 4, 5, 4, 9])
    close(traced("masks", kind="full")["row_sums"].value, [5, 9, 9, 5, 9])
    assert traced("masks").given["mask"].value.sum() == 15


def test_the_first_word_takes_its_own_value():
    trace = whole()
    assert trace.given["x"].value[RED].tolist() == [1, 0, 0, 1, 0, 0]
    assert trace["residual"].value[RED].tolist() == [1, 0, 0, 2, 0, 0]
    assert all(weights(n=n)[RED].tolist() == [1] + [0] * (n - 1) for n in range(1, 9))


def test_what_a_row_takes_from_the_words_after_it():
    following, later = ahead(weights(kind="full"))
    close(following, [1 / 5, 1 / 9, 1 / 9, 1 / 5])
    close(later, [4 / 5, 5 / 9, 4 / 9, 1 / 5, 0])
    assert not ahead(weights())[1].any()


def test_every_kind_of_mask():
    drawn_as = {kind: str(make(4)).split() for kind, make in KINDS.items()}
    assert drawn_as["causal"] == ["x...", "xx..", "xxx.", "xxxx"]
    assert drawn_as["full"] == ["xxxx"] * 4
    assert drawn_as["window"] == ["x...", "xx..", "xxx.", ".xxx"]
    assert drawn_as["prefix"] == ["xx..", "xx..", "xxx.", "xxxx"]
    assert drawn_as["padding"] == ["xxxx.."] * 6
    assert drawn_as["free"] == ["...."] * 4


@pytest.mark.parametrize("n", [1, 5, 8])
def test_padding_that_is_hidden_changes_no_word(n):
    padded, plain = whole("padding", n), whole("full", n)
    close(padded["residual"].value[:n], plain["residual"].value)
    assert padded["weights"].labels[0][n:] == ("[PAD]₁", "[PAD]₂")
    assert not padded.given["x"].value[n:].any()


def test_a_painted_mask_hides_in_the_whole_head_what_it_hides_on_the_board():
    mask = np.tri(5, dtype=bool)
    mask[HIT] = [False, False, False, True, True]
    assert settled(whole(mask=mask)).value[HIT].tolist() == pytest.approx([0, 0, 0, 1 / 4, 3 / 4])
    assert settled(whole(mask=mask)).value[BALL].tolist() == weights()[BALL].tolist()


# --- Laws ------------------------------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 6))
def test_dividing_once_more_is_masking_before_softmax(seed, n):
    mask = np.random.default_rng(seed).random((n, n)) < 0.5
    head = drawn(seed, n, mask)
    right, again = (run(APPLIED[name], head) for name in ("before", "again"))
    close(settled(again).value, settled(right).value)
    close(again["residual"].value, right["residual"].value)


@given(seeds, st.integers(2, 6), st.integers(1, 5))
def test_under_a_causal_mask_a_longer_text_leaves_every_row(seed, n, fewer):
    m = min(fewer, n - 1)
    trace = run(APPLIED["before"], drawn(seed, n, np.tri(n, dtype=bool)))
    short = shortened(trace, m)
    assert same_rows(short["weights"].value, trace["weights"].value).all()
    close(trace["residual"].value[:m], short["residual"].value)


@given(seeds, st.integers(2, 6))
def test_without_a_mask_a_longer_text_changes_every_row(seed, n):
    trace = run(APPLIED["before"], drawn(seed, n, np.ones((n, n), bool)))
    assert not same_rows(shortened(trace, n - 1)["weights"].value, trace["weights"].value).any()


@given(seeds, st.integers(1, 6), st.sampled_from(list(APPLIED)))
@settings(max_examples=60)
def test_word_by_word_is_the_last_row_of_each_beginning(seed, n, applied):
    """Whatever the mask: the cache gives what running the beginning of the text gives."""
    mask = np.random.default_rng(seed).random((n, n)) < 0.6
    trace = run(APPLIED[applied], drawn(seed, n, mask))
    for i, row in enumerate(word_by_word(trace)):
        close(row, settled(shortened(trace, i + 1)).value[-1])


@pytest.mark.parametrize("n", range(1, 9))
def test_a_causal_model_writes_the_rows_of_one_run(n):
    trace = whole(n=n)
    for i, row in enumerate(word_by_word(trace)):
        assert row.tolist() == trace["weights"].value[i, : i + 1].tolist()


@pytest.mark.parametrize("n", [0, 6])
def test_a_text_has_no_other_beginnings(n):
    with pytest.raises(ValueError, match=f"there are 5 words, and the first {n} of them"):
        shortened(whole(), n)


@given(seeds, st.integers(1, 5))
def test_naive_code_is_right_but_for_blind_rows(seed, n):
    rng = np.random.default_rng(seed)
    scores, mask = rng.normal(size=(n, n)), rng.random((n, n)) < 0.5
    seen = mask.any(axis=1)
    right = run(programs.masked(programs.SELF_ATTENTION)[5:-3], {"scaled": scores, "mask": mask})["weights"].value
    close(naive_weights(scores, mask)[seen], right[seen])
    assert np.isnan(naive_weights(scores, mask)[~seen]).all()
    assert not right[~seen].any()
    close(naive_weights(scores, mask, -LARGE)[~seen], np.full((int((~seen).sum()), n), 1 / n), 1e-6)


@pytest.mark.parametrize("applied", ["before", "after", "again"])
def test_a_row_that_sees_nothing_keeps_only_its_residual(applied):
    trace = whole("free", applied=applied)
    assert not settled(trace).value.any()
    assert not trace["output"].value.any()
    close(trace["residual"].value, trace.given["x"].value)


def test_the_weights_of_training_do_not_depend_on_the_text():
    first, *others = [whole(kind, n).given for n in (1, 5, 8) for kind in KINDS]
    for other in others:
        assert all(np.array_equal(first[name].value, other[name].value) for name in ("w_q", "w_k", "w_v", "w_o"))
