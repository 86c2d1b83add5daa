"""Choice of indices for pixels: the nearest palette row, or dithering."""

from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.counting import count_up_to, is_packed
from fastkq.color.indexed_image import index_dtype
from fastkq.color.kinds import GRAY_WITH_ALPHA, OPAQUE_ALPHA, RGBA, without_alpha
from fastkq.color.packed_counting import MAX_RGBA_COLORS
from fastkq.color.row_table import embedding_of
from fastkq.color.spaces import SpaceMetric, oklab, rgb
from fastkq.color.table import ColorTable
from fastkq.color.value_range import ValueRange
from fastkq.kmeans.points import Assignment, centroids_for_group
from fastkq.quantization.options import Dithering
from fastkq.quantization.points import assign_in_chunks, prepare
from fastkq.quantization.rounding import Fit
from fastkq.runtime.options import Space
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import rows_per_band, stage

_COLORS_PER_CHUNK = 1 << 14
_PIXELS_PER_CHUNK = 1 << 17
_DISTANCES_PER_CHUNK = 1 << 25  # pixels times palette rows
_NO_LINEAR_LIGHT = np.empty(0)  # if this is passed, the kernel measures distances in RGB


class Labels(NamedTuple):
    """Assignment of counted colors to palette rows.

    Attributes
    ----------
    labels : (M,) uint8, or uint16 if the palette has more than 256 rows
        Nearest row of each color.
    used : (k,) bool
        Whether a row is the nearest row of any color.
    """

    labels: npt.NDArray[np.unsignedinteger]
    used: npt.NDArray[np.bool_]


def label(
    table: ColorTable,
    palette: npt.NDArray[Any],
    threads: int = 1,
    space: Space = "rgb",
    value_range: ValueRange | None = None,
) -> Labels:
    """Find the nearest palette row of each color of a table; the lowest index among equals.

    The palette has the channels of the table.
    """
    labels = np.empty(len(table), index_dtype(len(palette)))
    used = np.zeros((threads, len(palette)), bool)
    assert palette.shape[1] == table.channels
    metric = table.metric(space, palette, value_range)
    centroids = metric.to_coordinates(palette)

    def work(worker: int, start: int, stop: int) -> None:
        # Points are made chunk by chunk: all at once, they would take more memory than a large image.
        part = prepare(table.select(slice(start, stop)), metric)
        nearest = part.colors.assign(centroids).labels
        labels[start:stop] = part.in_table_order(nearest)
        used[worker, nearest] = True

    over_chunks(work, len(labels), _COLORS_PER_CHUNK, threads)
    return Labels(labels, np.logical_or.reduce(used))


def map_pixels(
    pixels: npt.NDArray[Any],
    palette: npt.NDArray[Any],
    threads: int = 1,
    space: Space = "rgb",
    value_range: ValueRange | None = None,
) -> npt.NDArray[np.unsignedinteger]:
    """Map each pixel to its nearest palette row, without a table of colors; the lowest index among equals.

    Parameters
    ----------
    pixels : (H, W, 4) uint8, or (H, W) or (H, W, C) of a kind that is counted in a `RowTable`; C-contiguous
    palette : (k, C) of the same dtype
    threads : int
        Number of threads. The result does not depend on it.
    space : {"rgb", "oklab"}
        Space in which distances are measured, see `fastkq.color.spaces`.
    value_range : ValueRange, optional
        Values of black and white; Oklab needs it unless the dtype is uint8 or uint16.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows
    """
    rows = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    indices = np.empty(len(rows), index_dtype(len(palette)))
    if rows.dtype == np.uint8 and rows.shape[1] == RGBA:
        _map_rgba(rows, palette, indices, threads, space)
    else:

        def keep(start: int, stop: int, assignment: Assignment) -> None:
            indices[start:stop] = assignment.labels

        metric = embedding_of(space, value_range, rows, palette)
        centroids = metric.to_coordinates(palette)
        assign_in_chunks(metric, rows, centroids, keep, threads)
    return indices.reshape(pixels.shape[:2])


def _map_rgba(
    pixels: npt.NDArray[np.uint8],
    palette: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.unsignedinteger],
    threads: int,
    space: Space,
) -> None:
    metric = SpaceMetric(space, RGBA)
    centroids = metric.to_coordinates(palette)
    for_opaque = centroids_for_group(centroids, metric.opacity)
    linear = oklab.linear_light() if space == "oklab" else _NO_LINEAR_LIGHT

    def work(worker: int, start: int, stop: int) -> None:
        kernels.quantization.pixel_mapping.map_pixels(
            pixels, start, stop, centroids, for_opaque, linear, rgb.ALPHA_WEIGHT, indices
        )

    # In the worst case each pixel is compared with every row.
    chunk = min(_PIXELS_PER_CHUNK, max(1, _DISTANCES_PER_CHUNK // len(palette)))
    over_chunks(work, len(pixels), chunk, threads)


def map_colors(
    pixels: npt.NDArray[Any], table: ColorTable, labels: npt.NDArray[Any], k: int, threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices (H, W) of the pixels from the labels (M,) of the counted colors, all below k."""
    return table.look_up(pixels, labels.astype(index_dtype(k), copy=False), threads)


def mapping_stage(dithering: Dithering) -> AbstractContextManager[None]:
    """Return the progress stage in which indices are chosen: "dithering" or "mapping"."""
    return stage("dithering" if dithering.strength > 0 else "mapping", each=0.7)


def indices_of(
    pixels: npt.NDArray[Any], table: ColorTable, fitted: Fit, dithering: Dithering, threads: int
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices (H, W) of an image for a palette that was fitted to its colors.

    Parameters
    ----------
    pixels : (H, W) or (H, W, C)
        The image in its working form.
    table
        Table of the colors to which the palette was fitted; it contains all colors of the image.
    fitted
        The palette and the labels of `table`.
    """
    palette = fitted.palette
    if dithering.strength > 0:
        return dithered(pixels, palette, dithering, threads)
    if fitted.labels is None:
        return map_pixels(_match_channels(pixels, palette), palette, threads)
    return map_colors(pixels, table, fitted.labels, len(palette), threads)


def indices_for(
    pixels: npt.NDArray[Any],
    palette: npt.NDArray[Any],
    dithering: Dithering,
    space: Space,
    threads: int,
    value_range: ValueRange | None = None,
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices (H, W) of an image for a given palette (k, C), both in the working form."""
    if dithering.strength > 0:
        return dithered(pixels, palette, dithering, threads)
    packed = is_packed(palette.dtype, palette.shape[1])
    table = count_up_to(pixels, MAX_RGBA_COLORS, threads) if packed else None
    if table is None:
        return map_pixels(pixels, palette, threads, space, value_range)
    full_table = table.with_alpha() if table.channels < palette.shape[1] else table
    labels = label(full_table, palette, threads, space).labels
    return map_colors(pixels, table, labels, len(palette), threads)


def dithered(
    pixels: npt.NDArray[Any], palette: npt.NDArray[Any], dithering: Dithering, threads: int
) -> npt.NDArray[np.unsignedinteger]:
    """Return dithered indices (H, W): the mean color of neighboring pixels approximates the image.

    Opaque pixels get opaque rows.
    """
    # Here, because processes that do not dither save five modules, 6 ms.
    from fastkq.quantization import blue_noise, error_diffusion

    pixels = _match_channels(pixels, palette)
    if palette.shape[1] == GRAY_WITH_ALPHA:
        pixels, palette = pixels[:, :, (0, 0, 0, 1)], palette[:, (0, 0, 0, 1)]
    if dithering.method == "blue-noise":
        return blue_noise.ordered(
            pixels,
            palette,
            dithering.strength,
            threads,
            space=dithering.space,
            value_range=dithering.value_range,
        )
    return error_diffusion.diffuse(
        pixels,
        palette,
        dithering.strength,
        threads,
        space=dithering.space,
        weights=error_diffusion.WEIGHTS[dithering.method],
        value_range=dithering.value_range,
    )


def _match_channels(pixels: npt.NDArray[Any], palette: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the pixels, without their alpha if the palette was fitted without it."""
    if pixels.ndim == 3 and palette.shape[1] < pixels.shape[2]:
        return without_alpha(pixels)
    return pixels


def keep_opaque(
    pixels: npt.NDArray[np.uint8],
    palette: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.unsignedinteger],
    threads: int,
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices, changed in place so that opaque pixels get opaque rows.

    An opaque pixel of RGBA whose row is not opaque gets the index of its nearest opaque row.
    """
    if palette.shape[1] != RGBA:
        return indices
    translucent = palette[:, 3] != OPAQUE_ALPHA

    def work(worker: int, start: int, stop: int) -> None:
        band, band_indices = pixels[start:stop], indices[start:stop]
        is_wrong = (band[:, :, 3] == OPAQUE_ALPHA) & translucent[band_indices]
        if is_wrong.any():
            band_indices[is_wrong] = map_pixels(np.ascontiguousarray(band[is_wrong])[np.newaxis], palette)[0]

    if translucent.any():
        over_chunks(work, len(pixels), rows_per_band(pixels), threads)
    return indices
