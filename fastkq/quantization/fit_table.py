"""Fit palettes to tables of colors, without a maximum error."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.lattice import LatticeMetric
from fastkq.color.table import ColorTable
from fastkq.kmeans import discrete_levels, one_dimensional
from fastkq.kmeans.fit import fit as fit_centroids
from fastkq.kmeans.plans import plan_of
from fastkq.quantization import lattice_fit
from fastkq.quantization.nearest import label
from fastkq.quantization.options import FitOptions
from fastkq.quantization.points import PackedColors, PackedPoints, RowColors, prepare, weigh
from fastkq.quantization.rounding import (
    Fit,
    in_order,
    in_order_after,
    replace_unused,
    round_centroids,
    with_transparent,
)

_MAX_RANGE = 65535  # difference of gray levels up to which the optimal palette is computed


def fixed_rows(table: ColorTable, options: FitOptions) -> npt.NDArray[Any]:
    """Return the fixed colors (f, C), f = 0 if there are none."""
    return np.empty((0, table.channels), table.dtype) if options.fixed is None else options.fixed


def prepare_table(table: ColorTable, options: FitOptions) -> PackedColors | RowColors:
    """Prepare a table for fits with these options; the fixed colors have the channels of the table."""
    metric = table.metric(options.space, fixed_rows(table, options), options.value_range)
    if options.lattice is not None:
        return prepare(table, LatticeMetric(metric, options.lattice), options.threads)
    return prepare(table, metric, options.threads)


def fit_table(
    table: ColorTable,
    k: int,
    options: FitOptions,
    weights: npt.NDArray[np.float64] | None = None,
    prepared: PackedColors | RowColors | None = None,
) -> Fit:
    """Fit a palette of exactly min(k, distinct colors) different colors, without a maximum error.

    For gray images of integers with a range of at most 16 bits it has the least possible squared error, at
    every effort.

    Parameters
    ----------
    table : ColorTable
        The distinct colors and their counts.
    k : int
        Largest number of palette rows.
    options : FitOptions
        At most k fixed colors, of the channels of the table: the palette holds them even if no pixel uses
        them. They count as colors of the image.
    weights : (M,) float64, optional
        Weights of the squared errors, in place of the counts: finite, at least 0, not all 0. Colors of weight
        0 get rows only if fewer than k others exist, or if opacity requires it.
    prepared : optional
        Prepared colors of the same table and options, shared by several fits.

    Returns
    -------
    Fit
        The palette has the fixed colors in the given order, then the others in the order of
        `fastkq.quantization.rounding.in_order`. Each row that is not fixed is the nearest row of some color.
        The labels are in the order of the table.

    Notes
    -----
    For k of 3 or more, transparent colors get transparent rows and opaque colors of 8-bit RGBA get opaque
    rows, as long as the fixed colors leave a free row for each kind that they do not contain.
    """
    if weights is None:
        return _fit(prepared or prepare_table(table, options), k, options)
    weighted = weigh(table, weights, k)
    fitted = _fit(prepare_table(weighted, options), k, options)
    if len(weighted) == len(table):
        return fitted
    palette, n_fixed = fitted.palette, len(fixed_rows(table, options))
    if len(palette) < k:
        others, with_fixed = table.without(weighted.colors), options._replace(fixed=palette)
        palette = in_order_after(_fit(prepare_table(others, with_fixed), k, with_fixed).palette, n_fixed)
    return _labeled(table, palette, options)


def _labeled(table: ColorTable, palette: npt.NDArray[Any], options: FitOptions) -> Fit:
    if not table.maps_by_look_up and options.space == "rgb":
        return Fit(palette, None)
    return Fit(palette, label(table, palette, options.threads, options.space, options.value_range).labels)


def _fit(prepared: PackedColors | RowColors, k: int, options: FitOptions) -> Fit:
    """Return palette and labels, as `fit_table` does without weights."""
    table = prepared.table
    fixed = fixed_rows(table, options)
    others = other_rows(prepared, fixed, k)
    if others is not None:
        return _labeled(table, np.concatenate((fixed, in_order(others))), options)
    if k == len(fixed):
        return _labeled(table, fixed, options)
    lattice = options.lattice
    has_few_levels = lattice is None or 1 << lattice.bits[0] <= discrete_levels.MAX_LEVELS
    if options.space == "rgb" and _is_one_dimensional(table, fixed) and has_few_levels:
        levels = _fit_levels(table, k, fixed[:, 0], options)
        palette = np.concatenate((fixed, levels[~np.isin(levels, fixed)][:, np.newaxis]))
        return _labeled(table, palette, options)
    cells = prepared.cells(k)
    if cells is not None:
        palette = _fit_points(prepared, cells, k, options).palette
        labeled = label(table, palette, options.threads, options.space, options.value_range)
        if len(palette) == k and labeled.used[len(fixed) :].all():
            return Fit(palette, labeled.labels)
    palette, labels = _fit_points(prepared, prepared.colors, k, options)
    return (
        _labeled(table, palette, options) if labels is None else Fit(palette, prepared.in_table_order(labels))
    )


def _is_one_dimensional(table: ColorTable, fixed: npt.NDArray[Any]) -> bool:
    """Return whether colors are gray levels of integers whose range is at most that of 16 bits."""
    if table.channels != 1 or table.dtype.kind not in "iu":
        return False
    if table.dtype.itemsize <= 2:
        return True
    levels = np.concatenate((table.colors[[0, -1]], fixed))
    return int(levels.max()) - int(levels.min()) <= _MAX_RANGE


def _fit_points(
    prepared: PackedColors | RowColors, points: PackedPoints | RowColors, k: int, options: FitOptions
) -> Fit:
    """Fit centroids, round them and replace unused rows; return the palette and the labels of the points."""
    table, metric, threads = prepared.table, prepared.metric, options.threads
    fixed = fixed_rows(table, options)
    plan = plan_of(options.effort, table.channels, is_rounded=table.dtype == np.uint8)
    kept_rows, hierarchy = with_transparent(table, fixed, k), points.hierarchy(k, threads)
    centroids = fit_centroids(hierarchy, metric.to_coordinates(kept_rows), k, plan, threads)
    if isinstance(metric, LatticeMetric):
        rows = lattice_fit.search(hierarchy, metric, centroids, kept_rows, plan, options.effort, threads)
        centroids = metric.to_coordinates(rows)
        palette = round_centroids(hierarchy.points, metric, centroids, kept_rows, 8, threads)
        return lattice_fit.replace_unused(points, metric, palette, len(fixed), k, threads)
    palette = round_centroids(hierarchy.points, metric, centroids, kept_rows, plan.roundings, threads)
    return replace_unused(points, metric, palette, len(fixed), threads)


def other_rows(
    prepared: PackedColors | RowColors, fixed: npt.NDArray[Any], k: int | None = None
) -> npt.NDArray[Any] | None:
    """Return the rows that, beside the fixed ones, make the error as small as it can be.

    These are the other colors of the table, or the colors of a lattice that are nearest to them. Returns None
    if they and the fixed rows are more than k.
    """
    if isinstance(prepared.metric, LatticeMetric):
        rows = lattice_fit.usable_rows(prepared, fixed)
        return rows if k is None or len(fixed) + len(rows) <= k else None
    if k is not None and k < prepared.table.distinct_with(fixed):
        return None
    return prepared.table.without(fixed).colors


def _fit_levels(table: ColorTable, k: int, fixed: npt.NDArray[Any], options: FitOptions) -> npt.NDArray[Any]:
    """Return the best k gray levels, ascending; they contain the fixed ones (f,)."""
    values = table.colors[:, 0]
    if options.lattice is None:
        return one_dimensional.fit(values, table.counts, k, fixed=fixed)
    levels = options.lattice.levels(0).astype(table.dtype)
    return discrete_levels.fit(values, table.counts, k, levels, fixed=fixed)
