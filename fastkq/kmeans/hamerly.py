"""Nearest centroids of vectors of any dimension: only of those that may have another than before."""

import numpy as np

from fastkq import kernels
from fastkq.kmeans.partial_sums import Visited, visit_parts, worth
from fastkq.runtime.typing import Labels, Samples, Weights

_FEWEST_VECTORS = 1 << 12
_SHARES = 4
"""A part holds at least so many vectors a centroid: each has sums of its own for all of them."""


class Bounds:
    """Labels, and bounds of the distances from the own centroid and from the others.

    Attributes
    ----------
    labels : (n,) int32
    """

    def __init__(
        self, vectors: Samples, weights: Weights, k: int, threads: int, *, visits_again: bool = True
    ) -> None:
        n, dtype = len(vectors), vectors.dtype
        self.labels: Labels = np.zeros(n, np.int32)
        self._vectors, self._weights, self._threads = vectors, weights, worth(vectors, k, threads)
        self._uppers, self._lowers = np.empty((2, n if visits_again else 0), dtype)
        self._seen: Samples | None = None

    def visit(self, centroids: Samples, wants_totals: bool) -> Visited:
        """Label the vectors with their nearest centroids (k, d)."""
        k, dtype = len(centroids), centroids.dtype
        moves = np.empty((2, 0 if self._seen is None else k), dtype)
        if self._seen is not None:
            kernels.kmeans.hamerly.measure_moves(self._seen, centroids, *moves)
        self._seen = centroids.copy()
        among = kernels.kmeans.hamerly.prepare(centroids)

        def visit(start: int, stop: int, totals: Weights) -> int:
            changed: int = kernels.kmeans.hamerly.visit(
                self._vectors,
                self._weights,
                start,
                stop,
                centroids,
                among,
                *moves,
                self.labels,
                self._uppers,
                self._lowers,
                totals,
            )
            return changed

        fewest = max(_FEWEST_VECTORS, _SHARES * k)
        return visit_parts(visit, len(self._vectors), fewest, centroids, wants_totals, self._threads)


def nearest(vectors: Samples, centroids: Samples, threads: int) -> Labels:
    """Labels (n,) int32 of the nearest centroids, the lowest of equals: those that `Lloyd.settle` gives.

    Parameters
    ----------
    vectors, centroids : (n, d), (k, d), float32 or float64, both of one dtype, C-contiguous
    threads : int
        At most so many work.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.clustering import nearest
    >>> nearest(np.array([[0.0], [1.0], [9.0]]), np.array([[0.0], [8.0]]), threads=1)
    array([0, 0, 1], dtype=int32)
    """
    bounds = Bounds(vectors, np.empty(0), len(centroids), threads, visits_again=False)
    bounds.visit(centroids, wants_totals=False)
    return bounds.labels
