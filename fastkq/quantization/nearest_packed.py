"""Nearest palette rows of counted 8-bit colors and of pixels."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.indexed_image import index_dtype
from fastkq.color.spaces import Space, oklab, opacity, to_coordinates
from fastkq.kmeans.assign import assign
from fastkq.kmeans.points import centroids_for_opaque
from fastkq.quantization.points import in_counted_order, of_colors
from fastkq.runtime.parallel import over_chunks

_PIXELS_PER_CHUNK = 1 << 17
_DISTANCES_PER_CHUNK = 1 << 25  # pixels times palette rows
_COLORS_PER_CHUNK = 1 << 14
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
    counted: packed_table.PackedTable, palette: npt.NDArray[np.uint8], threads: int = 1, space: Space = "rgb"
) -> Labels:
    """Find the nearest palette row of each counted color; the lowest index among equals."""
    centroids = to_coordinates(palette, space)
    labels = np.empty(len(counted.keys), index_dtype(len(palette)))
    used = np.zeros((threads, len(palette)), bool)

    def work(worker: int, start: int, stop: int) -> None:
        # Points are made chunk by chunk: all at once, they would take more memory than a large image.
        part = counted.select(slice(start, stop))
        nearest = assign(of_colors(part, space), centroids).labels
        labels[start:stop] = in_counted_order(part, nearest)
        used[worker, nearest] = True

    over_chunks(work, len(labels), _COLORS_PER_CHUNK, threads)
    return Labels(labels, np.logical_or.reduce(used))


def map_image(
    image: npt.NDArray[np.uint8],
    counted: packed_table.PackedTable,
    palette: npt.NDArray[np.uint8],
    threads: int = 1,
    space: Space = "rgb",
) -> npt.NDArray[np.unsignedinteger]:
    """Map each pixel to its nearest palette row; the lowest index among equals.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous
    counted : PackedTable
        Table that contains all colors of the image.
    palette : (k, C) uint8
    threads : int
        Number of threads. The result does not depend on it.
    space : {"rgb", "oklab"}
        Space in which distances are measured, see `fastkq.color.spaces`.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows
    """
    return map_colors(image, counted, label(counted, palette, threads, space).labels, len(palette), threads)


def map_pixels(
    image: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8], threads: int = 1, space: Space = "rgb"
) -> npt.NDArray[np.unsignedinteger]:
    """Map each pixel of an RGBA image to its nearest palette row, without a table of its colors.

    Use it for images of more than `fastkq.color.packed_counting.MAX_RGBA_COLORS` colors. Arguments and result
    are those of `map_image`.
    """
    pixels, centroids = image.reshape(-1, 4), to_coordinates(palette, space)
    for_opaque = centroids_for_opaque(centroids, opacity(space))
    linear = oklab.linear_light() if space == "oklab" else _NO_LINEAR_LIGHT
    indices = np.empty(len(pixels), index_dtype(len(palette)))

    def work(worker: int, start: int, stop: int) -> None:
        kernels.quantization.pixel_mapping.map_pixels(
            pixels, start, stop, centroids, for_opaque, linear, indices
        )

    # In the worst case each pixel is compared with every row.
    chunk = min(_PIXELS_PER_CHUNK, max(1, _DISTANCES_PER_CHUNK // len(palette)))
    over_chunks(work, len(pixels), chunk, threads)
    return indices.reshape(image.shape[:2])


def map_colors(
    image: npt.NDArray[np.uint8],
    counted: packed_table.PackedTable,
    labels: npt.NDArray[Any],
    k: int,
    threads: int = 1,
) -> npt.NDArray[np.unsignedinteger]:
    """Return the indices (H, W) of the pixels from the labels (M,) of the counted colors, all below k."""
    return counted.look_up(image, labels.astype(index_dtype(k), copy=False), threads)


def used_rows(indices: npt.NDArray[np.integer[Any]], k: int, threads: int = 1) -> npt.NDArray[np.bool_]:
    """Return a mask (k,) of the palette rows that occur among the indices."""
    flat, used = indices.reshape(-1), np.zeros((threads, k), bool)

    def work(worker: int, start: int, stop: int) -> None:
        used[worker, flat[start:stop]] = True

    over_chunks(work, len(flat), _PIXELS_PER_CHUNK, threads)
    is_used: npt.NDArray[np.bool_] = np.logical_or.reduce(used)
    return is_used
