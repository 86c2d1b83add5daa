"""Lloyd's iterations on vectors of any dimension, and the relocation of empty clusters.

Two methods find the nearest centroids, with the same labels: the leaves of a k-d tree
(`fastkq.kmeans.kd_tree`) for few dimensions, Hamerly's bounds (`fastkq.kmeans.hamerly`) for any.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.hamerly import Bounds
from fastkq.kmeans.kd_tree import Leaves
from fastkq.kmeans.partial_sums import worth
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Labels, Samples, Weights

_VECTORS_PER_CHUNK = 1 << 14
_FEW_DIMENSIONS = 4
"""Of so many or fewer `Leaves` take at most half the time of `Bounds`; of six as much."""
_MANY_VECTORS = 1 << 12
"""Fewer have too few leaves."""


class Step(NamedTuple):
    """What one of Lloyd's iterations did.

    Attributes
    ----------
    shift : float
        Sum of the squared distances by which the centroids moved.
    changed : bool
        Whether any vector has another label than in the iteration before. True of the first.
    """

    shift: float
    changed: bool


class Lloyd:
    """Lloyd's iterations, one by one.

    They are exact but for rounding, and the same on any number of threads and any CPU: the nearest centroid
    is that of the least squared distance, summed up in the order of the dimensions in the dtype of the
    vectors; means are those of sums in float64, of fixed parts of the vectors, added up in their order.

    Parameters
    ----------
    vectors : (n, d) float32 or float64, C-contiguous, finite
        Kept, not copied.
    weights : (n,) float64 or None
        Not negative. None for weights of one.
    centroids : (k, d) of the dtype of the vectors
    threads : int
        At most so many work.

    Attributes
    ----------
    centroids : (k, d)
        As they are now, after `step` the means.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.clustering import Lloyd
    >>> vectors = np.array([[0.0], [1.0], [9.0]])
    >>> lloyd = Lloyd(vectors, None, vectors[:2], threads=1)
    >>> while lloyd.step().changed:
    ...     pass
    >>> lloyd.centroids.tolist(), lloyd.labels.tolist(), lloyd.inertia()
    ([[0.5], [9.0]], [0, 0, 1], 0.5)
    """

    def __init__(self, vectors: Samples, weights: Weights | None, centroids: Samples, threads: int) -> None:
        k, is_low = len(centroids), vectors.shape[1] <= _FEW_DIMENSIONS and len(vectors) >= _MANY_VECTORS
        self.centroids = np.array(centroids, vectors.dtype, order="C")
        self._vectors, self._threads = vectors, worth(vectors, k, threads)
        self._weights = np.empty(0) if weights is None else weights
        self._labelling = (Leaves if is_low else Bounds)(vectors, self._weights, k, threads)
        self._is_first = True

    @property
    def labels(self) -> Labels:
        """(n,) int32, for the centroids before the last `step`, or those of the last `settle`."""
        return self._labelling.labels

    def step(self) -> Step:
        """Label every vector with its nearest centroid, the lowest of equals, and move them to the means.

        As in scikit-learn a cluster without weight takes the vector that is farthest from its own centroid,
        the next one the next farthest; where all vectors lie on their centroids it goes to the heaviest
        cluster.
        """
        changed, totals = self._labelling.visit(self.centroids, wants_totals=True)
        changed, self._is_first = changed or self._is_first, False
        empty = np.flatnonzero(totals[:, -1] == 0)
        if len(empty):
            self._relocate(empty, totals)
        return Step(float(kernels.kmeans.accelerated_lloyd.move(totals, self.centroids)), changed)

    def settle(self) -> None:
        """Label every vector with its nearest centroid as they are now."""
        self._labelling.visit(self.centroids, wants_totals=False)

    def inertia(self, centroids: Samples | None = None) -> float:
        """Weighted sum of the squared distances of the vectors from the centroids of their labels.

        `centroids` are those as they are now, unless others are given.
        """
        centroids = self.centroids if centroids is None else centroids
        sums, labels = np.empty(-(-len(self._vectors) // _VECTORS_PER_CHUNK)), self.labels

        def work(worker: int, start: int, stop: int) -> None:
            sums[start // _VECTORS_PER_CHUNK] = kernels.kmeans.accelerated_lloyd.inertia(
                self._vectors, self._weights, start, stop, centroids, labels
            )

        over_chunks(work, len(self._vectors), _VECTORS_PER_CHUNK, self._threads)
        return float(sum(sums))

    def _relocate(self, empty: npt.NDArray[np.intp], totals: Weights) -> None:
        """Give the vectors that are farthest from their own centroids to the empty clusters."""
        squares, labels = np.empty(len(self._vectors)), self.labels

        def work(worker: int, start: int, stop: int) -> None:
            kernels.kmeans.accelerated_lloyd.distances(
                self._vectors, start, stop, self.centroids, labels, squares
            )

        over_chunks(work, len(self._vectors), _VECTORS_PER_CHUNK, self._threads)
        weights = self._weights if len(self._weights) else None
        if weights is not None:
            squares[weights == 0] = 0
        members = np.bincount(labels if weights is None else labels[weights > 0], minlength=len(totals))
        for j, i in zip(empty, _largest(squares, len(empty)), strict=False):
            totals[j] = np.append(self._vectors[i].astype(np.float64), 1.0)
            if weights is not None:
                totals[j] *= weights[i]
            members[labels[i]] -= 1
            # Of a cluster that loses its last vector rounding may leave a little.
            totals[labels[i]] = totals[labels[i]] - totals[j] if members[labels[i]] else 0.0


def _largest(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.intp]:
    """Places of so many of the largest values, as far as they are positive, the largest first."""
    count = min(count, len(values))
    least = np.partition(values, -count)[-count]
    places = np.flatnonzero((values >= least) & (values > 0))
    return places[np.argsort(-values[places], kind="stable")][:count]
