"""Fit palettes whose rows are colors of a lattice.

For a given cluster, the best color of the lattice is the one nearest to the mean of the cluster, in RGB
exactly. So Lloyd's algorithm with rounding in each iteration, as in
`fastkq.quantization.rounding.round_centroids`, never raises the error. It ends in worse local optima than
with free centroids, because a centroid cannot take small steps, and rounding can make centroids equal. Swaps
of centroids with other colors of the lattice (`fastkq.kmeans.discrete_swaps`) leave these optima.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import row_table
from fastkq.color.counting import is_packed
from fastkq.color.kinds import GRAY_WITH_ALPHA, RGBA
from fastkq.color.lattice import LatticeMetric
from fastkq.color.packed_table import colors_of, keys_of
from fastkq.kmeans.discrete_swaps import DiscreteSearch
from fastkq.kmeans.morton_points import MortonPoints
from fastkq.kmeans.morton_tree import Tree
from fastkq.kmeans.plans import MAX_CENTROIDS_FOR_SWAPS, Plan
from fastkq.kmeans.swap_search import starts
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.quantization.points import PackedColors, PackedPoints, RowColors
from fastkq.quantization.rounding import Fit, in_order_after, round_centroids, used_rows
from fastkq.runtime.options import Effort
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_MIN_BOXES = 2048  # boxes of the summary on which centroids are swapped, at least
_ROUNDS: dict[Effort, int] = {"fast": 1, "balanced": 3, "best": 10}
"""Largest number of rounds of swaps and of Lloyd's iterations, by effort."""
_PASSES: dict[Effort, int] = {"fast": 1, "balanced": 1, "best": 4}
"""Passes over all candidates in a round, by effort."""
_FEW_ROWS = 64
"""Beside at most this many rows, their neighbors are candidates too. That helps only on images of few colors;
on photographs it changes the squared error by less than 0.1 %."""
_MAX_STARTS, _WORK_OF_STARTS = 16, 1 << 21
"""Small images get several searches from different rows: at most `_WORK_OF_STARTS` points times candidates
times rows in all."""
_ROUNDINGS = 8  # largest number of Lloyd's iterations on the lattice in a round; most rounds take 2 or 3
_COLORS_AT_ONCE = 1 << 18
_MAX_REPLACEMENTS = 32  # passes in which unused rows are replaced; most palettes take none or one


def unique_colors(colors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the distinct colors (m, C) of colors (n, C)."""
    if is_packed(colors.dtype, colors.shape[1]):
        return colors_of(np.unique(keys_of(colors)), colors.shape[1])
    return row_table.count(np.ascontiguousarray(colors)).colors if len(colors) else colors


def usable_rows(prepared: PackedColors | RowColors, fixed: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the colors (m, C) of the lattice that are the nearest ones of some color of the table.

    Colors for which a fixed row (f, C) is as near do not count. With all these rows, the error is the least
    that the lattice allows.
    """
    metric = prepared.metric
    assert isinstance(metric, LatticeMetric)
    colors, unused = prepared.table.colors, np.full(len(prepared.table), np.inf)
    if len(fixed) > 0:
        distances = prepared.colors.assign(metric.to_coordinates(fixed)).distances
        unused = prepared.in_table_order(distances).astype(np.float64)
    found = []
    for part in slices(len(colors), _COLORS_AT_ONCE):
        rounded, distances = metric.nearest(colors[part])
        found.append(unique_colors(rounded[distances < unused[part]]))
    return unique_colors(np.concatenate(found))


def search(
    hierarchy: Tree | VectorPoints,
    metric: LatticeMetric,
    centroids: Coordinates,
    kept_rows: npt.NDArray[Any],
    plan: Plan,
    effort: Effort,
    threads: int,
) -> npt.NDArray[Any]:
    """Return at most k colors (n, C) of the lattice, near those with the least squared error.

    Parameters
    ----------
    hierarchy
        The points.
    centroids : (C, k)
        Centroids fitted without the lattice.
    kept_rows : (f, C)
        The first rows of the result, on the lattice or not.
    """
    k, n_kept = centroids.shape[1], len(kept_rows)
    summary = _summary(hierarchy, max(plan.coarse * k, _MIN_BOXES))
    rows = _distinct(np.concatenate((kept_rows, metric.to_colors(centroids[:, n_kept:]))), n_kept)
    if len(rows) == k > MAX_CENTROIDS_FOR_SWAPS:
        return rows
    candidates = _candidates(metric, summary, rows[n_kept:])
    swaps = DiscreteSearch(summary, metric.to_coordinates(candidates), k, n_kept)
    rounds = _ROUNDS[effort] if k <= MAX_CENTROIDS_FOR_SWAPS else 0
    best, least = centroids, np.inf
    for start in _starts(hierarchy, metric, rows, kept_rows, k, len(summary.weights) * len(candidates)):
        places = swaps.completed(metric.to_coordinates(start))
        for _ in range(rounds):
            swapped = swaps.improved(places, _PASSES[effort])
            moved_rows = round_centroids(summary, metric, swapped, kept_rows, _ROUNDINGS, threads)
            moved = swaps.completed(metric.to_coordinates(_distinct(moved_rows, n_kept)))
            if moved.shape == places.shape and (moved == places).all():
                break
            places = moved
        error = swaps.error(places)
        if error < least:
            best, least = places, error
    return np.concatenate((kept_rows, metric.to_colors(best[:, n_kept:])))


def _summary(hierarchy: Tree | VectorPoints, boxes: int) -> MortonPoints | VectorPoints:
    if isinstance(hierarchy, Tree):
        return hierarchy.coarsen(1, boxes)[1]
    return hierarchy.partition(boxes)[1]


def _candidates(
    metric: LatticeMetric, summary: MortonPoints | VectorPoints, rows: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Return the colors (m, C) of the lattice that are swapped with rows.

    They are the nearest colors of the points and, beside few rows, the neighbors of the rows. Gray points
    have gray candidates: gray with alpha is fitted as RGBA, and its palette must be gray.
    """
    nearest = metric.to_colors(summary.coordinates)
    if len(rows) <= _FEW_ROWS and rows.shape[1] <= RGBA:
        nearest = np.concatenate((nearest, metric.lattice.around(rows).reshape(-1, rows.shape[1])))
    candidates = np.concatenate((nearest, rows))
    if rows.shape[1] > GRAY_WITH_ALPHA:
        is_gray = (candidates[:, :3] == candidates[:, :1]).all(axis=1)
        if is_gray[: len(summary.weights)].all():
            candidates = candidates[is_gray]
    return unique_colors(candidates)


def _starts(
    hierarchy: Tree | VectorPoints,
    metric: LatticeMetric,
    rows: npt.NDArray[Any],
    kept_rows: npt.NDArray[Any],
    k: int,
    cost: int,
) -> Iterator[npt.NDArray[Any]]:
    """Yield rows (n <= k, C) from which a search starts: the given ones, and more if the cost is small."""
    yield rows
    more = min(_MAX_STARTS, _WORK_OF_STARTS // (cost * k)) - 1
    if more > 0:
        points = hierarchy.coarsen(_MIN_BOXES, 1)[0]
        for centroids in starts(points, k, more, metric.to_coordinates(kept_rows)):
            moved = metric.to_colors(centroids[:, len(kept_rows) :])
            yield _distinct(np.concatenate((kept_rows, moved)), len(kept_rows))


def _distinct(rows: npt.NDArray[Any], n_fixed: int) -> npt.NDArray[Any]:
    """Return the rows (n, C), without those after the first `n_fixed` that occur before."""
    firsts = np.unique(rows, axis=0, return_index=True)[1]
    kept = np.union1d(firsts, np.arange(n_fixed))
    return rows[kept]


def replace_unused(
    points: PackedPoints | RowColors,
    metric: LatticeMetric,
    rows: npt.NDArray[Any],
    n_fixed: int,
    k: int,
    threads: int = 1,
) -> Fit:
    """Return k different rows, each of which is used, in order, and the labels of the points.

    Unused rows are replaced as by `fastkq.quantization.rounding.replace_unused`, but by the colors of the
    lattice that are nearest to points: to those points whose errors fall most. There are fewer rows if no
    error can fall.
    """
    rows = in_order_after(_distinct(rows, n_fixed), n_fixed)
    nearest: tuple[npt.NDArray[Any], npt.NDArray[np.float64]] | None = None
    for replacement in range(_MAX_REPLACEMENTS):
        labels, distances = points.assign(metric.to_coordinates(rows), threads)
        used = used_rows(labels, len(rows), threads)
        used[:n_fixed] = True
        if used.all() and len(rows) == k:
            break
        if nearest is None:
            nearest = _rounded_points(points, metric)
        rounded, least = nearest
        added = _costliest(rounded, (distances - least) * points.weights, rows[used], k - int(used.sum()))
        if used.all() and len(added) == 0:
            break
        if replacement == _MAX_REPLACEMENTS - 1:
            added = added[:0]
        rows = in_order_after(np.concatenate((rows[used], added)), n_fixed)
    return Fit(rows, labels)


def _rounded_points(
    points: PackedPoints | RowColors, metric: LatticeMetric
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    parts = [
        metric.nearest(points.color_at(np.arange(part.start, part.stop)))
        for part in slices(len(points.weights), _COLORS_AT_ONCE)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _costliest(
    rounded: npt.NDArray[Any], gains: npt.NDArray[np.float64], rows: npt.NDArray[Any], number: int
) -> npt.NDArray[Any]:
    """Return at most `number` different colors (M, C) of the largest gains (M,), which `rows` lack."""
    order = np.argsort(-gains, kind="stable")
    order = order[gains[order] > 0]
    chosen: list[int] = []
    known = set(map(tuple, rows.tolist()))
    for place in order:
        if len(chosen) == number:
            break
        color = tuple(rounded[place].tolist())
        if color not in known:
            known.add(color)
            chosen.append(place)
    return rounded[np.array(chosen, np.intp)]
