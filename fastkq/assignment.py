"""The nearest palette row of colours and pixels of any dtype and number of channels."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.embedding import Embedding, Vectors
from fastkq.color.indexed_image import index_dtype
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint

_VALUES_PER_CHUNK = 1 << 16
_FEWEST_ROWS = 1 << 10
_PARTS = 16
_FEW_COLOURS = 1 << 18
_SHARES = 4
"""Chunks hold at least so many vectors a centroid: each has moments of its own for all of them."""

_NO_LABELS = np.empty(0, np.int32)
_NO_VALUES = np.empty(0)


class Moments(NamedTuple):
    """Weighted sums of the clusters' vectors, and their weights: (k, d + 1); and the squared error."""

    totals: npt.NDArray[np.float64]
    error: float


def accumulate(
    vectors: Vectors, weights: npt.NDArray[np.float64], centroids: Vectors, threads: int = 1
) -> Moments:
    """Moments of the clusters about centroids (d, k) of vectors (n, d) with weights (n,).

    The sums of fixed chunks are added in their order, so that they are the same on any number of threads.
    """
    dims, k = centroids.shape
    rows = _rows_per_chunk(dims)
    chunk = max(rows, _SHARES * k)
    totals = np.zeros((-(-len(vectors) // chunk), k, dims + 1))
    errors = np.zeros(len(totals))

    def work(worker: int, start: int, stop: int) -> None:
        part = start // chunk
        for first in range(start, stop, rows):
            errors[part] += kernels.kmeans.nearest_vectors.visit(
                vectors,
                weights,
                first,
                min(first + rows, stop),
                centroids,
                _NO_LABELS,
                _NO_VALUES,
                totals[part],
            )
            checkpoint()

    over_chunks(work, len(vectors), chunk, threads)
    for part in range(1, len(totals)):
        totals[0] += totals[part]
        errors[0] += errors[part]
    return Moments(totals[0], float(errors[0]))


def nearest(vectors: Vectors, centroids: Vectors) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Nearest centroid of centroids (d, k), the lowest of equals, and squared distance, of vectors (n, d)."""
    labels, squares = np.empty(len(vectors), np.int32), np.empty(len(vectors))
    kernels.kmeans.nearest_vectors.visit(
        vectors, _NO_VALUES, 0, len(vectors), centroids, labels, squares, np.empty((0, len(centroids) + 1))
    )
    return labels, squares


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


def _rows_per_chunk(dims: int) -> int:
    return max(_FEWEST_ROWS, _VALUES_PER_CHUNK // dims)
