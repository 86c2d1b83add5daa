"""The mapping to palettes of any dtype and number of channels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color.embedding import Embedding
from fastkq.quantization import fit_rows, nearest_rows
from tests.test_general import colours_and_weights, counted_of, squared_distances


@given(colours_and_weights(), st.integers(1, 300), st.integers(1, 3), st.integers(0, 99))
def test_mapping_is_by_brute_force_the_lowest_of_the_nearest(counted, k, threads, seed):
    generator = np.random.default_rng(seed)
    rows = counted.colours[generator.integers(0, len(counted.colours), k)]
    if seed % 2:  # other colours than those of the image, and equal ones
        rows = np.roll(rows, 1, axis=1)
    labels = nearest_rows.label(counted.colours, rows, threads)
    assert labels.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(labels, squared_distances(counted.colours, rows).argmin(axis=1))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 8, 9, 64])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_mapping_is_exact_on_runs_of_resembling_pixels(channels, dtype):
    generator = np.random.default_rng(channels)
    walk = np.cumsum(generator.normal(size=(41 * 50, channels)), axis=0)
    image = ((walk - walk.min()) * 250 / np.ptp(walk)).astype(dtype).reshape(41, 50, channels)
    palette = fit_rows.fit(*counted_of(image), 300)
    palette = generator.permutation(palette)
    indices = nearest_rows.map_image(image, palette, 2)
    assert indices.shape == (41, 50)
    expected = squared_distances(image.reshape(-1, channels), palette).argmin(axis=1)
    np.testing.assert_array_equal(indices.reshape(-1), expected)


def test_of_integers_the_nearest_is_that_of_exact_arithmetic():
    generator = np.random.default_rng(3)
    colours = generator.integers(0, 65536, (900, 3), dtype=np.uint16)
    palette = generator.integers(0, 65536, (257, 3), dtype=np.uint16)
    exact = ((colours.astype(int)[:, None] - palette.astype(int)[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest_rows.label(colours, palette), exact.argmin(axis=1))


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_measured_over_three_backgrounds(channels):
    generator = np.random.default_rng(6)
    a, b = generator.integers(0, 65536, (2, 50, channels), dtype=np.uint16)
    seen = 0.0
    for background in (0, 32767.5, 65535):
        on_a, on_b = (
            x[:, :-1] * (x[:, -1:] / 65535) + background * (1 - x[:, -1:] / 65535) for x in (a * 1.0, b * 1.0)
        )
        seen = seen + ((on_a - on_b) ** 2).sum(axis=1) / 3
    embedding = Embedding.of(a)
    difference = embedding.embed(a) - embedding.embed(b)
    np.testing.assert_allclose((difference**2).sum(axis=1) / 131070**2, seen, rtol=1e-4)
    np.testing.assert_array_equal(embedding.colours(embedding.embed(a)), a)


@given(st.integers(0, 999), st.sampled_from([np.float32, np.float64]))
def test_what_rounding_decides_is_decided_as_by_brute_force(seed, dtype):
    """Grids half as wide as the palette's: most colours are as near to several rows, but for the rounding."""
    generator = np.random.default_rng(seed)
    channels, k = generator.integers(1, 9), generator.integers(2, 60)
    step, offset = generator.choice([0.1, 0.3, 1 / 3, 0.7]), generator.choice([0, 0.05, 1e3, 1e6])
    palette = (generator.integers(0, 4, (k, channels)) * 2 * step + offset).astype(dtype)
    colours = (generator.integers(0, 7, (700, channels)) * step + offset).astype(dtype)
    expected = squared_distances(colours, palette).argmin(axis=1)
    np.testing.assert_array_equal(nearest_rows.label(colours, palette), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_come_back_from_their_vectors(dtype):
    limits = np.finfo(dtype)
    numbers = np.array([0, 1, -0.1, limits.max, -limits.max, limits.max / 3], dtype)[:, None]
    small = np.array([0, limits.smallest_subnormal, -limits.tiny, 4 * limits.tiny], dtype)[:, None]
    for rows in (numbers, small, numbers * dtype(1e-30)):
        embedding = Embedding.of(rows)
        np.testing.assert_array_equal(embedding.colours(embedding.embed(rows)), rows)
