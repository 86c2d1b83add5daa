"""Choice of indices for pixels: the nearest palette row, or dithering."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_table
from fastkq.color.counting import count_up_to
from fastkq.color.kinds import OPAQUE_ALPHA, RGBA, without_alpha
from fastkq.color.packed_counting import MAX_RGBA_COLORS
from fastkq.color.spaces import Space
from fastkq.color.table import ColorTable
from fastkq.quantization import dither, nearest_packed, nearest_rows
from fastkq.quantization.fit import Fit
from fastkq.quantization.options import Dithering, FitOptions
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import rows_per_band, stage


def mapping_stage(dithering: Dithering) -> AbstractContextManager[None]:
    """Return the progress stage in which indices are chosen: "dithering" or "mapping"."""
    return stage("dithering" if dithering.strength > 0 else "mapping", each=0.7)


def indices_of(
    pixels: npt.NDArray[Any], counted: ColorTable, fitted: Fit, dithering: Dithering, options: FitOptions
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices (H, W) of an image for a palette that was fitted to its colors.

    Parameters
    ----------
    pixels : (H, W) or (H, W, C)
        The image in its working form.
    counted
        Table of the colors to which the palette was fitted; it contains all colors of the image.
    fitted
        The palette and the labels of `counted`.
    """
    if dithering.strength > 0:
        return dithered(pixels, fitted.palette, dithering, options.threads)
    if isinstance(counted, packed_table.PackedTable):
        assert fitted.labels is not None
        return nearest_packed.map_colors(pixels, counted, fitted.labels, len(fitted.palette), options.threads)
    return nearest_rows.map_image(_match_channels(pixels, fitted.palette), fitted.palette, options.threads)


def indices_for(
    pixels: npt.NDArray[Any], rows: npt.NDArray[Any], dithering: Dithering, space: Space, threads: int
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices (H, W) of an image for a given palette `rows` (k, C), both in the working form."""
    if dithering.strength > 0:
        return dithered(pixels, rows, dithering, threads)
    counted = count_up_to(pixels, MAX_RGBA_COLORS, threads)
    if counted is None:
        return nearest_packed.map_pixels(pixels, rows, threads, space)
    if isinstance(counted, packed_table.PackedTable):
        table = counted.with_alpha() if rows.shape[1] == RGBA else counted
        labels = nearest_packed.label(table, rows, threads, space).labels
        return nearest_packed.map_colors(pixels, counted, labels, len(rows), threads)
    return nearest_rows.map_image(pixels, rows, threads)


def dithered(
    pixels: npt.NDArray[np.uint8], rows: npt.NDArray[np.uint8], dithering: Dithering, threads: int
) -> npt.NDArray[np.unsignedinteger]:
    """Return dithered indices (H, W): the mean color of neighboring pixels approximates the image.

    Opaque pixels get opaque rows.
    """
    pixels = _match_channels(pixels, rows)
    method = dither.diffuse if dithering.method == "diffusion" else dither.ordered
    return keep_opaque(pixels, rows, method(pixels, rows, dithering.strength, threads), threads)


def _match_channels(pixels: npt.NDArray[Any], rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the pixels, without their alpha if the palette was fitted without it."""
    if pixels.ndim == 3 and rows.shape[1] < pixels.shape[2]:
        return without_alpha(pixels)
    return pixels


def keep_opaque(
    pixels: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.unsignedinteger],
    threads: int,
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices, changed in place so that opaque pixels get opaque rows.

    An opaque pixel of RGBA whose row is not opaque gets the index of its nearest opaque row.
    """
    if rows.shape[1] != RGBA:
        return indices
    translucent = rows[:, 3] != OPAQUE_ALPHA

    def work(worker: int, start: int, stop: int) -> None:
        band, band_indices = pixels[start:stop], indices[start:stop]
        is_wrong = (band[:, :, 3] == OPAQUE_ALPHA) & translucent[band_indices]
        if is_wrong.any():
            band_indices[is_wrong] = nearest_packed.map_pixels(
                np.ascontiguousarray(band[is_wrong])[np.newaxis], rows
            )[0]

    if translucent.any():
        over_chunks(work, len(pixels), rows_per_band(pixels), threads)
    return indices
