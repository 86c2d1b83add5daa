"""Nearest centroids of weighted points, and their distances."""

import numpy as np

from fastkq.color import packed_counting
from tests.helpers.fits import of_colors
from tests.helpers.images import noise
from tests.helpers.spaces import to_coordinates


def test_assigned_distances_are_exact():
    image = noise(60, 60, 3)
    counted = packed_counting.count(image)
    palette = noise(40, 3, seed=3)
    labels, distances = of_colors(counted).assign(to_coordinates(palette))
    difference = counted.colors.astype(int) - palette[labels].astype(int)
    np.testing.assert_array_equal(distances, (difference**2).sum(axis=1))
