"""Counts of packed 8-bit colors, and lookup of the pixels of an image in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from tests.helpers.images import images, noise
from tests.reference import kmeans as reference


def by_value(counted):
    order = np.lexsort(counted.colors.T[::-1])
    return counted.colors[order], counted.counts[order]


@given(images(), st.sampled_from([1, 2, 3]))
def test_counts_are_exact(image, threads):
    colors, counts = by_value(packed_counting.count(image, threads))
    expected_colors, expected_counts = reference.count(image)
    np.testing.assert_array_equal(colors, expected_colors)
    np.testing.assert_array_equal(counts, expected_counts)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_counts_of_many_chunks_and_colors_are_exact(channels, threads):
    image = noise(700, 401, channels)
    colors, counts = by_value(packed_counting.count(image, threads))
    expected_colors, expected_counts = reference.count(image)
    np.testing.assert_array_equal(colors, expected_colors)
    np.testing.assert_array_equal(counts, expected_counts)


@pytest.mark.parametrize("channels", [3, 4])
def test_keys_interleave_the_bits_of_the_channels(channels):
    image = noise(20, 20, channels)
    image[..., -1] |= 1  # no alpha of 0
    counted = packed_counting.count(image)
    order = [0, 1, 2] if channels == 3 else [3, 0, 1, 2]
    for color, key in zip(counted.colors, counted.keys, strict=True):
        bits = "".join(format(color[c], "08b")[bit] for bit in range(8) for c in order)
        assert int(key) == int(bits, 2)
    assert (np.diff(counted.keys.astype(np.int64)) > 0).all()


@given(images(), st.sampled_from([1, 2]))
def test_look_up_gives_each_pixel_the_value_of_its_color(image, threads):
    counted = packed_counting.count(image)
    values = np.arange(len(counted.colors), dtype=np.uint16)
    found = counted.look_up(image, values, threads)
    np.testing.assert_array_equal(counted.colors[found.reshape(-1)], reference.as_pixels(image))


def test_look_up_among_the_colors_of_several_images():
    images = noise(30, 40, 3, seed=1), noise(30, 40, 3, seed=2)
    counted = packed_counting.count(np.concatenate(images))
    values = np.arange(len(counted.colors), dtype=np.uint16)
    for image in images:
        found = counted.look_up(image, values)
        np.testing.assert_array_equal(counted.colors[found], image)
