"""Weighted points in small boxes along a Morton curve.

The module also has the rule that keeps opaque points opaque: they are assigned to opaque centroids only.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_BLOCKS_PER_CHUNK = 1 << 13


class MortonPoints(NamedTuple):
    """Weighted points of up to 4 dimensions along the Morton curve, cut into blocks; opaque ones come first.

    A point is a color, or the mean of the colors of a small box. A block is a run of points with its bounding
    box. If only one centroid can be nearest to a point of that box, the whole block is assigned to it
    (Kanungo et al., "An efficient k-means clustering algorithm", 2002); otherwise each point of the block is
    compared with the few centroids that can be nearest to a point of the box.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes, ascending among the opaque points and among the others. The code of a point that is a
        mean is that of its first color.
    coordinates : (C, M) float32 or float64
        Multiples of `grid_spacing`.
    weights : (M,) float64
        Integers, with a sum of at most 2^30.
    starts : (B + 1,) int64
        Block b holds the points starts[b] .. starts[b + 1] - 1.
    low, high : (C, B)
        Bounding boxes of the blocks.
    moments : (B, C + 1) float64
        Weighted sums of the coordinates of each block, and its weight.
    opaque : int
        Number of blocks of opaque colors of RGBA. They are the first blocks; their points are assigned to
        opaque centroids only.
    opacity : float
        Last coordinate of opaque colors.
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    weights: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]
    low: Coordinates
    high: Coordinates
    moments: npt.NDArray[np.float64]
    opaque: int
    opacity: float


def grid_spacing(coordinates: Coordinates) -> float:
    """Return the step of the grid to which means of points are rounded.

    Weighted sums of rounded means stay below 2^53 steps, so that they are exact in any order of addition. The
    step is 1/16 for float32 (gray and RGB) and 1 for float64: the integer coordinates of RGBA and Oklab are
    fine enough.
    """
    return 1 / 16 if coordinates.dtype == np.float32 else 1.0


def cut_into_blocks(
    keys: npt.NDArray[np.uint32],
    coordinates: Coordinates,
    weights: npt.NDArray[np.float64],
    opaque: int = 0,
    opacity: float = 0.0,
) -> MortonPoints:
    """Cut points with Morton codes (M,), coordinates (C, M) and weights (M,) into blocks.

    The codes ascend among the first `opaque` points, and among the others.
    """
    channels, points = coordinates.shape
    starts = np.empty(points + 1, np.int64)
    blocks = kernels.kmeans.morton_tree.cut_by_count(keys, opaque, starts)
    opaque_blocks = int(np.searchsorted(starts[: blocks + 1], opaque))
    low = np.empty((channels, blocks), coordinates.dtype)
    high = np.empty_like(low)
    moments = np.empty((blocks, channels + 1))
    for part in slices(blocks, _BLOCKS_PER_CHUNK):
        kernels.kmeans.morton_tree.compute_bounds(
            coordinates, weights, starts, part.start, part.stop, low, high, moments
        )
    starts = starts[: blocks + 1]
    return MortonPoints(keys, coordinates, weights, starts, low, high, moments, opaque_blocks, opacity)


def means(moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the means (n, C) from moments (n, C + 1) of clusters or boxes: weighted sums, and the weight."""
    divided: npt.NDArray[np.float64] = moments[:, :-1] / moments[:, -1:]
    return divided


MIN_ROWS_FOR_ALPHA = 3
"""In palettes of fewer rows, an opaque color takes the nearest row, even if that row is not opaque."""

_FAR = -1e9  # last coordinate of centroids that are moved away, so that no opaque point is assigned to them


def are_opaque(centroids: Coordinates, opacity: float) -> npt.NDArray[np.bool_]:
    """Return a mask (k,) of the centroids (C, k) that are exactly opaque; for gray and RGB, none is."""
    if len(centroids) != 4:
        return np.zeros(centroids.shape[1], bool)
    opaque: npt.NDArray[np.bool_] = centroids[3] == opacity
    return opaque


def centroids_for_opaque(centroids: Coordinates, opacity: float) -> Coordinates:
    """Return the centroids (C, k) for the assignment of opaque points: those not opaque are moved far away.

    They are returned unchanged if no centroid is opaque or if k is below `MIN_ROWS_FOR_ALPHA`.
    """
    opaque = are_opaque(centroids, opacity)
    if len(opaque) < MIN_ROWS_FOR_ALPHA or not opaque.any():
        return centroids
    moved = centroids.copy()
    moved[3, ~opaque] = _FAR
    return moved


_MAX_TOTAL_WEIGHT = 1 << 30
"""Maximum total weight: with it, sums of weight times coordinate are below 2^53 steps, see `grid_spacing`."""


def to_counts(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Convert positive weights (M,) to integers of at least 1 in about the same proportions.

    Their sum is at most 2^30. Integer weights whose sum is at most 2^30 are returned as they are; others are
    scaled by a power of two and rounded.
    """
    largest = int(np.frexp(weights.max())[1])
    whole = np.floor(weights)
    if largest <= 30 and (whole == weights).all() and int(whole.astype(np.int64).sum()) <= _MAX_TOTAL_WEIGHT:
        return whole.astype(np.int64)
    # The weights are scaled twice: the sum of weights scaled to 32-bit integers is exact, and its bit length
    # gives the number of excess bits.
    total = int(np.ldexp(weights, 32 - largest).astype(np.int64).sum())
    shift = max(0, total.bit_length() - 29)
    rounded = np.floor(np.ldexp(weights, 32 - largest - shift) + 0.5)
    return np.maximum(rounded, 1.0).astype(np.int64)
