"""Both forms of the table of counted colors: subsets, look-up, merging and alpha."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import counting, packed_counting, row_table
from tests.helpers.images import images, noise


def both_forms(image):
    pixels = image.reshape(*image.shape[:2], -1)
    return packed_counting.count(pixels), row_table.count(pixels.reshape(-1, pixels.shape[2]))


def as_dict(table):
    return dict(zip(map(tuple, table.colors.tolist()), table.counts.tolist(), strict=True))


@given(images())
def test_both_forms_count_the_same_colors(image):
    packed, rows = both_forms(image)
    assert as_dict(packed) == as_dict(rows)
    assert packed.channels == rows.channels
    assert packed.has_transparent == rows.has_transparent
    assert packed.dtype == rows.dtype == np.uint8


@given(images(), images(), st.sampled_from([1, 2]))
def test_a_table_without_colors_keeps_the_others(image, other, threads):
    for table in both_forms(image):
        colors = np.unique(other.reshape(-1, other.shape[2] if other.ndim == 3 else 1), axis=0)
        if colors.shape[1] != table.channels:
            continue
        if colors.shape[1] == 4:
            colors = colors[colors[:, 3] > 0]
        removed = set(map(tuple, colors.tolist()))
        places = table.index_of(colors)
        for color, place in zip(colors, places, strict=True):
            found = place >= 0 and (table.colors[place] == color).all()
            assert found == (tuple(color.tolist()) in as_dict(table))
        expected = {color: count for color, count in as_dict(table).items() if color not in removed}
        assert as_dict(table.without(colors)) == expected
        assert table.distinct_with(colors) == len(expected) + len(colors)


@given(images(), st.sampled_from([1, 2]))
def test_look_up_and_sums_of_weights_follow_the_pixels(image, threads):
    weights = np.arange(image.shape[0] * image.shape[1], dtype=float).reshape(image.shape[:2])
    for table in both_forms(image):
        found = table.look_up(image, np.arange(len(table), dtype=np.uint32), threads)
        counts = np.bincount(found.ravel(), minlength=len(table))
        np.testing.assert_array_equal(counts, table.counts)
        sums = np.bincount(found.ravel(), weights.ravel(), len(table))
        np.testing.assert_array_equal(table.sum_weights(image, weights, threads), sums)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_counts_with_and_without_alpha_add_up(dtype):
    plain = noise(9, 9, 3).astype(dtype)
    opaque = np.dstack((plain, np.full((9, 9), np.iinfo(dtype).max, dtype)))
    soft = opaque.copy()
    soft[0, :, 3] = 7
    merged = counting.merge(counting.count(opaque), counting.count(soft))
    whole = counting.count(np.concatenate((opaque, soft)))
    assert counting.count(opaque).channels == 3
    np.testing.assert_array_equal(merged.colors, whole.colors)
    np.testing.assert_array_equal(merged.counts, whole.counts)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_transparent_color_is_found(dtype):
    pixels = np.array([[[5, 6, 7, 0], [1, 2, 3, 4]]], dtype)
    assert counting.count(pixels).has_transparent
    assert not counting.count(pixels[:, 1:].copy()).has_transparent
    assert not counting.count(pixels[:, :, :3].copy()).has_transparent


@pytest.mark.parametrize("form", [packed_counting.count, lambda image: row_table.count(image.reshape(-1, 4))])
def test_fixed_colors_of_alpha_0_count_beside_the_transparent_color(form):
    """They are different rows of a palette, though they look the same."""
    table = form(np.array([[[0, 0, 0, 0], [1, 2, 3, 255]]], np.uint8))
    fixed = np.array([[5, 5, 5, 0], [6, 6, 6, 0]], np.uint8)
    assert table.distinct_with(fixed) == len(table.without(fixed)) + 2 == 3
