"""Weighted points in blocks: what every fit and every mapping works on."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.histogram import Histogram
from fastkq.spaces import Coordinates, to_coordinates

_POINTS_PER_BOX = 48
"""Points of a block's box on the mean. Larger boxes have more candidates a point, smaller ones fewer points
for each choice of candidates: at k = 256, Lloyd on kodim23 takes 45, 35 and 34 ms with 16, 32 and 48."""


SQUARE_UNIT = {"f": 1.0, "d": 512.0}
"""Coordinates' unit in sums of squares, by dtype: exact for colours of 8 bits. RGBA coordinates need 18 bits,
and their squares would leave no room for weights below 2^53; 512 is about one level of a channel."""


class Points(NamedTuple):
    """Weighted points along the Morton curve, cut into small boxes.

    A point is a colour, or the mean of the colours of a small cube. A block whose box has only one
    nearest centroid is assigned whole (Kanungo et al., "An efficient k-means clustering algorithm",
    2002); the others try the few centroids that can be nearest to something in the box.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes, rising; of merged points, that of the first.
    coordinates : (C, M) float32 or float64
    moments : (M, 2 C + 1) float64
        Weighted sums of the C coordinates; the weight; weighted sums of their squares, in `SQUARE_UNIT`.
        Integers below 2^53, so that sums of them are exact in any order.
    starts : (B + 1,) int32
        Block b holds the points starts[b] .. starts[b + 1] - 1.
    low, high : (C, B)
        Bounds of the blocks.
    block_moments : (B, 2 C + 1) float64
    square : float
        Weighted sum of the points' squared norms.
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    moments: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int32]
    low: Coordinates
    high: Coordinates
    block_moments: npt.NDArray[np.float64]
    square: float


def means(moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means (n, C) of what has the moments (n, 2 C + 1)."""
    channels = moments.shape[1] // 2
    divided: npt.NDArray[np.float64] = moments[:, :channels] / moments[:, channels : channels + 1]
    return divided


def weights(moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights (n,) of what has the moments (n, 2 C + 1)."""
    return moments[:, moments.shape[1] // 2]


def of_colours(counted: Histogram) -> Points:
    """One point a colour."""
    coordinates = to_coordinates(counted.colours)
    moments = np.empty((len(counted.counts), 2 * len(coordinates) + 1))
    kernels.blocks.weigh(coordinates, counted.counts, SQUARE_UNIT[coordinates.dtype.char], moments)
    return _in_blocks(coordinates, moments, counted.keys)


def merged(points: Points, most: int) -> Points:
    """Merge neighbours until there are at most `most` points.

    Points whose keys agree above some number of low bits become their weighted mean: the colours of a
    small box. A function of the exact counts alone, hence the same for an image and for the merged counts
    of its parts, and the same in one step or in several.
    """
    if len(points.keys) <= most:
        return points
    shift = _shift_for(points.keys, most)
    moments = np.empty((most, points.moments.shape[1]))
    keys = np.empty(most, np.uint32)
    count = kernels.blocks.sum_runs(points.keys, shift, points.moments, moments, keys)
    moments, keys = moments[:count], keys[:count]
    coordinates: Coordinates = means(moments).T.astype(points.coordinates.dtype, order="C")
    return _in_blocks(coordinates, moments, keys)


def _shift_for(keys: npt.NDArray[np.uint32], most: int) -> int:
    """The fewest low bits to drop from the keys for at most `most` different ones."""
    differences = np.zeros(32, np.int64)
    kernels.blocks.count_differences(keys, differences)
    runs = 1 + np.cumsum(differences[::-1])[::-1]  # when the bits below each one are dropped
    return int(np.argmax(np.append(runs, 1) <= most))


def _in_blocks(
    coordinates: Coordinates, moments: npt.NDArray[np.float64], keys: npt.NDArray[np.uint32]
) -> Points:
    channels, points = coordinates.shape
    starts = np.empty(points + 1, np.int32)
    shift = _shift_for(keys, max(points // _POINTS_PER_BOX, 1))
    blocks = kernels.blocks.cut(keys, shift, starts)
    low = np.empty((channels, blocks), coordinates.dtype)
    high = np.empty_like(low)
    block_moments = np.empty((blocks, moments.shape[1]))
    kernels.blocks.bound(coordinates, moments, starts, low, high, block_moments)
    square = float(kernels.blocks.weighted_square(coordinates, moments))
    return Points(keys, coordinates, moments, starts[: blocks + 1], low, high, block_moments, square)
