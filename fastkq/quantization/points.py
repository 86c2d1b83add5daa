"""Counted colors as weighted points for k-means."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.embedding import Embedding
from fastkq.color.kinds import RGBA
from fastkq.color.lattice import LatticeMetric, Metric
from fastkq.color.oklab_embedding import OklabEmbedding
from fastkq.color.packed_table import PackedTable, colors_of
from fastkq.color.row_table import RowTable
from fastkq.color.spaces import SpaceMetric
from fastkq.color.table import ColorTable
from fastkq.kmeans.morton_points import MortonPoints, grid_spacing
from fastkq.kmeans.morton_tree import Tree
from fastkq.kmeans.points import MAX_TOTAL_WEIGHT, MIN_CENTROIDS_FOR_GROUP, Assignment, to_counts
from fastkq.kmeans.vector_points import VectorPoints, rows_per_chunk
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates, Vectors

Table = TypeVar("Table", bound=ColorTable)
RowMetric = Embedding | OklabEmbedding | LatticeMetric


def prepare(table: ColorTable, metric: Metric, threads: int = 1) -> PackedColors | RowColors:
    """Prepare the colors of a table for fits, in a metric that `ColorTable.metric` returned."""
    return _FORMS[type(table)](table, metric, threads)


def weigh(table: Table, weights: npt.NDArray[np.float64], k: int) -> Table:
    """Return the table of the colors of positive weight, with the weights (M,) as integer counts.

    For k of 3 or more, the transparent color and, for 8-bit RGBA, at least one opaque color stay in the table
    with a weight of at least 1, so that the palette gets rows for them.
    """
    has_weight = weights > 0
    counts = np.ones(len(weights), np.int64)
    counts[has_weight] = to_counts(weights[has_weight])
    if k >= MIN_CENTROIDS_FOR_GROUP:
        has_weight[0] |= table.has_transparent
        if table.dtype == np.uint8 and table.channels == RGBA:
            opaque = table.is_opaque
            if opaque.any() and not has_weight[opaque].any():
                has_weight[np.argmax(np.where(opaque, table.counts, 0))] = True
    return table.select(has_weight, counts[has_weight])


_MAX_PACKED_COLORS = 1 << 18
_PACKED_COLORS_PER_CENTROID = 256
"""If there are more than `_MAX_PACKED_COLORS` colors and more than this number per centroid, the palette is
fitted to cells of colors."""
_CELLS_PER_CHUNK = 1 << 12
_COLORS_PER_CHUNK = 1 << 18


class PackedColors:
    """The colors of a `PackedTable` as points; what several fits share is made on first use."""

    def __init__(self, table: PackedTable, metric: SpaceMetric | LatticeMetric, threads: int) -> None:
        self.table, self.metric, self._threads = table, metric, threads

    @cached_property
    def colors(self) -> PackedPoints:
        """One point per color."""
        return PackedPoints(of_colors(self.table, self.metric), self.metric)

    @cached_property
    def _cells(self) -> PackedPoints:
        return PackedPoints(of_cells(self.table, self.metric, self._threads), self.metric)

    def cells(self, k: int) -> PackedPoints | None:
        """One point per cell, or None if there are few enough colors."""
        is_large = len(self.table) > max(_MAX_PACKED_COLORS, _PACKED_COLORS_PER_CENTROID * k)
        return self._cells if is_large else None

    def in_table_order(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return labels of the points `colors`, reordered to the order of the table."""
        places = _opaque_first(self.table).places
        if isinstance(places, slice):
            return labels
        ordered = np.empty_like(labels)
        for part in slices(len(labels), _COLORS_PER_CHUNK):
            ordered[places[part]] = labels[part]
        return ordered


class PackedPoints:
    """Packed colors, or cells of them, as `MortonPoints`; its methods are those of `RowColors`."""

    def __init__(self, points: MortonPoints, metric: SpaceMetric | LatticeMetric) -> None:
        self.points, self._metric = points, metric
        self.weights = points.weights

    @cached_property
    def _tree(self) -> Tree:
        return Tree(self.points)

    def hierarchy(self, k: int, threads: int) -> Tree:
        """Return the tree of the points."""
        return self._tree

    def uses_all(self, centroids: Coordinates, n_fixed: int, threads: int) -> bool:
        """Return False: `assign` takes little longer."""
        return False

    def assign(self, centroids: Coordinates, threads: int = 1) -> Assignment:
        """Find the nearest centroid of each point."""
        return self.points.assign(centroids, threads)

    def color_at(self, indices: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
        """Return the colors (n, C) of points, for cells the first of each."""
        return colors_of(self.points.keys[indices], self._metric.channels)


def of_colors(table: PackedTable, metric: SpaceMetric | LatticeMetric) -> MortonPoints:
    """Return one point per color, weighted by its count; opaque colors of RGBA are the group."""
    keys, places, opaque = _opaque_first(table)
    weights = _limited(table.counts)[places].astype(np.float64)
    return MortonPoints.cut(keys, _coordinates(keys, metric), weights, opaque, metric.opacity)


def _limited(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return counts whose sum is small enough for `MortonPoints`."""
    return counts if counts.sum() <= MAX_TOTAL_WEIGHT else to_counts(counts.astype(np.float64))


def _coordinates(keys: npt.NDArray[np.uint32], metric: SpaceMetric | LatticeMetric) -> Coordinates:
    """Return the coordinates (C, M) of packed colors (M,)."""
    if len(keys) <= _COLORS_PER_CHUNK:
        return metric.to_coordinates(colors_of(keys, metric.channels))
    first = metric.to_coordinates(colors_of(keys[:1], metric.channels))
    coordinates = np.empty((len(first), len(keys)), first.dtype)
    for part in slices(len(keys), _COLORS_PER_CHUNK):
        coordinates[:, part] = metric.to_coordinates(colors_of(keys[part], metric.channels))
    return coordinates


def of_cells(table: PackedTable, metric: SpaceMetric | LatticeMetric, threads: int = 1) -> MortonPoints:
    """Return one point per cell, the mean of its colors; a cell is a box of 4 levels per channel.

    The weight is the number of pixels. The opaque and the other colors of a cell are separate points.
    """
    sorted_colors = _opaque_first(table)
    counts = _limited(table.counts)[sorted_colors.places]
    firsts, opaque = _cells(sorted_colors, 2 * table.channels)
    keys = sorted_colors.keys[firsts[:-1]]
    weights = np.empty(len(keys))
    coordinates = _coordinates(keys, metric)

    def work(worker: int, start: int, stop: int) -> None:
        # Coordinates are made chunk by chunk: all at once, they would take more memory than the image.
        first, last = firsts[start], firsts[stop]
        colors = metric.to_coordinates(colors_of(sorted_colors.keys[first:last], table.channels))
        runs = firsts[start : stop + 1] - first
        kernels.kmeans.morton_tree.merge_runs(
            colors, counts[first:last], runs, grid_spacing(colors), coordinates, weights, start
        )

    over_chunks(work, len(keys), _CELLS_PER_CHUNK, threads)
    return MortonPoints.cut(keys, coordinates, weights, opaque, metric.opacity)


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


def _opaque_first(table: PackedTable) -> _OpaqueFirst:
    """Return the colors of a table with the opaque ones of RGBA moved to the front."""
    if table.channels != 4:
        return _OpaqueFirst(table.keys, slice(None), 0)
    is_opaque = table.is_opaque
    opaque = int(np.count_nonzero(is_opaque))
    keys, places = np.empty_like(table.keys), np.empty(len(is_opaque), np.intp)
    next_opaque, next_other = 0, opaque
    for part in slices(len(places), _COLORS_PER_CHUNK):
        opaque_places, other_places = np.flatnonzero(is_opaque[part]), np.flatnonzero(~is_opaque[part])
        places[next_opaque : next_opaque + len(opaque_places)] = part.start + opaque_places
        places[next_other : next_other + len(other_places)] = part.start + other_places
        next_opaque, next_other = next_opaque + len(opaque_places), next_other + len(other_places)
    for part in slices(len(places), _COLORS_PER_CHUNK):
        keys[part] = table.keys[places[part]]
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


_MAX_VECTORS = 1 << 20
"""If there are more colors, the palette is fitted to the means of boxes of colors."""
_CONDENSED = 1 << 18
_CONDENSED_PER_CENTROID = 64
"""The number of means is the larger of `_CONDENSED` and `_CONDENSED_PER_CENTROID` per centroid."""
_VECTORS_PER_CHUNK = 1 << 16
"""Vectors are divided into boxes in chunks of this many, on several threads; a chunk fits into the cache."""
_FEW_COLORS = 1 << 18
_PARTS = 16
"""`uses_all` visits at most `_FEW_COLORS` colors in one pass, and more colors in this many interleaved
parts."""


class RowColors:
    """The colors of a `RowTable` as points; each pass converts them to vectors chunk by chunk.

    All at once, the vectors would take more memory than a large image.
    """

    def __init__(self, table: RowTable, metric: RowMetric, threads: int) -> None:
        self.table, self.metric = table, metric

    @cached_property
    def weights(self) -> npt.NDArray[np.float64]:
        """Weight of each color, (M,)."""
        return self.table.counts.astype(np.float64)

    @property
    def colors(self) -> RowColors:
        """One point per color: the colors themselves."""
        return self

    def cells(self, k: int) -> None:
        """Return None: `hierarchy` condenses the colors."""

    def in_table_order(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the labels, which are in the order of the table."""
        return labels

    def hierarchy(self, k: int, threads: int) -> VectorPoints:
        """Return the colors, or the means of boxes if there are more than `_MAX_VECTORS`."""
        condensed = max(_CONDENSED, _CONDENSED_PER_CENTROID * k)
        if len(self.table) > max(_MAX_VECTORS, condensed):
            return condense(self.metric, self.table.colors, self.weights, condensed, threads)
        return VectorPoints(self.metric.embed(self.table.colors), self.weights)

    def uses_all(self, centroids: Coordinates, n_fixed: int, threads: int) -> bool:
        """Return whether every centroid from `n_fixed` on is the nearest one of some color."""
        is_used, colors = np.zeros(centroids.shape[1], bool), self.table.colors

        def keep(start: int, stop: int, assignment: Assignment) -> None:
            is_used[assignment.labels] = True

        parts = _PARTS if len(colors) > _FEW_COLORS else 1
        for part in range(parts):
            assign_in_chunks(self.metric, colors[part::parts], centroids, keep, threads)
            if is_used[n_fixed:].all():  # usually true after the first part
                return True
        return False

    def assign(self, centroids: Coordinates, threads: int = 1) -> Assignment:
        """Find the nearest centroid of each color."""
        assignment = Assignment(np.empty(len(self.table), np.int32), np.empty(len(self.table)))

        def keep(start: int, stop: int, chunk: Assignment) -> None:
            for whole, part in zip(assignment, chunk, strict=True):
                whole[start:stop] = part

        assign_in_chunks(self.metric, self.table.colors, centroids, keep, threads)
        return assignment

    def color_at(self, indices: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Return the colors (n, C) with these indices."""
        return self.table.colors[indices]


def assign_in_chunks(
    metric: RowMetric,
    colors: npt.NDArray[Any],
    centroids: Coordinates,
    keep: Callable[[int, int, Assignment], None],
    threads: int,
) -> None:
    """Call ``keep(start, stop, assignment)`` for each chunk of the colors (M, C), on several threads.

    The centroids (C, k) are colors. Those nearest to integer colors without alpha are exact.
    """
    is_wide = colors.dtype.kind in "iu" and colors.dtype.itemsize > 2

    def work(worker: int, start: int, stop: int) -> None:
        assignment = VectorPoints(metric.embed(colors[start:stop]), _NO_WEIGHTS).assign(centroids)
        if is_wide:
            _correct(assignment, colors[start:stop], centroids)
        keep(start, stop, assignment)

    over_chunks(work, len(colors), rows_per_chunk(colors.shape[1]), threads)


_NO_WEIGHTS: Vectors = np.empty(0)

_MAX_EXACT = 2.0**53  # squared distances below this are exact in float64
_LOW_HALF = np.uint64(0xFFFFFFFF)


def _correct(assignment: Assignment, colors: npt.NDArray[Any], centroids: Coordinates) -> None:
    """Correct the labels of those integer colors (n, C) whose squared distances float64 has rounded.

    A squared distance of 32-bit integers has up to 70 bits: it is summed in two halves.
    """
    far = np.flatnonzero(assignment.distances >= _MAX_EXACT)
    values, rows = colors[far].astype(np.int64), centroids.T.astype(np.int64)
    best = np.full((2, len(far)), np.iinfo(np.uint64).max)
    for j, row in enumerate(rows if len(far) else ()):
        squares = np.abs(values - row).astype(np.uint64) ** 2
        low = (squares & _LOW_HALF).sum(axis=1, dtype=np.uint64)
        high = (squares >> np.uint64(32)).sum(axis=1, dtype=np.uint64) + (low >> np.uint64(32))
        low &= _LOW_HALF
        is_closer = (high < best[0]) | ((high == best[0]) & (low < best[1]))
        best[:, is_closer] = high[is_closer], low[is_closer]
        assignment.labels[far[is_closer]] = j


def condense(
    metric: RowMetric,
    colors: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    boxes: int,
    threads: int,
) -> VectorPoints:
    """Return the weighted means of about `boxes` boxes of colors (M, C) with weights (M,).

    The means have the same total weight and the same weighted mean as the colors. Their order keeps means
    that are close in space together.
    """
    chunks = -(-len(weights) // _VECTORS_PER_CHUNK)
    parts: list[VectorPoints | None] = [None] * chunks

    def work(worker: int, start: int, stop: int) -> None:
        chunk = VectorPoints(metric.embed(colors[start:stop]), weights[start:stop])
        parts[start // _VECTORS_PER_CHUNK] = chunk.partition(-(-boxes // chunks))[1]

    over_chunks(work, len(weights), _VECTORS_PER_CHUNK, threads)
    means, sums = zip(*(part for part in parts if part is not None), strict=True)
    return VectorPoints(np.concatenate(means), np.concatenate(sums))


_FORMS: dict[type[ColorTable], Callable[[Any, Any, int], PackedColors | RowColors]] = {
    PackedTable: PackedColors,
    RowTable: RowColors,
}
