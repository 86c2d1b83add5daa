"""Nearest colors of a lattice, in every metric."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color.embedding import Embedding
from fastkq.color.lattice import Lattice, LatticeMetric
from fastkq.color.spaces import SpaceMetric
from tests.helpers.images import noise
from tests.reference import lattice as brute

UINT8, UINT16 = np.dtype(np.uint8), np.dtype(np.uint16)


@pytest.mark.parametrize("bits", range(1, 9))
def test_levels_are_the_standard_expansion(bits):
    assert Lattice((bits,), UINT8).levels(0).tolist() == brute.levels(bits)


def test_levels_of_five_and_six_bits():
    """The expansion of RGB565 by repeating the upper bits, (v << 3) | (v >> 2), differs by at most one."""
    five, six = Lattice((5,), UINT8).levels(0), Lattice((6,), UINT8).levels(0)
    assert five[:4].tolist() == [0, 8, 16, 25]
    v = np.arange(32)
    assert np.abs(five - ((v << 3) | (v >> 2))).max() <= 1
    v = np.arange(64)
    assert np.abs(six - ((v << 2) | (v >> 4))).max() <= 1


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 8), min_size=1, max_size=3))
def test_rounding_takes_the_nearest_level_and_the_lower_of_two(seed, bits):
    values = np.random.default_rng(seed).integers(0, 511, (20, len(bits))) / 2
    rounded = Lattice(tuple(bits), UINT8).round(values)
    for channel, depth in enumerate(bits):
        levels = np.array(brute.levels(depth))
        expected = levels[np.abs(values[:, channel, None] - levels).argmin(axis=1)]
        np.testing.assert_array_equal(rounded[:, channel], expected)


METRICS = {
    "rgb": (SpaceMetric("rgb", 3), UINT8, (3, 2, 2)),
    "rgba": (SpaceMetric("rgb", 4), UINT8, (2, 2, 1, 2)),
    "binary alpha": (SpaceMetric("rgb", 4), UINT8, (2, 3, 1, 1)),
    "oklab gray": (SpaceMetric("oklab", 1), UINT8, (4,)),
    "oklab": (SpaceMetric("oklab", 3), UINT8, (3, 3, 2)),
    "oklab rgba": (SpaceMetric("oklab", 4), UINT8, (2, 1, 2, 2)),
    "16 bits": (Embedding(UINT16, 3, 0, False), UINT16, (3, 2, 2)),
    "16 bits with alpha": (Embedding(UINT16, 4, 0, False), UINT16, (2, 2, 1, 2)),
    "16 bits of gray with alpha": (Embedding(UINT16, 2, 0, False), UINT16, (4, 3)),
}


@pytest.mark.parametrize("name", METRICS)
def test_nearest_colors_are_those_of_an_exhaustive_search(name):
    metric, dtype, bits = METRICS[name]
    colors = (noise(500, len(bits)).astype(dtype) * (np.iinfo(dtype).max // 255)).astype(dtype)
    listed = np.array(list(brute.product(*(brute.levels(b, np.iinfo(dtype).max) for b in bits))), dtype)
    nearest, distances = LatticeMetric(metric, Lattice(bits, dtype)).nearest(colors)
    targets, places = metric.to_coordinates(colors).astype(float), metric.to_coordinates(listed).astype(float)
    between = ((targets[:, :, None] - places[:, None]) ** 2).sum(axis=0)
    if len(bits) in (2, 4):
        opaque = np.iinfo(dtype).max
        between[np.ix_(colors[:, -1] == opaque, listed[:, -1] < opaque)] = np.inf
    np.testing.assert_allclose(distances, between.min(axis=1), rtol=1e-12)
    assert (np.isin(nearest[:, 0], brute.levels(bits[0], np.iinfo(dtype).max))).all()


def test_descent_in_oklab_ends_near_the_nearest_color():
    metric, bits = SpaceMetric("oklab", 3), (4, 4, 4)
    colors = noise(300, 3)
    _, distances = LatticeMetric(metric, Lattice(bits, UINT8)).nearest(colors)
    targets, places = metric.to_coordinates(colors), metric.to_coordinates(brute.colors(bits))
    least = ((targets[:, :, None] - places[:, None]) ** 2).sum(axis=0).min(axis=1)
    assert (distances == least).mean() > 0.98
    assert distances.sum() < 1.001 * least.sum()


def test_opaque_colors_stay_opaque():
    """A dark gray is nearer to black with some transparency than to opaque black."""
    gray = np.array([[18, 18, 18, 255]], np.uint8)
    rounded, _ = LatticeMetric(SpaceMetric("rgb", 4), Lattice((3, 3, 3, 8), UINT8)).nearest(gray)
    assert rounded.tolist() == [[0, 0, 0, 255]]
