"""Tables of distinct rows of any dtype and number of channels, with counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import row_table
from tests.helpers.rows import DTYPES, pixels


def count_by_unique(rows):
    seen = rows + rows.dtype.type(0)  # -0.0 becomes 0.0
    if rows.shape[1] in (2, 4) and rows.dtype.kind == "u":
        seen[seen[:, -1] == 0] = 0
    return np.unique(seen, axis=0, return_counts=True)


def assert_counted(counted, rows):
    colors, counts = count_by_unique(rows)
    np.testing.assert_array_equal(counted.colors, colors)
    np.testing.assert_array_equal(counted.counts, counts)
    assert counted.colors.dtype == rows.dtype
    assert not np.signbit(counted.colors[counted.colors == 0]).any()


@given(pixels(), st.sampled_from([1, 3]))
def test_rows_are_counted_exactly_and_in_order(rows, threads):
    assert_counted(row_table.count(rows, threads), rows)


@given(pixels(max_rows=2000), st.integers(1, 4))
def test_chunks_are_merged_exactly_on_any_thread_count(rows, threads):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_table, "_ROWS_PER_CHUNK", 150)
        patch.setattr(row_table, "_ROWS_PER_BUCKET", 70)
        assert_counted(row_table.count(rows, threads), rows)


@given(pixels(), st.integers(0, 200))
def test_merged_counts_of_parts_are_those_of_the_whole(rows, place):
    parts = [part for part in (rows[:place], rows[place:]) if len(part)]
    counted = [row_table.count(part) for part in parts]
    assert_counted(counted[0] if len(counted) == 1 else counted[0].merge(counted[1]), rows)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 5, 8, 64])
def test_many_different_rows_are_sorted(dtype, channels):
    generator = np.random.default_rng(channels)
    rows = (generator.normal(size=(5000, channels)) ** 2 * 40).clip(0, 250).astype(dtype)
    rows[::3] = rows[:1667] if len(rows[::3]) == 1667 else rows[::3]
    rows[:, : channels // 2] //= 100
    assert_counted(row_table.count(rows, 2), rows)


@pytest.mark.parametrize(
    "make", [np.arange, lambda n: np.arange(n)[::-1], np.zeros], ids=["rising", "falling", "equal"]
)
def test_presorted_rows_are_counted_exactly(make):
    """A quicksort with a bad pivot takes minutes for these rows."""
    rows = np.repeat(make(1 << 17).astype(np.float64)[:, None], 3, axis=1)
    assert_counted(row_table.count(rows), rows)
