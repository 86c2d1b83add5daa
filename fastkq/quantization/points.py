"""Conversion of counted colors to weighted points for k-means."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.embedding import Embedding
from fastkq.color.spaces import Space, opacity, to_coordinates
from fastkq.kmeans.coarsening import Tree, WeightedVectors, partition
from fastkq.kmeans.points import MortonPoints, cut_into_blocks, grid_spacing
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_CELLS_PER_CHUNK = 1 << 12
_COLORS_PER_CHUNK = 1 << 18
_OPAQUE_KEY = np.uint32(0x88888888)
"""Bits of alpha in the Morton code of an RGBA color; all are set for alpha 255."""


def of_colors(counted: packed_table.PackedTable, space: Space = "rgb") -> MortonPoints:
    """Return one point per color, weighted by its count; opaque colors of RGBA come first."""
    keys, places, opaque = _opaque_first(counted)
    weights = counted.counts[places].astype(np.float64)
    return cut_into_blocks(keys, _coordinates(keys, counted.channels, space), weights, opaque, opacity(space))


def _coordinates(keys: npt.NDArray[np.uint32], channels: int, space: Space) -> Coordinates:
    """Return the coordinates (C, M) of packed colors (M,)."""
    if len(keys) <= _COLORS_PER_CHUNK:
        return to_coordinates(packed_table.colors_of(keys, channels), space)
    first = to_coordinates(packed_table.colors_of(keys[:1], channels), space)
    coordinates = np.empty((len(first), len(keys)), first.dtype)
    for part in slices(len(keys), _COLORS_PER_CHUNK):
        coordinates[:, part] = to_coordinates(packed_table.colors_of(keys[part], channels), space)
    return coordinates


def in_counted_order(counted: packed_table.PackedTable, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values (M,) of the points of `of_colors`, reordered to the order of the table."""
    if counted.channels != 4:
        return values
    ordered, places = np.empty_like(values), _opaque_first(counted).places
    assert isinstance(places, np.ndarray)
    for part in slices(len(values), _COLORS_PER_CHUNK):
        ordered[places[part]] = values[part]
    return ordered


def are_opaque_colors(counted: packed_table.PackedTable) -> npt.NDArray[np.bool_]:
    """Return a mask (M,) of the opaque colors of an RGBA table."""
    opaque: npt.NDArray[np.bool_] = (counted.keys & _OPAQUE_KEY) == _OPAQUE_KEY
    return opaque


def of_cells(counted: packed_table.PackedTable, threads: int = 1, space: Space = "rgb") -> MortonPoints:
    """Return one point per cell, the mean of its colors; a cell is a box of 4 levels per channel.

    The weight is the number of pixels. The opaque and the other colors of a cell are separate points.
    """
    sorted_colors = _opaque_first(counted)
    counts = counted.counts[sorted_colors.places]
    firsts, opaque = _cells(sorted_colors, 2 * counted.channels)
    keys = sorted_colors.keys[firsts[:-1]]
    weights = np.empty(len(keys))
    coordinates = _coordinates(keys, counted.channels, space)

    def work(worker: int, start: int, stop: int) -> None:
        # Coordinates are made chunk by chunk: all at once, they would take more memory than the image.
        first, last = firsts[start], firsts[stop]
        colors = to_coordinates(
            packed_table.colors_of(sorted_colors.keys[first:last], counted.channels), space
        )
        runs = firsts[start : stop + 1] - first
        kernels.kmeans.morton_tree.merge_runs(
            colors, counts[first:last], runs, grid_spacing(colors), coordinates, weights, start
        )

    over_chunks(work, len(keys), _CELLS_PER_CHUNK, threads)
    return cut_into_blocks(keys, coordinates, weights, opaque, opacity(space))


class _OpaqueFirst(NamedTuple):
    """Packed colors in the order of the points.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes: those of the opaque colors of RGBA, ascending, then those of the others, ascending.
    places : (M,) intp or slice
        Index of each color in the table.
    opaque : int
        Number of opaque colors.
    """

    keys: npt.NDArray[np.uint32]
    places: npt.NDArray[np.intp] | slice
    opaque: int


def _opaque_first(counted: packed_table.PackedTable) -> _OpaqueFirst:
    """Return the colors of a table with the opaque ones of RGBA moved to the front."""
    if counted.channels != 4:
        return _OpaqueFirst(counted.keys, slice(None), 0)
    is_opaque = are_opaque_colors(counted)
    opaque = int(np.count_nonzero(is_opaque))
    keys, places = np.empty_like(counted.keys), np.empty(len(is_opaque), np.intp)
    next_opaque, next_other = 0, opaque
    for part in slices(len(places), _COLORS_PER_CHUNK):
        opaque_places, other_places = np.flatnonzero(is_opaque[part]), np.flatnonzero(~is_opaque[part])
        places[next_opaque : next_opaque + len(opaque_places)] = part.start + opaque_places
        places[next_other : next_other + len(other_places)] = part.start + other_places
        next_opaque, next_other = next_opaque + len(opaque_places), next_other + len(other_places)
    for part in slices(len(places), _COLORS_PER_CHUNK):
        keys[part] = counted.keys[places[part]]
    return _OpaqueFirst(keys, places, opaque)


def _cells(sorted_colors: _OpaqueFirst, shift: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return the bounds (n + 1,) of the n cells among the colors, and the number of opaque cells."""
    keys, opaque = sorted_colors.keys, sorted_colors.opaque
    starts = np.empty(len(keys) + 1, np.int64)
    opaque_cells: int = kernels.kmeans.morton_tree.run_starts(keys[:opaque], shift, starts)
    others: int = kernels.kmeans.morton_tree.run_starts(keys[opaque:], shift, starts[opaque_cells:])
    cells = opaque_cells + others
    starts[opaque_cells : cells + 1] += opaque
    return starts[: cells + 1], opaque_cells


class PreparedPoints:
    """Data shared by several fits to the same colors, computed on first use.

    The computation takes a tenth of the time of a fit.
    """

    def __init__(self, counted: packed_table.PackedTable, space: Space = "rgb", threads: int = 1) -> None:
        self.counted, self.space = counted, space
        self._threads = threads

    @cached_property
    def colors(self) -> Tree:
        """Tree of the points of `of_colors`."""
        return Tree(of_colors(self.counted, self.space))

    @cached_property
    def cells(self) -> Tree:
        """Tree of the points of `of_cells`."""
        return Tree(of_cells(self.counted, self._threads, self.space))


_VECTORS_PER_CHUNK = 1 << 16
"""Vectors are divided into boxes in chunks of this many, on several threads; a chunk fits into the cache."""


def condense(
    embedding: Embedding,
    colors: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    boxes: int,
    threads: int,
) -> WeightedVectors:
    """Return the weighted means of about `boxes` boxes of colors (M, C) with weights (M,).

    The means have the same total weight and the same weighted mean as the colors. Their order keeps means
    that are close in space together.
    """
    chunks = -(-len(weights) // _VECTORS_PER_CHUNK)
    parts: list[WeightedVectors | None] = [None] * chunks

    def work(worker: int, start: int, stop: int) -> None:
        chunk_vectors = WeightedVectors(embedding.embed(colors[start:stop]), weights[start:stop])
        parts[start // _VECTORS_PER_CHUNK] = partition(chunk_vectors, -(-boxes // chunks))[1]

    over_chunks(work, len(weights), _VECTORS_PER_CHUNK, threads)
    means, sums = zip(*(part for part in parts if part is not None), strict=True)
    return WeightedVectors(np.concatenate(means), np.concatenate(sums))
