"""Nearest palette rows of colors and pixels of any dtype and number of channels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.embedding import Embedding
from fastkq.color.indexed_image import index_dtype
from fastkq.kmeans.assign_vectors import nearest, rows_per_chunk
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Vectors

_FEW_COLORS = 1 << 18
_PARTS = 16
"""`used` visits at most `_FEW_COLORS` colors in one pass, and more colors in this many interleaved parts."""


def label(
    colors: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Return the nearest row of a palette (k, C) for each color (M, C) of the same dtype.

    The lowest index wins among equals. The metric is that of `fastkq.color.embedding`.
    """
    labels = np.empty(len(colors), index_dtype(len(palette)))

    def keep(start: int, stop: int, nearest_rows: npt.NDArray[np.int32], squares: Vectors) -> None:
        labels[start:stop] = nearest_rows

    _for_each_chunk(Embedding.of(colors, palette), colors, palette, keep, threads)
    return labels


def distances(
    embedding: Embedding, colors: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.float64]:
    """Return the squared distances (M,) of colors (M, C) from their nearest rows of a palette (k, C)."""
    squared_distances = np.empty(len(colors))

    def keep(start: int, stop: int, nearest_rows: npt.NDArray[np.int32], squares: Vectors) -> None:
        squared_distances[start:stop] = squares

    _for_each_chunk(embedding, colors, palette, keep, threads)
    return squared_distances


def used(
    embedding: Embedding, colors: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.bool_]:
    """Return a mask (k,) of the rows of a palette (k, C) that are the nearest row of any color (M, C)."""
    is_used = np.zeros(len(palette), bool)

    def keep(start: int, stop: int, nearest_rows: npt.NDArray[np.int32], squares: Vectors) -> None:
        is_used[nearest_rows] = True

    parts = _PARTS if len(colors) > _FEW_COLORS else 1
    for part in range(parts):
        _for_each_chunk(embedding, colors[part::parts], palette, keep, threads)
        if is_used.all():  # usually true after the first part
            break
    return is_used


def _for_each_chunk(
    embedding: Embedding,
    colors: npt.NDArray[Any],
    palette: npt.NDArray[Any],
    keep: Callable[[int, int, npt.NDArray[np.int32], Vectors], None],
    threads: int,
) -> None:
    """Call ``keep(start, stop, nearest_rows, squares)`` for each chunk of the colors, on several threads.

    `nearest_rows` and `squares` are the labels and the squared distances of the colors start .. stop - 1.
    """
    centroids = np.ascontiguousarray(embedding.embed(palette).T)

    def work(worker: int, start: int, stop: int) -> None:
        # Vectors are made chunk by chunk: all at once, they would take more memory than a large image.
        keep(start, stop, *nearest(embedding.embed(colors[start:stop]), centroids))

    over_chunks(work, len(colors), rows_per_chunk(colors.shape[1]), threads)


def map_image(
    image: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Map each pixel to its nearest palette row; the lowest index among equals.

    Parameters
    ----------
    image : (H, W) or (H, W, C), C-contiguous
    palette : (k, C) of the same dtype
    threads : int
        Number of threads. The result does not depend on it.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows
    """
    pixels = image.reshape(image.shape[0] * image.shape[1], -1)
    return label(pixels, palette, threads).reshape(image.shape[:2])
