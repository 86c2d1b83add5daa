"""Invariant 4: counts are exact and merge exactly, and a fit on counts is the fit on the pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.color import packed_counting
from tests.helpers.fits import fit
from tests.helpers.images import KINDS, images_of_any_kind, noise, of_few_values


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_public_counts_are_exact(dtype, channels):
    image = of_few_values(dtype, channels)
    counted = fastkq.count_colors(image)
    pixels = image.reshape(42, -1).copy()
    if dtype in (np.uint8, np.uint16) and channels in [(2,), (4,)]:
        pixels[pixels[:, -1] == 0] = 0
    colors, counts = np.unique(pixels, axis=0, return_counts=True)
    order = np.lexsort(counted.colors.T[::-1])
    assert counted.colors.dtype == image.dtype
    assert np.array_equal(counted.colors[order], colors)
    assert np.array_equal(counted.counts[order], counts)
    assert len(counted) == len(colors)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_counts_of_images_add_up(dtype, channels):
    images = [of_few_values(dtype, channels, seed=seed) for seed in range(3)]
    one, two, three = map(fastkq.count_colors, images)
    whole = fastkq.count_colors(np.concatenate(images))
    assert one + two + three == three + (two + one) == whole == fastkq.count_colors(images)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_palette_of_several_images_is_that_of_all_their_pixels(dtype, channels):
    images = [of_few_values(dtype, channels, seed=seed, rows=5 + seed) for seed in range(3)]
    whole = fastkq.compress(np.concatenate(images), 4).palette
    for given_images in (images, tuple(images), iter(images), map(fastkq.count_colors, images)):
        assert np.array_equal(fastkq.fit_palette(given_images, 4), whole)
    assert np.array_equal(fastkq.fit_palette(fastkq.count_colors(images), 4), whole)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_weights_of_images_add_up(dtype, channels):
    images = [of_few_values(dtype, channels, seed=seed) for seed in range(2)]
    weights = [np.random.default_rng(seed).integers(0, 9, (6, 7)) for seed in range(2)]
    whole = fastkq.count_colors(np.concatenate(images), weights=np.concatenate(weights))
    assert fastkq.count_colors(images, weights=weights) == whole
    unweighted = fastkq.count_colors(images[0], weights=weights[0]) + fastkq.count_colors(images[1])
    ones = np.concatenate((weights[0], np.ones((6, 7))))
    assert unweighted == fastkq.count_colors(np.concatenate(images), weights=ones)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_fit_on_counts_equals_fit_on_pixels(channels):
    image = noise(64, 32, channels)
    image[:32] = image[32:]
    counted = packed_counting.count(image)
    half = packed_counting.count(image[:32])
    doubled = half.select(slice(None), half.counts * 2)
    np.testing.assert_array_equal(fit(counted, 20)[0], fit(doubled, 20)[0])


@given(images_of_any_kind(), st.integers(1, 9), st.integers(0, 99))
def test_palette_does_not_depend_on_pixel_order(image, k, seed):
    pixels = image.reshape(image.shape[0] * image.shape[1], 1, *image.shape[2:])
    shuffled = np.random.default_rng(seed).permutation(pixels)
    assert fastkq.count_colors(shuffled) == fastkq.count_colors(image)
    np.testing.assert_array_equal(fastkq.fit_palette(shuffled, k), fastkq.fit_palette(image, k))
    np.testing.assert_array_equal(fastkq.fit_palette([image, shuffled], k), fastkq.fit_palette(image, k))
