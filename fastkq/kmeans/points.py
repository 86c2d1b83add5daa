"""Weighted points in small boxes along a Morton curve, and the rule that keeps opaque points opaque."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_BLOCKS_PER_CHUNK = 1 << 13


class MortonPoints(NamedTuple):
    """Weighted points along the Morton curve, the opaque ones of RGBA first, cut into small boxes.

    A point is a colour, or the mean of the colours of a small box. A block whose box has only one
    nearest centroid is assigned whole (Kanungo et al., "An efficient k-means clustering algorithm",
    2002); the others try the few centroids that can be nearest to something in the box.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes, rising, but for the step from the opaque ones to the others; of merged points, that of
        the first.
    coordinates : (C, M) float32 or float64
        Multiples of `spacing`.
    weights : (M,) float64
        Integers; below 2^30 in all.
    starts : (B + 1,) int64
        Block b holds the points starts[b] .. starts[b + 1] - 1.
    low, high : (C, B)
        Bounds of the blocks.
    moments : (B, C + 1) float64
        The blocks' weighted sums of the coordinates, and their weights.
    opaque : int
        So many blocks, the first, hold opaque colours of RGBA, which see only opaque centroids.
    opacity : float
        The last coordinate of those.
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
    """Grid that means of points are rounded to.

    Weighted sums of them then stay below 2^53 steps, and are exact in any order. The coordinates of RGBA and
    of Oklab are fine enough as integers.
    """
    return 1 / 16 if coordinates.dtype == np.float32 else 1.0


def in_blocks(
    keys: npt.NDArray[np.uint32],
    coordinates: Coordinates,
    weights: npt.NDArray[np.float64],
    opaque: int = 0,
    opacity: float = 0.0,
) -> MortonPoints:
    """Points with Morton codes (M,), coordinates (C, M) and weights (M,), cut into blocks.

    The codes rise among the first `opaque` points, and among the others.
    """
    channels, points = coordinates.shape
    starts = np.empty(points + 1, np.int64)
    blocks = kernels.kmeans.morton_tree.cut(keys, opaque, starts)
    opaque_blocks = int(np.searchsorted(starts[: blocks + 1], opaque))
    low = np.empty((channels, blocks), coordinates.dtype)
    high = np.empty_like(low)
    moments = np.empty((blocks, channels + 1))
    for part in slices(blocks, _BLOCKS_PER_CHUNK):
        kernels.kmeans.morton_tree.bound(
            coordinates, weights, starts, part.start, part.stop, low, high, moments
        )
    starts = starts[: blocks + 1]
    return MortonPoints(keys, coordinates, weights, starts, low, high, moments, opaque_blocks, opacity)


def means(moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means (n, C) of what has the moments (n, C + 1): weighted sums, and the weight."""
    divided: npt.NDArray[np.float64] = moments[:, :-1] / moments[:, -1:]
    return divided


LEAST_ROWS_FOR_ALPHA = 3
"""With fewer rows, opaque colours have no rows of their own, and take the nearest."""

_FAR = -1e9


def are_opaque(centroids: Coordinates, opacity: float) -> npt.NDArray[np.bool_]:
    """Which of the centroids (C, k) are exactly opaque, (k,); of gray and RGB, none."""
    if len(centroids) != 4:
        return np.zeros(centroids.shape[1], bool)
    opaque: npt.NDArray[np.bool_] = centroids[3] == opacity
    return opaque


def seen_by_opaque(centroids: Coordinates, opacity: float) -> Coordinates:
    """The centroids (C, k) as they are for opaque colours: far away, where those may not choose them."""
    opaque = are_opaque(centroids, opacity)
    if len(opaque) < LEAST_ROWS_FOR_ALPHA or not opaque.any():
        return centroids
    seen = centroids.copy()
    seen[3, ~opaque] = _FAR
    return seen


_MOST = 1 << 30
"""Sums of so much weight times a coordinate stay below 2^53, see `fastkq.kmeans.points.MortonPoints`."""


def to_counts(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Weights (M,), all positive, as integers of at least 1 in about the same proportions.

    They are below 2^30 in all: integers that are so already stay as they are; others are scaled by a power of
    two and rounded.
    """
    largest = int(np.frexp(weights.max())[1])
    whole = np.floor(weights)
    if largest <= 30 and (whole == weights).all() and int(whole.astype(np.int64).sum()) <= _MOST:
        return whole.astype(np.int64)
    # Twice: integers of 32 bits have an exact sum, which says how many bits are too many.
    total = int(np.ldexp(weights, 32 - largest).astype(np.int64).sum())
    shift = max(0, total.bit_length() - 29)
    rounded = np.floor(np.ldexp(weights, 32 - largest - shift) + 0.5)
    return np.maximum(rounded, 1.0).astype(np.int64)
