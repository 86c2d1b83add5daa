"""Palettes for counted 8-bit colors, and their constraints: fixed colors, weights, opacity."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_table
from fastkq.color.spaces import Space, to_coordinates
from fastkq.kmeans import one_dimensional
from fastkq.kmeans.coarsening import Tree
from fastkq.kmeans.fit import centroids
from fastkq.kmeans.plans import PLANS, Plan
from fastkq.kmeans.points import MIN_ROWS_FOR_ALPHA, to_counts
from fastkq.quantization import nearest_packed
from fastkq.quantization.points import PreparedPoints, are_opaque_colors, in_counted_order
from fastkq.quantization.rounding import Fitted, fill, in_order, round_centroids
from fastkq.runtime.validation import Effort

_MAX_COLORS = 1 << 18
_COLORS_PER_CENTROID = 256
"""If there are more than `_MAX_COLORS` colors and more than this number per centroid, the palette is fitted
to cells of colors."""


def fit(
    counted: packed_table.PackedTable,
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    fixed: npt.NDArray[np.uint8] | None = None,
    weights: npt.NDArray[np.float64] | None = None,
    space: Space = "rgb",
    prepared: PreparedPoints | None = None,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Fit a palette of exactly min(k, distinct colors) different colors.

    For gray images it has the least possible squared error, at every effort.

    Parameters
    ----------
    counted : PackedTable
        The distinct colors and their counts.
    k : int
        Largest number of palette rows.
    effort : {"fast", "balanced", "best"}
        Amount of search.
    threads : int
        Number of threads. The result does not depend on it.
    fixed : (f, C) uint8, optional
        At most k different colors that the palette holds even if no pixel uses them. They count as colors of
        the image.
    weights : (M,) float64, optional
        Weights of the squared errors, in place of the counts: finite, at least 0, not all 0. Colors of weight
        0 get rows only if fewer than k others exist, or if opacity requires it.
    space : {"rgb", "oklab"}
        Space in which distances are measured, see `fastkq.color.spaces`.
    prepared : PreparedPoints, optional
        Data of the same colors and space, shared by several fits.

    Returns
    -------
    palette : (min(k, distinct colors), C) uint8
        The fixed colors in the given order, then the others in the order of
        `fastkq.quantization.rounding.in_order`. Each row that is not fixed is the nearest row of some color.
    labels : (M,) integers
        Nearest row of each color; the lowest index among equals.

    Notes
    -----
    For k of 3 or more, transparent colors of RGBA get transparent rows and opaque colors get opaque rows, as
    long as the fixed colors leave a free row for each kind that they do not contain.
    """
    settings = _Settings(PLANS[effort], threads, space)
    if fixed is None:
        fixed = np.empty((0, counted.channels), np.uint8)
    if weights is None:
        return _fit(prepared or PreparedPoints(counted, space, threads), fixed, k, settings)
    weighted = weigh(counted, weights, k)
    palette, labels = _fit(PreparedPoints(weighted, space, threads), fixed, k, settings)
    if len(weighted.keys) == len(counted.keys):
        return palette, labels
    if len(palette) < k:
        others = counted.without(weighted.colors)
        palette, _ = _fit(PreparedPoints(others, space, threads), palette, k, settings)
        palette = np.concatenate((fixed, in_order(palette[len(fixed) :])))
    return palette, nearest_packed.label(counted, palette, threads, space).labels


def weigh(
    counted: packed_table.PackedTable, weights: npt.NDArray[np.float64], k: int
) -> packed_table.PackedTable:
    """Return the table of the colors of positive weight, with the weights (M,) as integer counts.

    For RGBA and k of 3 or more, the transparent color and at least one opaque color stay in the table with a
    weight of at least 1, so that the palette gets rows for them.
    """
    has_weight = weights > 0
    counts = np.ones(len(weights), np.int64)
    counts[has_weight] = to_counts(weights[has_weight])
    if counted.channels == 4 and k >= MIN_ROWS_FOR_ALPHA:
        has_weight = has_weight | (counted.keys == 0)
        opaque = are_opaque_colors(counted)
        if opaque.any() and not has_weight[opaque].any():
            has_weight[np.argmax(np.where(opaque, counted.counts, 0))] = True
    return counted.select(has_weight, counts[has_weight])


class _Settings(NamedTuple):
    """Settings of a fit that do not depend on the colors."""

    plan: Plan
    threads: int
    space: Space


def _fit(
    prepared: PreparedPoints, fixed: npt.NDArray[np.uint8], k: int, settings: _Settings
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Return palette and labels, as `fit` does without weights."""
    counted = prepared.counted
    others = counted.without(fixed)
    if k >= len(fixed) + len(others.keys):
        palette = np.concatenate((fixed, in_order(others.colors)))
        return palette, nearest_packed.label(counted, palette, settings.threads, settings.space).labels
    if k == len(fixed):
        return fixed, nearest_packed.label(counted, fixed, settings.threads, settings.space).labels
    if counted.channels == 1 and settings.space == "rgb":
        levels = one_dimensional.fit(counted.colors[:, 0], counted.counts, k, fixed=fixed[:, 0])
        palette = np.concatenate((fixed, levels[~np.isin(levels, fixed)][:, np.newaxis]))
        return palette, nearest_packed.label(counted, palette, settings.threads).labels
    if len(counted.keys) > max(_MAX_COLORS, _COLORS_PER_CENTROID * k):
        palette = _fit_tree(prepared.cells, fixed, _with_transparent(others, fixed, k), k, settings).palette
        labels, used = nearest_packed.label(counted, palette, settings.threads, settings.space)
        if used[len(fixed) :].all():
            return palette, labels
    palette, point_labels = _fit_tree(
        prepared.colors, fixed, _with_transparent(others, fixed, k), k, settings
    )
    return palette, in_counted_order(counted, point_labels)


def _with_transparent(
    others: packed_table.PackedTable, fixed: npt.NDArray[np.uint8], k: int
) -> npt.NDArray[np.uint8]:
    """Return the rows that k-means must not move: the fixed ones, and the transparent color if RGBA has it.

    The transparent color must stay exactly transparent.
    """
    if others.channels == 4 and k >= MIN_ROWS_FOR_ALPHA and len(others.keys) and others.keys[0] == 0:
        return np.concatenate((fixed, np.zeros((1, 4), np.uint8)))
    return fixed


def _fit_tree(
    tree: Tree, fixed: npt.NDArray[np.uint8], fixed_rows: npt.NDArray[np.uint8], k: int, settings: _Settings
) -> Fitted:
    """Fit centroids, round them and replace unused rows; return the palette and the labels of the points."""
    plan, threads, space = settings
    points = tree.points
    unrounded = centroids(tree, to_coordinates(fixed_rows, space), k, plan, threads)
    palette = round_centroids(points, unrounded, fixed_rows, plan.roundings, threads, space)
    return fill(points, palette, len(fixed), k, threads, space)
