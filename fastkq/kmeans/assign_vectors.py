"""The nearest centroids of vectors of any dimension, and the moments of the clusters."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint
from fastkq.runtime.typing import Vectors

_VALUES_PER_CHUNK = 1 << 16
_FEWEST_ROWS = 1 << 10
_PARTS = 16
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


def _rows_per_chunk(dims: int) -> int:
    return max(_FEWEST_ROWS, _VALUES_PER_CHUNK // dims)
