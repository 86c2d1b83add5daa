"""Weighted points, and the group of them that may use some centroids only.

Points have two forms. `fastkq.kmeans.morton_points.MortonPoints` has at most 4 dimensions and coordinates
whose weighted sums are exact. `fastkq.kmeans.vector_points.VectorPoints` has any number of dimensions, in
float64.

The group: of points of 4 dimensions, some may form a group whose last coordinate is `level` (opaque colors).
They are assigned only to centroids whose last coordinate is `level`, if there are any and at least
`MIN_CENTROIDS_FOR_GROUP` centroids in all; such centroids keep that coordinate.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.runtime.typing import Coordinates

MIN_CENTROIDS_FOR_GROUP = 3
"""Of fewer centroids, a point of the group takes the nearest one, even if that one is not of the group."""

FAR = -1e9  # last coordinate of centroids that are moved away, so that no point of the group uses them
_GROUP_DIMENSIONS = 4

MAX_TOTAL_WEIGHT = 1 << 30
"""Maximum total weight: with it, sums of weight times coordinate are below 2^53 steps, see
`fastkq.kmeans.morton_points.grid_spacing`."""


class Assignment(NamedTuple):
    """Index of the nearest centroid of each point, the lowest among equals, and its squared distance.

    Both arrays are (M,).
    """

    labels: npt.NDArray[np.int32]
    distances: Coordinates


def are_in_group(centroids: Coordinates, level: float) -> npt.NDArray[np.bool_]:
    """Return a mask (k,) of the centroids (C, k) of the group; with other than 4 dimensions, none is."""
    if len(centroids) != _GROUP_DIMENSIONS:
        return np.zeros(centroids.shape[1], bool)
    in_group: npt.NDArray[np.bool_] = centroids[-1] == level
    return in_group


def centroids_for_group(centroids: Coordinates, level: float) -> Coordinates:
    """Return the centroids (C, k) to which the points of the group are assigned: others are moved far away.

    They are returned unchanged if the group has no centroid or if k is below `MIN_CENTROIDS_FOR_GROUP`.
    """
    in_group = are_in_group(centroids, level)
    if len(in_group) < MIN_CENTROIDS_FOR_GROUP or not in_group.any():
        return centroids
    moved = centroids.copy()
    moved[-1, ~in_group] = FAR
    return moved


def to_counts(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Convert positive weights (M,) to integers of at least 1 in about the same proportions.

    Their sum is at most 2^30. Integer weights whose sum is at most 2^30 are returned as they are; others are
    scaled by a power of two and rounded.
    """
    largest = int(np.frexp(weights.max())[1])
    whole = np.floor(weights)
    if largest <= 30 and (whole == weights).all() and int(whole.astype(np.int64).sum()) <= MAX_TOTAL_WEIGHT:
        return whole.astype(np.int64)
    # The weights are scaled twice: the sum of weights scaled to 32-bit integers is exact, and its bit length
    # gives the number of excess bits.
    total = int(np.ldexp(weights, 32 - largest).astype(np.int64).sum())
    shift = max(0, total.bit_length() - 29)
    rounded = np.floor(np.ldexp(weights, 32 - largest - shift) + 0.5)
    return np.maximum(rounded, 1.0).astype(np.int64)
