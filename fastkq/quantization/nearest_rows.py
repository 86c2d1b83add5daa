"""The nearest palette row of colours and pixels of any dtype and number of channels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.embedding import Embedding
from fastkq.color.indexed_image import index_dtype
from fastkq.kmeans.assign_vectors import _PARTS, _rows_per_chunk, nearest
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Vectors

_FEW_COLOURS = 1 << 18


def label(
    colours: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Nearest row of a palette (k, C), the lowest of equals, of colours (M, C) of the same dtype.

    Nearest by the metric of `fastkq.color.kinds`.
    """
    labels = np.empty(len(colours), index_dtype(len(palette)))

    def keep(start: int, stop: int, nearest_rows: npt.NDArray[np.int32], squares: Vectors) -> None:
        labels[start:stop] = nearest_rows

    _visit(Embedding.of(colours, palette), colours, palette, keep, threads)
    return labels


def distances(
    embedding: Embedding, colours: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.float64]:
    """Squared distances (M,) of the colours (M, C) from their nearest rows of the palette (k, C)."""
    kept = np.empty(len(colours))

    def keep(start: int, stop: int, nearest_rows: npt.NDArray[np.int32], squares: Vectors) -> None:
        kept[start:stop] = squares

    _visit(embedding, colours, palette, keep, threads)
    return kept


def used(
    embedding: Embedding, colours: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.bool_]:
    """Which rows of the palette (k, C) are nearest to a colour of (M, C): (k,)."""
    found = np.zeros(len(palette), bool)

    def keep(start: int, stop: int, nearest_rows: npt.NDArray[np.int32], squares: Vectors) -> None:
        found[nearest_rows] = True

    parts = _PARTS if len(colours) > _FEW_COLOURS else 1
    for part in range(parts):
        _visit(embedding, colours[part::parts], palette, keep, threads)
        if found.all():  # mostly after the first part
            break
    return found


def _visit(
    embedding: Embedding,
    colours: npt.NDArray[Any],
    palette: npt.NDArray[Any],
    keep: Callable[[int, int, npt.NDArray[np.int32], Vectors], None],
    threads: int,
) -> None:
    """Call `keep` for chunks of the colours, with their bounds, nearest rows and squared distances."""
    centroids = np.ascontiguousarray(embedding.embed(palette).T)

    def work(worker: int, start: int, stop: int) -> None:
        # A chunk at a time: the vectors of a large image would take more memory than it.
        keep(start, stop, *nearest(embedding.embed(colours[start:stop]), centroids))

    over_chunks(work, len(colours), _rows_per_chunk(colours.shape[1]), threads)


def map_image(
    image: npt.NDArray[Any], palette: npt.NDArray[Any], threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Index of the nearest palette row, the lowest of equals, for every pixel.

    Parameters
    ----------
    image : (H, W) or (H, W, C), C-contiguous
    palette : (k, C) of its dtype

    Returns
    -------
    (H, W) uint8, uint16 when the palette has more than 256 rows
    """
    pixels = image.reshape(image.shape[0] * image.shape[1], -1)
    return label(pixels, palette, threads).reshape(image.shape[:2])
