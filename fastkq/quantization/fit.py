"""Fit palettes to the counted colors of images, and measure the result."""

import math

import numpy as np

from fastkq import metrics
from fastkq.color import hidden_colors
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import GRAY_WITH_ALPHA, RGBA, canonical_colors
from fastkq.color.packed_table import PackedTable
from fastkq.color.table import ColorTable
from fastkq.errors import ArgumentError
from fastkq.quantization import lattice_fit
from fastkq.quantization.black_white import with_black_white
from fastkq.quantization.fit_table import fit_table, fixed_rows, prepare_table
from fastkq.quantization.max_error import fit_within_max_error
from fastkq.quantization.nearest import label
from fastkq.quantization.options import FitOptions
from fastkq.quantization.points import PackedColors, RowColors
from fastkq.quantization.rounding import Fit
from fastkq.runtime.options import MAX_COLORS, term


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
    table, options = _match_alpha(counts.counted if prepared is None else prepared.table, options)
    options = with_black_white(table, counts.weights, k, options)
    if options.max_error is None:
        fitted = fit_table(table, k, options, counts.weights, prepared)
    elif isinstance(table, PackedTable):
        fitted = fit_within_max_error(table, k, options, counts.weights)
    else:
        raise ArgumentError(
            "expected an image of uint8 with at most {} channels for {}, got {} with {} channels",
            RGBA, term("max_error"), table.dtype, table.channels,
        )  # fmt: skip
    n_fixed, hidden = len(fixed_rows(table, options)), counts.transparent_color
    if hidden is not None and options.lattice is not None:
        hidden = options.lattice.round(hidden[np.newaxis])[0]
    return fitted._replace(palette=hidden_colors.with_hidden_color(fitted.palette, hidden, n_fixed))


def prepare_colors(counts: ColorCounts, options: FitOptions) -> PackedColors | RowColors | None:
    """Return the data that several fits to the same counts can share, or None if they can share none."""
    if counts.weights is not None or options.max_error is not None:
        return None
    return prepare_table(*_match_alpha(counts.counted, options))


def _match_alpha(table: ColorTable, options: FitOptions) -> tuple[ColorTable, FitOptions]:
    """Return a table and fixed colors with the same channels: an opaque image is counted without alpha."""
    fixed, lattice = options.fixed, options.lattice
    if fixed is not None and fixed.shape[1] != table.channels:
        if (fixed[:, -1] == np.iinfo(fixed.dtype).max).all():
            options = options._replace(fixed=np.ascontiguousarray(fixed[:, :-1]))
        else:
            table = table.with_alpha()
    if lattice is not None:
        options = options._replace(lattice=lattice.of_channels(table.channels))
    return table, options


def distinct_colors(counts: ColorCounts, options: FitOptions) -> int:
    """Return the number of distinct colors of the images and the fixed colors together.

    With a lattice, that is the largest number of rows: the fixed ones, and the nearest colors of the lattice.
    """
    table, options = _match_alpha(counts.counted, options)
    options = with_black_white(table, counts.weights, MAX_COLORS, options)
    fixed = fixed_rows(table, options)
    if options.lattice is None:
        return table.distinct_with(fixed)
    return len(fixed) + len(lattice_fit.usable_rows(prepare_table(table, options), fixed))


def distortion(counts: ColorCounts, fitted: Fit, threads: int) -> metrics.Distortion:
    """Return the distortion of the counted images under a palette, without dithering.

    Colors with alpha 0 count as equal.
    """
    table, colors, rows = counts.counted, counts.working_colors, fitted.palette
    if rows.shape[1] > table.channels:
        table = table.with_alpha()
        colors = table.colors
    is_gray_as_rgba = counts.channels == GRAY_WITH_ALPHA and counts.dtype == np.uint8 and counts.has_alpha
    channels = [0, 3][: rows.shape[1] - 2] if is_gray_as_rgba else range(rows.shape[1])
    if counts.kind.is_plain:
        channels = range(counts.channels)  # without the zeros of the working form
    labels = label(table, rows, threads).labels if fitted.labels is None else fitted.labels
    rows = canonical_colors(rows)
    peak = metrics.PEAKS.get(counts.dtype.name)
    measured = metrics.of_colors(colors, counts.counts, rows, labels, channels, peak)
    share = len(channels) / counts.channels
    if share == 1:
        return measured
    # An opaque image was counted without alpha: that channel has no error, but it counts in the mean. (Gray
    # with alpha is measured in two channels of RGBA.)
    return metrics.Distortion(measured.mse * share, measured.psnr - 10 * math.log10(share))
