"""Palettes for counted colors of either form: packed 8-bit keys, or rows of any dtype."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import metrics
from fastkq.color import packed_table
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import GRAY_WITH_ALPHA, canonical_colors, has_alpha
from fastkq.color.row_table import RowTable
from fastkq.errors import ArgumentError
from fastkq.kmeans import one_dimensional
from fastkq.kmeans.points import MIN_ROWS_FOR_ALPHA, to_counts
from fastkq.quantization import fit_packed, fit_rows, nearest_rows, points
from fastkq.quantization.max_error import fit_within_max_error
from fastkq.quantization.options import FitOptions

_ZERO_WEIGHT_BITS = 30
"""Weights of 16-bit gray levels are at least 2^-30 of the largest, because weights must be positive."""


class Fit(NamedTuple):
    """A fitted palette.

    Attributes
    ----------
    palette : (k, C)
        In the working form of the image.
    labels : (M,) unsigned integers or None
        Nearest palette row of each counted color; None if the colors have not been assigned.
    """

    palette: npt.NDArray[Any]
    labels: npt.NDArray[np.unsignedinteger] | None


def prepare_points(counts: ColorCounts, options: FitOptions) -> points.PreparedPoints | None:
    """Return the data that several fits to the same counts can share, or None if they can share none."""
    counted = counts.counted
    if isinstance(counted, packed_table.PackedTable) and counts.weights is None and options.max_error is None:
        return points.PreparedPoints(counted, options.space, options.threads)
    return None


def fit(counts: ColorCounts, k: int, options: FitOptions, shared: points.PreparedPoints | None = None) -> Fit:
    """Fit a palette of at most k colors to counted colors.

    Parameters
    ----------
    counts
        Counted colors of one or several images.
    k
        Largest number of palette rows.
    options
        Options of the fit.
    shared
        Result of `prepare_points` for the same counts and options; it saves time when several k are fitted.

    Raises
    ------
    ArgumentError
        If `max_error` is given for images other than uint8 with at most 4 channels.
    UnreachableError
        If k rows cannot satisfy `max_error`.
    """
    counted, fixed = counts.counted, options.fixed
    if fixed is not None and fixed.shape[1] > counted.channels:  # opaque image, counted without alpha
        if (fixed[:, -1] == np.iinfo(fixed.dtype).max).all():
            options = options._replace(fixed=np.ascontiguousarray(fixed[:, :-1]))
        else:
            counted, shared = counted.with_alpha(), None
    if isinstance(counted, packed_table.PackedTable):
        return _fit_packed(counted, counts.weights, k, options, shared)
    assert isinstance(counted, RowTable)
    return _fit_rows(counted, counts.weights, k, options)


def distortion(counts: ColorCounts, fitted: Fit, threads: int) -> metrics.Distortion:
    """Return the distortion of the counted images under a palette, without dithering.

    Colors with alpha 0 count as equal.
    """
    colors, rows = counts.working_colors, fitted.palette
    if rows.shape[1] > colors.shape[1]:
        colors = counts.counted.with_alpha().colors
    is_gray_as_rgba = counts.channels == GRAY_WITH_ALPHA and counts.dtype == np.uint8
    channels = [0, 3][: rows.shape[1] - 2] if is_gray_as_rgba else range(rows.shape[1])
    labels = nearest_rows.label(colors, rows, threads) if fitted.labels is None else fitted.labels
    rows = canonical_colors(rows)
    peak = metrics.PEAKS.get(counts.dtype.name)
    measured = metrics.of_colors(colors, counts.counts, rows, labels, channels, peak)
    share = len(channels) / counts.channels
    if share == 1:
        return measured
    # An opaque image was counted without alpha: that channel has no error, but it counts in the mean. (Gray
    # with alpha is measured in two channels of RGBA.)
    return metrics.Distortion(measured.mse * share, measured.psnr - 10 * math.log10(share))


def _fit_packed(
    counted: packed_table.PackedTable,
    weights: npt.NDArray[np.float64] | None,
    k: int,
    options: FitOptions,
    shared: points.PreparedPoints | None,
) -> Fit:
    fixed, max_error, min_share, space, effort, threads = options
    if max_error is None:
        fitted = fit_packed.fit(
            counted, k, effort, threads, fixed=fixed, weights=weights, space=space, prepared=shared
        )
    else:
        bounds = {"max_error": max_error, "min_share": min_share}
        fitted = fit_within_max_error(
            counted, k, effort, threads, **bounds, fixed=fixed, weights=weights, space=space
        )
    return Fit(*fitted)


def _fit_rows(counted: RowTable, weights: npt.NDArray[np.float64] | None, k: int, options: FitOptions) -> Fit:
    fixed, max_error, _, _, effort, threads = options
    if max_error is not None:
        raise ArgumentError(
            f"expected an image of uint8 with at most 4 channels for max_error, got {counted.colors.dtype} "
            f"with {counted.colors.shape[1]} channels"
        )
    point_weights = counted.counts.astype(np.float64) if weights is None else weights
    if counted.colors.dtype == np.uint16 and counted.colors.shape[1] == 1:
        rows = _fit_levels(counted.colors, point_weights, k, fixed)
    else:
        fixed_rows = _with_transparent(counted.colors, k, fixed)
        rows = fit_rows.fit(counted.colors, point_weights, k, effort, threads, fixed=fixed_rows)
    return Fit(rows, None)  # the pixels are mapped directly: labels of the colors would save no time


def _with_transparent(
    colors: npt.NDArray[Any], k: int, fixed: npt.NDArray[Any] | None
) -> npt.NDArray[Any] | None:
    """Return the fixed rows, plus the transparent color if the image has it and k leaves 2 or more free rows.

    As a fixed row it stays exactly transparent. Its position in the palette does not change: rows that are
    not fixed are sorted by alpha, so it would be the first of them anyway.
    """
    rows = colors[:0] if fixed is None else fixed
    if not has_alpha(colors.dtype, colors.shape[1]) or k < max(MIN_ROWS_FOR_ALPHA, len(rows) + 2):
        return fixed
    if colors[:, -1].min() > 0 or (len(rows) and rows[:, -1].min() == 0):
        return fixed
    return np.concatenate((rows, np.zeros((1, colors.shape[1]), colors.dtype)))


def _fit_levels(
    levels: npt.NDArray[Any], weights: npt.NDArray[np.float64], k: int, fixed: npt.NDArray[Any] | None
) -> npt.NDArray[Any]:
    """Return the rows (k, 1) of least squared error for 16-bit gray levels (M, 1), fixed ones first."""
    fixed_levels = levels[:0] if fixed is None else fixed
    positive = np.maximum(weights, np.ldexp(weights.max(), -_ZERO_WEIGHT_BITS))
    fitted_levels = one_dimensional.fit(levels[:, 0], to_counts(positive), k, fixed=fixed_levels[:, 0])
    return np.concatenate((fixed_levels, fitted_levels[~np.isin(fitted_levels, fixed_levels)][:, np.newaxis]))
