"""Fit palettes to tables of colors, without a maximum error."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.table import ColorTable
from fastkq.kmeans import one_dimensional
from fastkq.kmeans.fit import fit as fit_centroids
from fastkq.kmeans.plans import plan_of
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
    return prepare(table, table.metric(options.space, fixed_rows(table, options)), options.threads)


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
    if not table.maps_by_look_up:
        return Fit(palette, None)
    return Fit(palette, label(table, palette, options.threads, options.space).labels)


def _fit(prepared: PackedColors | RowColors, k: int, options: FitOptions) -> Fit:
    """Return palette and labels, as `fit_table` does without weights."""
    table = prepared.table
    fixed = fixed_rows(table, options)
    if k >= table.distinct_with(fixed):
        return _labeled(table, np.concatenate((fixed, in_order(table.without(fixed).colors))), options)
    if k == len(fixed):
        return _labeled(table, fixed, options)
    if options.space == "rgb" and _is_one_dimensional(table, fixed):
        levels = one_dimensional.fit(table.colors[:, 0], table.counts, k, fixed=fixed[:, 0])
        palette = np.concatenate((fixed, levels[~np.isin(levels, fixed)][:, np.newaxis]))
        return _labeled(table, palette, options)
    cells = prepared.cells(k)
    if cells is not None:
        palette = _fit_points(prepared, cells, k, options).palette
        labeled = label(table, palette, options.threads, options.space)
        if labeled.used[len(fixed) :].all():
            return Fit(palette, labeled.labels)
    palette, labels = _fit_points(prepared, prepared.colors, k, options)
    return Fit(palette, labels if labels is None else prepared.in_table_order(labels))


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
    palette = round_centroids(hierarchy.points, metric, centroids, kept_rows, plan.roundings, threads)
    return replace_unused(points, metric, palette, len(fixed), threads)
