"""Counted colours as weighted points for k-means."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.embedding import Embedding
from fastkq.color.spaces import Space, opacity, to_coordinates
from fastkq.kmeans.coarsening import Tree, WeightedVectors, partition
from fastkq.kmeans.points import MortonPoints, grid_spacing, in_blocks
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_CELLS_PER_CHUNK = 1 << 12
_COLOURS_PER_CHUNK = 1 << 18
_OPAQUE_KEY = np.uint32(0x88888888)
"""The bits of alpha 255 in a Morton code."""


def of_colours(counted: packed_table.PackedTable, space: Space = "rgb") -> MortonPoints:
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


def are_opaque_colors(counted: packed_table.PackedTable) -> npt.NDArray[np.bool_]:
    """Which of the counted colours of RGBA are opaque, (M,)."""
    opaque: npt.NDArray[np.bool_] = (counted.keys & _OPAQUE_KEY) == _OPAQUE_KEY
    return opaque


def of_cells(counted: packed_table.PackedTable, threads: int = 1, space: Space = "rgb") -> MortonPoints:
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
            colours, counts[first:last], runs, grid_spacing(colours), coordinates, weights, start
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
    is_opaque = are_opaque_colors(counted)
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


class Prepared:
    """What fits to the same colours share, made when one first needs it: a tenth of a fit's time."""

    def __init__(self, counted: packed_table.PackedTable, space: Space = "rgb", threads: int = 1) -> None:
        self.counted, self.space = counted, space
        self._threads = threads

    @cached_property
    def colours(self) -> Tree:
        """One point a colour."""
        return Tree(of_colours(self.counted, self.space))

    @cached_property
    def cells(self) -> Tree:
        """One point for the colours of a cell."""
        return Tree(of_cells(self.counted, self._threads, self.space))


_VECTORS_PER_CHUNK = 1 << 16
"""More are cut chunk by chunk, on several threads and in the cache."""


def condense(
    embedding: Embedding,
    colours: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    boxes: int,
    threads: int,
) -> WeightedVectors:
    """About as many means, which have the weight and the centre of the colours, neighbours in order."""
    chunks = -(-len(weights) // _VECTORS_PER_CHUNK)
    parts: list[WeightedVectors | None] = [None] * chunks

    def work(worker: int, start: int, stop: int) -> None:
        within = WeightedVectors(embedding.embed(colours[start:stop]), weights[start:stop])
        parts[start // _VECTORS_PER_CHUNK] = partition(within, -(-boxes // chunks))[1]

    over_chunks(work, len(weights), _VECTORS_PER_CHUNK, threads)
    means, sums = zip(*(part for part in parts if part is not None), strict=True)
    return WeightedVectors(np.concatenate(means), np.concatenate(sums))
