"""Masks: every pattern against its definition in plain loops, the algebra, the longest path against a plain search."""

import operator
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import ShapeError, masks
from tests.heads import seeds

sides = st.none() | st.integers(0, 6)
sizes = st.integers(1, 9)


def drawn(seed, n_q, n_k):
    rng = np.random.default_rng(seed)
    return masks.painted(rng.random((n_q, n_k)) < rng.random())


def holds(mask, sees):
    """The mask allows exactly the cells (i, j) for which `sees` says so."""
    n_q, n_k = mask.shape
    assert mask.value.tolist() == [[bool(sees(i, j)) for j in range(n_k)] for i in range(n_q)]


# --- Patterns against plain loops ------------------------------------------------------------------------------------


@given(n_q=sizes, n_k=sizes, past=st.integers(0, 5))
def test_causal_sees_itself_and_what_came_before(n_q, n_k, past):
    holds(masks.causal(n_q), lambda i, j: j <= i)
    holds(masks.causal(n_q, n_k, past), lambda i, j: j <= i + past)
    last = masks.causal(n_q, n_q + past)
    holds(last, lambda i, j: j <= i + past)
    assert masks.causal(n_q, past=past).value.tolist() == last.value.tolist()


@given(n_source=sizes, n_target=sizes)
def test_an_encoder_decoder_is_three_masks(n_source, n_target):
    """The encoder's, the decoder's, and between them all; as one mask of one attention, it is a prefix mask."""
    mask = masks.encoder_decoder(n_source, n_target)
    holds(mask, lambda i, j: j < n_source or (i >= n_source and j <= i))
    assert (mask.value[:n_source, :n_source] == masks.full(n_source).value).all()
    assert (mask.value[n_source:, n_source:] == masks.causal(n_target).value).all()
    assert (mask.value[n_source:, :n_source] == masks.full(n_target, n_source).value).all()
    assert not mask.value[:n_source, n_source:].any()
    assert (mask.value == masks.prefix(n_source + n_target, n_source).value).all()


@pytest.mark.parametrize("sizes", [(0, 2), (2, 0), (-1, 2), (2, 1.5)])
def test_an_encoder_decoder_has_a_source_and_a_target(sizes):
    with pytest.raises(ValueError, match=r"encoder_decoder: n_(source|target) must be a whole number of at least 1"):
        masks.encoder_decoder(*sizes)


@given(n=sizes, left=sides, right=sides)
def test_a_window_ends_on_each_side_or_not(n, left, right):
    def sees(i, j):
        return (left is None or j >= i - left) and (right is None or j <= i + right)

    holds(masks.window(n, left, right), sees)


@given(n=sizes, window=sides, step=st.integers(1, 4))
def test_a_dilated_window_sees_every_step(n, window, step):
    every = [step * k for k in range(n + 1 if window is None else window + 1)]
    holds(masks.dilated(n, window, step), lambda i, j: abs(i - j) in every)


def test_full_padding_prefix_documents():
    holds(masks.full(2, 3), lambda i, j: True)
    assert masks.full(4).shape == (4, 4)
    holds(masks.padding(2, 5), lambda i, j: j < 2)
    holds(masks.padding(0, 2), lambda i, j: False)
    holds(masks.padding([False, True, True], 3, n_q=2), lambda i, j: j > 0)
    holds(masks.prefix(5, 2), lambda i, j: j < 2 or j <= i)
    assert masks.prefix(4, 0).value.tolist() == masks.causal(4).value.tolist()
    ids = ["a", "a", "b", "a"]
    holds(masks.documents(ids), lambda i, j: ids[i] == ids[j])


def test_global_tokens_and_longformer():
    holds(masks.global_tokens(5, [1, 4]), lambda i, j: {i, j} & {1, 4})
    holds(masks.global_tokens(3, []), lambda i, j: False)
    holds(masks.longformer(7, 1, [3]), lambda i, j: abs(i - j) <= 1 or 3 in (i, j))


@given(n=st.integers(1, 12), window=st.integers(0, 2), n_global=st.integers(0, 2), seed=seeds, data=st.data())
def test_bigbird_adds_random_keys_to_longformer(n, window, n_global, seed, data):
    n_global, n_random = min(n_global, n), data.draw(st.integers(0, n))
    mask = masks.bigbird(n, window, n_global, n_random, seed)
    base = masks.longformer(n, window, range(n_global))
    assert (mask.value >= base.value).all()
    added, unseen = (mask & ~base).value.sum(axis=1), (~base).value.sum(axis=1)
    assert added.tolist() == np.minimum(unseen, n_random).tolist()
    assert str(masks.bigbird(n, window, n_global, n_random, seed)) == str(mask)


def test_bigbird_changes_with_its_seed():
    assert len({str(masks.bigbird(12, 1, 1, 3, seed)) for seed in range(5)}) == 5


@given(seed=seeds, n_q=sizes, n_k=sizes)
def test_a_mask_drawn_as_text_can_be_painted_again(seed, n_q, n_k):
    mask = drawn(seed, n_q, n_k)
    text = str(mask)
    for again in (text, text.split(), text.replace("x", "1").replace(".", "0"), mask.value.tolist(), np.asarray(mask),
                  mask.value.astype(int), mask.value.astype(int).tolist()):  # fmt: skip
        assert str(masks.painted(again)) == text


# --- What a mask is --------------------------------------------------------------------------------------------------


@given(seed=seeds, n_q=sizes, n_k=sizes)
def test_masks_combine_cell_by_cell(seed, n_q, n_k):
    a, b = drawn(seed, n_q, n_k), drawn(seed + 1, n_q, n_k)
    holds(a & b, lambda i, j: a.value[i, j] and b.value[i, j])
    holds(a | b, lambda i, j: a.value[i, j] or b.value[i, j])
    holds(~a, lambda i, j: not a.value[i, j])
    assert str(~(a & b)) == str(~a | ~b)


def test_a_mask_says_what_it_is():
    mask = masks.causal(3) & ~masks.window(3, 1, None) | masks.painted("x..\n...\n...")
    assert mask.name == "((causal and not window of 1 before and all after) or painted)"
    assert str(mask) == "x..\n...\nx.."
    assert mask.density == 2 / 9
    assert mask.blind == (1,)
    assert mask.shape == (3, 3)
    assert masks.dilated(3, None, 2).name == "window of all on each side, every 2"


def test_numpy_reads_a_mask_and_cannot_write_it():
    mask = masks.causal(2, 3)
    value = np.asarray(mask)
    assert value.dtype == bool
    assert value is mask.value
    assert np.array(mask, dtype=int).tolist() == [[1, 1, 0], [1, 1, 1]]
    assert np.where(mask, 1.0, -np.inf).tolist() == [[1, 1, -np.inf], [1, 1, 1]]
    with pytest.raises(ValueError, match="read-only"):
        value[0, 0] = False


def test_a_mask_does_not_change_with_the_array_that_it_was_made_from():
    paint = np.ones((2, 2), bool)
    mask = masks.Mask(paint, "mine")
    paint[0, 0] = False
    assert mask.density == 1


# --- The longest path ------------------------------------------------------------------------------------------------


def searched(mask):
    """The longest path, layer by layer: every query hears from what the keys that it sees have heard from."""
    sees = [[j for j, seen in enumerate(row) if seen] for row in mask.value]
    heard, layers = [{i} for i in range(len(sees))], 0
    while True:
        further = [heard[i].union(*(heard[j] for j in keys)) for i, keys in enumerate(sees)]
        if further == heard:
            return layers
        heard, layers = further, layers + 1


@given(seed=seeds, n=st.integers(1, 24))
def test_the_longest_path_is_that_of_a_plain_search(seed, n):
    rng = np.random.default_rng(seed)
    mask = masks.painted(rng.random((n, n)) < rng.random() * 3 / n)
    assert mask.longest_path() == searched(mask)


@given(n=st.integers(1, 40), w=st.integers(2, 9))
def test_a_causal_window_needs_a_layer_for_each_of_its_lengths(n, w):
    assert masks.window(n, w - 1, 0).longest_path() == -(-(n - 1) // (w - 1))
    assert masks.window(n, w - 1, w - 1).longest_path() == -(-(n - 1) // (w - 1))


def test_longest_paths_of_known_patterns():
    assert masks.full(5).longest_path() == 1
    assert masks.full(1).longest_path() == 0
    assert masks.causal(5).longest_path() == 1
    assert masks.window(5, 0, 0).longest_path() == 0
    assert (~masks.full(3)).longest_path() == 0
    assert masks.window(9, 1, 1).longest_path() == 8
    assert masks.longformer(9, 1, [0]).longest_path() == 2
    assert masks.documents([0, 0, 1, 1]).longest_path() == 1
    strided = masks.causal(16) & (masks.window(16, 4, 0) | masks.dilated(16, None, 4))
    assert strided.longest_path() == 2  # Child et al. 2019: two steps reach everywhere


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: masks.full(0), ValueError, "full: n_q must be a whole number of at least 1, and is 0"),
        (lambda: masks.full(2, -1), ValueError, "full: n_k must be"),
        (lambda: masks.causal(3, 2), ValueError, "3 queries cannot be the last of 2 keys: say how many keys are past"),
        (lambda: masks.causal(3, 2, -1), ValueError, "past must be a whole number of at least 0, and is -1"),
        (lambda: masks.padding(4, 3), ValueError, "padding: 4 keys cannot be valid, there are 3"),
        (lambda: masks.padding(-1, 3), ValueError, "padding: valid must be a whole number of at least 0, and is -1"),
        (lambda: masks.padding([1, 0, 1], 3), ValueError, "valid must be a length or n booleans, and holds int64"),
        (lambda: masks.padding([True, False], 3), ShapeError, "padding: valid must be [n] = (3,), and is (2,)"),
        (lambda: masks.padding(1, 3, 0), ValueError, "padding: n_q must be"),
        (lambda: masks.prefix(3, 4), ValueError, "prefix: n_prefix is 4, and there are only 3 tokens"),
        (lambda: masks.prefix(3, -1), ValueError, "prefix: n_prefix must be"),
        (lambda: masks.window(3, -1, 0), ValueError, "window: left must be a whole number of at least 0, and is -1"),
        (lambda: masks.window(3, 1, -2), ValueError, "window: right must be a whole number of at least 0, and is -2"),
        (lambda: masks.window(3, 1.5, 0), ValueError, "and is 1.5"),
        (lambda: masks.window(0, 1, 1), ValueError, "window: n must be"),
        (lambda: masks.dilated(3, -1, 1), ValueError, "dilated: window must be"),
        (lambda: masks.dilated(3, 1, 0), ValueError, "dilated: step must be"),
        (lambda: masks.global_tokens(3, [3]), ValueError, "there is no position 3 among 3, counted from 0"),
        (lambda: masks.global_tokens(3, [-1]), ValueError, "global_tokens: a position must be"),
        (lambda: masks.longformer(3, -1, []), ValueError, "window must be"),
        (lambda: masks.bigbird(3, 1, 4, 0, 0), ValueError, "bigbird: n_global is 4, and there are only 3 tokens"),
        (lambda: masks.bigbird(3, 1, 0, 4, 0), ValueError, "bigbird: n_random is 4"),
        (lambda: masks.bigbird(3, 1, 0, -1, 0), ValueError, "bigbird: n_random must be"),
        (lambda: masks.bigbird(3, 1, 0, 1, -1), ValueError, "bigbird: seed must be"),
        (lambda: masks.documents([]), ShapeError, "ids must be [n], one for each token, and are (0,)"),
        (lambda: masks.documents([[1, 2]]), ShapeError, "and are (1, 2)"),
        (lambda: masks.painted([[1, 0], [0.5, 1]]), ValueError, "painted: row 1, column 0 is 0.5; write 1 or x"),
        (lambda: masks.painted(["x.", "xo"]), ValueError, "row 1, column 1 is 'o'"),
        (lambda: masks.painted(np.ones((2, 2, 2))), ValueError, "row 0, column 0 is array"),
        (lambda: masks.painted(["xx", "x"]), ShapeError, "rows must have one length, and theirs are [2, 1]"),
        (lambda: masks.painted([1, 0]), ShapeError, "painted: rows of cells are wanted, and [1, 0] is one row"),
        (lambda: masks.painted([[1, [0, 1]]]), ValueError, "row 0, column 1 is [0, 1]"),
        (lambda: masks.painted([]), ShapeError, "rows must have one length"),
        (lambda: masks.painted([[], []]), ShapeError, "with a cell or more, and is (2, 0)"),
        (lambda: masks.Mask(np.ones((2, 2)), "ones"), ValueError, "mask 'ones' must hold booleans, and holds float64"),
        (lambda: masks.Mask(np.ones(2, bool), "flat"), ShapeError, "mask 'flat' must be [n_q, n_k]"),
        (lambda: masks.full(2) & masks.full(3), ShapeError, "full is (2, 2) and full is (3, 3): & wants one shape"),
        (lambda: masks.full(1) | masks.causal(3), ShapeError, "full is (1, 1) and causal is (3, 3): | wants one shape"),
        (lambda: masks.full(2) & np.ones((2, 2), bool), ValueError, "the other side must be a Mask (see painted)"),
        (lambda: masks.full(2) | True, ValueError, "the other side must be a Mask"),
        (lambda: masks.causal(2, 3).longest_path(), ShapeError, "there are 2 queries, 3 keys"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=re.escape(says)):
        call()


@pytest.mark.parametrize("combine", [operator.and_, operator.or_])
def test_an_array_on_the_left_is_not_stretched_over_a_mask(combine):
    with pytest.raises(TypeError):
        combine(np.ones((1, 3), bool), masks.full(3))
