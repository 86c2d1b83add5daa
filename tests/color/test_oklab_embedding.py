"""Oklab coordinates of colors of 16 bits and of floats."""

import numpy as np
import pytest

from fastkq.color.oklab_embedding import OklabEmbedding
from fastkq.color.value_range import ValueRange
from tests.helpers.images import noise
from tests.helpers.spaces import to_coordinates
from tests.reference import oklab as reference

SCALE = 65536
UNIT, WIDE = ValueRange(0, 1), ValueRange(0, 65535)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_coordinates_are_those_of_8_bits_before_rounding(channels):
    colors = noise(5000, channels)
    vectors = OklabEmbedding(np.dtype(np.uint16), channels, WIDE).to_coordinates(
        colors.astype(np.uint16) * 257
    )
    levels = np.abs(vectors - to_coordinates(colors, "oklab"))
    assert levels[:3].max() < 0.51 * (255 if channels == 4 else 1)
    assert levels[-1].max() < 0.51 * (channels != 4) + 1e-6


def test_coordinates_are_those_of_the_published_formulas():
    colors = np.random.default_rng(0).random((5000, 3))
    expected = SCALE * reference.of_ottosson(colors * 255)
    vectors = OklabEmbedding(np.dtype(np.float64), 3, UNIT).embed(colors)
    np.testing.assert_allclose(vectors, expected, rtol=1e-12, atol=1e-9)
    shifted = OklabEmbedding(np.dtype(np.float64), 3, ValueRange(-2, 2)).embed(colors * 4 - 2)
    np.testing.assert_allclose(shifted, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_floats_come_back_from_their_coordinates(channels):
    colors = np.random.default_rng(1).normal(0.5, 0.8, (5000, channels))  # some are beyond black and white
    embedding = OklabEmbedding(np.dtype(np.float64), channels, UNIT)
    np.testing.assert_allclose(embedding.colors(embedding.embed(colors)), colors, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bits_come_back_unchanged(channels):
    colors = np.random.default_rng(2).integers(0, 65536, (5000, channels), dtype=np.uint16)
    if channels in (2, 4):
        colors[:, -1] |= 1
        colors[:9] = 0
    embedding = OklabEmbedding(np.dtype(np.uint16), channels, WIDE)
    np.testing.assert_array_equal(embedding.colors(embedding.embed(colors)), colors)
    np.testing.assert_array_equal(embedding.to_colors(embedding.to_coordinates(colors)), colors)


def test_tables_of_levels_change_nothing():
    colors = np.arange(65536, dtype=np.uint16)[:, None]
    embedding = OklabEmbedding(np.dtype(np.uint16), 1, WIDE)
    few = np.concatenate([embedding.embed(part) for part in np.split(colors, 64)])
    np.testing.assert_array_equal(embedding.embed(colors), few)


def test_values_beyond_black_and_white_keep_their_order():
    values = np.concatenate((-np.geomspace(1e4, 1e-4, 100), [0], np.geomspace(1e-4, 1e4, 100)))
    lightness = (
        OklabEmbedding(np.dtype(np.float32), 1, UNIT).embed(values.astype(np.float32)[:, None]).ravel()
    )
    assert np.isfinite(lightness).all()
    assert (np.diff(lightness) >= 0).all()
    np.testing.assert_allclose(lightness, -lightness[::-1])
