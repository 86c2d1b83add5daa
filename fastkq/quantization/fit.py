"""Fit palettes to counted colors."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import metrics
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import GRAY_WITH_ALPHA, RGBA, canonical_colors
from fastkq.color.packed_table import PackedTable
from fastkq.color.table import ColorTable
from fastkq.errors import ArgumentError
from fastkq.kmeans import one_dimensional
from fastkq.kmeans.fit import fit as fit_centroids
from fastkq.kmeans.plans import plan_of
from fastkq.kmeans.points import to_counts
from fastkq.quantization.max_error import fit_within_max_error
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
from fastkq.runtime.options import term


def fit(
    counts: ColorCounts, k: int, options: FitOptions, prepared: PackedColors | RowColors | None = None
) -> Fit:
    """Fit a palette of at most k colors to counted colors.

    Parameters
    ----------
    counts
        Counted colors of one or several images.
    k
        Largest number of palette rows.
    options
        Options of the fit.
    prepared
        Result of `prepare_colors` for the same counts and options; it saves time when several k are fitted.

    Raises
    ------
    ArgumentError
        If `max_error` is given for images other than uint8 with at most 4 channels.
    UnreachableError
        If k rows cannot satisfy `max_error`.
    """
    table, options = _match_alpha(counts.counted, options)
    if options.max_error is None:
        return fit_table(table, k, options, counts.weights, prepared)
    if not isinstance(table, PackedTable):
        raise ArgumentError(
            "expected an image of uint8 with at most {} channels for {}, got {} with {} channels",
            RGBA, term("max_error"), table.dtype, table.channels,
        )  # fmt: skip
    return fit_within_max_error(table, k, options, counts.weights, fit_table)


def prepare_colors(counts: ColorCounts, options: FitOptions) -> PackedColors | RowColors | None:
    """Return the data that several fits to the same counts can share, or None if they can share none."""
    if counts.weights is not None or options.max_error is not None:
        return None
    return _prepare(*_match_alpha(counts.counted, options))


def _match_alpha(table: ColorTable, options: FitOptions) -> tuple[ColorTable, FitOptions]:
    """Return a table and fixed colors with the same channels: an opaque image is counted without alpha."""
    fixed = options.fixed
    if fixed is None or fixed.shape[1] == table.channels:
        return table, options
    if (fixed[:, -1] == np.iinfo(fixed.dtype).max).all():
        return table, options._replace(fixed=np.ascontiguousarray(fixed[:, :-1]))
    return table.with_alpha(), options


def _fixed_rows(table: ColorTable, options: FitOptions) -> npt.NDArray[Any]:
    return np.empty((0, table.channels), table.dtype) if options.fixed is None else options.fixed


def _prepare(table: ColorTable, options: FitOptions) -> PackedColors | RowColors:
    return prepare(table, table.metric(options.space, _fixed_rows(table, options)), options.threads)


def fit_table(
    table: ColorTable,
    k: int,
    options: FitOptions,
    weights: npt.NDArray[np.float64] | None = None,
    prepared: PackedColors | RowColors | None = None,
) -> Fit:
    """Fit a palette of exactly min(k, distinct colors) different colors, without a maximum error.

    For gray images of integers it has the least possible squared error, at every effort.

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
        return _fit(prepared or _prepare(table, options), k, options)
    weighted = weigh(table, weights, k)
    fitted = _fit(_prepare(weighted, options), k, options)
    if len(weighted) == len(table):
        return fitted
    palette, n_fixed = fitted.palette, len(_fixed_rows(table, options))
    if len(palette) < k:
        others, around = table.without(weighted.colors), options._replace(fixed=palette)
        palette = in_order_after(_fit(_prepare(others, around), k, around).palette, n_fixed)
    return _labeled(_prepare(table, options), palette, options)


def _labeled(prepared: PackedColors | RowColors, palette: npt.NDArray[Any], options: FitOptions) -> Fit:
    if not prepared.wants_labels:
        return Fit(palette, None)
    return Fit(palette, label(prepared.table, palette, options.threads, options.space).labels)


def _fit(prepared: PackedColors | RowColors, k: int, options: FitOptions) -> Fit:
    """Return palette and labels, as `fit_table` does without weights."""
    table = prepared.table
    fixed = _fixed_rows(table, options)
    others = table.without(fixed)
    if k >= len(fixed) + len(others):
        return _labeled(prepared, np.concatenate((fixed, in_order(others.colors))), options)
    if k == len(fixed):
        return _labeled(prepared, fixed, options)
    if table.channels == 1 and table.dtype.kind == "u" and options.space == "rgb":
        levels = one_dimensional.fit(
            table.colors[:, 0], to_counts(table.counts.astype(np.float64)), k, fixed=fixed[:, 0]
        )
        palette = np.concatenate((fixed, levels[~np.isin(levels, fixed)][:, np.newaxis]))
        return _labeled(prepared, palette, options)
    cells = prepared.cells(k)
    if cells is not None:
        palette = _fit_points(prepared, cells, k, options).palette
        labeled = label(table, palette, options.threads, options.space)
        if labeled.used[len(fixed) :].all():
            return Fit(palette, labeled.labels)
    palette, labels = _fit_points(prepared, prepared.colors, k, options)
    return Fit(palette, labels if labels is None else prepared.in_table_order(labels))


def _fit_points(
    prepared: PackedColors | RowColors, points: PackedPoints | RowColors, k: int, options: FitOptions
) -> Fit:
    """Fit centroids, round them and replace unused rows; return the palette and the labels of the points."""
    table, metric, threads = prepared.table, prepared.metric, options.threads
    fixed = _fixed_rows(table, options)
    plan = plan_of(options.effort, table.channels, is_rounded=table.dtype == np.uint8)
    held, hierarchy = with_transparent(table, fixed, k), points.hierarchy(k, threads)
    centroids = fit_centroids(hierarchy, metric.to_coordinates(held), k, plan, threads)
    palette = round_centroids(hierarchy.points, metric, centroids, held, plan.roundings, threads)
    return replace_unused(points, palette, len(fixed), threads)


def distortion(counts: ColorCounts, fitted: Fit, threads: int) -> metrics.Distortion:
    """Return the distortion of the counted images under a palette, without dithering.

    Colors with alpha 0 count as equal.
    """
    colors, rows = counts.working_colors, fitted.palette
    if rows.shape[1] > colors.shape[1]:
        colors = counts.counted.with_alpha().colors
    is_gray_as_rgba = counts.channels == GRAY_WITH_ALPHA and counts.dtype == np.uint8
    channels = [0, 3][: rows.shape[1] - 2] if is_gray_as_rgba else range(rows.shape[1])
    labels = label(counts.counted, rows, threads).labels if fitted.labels is None else fitted.labels
    rows = canonical_colors(rows)
    peak = metrics.PEAKS.get(counts.dtype.name)
    measured = metrics.of_colors(colors, counts.counts, rows, labels, channels, peak)
    share = len(channels) / counts.channels
    if share == 1:
        return measured
    # An opaque image was counted without alpha: that channel has no error, but it counts in the mean. (Gray
    # with alpha is measured in two channels of RGBA.)
    return metrics.Distortion(measured.mse * share, measured.psnr - 10 * math.log10(share))
