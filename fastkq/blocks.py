"""Weighted points in blocks: what every fit and every mapping works on."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.spaces import Coordinates, Space, opacity, to_coordinates
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices

_CELLS_PER_CHUNK = 1 << 12
_COLOURS_PER_CHUNK = 1 << 18
_BLOCKS_PER_CHUNK = 1 << 13
_OPAQUE_KEY = np.uint32(0x88888888)
"""The bits of alpha 255 in a Morton code."""


class Points(NamedTuple):
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


def of_colours(counted: packed_table.PackedTable, space: Space = "rgb") -> Points:
    """One point a colour."""
    keys, places, opaque = _opaque_first(counted)
    weights = counted.counts[places].astype(np.float64)
    return in_blocks(keys, _coordinates(keys, counted.channels, space), weights, opaque, opacity(space))


def _coordinates(keys: npt.NDArray[np.uint32], channels: int, space: Space) -> Coordinates:
    if len(keys) <= _COLOURS_PER_CHUNK:
        return to_coordinates(packed_table.colours_of(keys, channels), space)
    first = to_coordinates(packed_table.colours_of(keys[:1], channels), space)
    coordinates = np.empty((len(first), len(keys)), first.dtype)
    for part in slices(len(keys), _COLOURS_PER_CHUNK):
        coordinates[:, part] = to_coordinates(packed_table.colours_of(keys[part], channels), space)
    return coordinates


def in_counted_order(counted: packed_table.PackedTable, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values (M,) of the points `of_colours` in the order of the counted colours."""
    if counted.channels != 4:
        return values
    ordered, places = np.empty_like(values), _opaque_first(counted).places
    assert isinstance(places, np.ndarray)
    for part in slices(len(values), _COLOURS_PER_CHUNK):
        ordered[places[part]] = values[part]
    return ordered


def are_opaque(counted: packed_table.PackedTable) -> npt.NDArray[np.bool_]:
    """Which of the counted colours of RGBA are opaque, (M,)."""
    opaque: npt.NDArray[np.bool_] = (counted.keys & _OPAQUE_KEY) == _OPAQUE_KEY
    return opaque


def of_cells(counted: packed_table.PackedTable, threads: int = 1, space: Space = "rgb") -> Points:
    """One point for the colours of each cell, a box of 4 levels a channel, opaque ones apart."""
    arranged = _opaque_first(counted)
    counts = counted.counts[arranged.places]
    firsts, opaque = _cells(arranged, 2 * counted.channels)
    keys = arranged.keys[firsts[:-1]]
    weights = np.empty(len(keys))
    coordinates = _coordinates(keys, counted.channels, space)

    def work(worker: int, start: int, stop: int) -> None:
        # A chunk at a time: coordinates of all the colours would take more memory than the image.
        first, last = firsts[start], firsts[stop]
        colours = to_coordinates(packed_table.colours_of(arranged.keys[first:last], counted.channels), space)
        runs = firsts[start : stop + 1] - first
        kernels.kmeans.morton_tree.merge_runs(
            colours, counts[first:last], runs, spacing(colours), coordinates, weights, start
        )

    over_chunks(work, len(keys), _CELLS_PER_CHUNK, threads)
    return in_blocks(keys, coordinates, weights, opaque, opacity(space))


class _Arranged(NamedTuple):
    """Keys in the order of points, where each stands in the histogram, and the number of opaque ones."""

    keys: npt.NDArray[np.uint32]
    places: npt.NDArray[np.intp] | slice
    opaque: int


def _opaque_first(counted: packed_table.PackedTable) -> _Arranged:
    if counted.channels != 4:
        return _Arranged(counted.keys, slice(None), 0)
    is_opaque = are_opaque(counted)
    opaque = int(np.count_nonzero(is_opaque))
    keys, places = np.empty_like(counted.keys), np.empty(len(is_opaque), np.intp)
    first, other = 0, opaque
    for part in slices(len(places), _COLOURS_PER_CHUNK):
        ours, theirs = np.flatnonzero(is_opaque[part]), np.flatnonzero(~is_opaque[part])
        places[first : first + len(ours)] = part.start + ours
        places[other : other + len(theirs)] = part.start + theirs
        first, other = first + len(ours), other + len(theirs)
    for part in slices(len(places), _COLOURS_PER_CHUNK):
        keys[part] = counted.keys[places[part]]
    return _Arranged(keys, places, opaque)


def _cells(arranged: _Arranged, shift: int) -> tuple[npt.NDArray[np.int64], int]:
    """Where each cell's colours start, and the end; and the number of opaque cells."""
    keys, opaque = arranged.keys, arranged.opaque
    starts = np.empty(len(keys) + 1, np.int64)
    opaque_cells: int = kernels.kmeans.morton_tree.run_starts(keys[:opaque], shift, starts)
    others: int = kernels.kmeans.morton_tree.run_starts(keys[opaque:], shift, starts[opaque_cells:])
    cells = opaque_cells + others
    starts[opaque_cells : cells + 1] += opaque
    return starts[: cells + 1], opaque_cells


def spacing(coordinates: Coordinates) -> float:
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
) -> Points:
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
    return Points(keys, coordinates, weights, starts, low, high, moments, opaque_blocks, opacity)


def means(moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means (n, C) of what has the moments (n, C + 1): weighted sums, and the weight."""
    divided: npt.NDArray[np.float64] = moments[:, :-1] / moments[:, -1:]
    return divided
