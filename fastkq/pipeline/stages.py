"""Fit and map, whatever kind of data it is: here it is decided which stage has which."""

import math
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import assignment, dither, mapping, metrics, palette
from fastkq.color import packed_table
from fastkq.color.color_counts import ColourCounts
from fastkq.color.kinds import GRAY_WITH_ALPHA, RGBA, has_alpha, visible, without_alpha
from fastkq.color.packed_counting import MOST_RGBA_COLOURS
from fastkq.color.row_table import RowTable
from fastkq.color.spaces import LEAST_ROWS_FOR_ALPHA, Space
from fastkq.color.table import ColorTable, channels_of, count_up_to, with_alpha
from fastkq.errors import ArgumentError
from fastkq.palette import Prepared, general, grayscale
from fastkq.palette.weights import to_counts
from fastkq.pipeline.options import Dithering, FitOptions
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import rows_per_band, stage

_OPAQUE = 255
_WEIGHTLESS = 30
"""Bits by which a weight of 0 is below the largest, where one has to be positive."""


class Fit(NamedTuple):
    """A palette (k, C) in the working form, and the row of each counted colour, (M,), where that is known."""

    palette: npt.NDArray[Any]
    labels: npt.NDArray[np.unsignedinteger] | None


def prepared(counts: ColourCounts, options: FitOptions) -> Prepared | None:
    """What several fits to the same counts can share."""
    counted = counts.counted
    if isinstance(counted, packed_table.PackedTable) and counts.weights is None and options.max_error is None:
        return Prepared(counted, options.space, options.threads)
    return None


def fit(counts: ColourCounts, k: int, options: FitOptions, shared: Prepared | None = None) -> Fit:
    """A palette of at most k colours for counted colours; `shared` is what `prepared` gave."""
    counted, fixed = counts.counted, options.fixed
    if fixed is not None and fixed.shape[1] > channels_of(counted):  # opaque, and counted without alpha
        if (fixed[:, -1] == np.iinfo(fixed.dtype).max).all():
            options = options._replace(fixed=np.ascontiguousarray(fixed[:, :-1]))
        else:
            counted, shared = with_alpha(counted), None
    if isinstance(counted, packed_table.PackedTable):
        return _fit_histogram(counted, counts.weights, k, options, shared)
    return _fit_distinct(counted, counts.weights, k, options)


def mapping_stage(dithering: Dithering) -> AbstractContextManager[None]:
    """The last stage of all, by its name."""
    return stage("dithering" if dithering.strength > 0 else "mapping", each=0.7)


def indices_of(
    pixels: npt.NDArray[Any], counted: ColorTable, fitted: Fit, dithering: Dithering, options: FitOptions
) -> npt.NDArray[np.unsignedinteger]:
    """The index (H, W) of every pixel of an image in its working form, all of whose colours were fitted."""
    if dithering.strength > 0:
        return dithered(pixels, fitted.palette, dithering, options.threads)
    if isinstance(counted, packed_table.PackedTable):
        assert fitted.labels is not None
        return mapping.map_colours(pixels, counted, fitted.labels, len(fitted.palette), options.threads)
    return assignment.map_image(_without(pixels, fitted.palette), fitted.palette, options.threads)


def indices_for(
    pixels: npt.NDArray[Any], rows: npt.NDArray[Any], dithering: Dithering, space: Space, threads: int
) -> npt.NDArray[np.unsignedinteger]:
    """The same for a palette (k, C) in the working form that was given."""
    if dithering.strength > 0:
        return dithered(pixels, rows, dithering, threads)
    counted = count_up_to(pixels, MOST_RGBA_COLOURS, threads)
    if counted is None:
        return mapping.map_pixels(pixels, rows, threads, space)
    if isinstance(counted, packed_table.PackedTable):
        alike = with_alpha(counted) if rows.shape[1] == RGBA else counted
        assert isinstance(alike, packed_table.PackedTable)
        labels = mapping.label(alike, rows, threads, space).labels
        return mapping.map_colours(pixels, counted, labels, len(rows), threads)
    return assignment.map_image(pixels, rows, threads)


def distortion(counts: ColourCounts, fitted: Fit, threads: int) -> metrics.Distortion:
    """That of the counted images with a palette, undithered; colours under alpha 0 are equal."""
    colours, rows = counts.working_colours, fitted.palette
    if rows.shape[1] > colours.shape[1]:
        colours = with_alpha(counts.counted).colours
    is_gray_as_rgba = counts.channels == GRAY_WITH_ALPHA and counts.dtype == np.uint8
    channels = [0, 3][: rows.shape[1] - 2] if is_gray_as_rgba else range(rows.shape[1])
    labels = assignment.label(colours, rows, threads) if fitted.labels is None else fitted.labels
    rows = visible(rows)
    peak = metrics.PEAKS.get(counts.dtype.name)
    found = metrics.of_colours(colours, counts.counts, rows, labels, channels, peak)
    share = len(channels) / counts.channels
    if share == 1:
        return found
    # Opaque: nothing is off in the alpha.
    return metrics.Distortion(found.mse * share, found.psnr - 10 * math.log10(share))


def _fit_histogram(
    counted: packed_table.PackedTable,
    weights: npt.NDArray[np.float64] | None,
    k: int,
    options: FitOptions,
    shared: Prepared | None,
) -> Fit:
    fixed, max_error, min_share, space, effort, threads = options
    if max_error is None:
        found = palette.fit(
            counted, k, effort, threads, fixed=fixed, weights=weights, space=space, prepared=shared
        )
    else:
        bounds = {"max_error": max_error, "min_share": min_share}
        found = palette.within(
            counted, k, effort, threads, **bounds, fixed=fixed, weights=weights, space=space
        )
    return Fit(*found)


def _fit_distinct(
    counted: RowTable, weights: npt.NDArray[np.float64] | None, k: int, options: FitOptions
) -> Fit:
    fixed, max_error, _, _, effort, threads = options
    if max_error is not None:
        raise ArgumentError(
            f"expected an image of uint8 with at most 4 channels for max_error, got {counted.colours.dtype} "
            f"with {counted.colours.shape[1]} channels"
        )
    weighed = counted.counts.astype(np.float64) if weights is None else weights
    if counted.colours.dtype == np.uint16 and counted.colours.shape[1] == 1:
        rows = _fit_levels(counted.colours, weighed, k, fixed)
    else:
        held = _with_transparent(counted.colours, k, fixed)
        rows = general.fit(counted.colours, weighed, k, effort, threads, fixed=held)
    return Fit(rows, None)  # pixels are mapped as fast as that many colours are labelled


def _with_transparent(
    colours: npt.NDArray[Any], k: int, fixed: npt.NDArray[Any] | None
) -> npt.NDArray[Any] | None:
    """The fixed rows and, so that it stays transparent, the transparent one, where there is room for more.

    It would come first among the others anyway: they are in the order of alpha.
    """
    known = colours[:0] if fixed is None else fixed
    if not has_alpha(colours.dtype, colours.shape[1]) or k < max(LEAST_ROWS_FOR_ALPHA, len(known) + 2):
        return fixed
    if colours[:, -1].min() > 0 or (len(known) and known[:, -1].min() == 0):
        return fixed
    return np.concatenate((known, np.zeros((1, colours.shape[1]), colours.dtype)))


def _fit_levels(
    levels: npt.NDArray[Any], weights: npt.NDArray[np.float64], k: int, fixed: npt.NDArray[Any] | None
) -> npt.NDArray[Any]:
    """The best rows (k, 1) for gray levels (M, 1)."""
    known = levels[:0] if fixed is None else fixed
    positive = np.maximum(weights, np.ldexp(weights.max(), -_WEIGHTLESS))
    found = grayscale.fit(levels[:, 0], to_counts(positive), k, fixed=known[:, 0])
    return np.concatenate((known, found[~np.isin(found, known)][:, np.newaxis]))


def dithered(
    pixels: npt.NDArray[np.uint8], rows: npt.NDArray[np.uint8], dithering: Dithering, threads: int
) -> npt.NDArray[np.unsignedinteger]:
    """Indices (H, W) that are not each the nearest, but right on the mean over neighbours."""
    pixels = _without(pixels, rows)
    run = dither.diffuse if dithering.method == "diffusion" else dither.ordered
    return kept_opaque(pixels, rows, run(pixels, rows, dithering.strength, threads), threads)


def _without(pixels: npt.NDArray[Any], rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The pixels without their alpha, where the palette was fitted without it."""
    if pixels.ndim == 3 and rows.shape[1] < pixels.shape[2]:
        return without_alpha(pixels)
    return pixels


def kept_opaque(
    pixels: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.unsignedinteger],
    threads: int,
) -> npt.NDArray[np.unsignedinteger]:
    """The indices, but where an opaque pixel was given a row that is not, that of its nearest opaque one."""
    if rows.shape[1] != RGBA:
        return indices
    translucent = rows[:, 3] != _OPAQUE

    def work(worker: int, start: int, stop: int) -> None:
        part, found = pixels[start:stop], indices[start:stop]
        astray = (part[:, :, 3] == _OPAQUE) & translucent[found]
        if astray.any():
            found[astray] = mapping.map_pixels(np.ascontiguousarray(part[astray])[np.newaxis], rows)[0]

    if translucent.any():
        over_chunks(work, len(pixels), rows_per_band(pixels), threads)
    return indices
