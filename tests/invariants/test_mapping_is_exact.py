"""Invariant 1: each index is the nearest palette row, ties go to the lowest index; by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastkq
from fastkq.color import packed_counting
from fastkq.quantization.nearest import map_pixels
from tests.helpers.fits import fit_rows, label_rows, map_image
from tests.helpers.images import images, noise
from tests.helpers.rows import colors_and_weights, counted_of, squared_distances
from tests.reference import kmeans as reference
from tests.reference import oklab


@given(images(), st.integers(1, 300), st.integers(0, 1000), st.sampled_from([1, 2]))
def test_mapping_is_exact(image, k, seed, threads):
    palette = noise(k, reference.as_pixels(image).shape[1], seed=seed) // np.uint8(1 + seed % 9)
    indices = map_image(image, packed_counting.count(image), palette, threads)
    assert indices.shape == image.shape[:2]
    assert indices.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(indices.reshape(-1), reference.nearest(reference.as_pixels(image), palette))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("k", [1, 2, 16, 255, 256, 257, 700])
def test_mapping_is_exact_on_many_colors(channels, k):
    image = noise(150, 101, channels)
    palette = noise(k, channels, seed=1)
    indices = map_image(image, packed_counting.count(image), palette, 2)
    np.testing.assert_array_equal(indices.reshape(-1), reference.nearest(reference.as_pixels(image), palette))


@pytest.mark.parametrize("k", [1, 2, 16, 256, 700])
@pytest.mark.parametrize("threads", [1, 2])
def test_mapping_of_pixels_equals_mapping_of_colors(k, threads):
    image, palette = noise(90, 131, 4), noise(k, 4, seed=1)
    image[:40] = image[:40] // 16 + 100  # runs of similar pixels
    np.testing.assert_array_equal(
        map_pixels(image, palette, threads),
        map_image(image, packed_counting.count(image), palette),
    )


def test_ties_go_to_the_lowest_index():
    image = np.full((3, 3, 3), 100, np.uint8)
    palette = np.array([[0, 0, 0], [100, 103, 100], [103, 100, 100], [100, 100, 97]], np.uint8)
    assert (map_image(image, packed_counting.count(image), palette) == 1).all()


@given(colors_and_weights(), st.integers(1, 300), st.integers(1, 3), st.integers(0, 99))
def test_mapping_of_any_dtype_is_exact(counted, k, threads, seed):
    generator = np.random.default_rng(seed)
    rows = counted.colors[generator.integers(0, len(counted.colors), k)]
    if seed % 2:  # colors that the image does not have, and equal rows
        rows = np.roll(rows, 1, axis=1)
    labels = label_rows(counted.colors, rows, threads)
    assert labels.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(labels, squared_distances(counted.colors, rows).argmin(axis=1))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 8, 9, 64])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_mapping_is_exact_on_runs_of_similar_pixels(channels, dtype):
    generator = np.random.default_rng(channels)
    walk = np.cumsum(generator.normal(size=(41 * 50, channels)), axis=0)
    image = ((walk - walk.min()) * 250 / np.ptp(walk)).astype(dtype).reshape(41, 50, channels)
    palette = fit_rows(*counted_of(image), 300)
    palette = generator.permutation(palette)
    indices = map_pixels(image, palette, 2)
    assert indices.shape == (41, 50)
    expected = squared_distances(image.reshape(-1, channels), palette).argmin(axis=1)
    np.testing.assert_array_equal(indices.reshape(-1), expected)


def test_mapping_of_uint16_is_exact_in_integer_arithmetic():
    generator = np.random.default_rng(3)
    colors = generator.integers(0, 65536, (900, 3), dtype=np.uint16)
    palette = generator.integers(0, 65536, (257, 3), dtype=np.uint16)
    exact = ((colors.astype(int)[:, None] - palette.astype(int)[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(label_rows(colors, palette), exact.argmin(axis=1))


@pytest.mark.parametrize("channels", [1, 2, 3, 64])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint32])
def test_mapping_of_integers_is_exact_in_integer_arithmetic(dtype, channels):
    """Squared distances of 32-bit integers exceed 2^64: in float64, rows that differ by 1 would be equal."""
    generator, limits = np.random.default_rng(channels), np.iinfo(dtype)
    palette = generator.integers(limits.min, limits.max, (5, channels), dtype, endpoint=True)
    palette = np.concatenate((palette, np.where(palette < limits.max, palette + 1, palette)))
    palette = generator.permutation(palette).astype(dtype)
    image = generator.integers(limits.min, limits.max, (9, 8, channels), dtype, endpoint=True)
    exact = ((image.astype(object)[:, :, None] - palette.astype(object)[None, None]) ** 2).sum(axis=3)
    expected = [[list(row).index(min(row)) for row in line] for line in exact]
    assert np.array_equal(fastkq.apply_palette(image, palette).indices, expected)
    fitted = fastkq.compress(image, 7)
    rows = fitted.palette.astype(object)
    exact = ((image.astype(object)[:, :, None] - rows[None, None]) ** 2).sum(axis=3)
    assert np.array_equal(fitted.indices, [[list(row).index(min(row)) for row in line] for line in exact])


@given(st.integers(0, 999), st.sampled_from([np.float32, np.float64]))
def test_near_ties_are_decided_as_by_brute_force(seed, dtype):
    """The colors lie on a grid of half the spacing of the palette's.

    Most of them are equally near to several rows, except for rounding.
    """
    generator = np.random.default_rng(seed)
    channels, k = generator.integers(1, 9), generator.integers(2, 60)
    step, offset = generator.choice([0.1, 0.3, 1 / 3, 0.7]), generator.choice([0, 0.05, 1e3, 1e6])
    palette = (generator.integers(0, 4, (k, channels)) * 2 * step + offset).astype(dtype)
    colors = (generator.integers(0, 7, (700, channels)) * step + offset).astype(dtype)
    expected = squared_distances(colors, palette).argmin(axis=1)
    np.testing.assert_array_equal(label_rows(colors, palette), expected)


@given(images(), st.integers(1, 300), st.integers(0, 1000), st.sampled_from([1, 2]))
def test_mapping_in_oklab_is_exact(image, k, seed, threads):
    counted = packed_counting.count(image)
    rows = noise(k, counted.channels, seed=seed) // np.uint8(1 + seed % 9)
    rows[: k // 3, -1] = 255
    expected = oklab.nearest(reference.as_pixels(image), rows)
    mapped = map_image(image, counted, rows, threads, "oklab")
    np.testing.assert_array_equal(mapped.reshape(-1), expected)
    if counted.channels == 4:
        pixelwise = map_pixels(image, rows, threads, "oklab")
        np.testing.assert_array_equal(pixelwise.reshape(-1), expected)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 5]), st.integers(1, 9))
def test_apply_palette_is_exact(seed, channels, k):
    image, palette = noise(6, 7, channels, seed=seed), noise(k, channels, seed=seed + 1)
    palette = np.concatenate((palette, palette[:1]))
    applied = fastkq.apply_palette(image, palette)
    differences = image[:, :, None].astype(int) - palette[None, None].astype(int)
    assert np.array_equal(applied.indices, (differences**2).sum(axis=3).argmin(axis=2))
    assert np.array_equal(applied.palette, palette)
