"""Nearest centroids of vectors of any dimension, and the moments of their clusters."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint
from fastkq.runtime.typing import Vectors

_VALUES_PER_CHUNK = 1 << 16  # coordinates between two checkpoints
_MIN_ROWS = 1 << 10  # minimum number of vectors between two checkpoints
_VECTORS_PER_CENTROID = 4
"""Chunks hold at least this many vectors per centroid: each chunk has its own moments for all centroids."""

_NO_LABELS = np.empty(0, np.int32)
_NO_VALUES = np.empty(0)


class Moments(NamedTuple):
    """Moments of clusters about their centroids.

    Attributes
    ----------
    totals : (k, d + 1) float64
        Weighted sum of the vectors of each cluster, and its weight.
    error : float
        Squared error of all vectors about their nearest centroids.
    """

    totals: npt.NDArray[np.float64]
    error: float


def accumulate(
    vectors: Vectors, weights: npt.NDArray[np.float64], centroids: Vectors, threads: int = 1
) -> Moments:
    """Return the moments of the clusters of vectors (n, d), with weights (n,), about centroids (d, k).

    The sums of fixed chunks are added in a fixed order, so that they are the same on any number of threads.
    """
    dims, k = centroids.shape
    rows = rows_per_chunk(dims)
    chunk = max(rows, _VECTORS_PER_CENTROID * k)
    totals = np.zeros((-(-len(vectors) // chunk), k, dims + 1))
    errors = np.zeros(len(totals))

    def work(worker: int, start: int, stop: int) -> None:
        part = start // chunk
        for first in range(start, stop, rows):
            errors[part] += kernels.kmeans.nearest_vectors.assign(
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
    """Find the nearest of the centroids (d, k) for each of the vectors (n, d).

    Returns the labels (n,) int32, the lowest index among equals, and the squared distances (n,) float64.
    """
    labels, squares = np.empty(len(vectors), np.int32), np.empty(len(vectors))
    kernels.kmeans.nearest_vectors.assign(
        vectors, _NO_VALUES, 0, len(vectors), centroids, labels, squares, np.empty((0, len(centroids) + 1))
    )
    return labels, squares


def rows_per_chunk(dims: int) -> int:
    """Return the number of vectors of `dims` dimensions between two checkpoints."""
    return max(_MIN_ROWS, _VALUES_PER_CHUNK // dims)
