"""Weighted points in blocks: what every fit and every mapping works on."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.histogram import Histogram, colours_of
from fastkq.spaces import Coordinates, to_coordinates
from fastkq.threads import over_chunks

_CELLS_PER_CHUNK = 1 << 12


class Points(NamedTuple):
    """Weighted points along the Morton curve, cut into small boxes.

    A point is a colour, or the mean of the colours of a small box. A block whose box has only one
    nearest centroid is assigned whole (Kanungo et al., "An efficient k-means clustering algorithm",
    2002); the others try the few centroids that can be nearest to something in the box.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes, rising; of merged points, that of the first.
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
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    weights: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]
    low: Coordinates
    high: Coordinates
    moments: npt.NDArray[np.float64]


def of_colours(counted: Histogram) -> Points:
    """One point a colour."""
    coordinates = to_coordinates(colours_of(counted.keys, counted.channels))
    return in_blocks(counted.keys, coordinates, counted.counts.astype(np.float64))


def of_cells(counted: Histogram, threads: int = 1) -> Points:
    """One point for the colours of each cell, a box of 4 levels a channel."""
    shift = 2 * counted.channels
    firsts = np.empty(len(counted.keys) + 1, np.int64)
    firsts = firsts[: kernels.blocks.run_starts(counted.keys, shift, firsts) + 1]
    keys = counted.keys[firsts[:-1]]
    weights = np.empty(len(keys))
    coordinates = to_coordinates(colours_of(keys, counted.channels))

    def work(worker: int, start: int, stop: int) -> None:
        # A chunk at a time: coordinates of all the colours would take more memory than the image.
        first, last = firsts[start], firsts[stop]
        colours = to_coordinates(colours_of(counted.keys[first:last], counted.channels))
        counts, runs = counted.counts[first:last], firsts[start : stop + 1] - first
        kernels.blocks.merge_runs(colours, counts, runs, spacing(colours), coordinates, weights, start)

    over_chunks(work, len(keys), _CELLS_PER_CHUNK, threads)
    return in_blocks(keys, coordinates, weights)


def spacing(coordinates: Coordinates) -> float:
    """Grid that means of points are rounded to.

    Weighted sums of them then stay below 2^53 steps, and are exact in any order. RGBA coordinates are
    fine enough as integers.
    """
    return 1 / 16 if coordinates.dtype == np.float32 else 1.0


def in_blocks(
    keys: npt.NDArray[np.uint32], coordinates: Coordinates, weights: npt.NDArray[np.float64]
) -> Points:
    """Points with Morton codes (M,), rising, coordinates (C, M) and weights (M,), cut into blocks."""
    channels, points = coordinates.shape
    starts = np.empty(points + 1, np.int64)
    blocks = kernels.blocks.cut(keys, starts)
    low = np.empty((channels, blocks), coordinates.dtype)
    high = np.empty_like(low)
    moments = np.empty((blocks, channels + 1))
    kernels.blocks.bound(coordinates, weights, starts, low, high, moments)
    return Points(keys, coordinates, weights, starts[: blocks + 1], low, high, moments)


def means(moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means (n, C) of what has the moments (n, C + 1): weighted sums, and the weight."""
    divided: npt.NDArray[np.float64] = moments[:, :-1] / moments[:, -1:]
    return divided
