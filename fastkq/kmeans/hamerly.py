"""Nearest centroids of vectors of any dimension by Hamerly's bounds.

A visit measures distances only for vectors whose nearest centroid may have changed since the visit before.
"""

import numpy as np

from fastkq import kernels
from fastkq.kmeans.partial_sums import Visited, useful_threads, visit_parts
from fastkq.runtime.typing import Labels, Samples, Weights

_MIN_VECTORS_PER_PART = 1 << 12  # minimum number of vectors of a part
_VECTORS_PER_CENTROID = 4
"""A part holds at least this many vectors per centroid: each part has its own sums for all centroids."""


class Bounds:
    """Labels of vectors, and bounds on their distances from their own centroid and from all others.

    With ``visits_again=False`` no bounds are stored: `visit` may then be called only once.

    Attributes
    ----------
    labels : (n,) int32
        Nearest centroid of each vector at the last visit.
    """

    def __init__(
        self, vectors: Samples, weights: Weights, k: int, threads: int, *, visits_again: bool = True
    ) -> None:
        n, bounds = len(vectors), len(vectors) if visits_again else 0
        self.labels: Labels = np.zeros(n, np.int32)
        self._vectors, self._weights, self._threads = vectors, weights, useful_threads(vectors, k, threads)
        self._labeling = kernels.kmeans.hamerly.Labeling(self.labels, *np.empty((2, bounds), vectors.dtype))
        self._centroids: Samples | None = None

    def visit(self, centroids: Samples, wants_totals: bool) -> Visited:
        """Label each vector with its nearest of the centroids (k, d), the lowest index among equals."""
        k, dtype = len(centroids), centroids.dtype
        kernel = kernels.kmeans.hamerly
        moves = np.empty((2, 0 if self._centroids is None else k), dtype)
        if self._centroids is not None:
            kernel.measure_moves(self._centroids, centroids, moves)
        self._centroids = centroids.copy()
        prepared = kernel.prepare(centroids)

        def visit(start: int, stop: int, totals: Weights) -> int:
            changed: int = kernel.assign(
                self._vectors, self._weights, start, stop, prepared, moves, self._labeling, totals
            )
            return changed

        min_items = max(_MIN_VECTORS_PER_PART, _VECTORS_PER_CENTROID * k)
        return visit_parts(visit, len(self._vectors), min_items, centroids, wants_totals, self._threads)


def nearest(vectors: Samples, centroids: Samples, threads: int) -> Labels:
    """Return the label of the nearest centroid of each vector, the lowest index among equals.

    The labels are the same as those of `fastkq.kmeans.accelerated_lloyd.Lloyd.settle`.

    Parameters
    ----------
    vectors : (n, d) float32 or float64, C-contiguous
    centroids : (k, d), of the same dtype, C-contiguous
    threads : int
        Maximum number of threads.

    Returns
    -------
    labels : (n,) int32

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.kmeans.hamerly import nearest
    >>> nearest(np.array([[0.0], [1.0], [9.0]]), np.array([[0.0], [8.0]]), threads=1)
    array([0, 0, 1], dtype=int32)
    """
    bounds = Bounds(vectors, np.empty(0), len(centroids), threads, visits_again=False)
    bounds.visit(centroids, wants_totals=False)
    return bounds.labels
