"""Nearest centroids of weighted points, and their distances."""

import numpy as np

from fastkq.color import packed_counting
from fastkq.color.spaces import to_coordinates
from fastkq.kmeans import assign
from fastkq.quantization import points
from tests.helpers.images import noise


def test_assigned_distances_are_exact():
    image = noise(60, 60, 3)
    counted = packed_counting.count(image)
    palette = noise(40, 3, seed=3)
    labels, distances = assign.assign(points.of_colors(counted), to_coordinates(palette))
    difference = counted.colors.astype(int) - palette[labels].astype(int)
    np.testing.assert_array_equal(distances, (difference**2).sum(axis=1))
