"""Lloyd's iterations as in scikit-learn, on vectors of any dimension, with relocation of empty clusters.

Two methods find the nearest centroids and give the same labels: a k-d tree (`fastkq.kmeans.kd_tree`) for few
dimensions, Hamerly's bounds (`fastkq.kmeans.hamerly`) for any number of dimensions.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.hamerly import Bounds
from fastkq.kmeans.kd_tree import Leaves
from fastkq.kmeans.partial_sums import useful_threads
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Labels, Samples, Weights

_VECTORS_PER_CHUNK = 1 << 14
_MAX_TREE_DIMENSIONS = 4
"""In at most this many dimensions, the k-d tree (`Leaves`) is at least twice as fast as Hamerly's bounds
(`Bounds`); in 6 dimensions both take the same time."""
_MIN_TREE_VECTORS = 1 << 12
"""The k-d tree is used for at least this many vectors: the tree of fewer vectors has too few leaves."""


class Step(NamedTuple):
    """Result of one of Lloyd's iterations.

    Attributes
    ----------
    shift : float
        Sum of the squared distances by which the centroids moved.
    changed : bool
        Whether any label changed since the iteration before. True for the first iteration.
    """

    shift: float
    changed: bool


class Lloyd:
    """Lloyd's algorithm, one iteration per call of `step`.

    The iterations are exact except for rounding, and the result is the same on any number of threads and any
    CPU. The nearest centroid is the one with the least squared distance, which is summed in the order of the
    dimensions, in the dtype of the vectors. Means are computed from float64 sums over fixed parts of the
    vectors, added in a fixed order.

    Parameters
    ----------
    vectors : (n, d) float32 or float64, C-contiguous, finite
        A reference is kept; the vectors are not copied.
    weights : (n,) float64 or None
        At least 0. None means that all weights are 1.
    centroids : (k, d), of the dtype of the vectors
        Initial centroids.
    threads : int
        Maximum number of threads.

    Attributes
    ----------
    centroids : (k, d)
        The current centroids: after `step`, the means of the clusters.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.kmeans.accelerated_lloyd import Lloyd
    >>> vectors = np.array([[0.0], [1.0], [9.0]])
    >>> lloyd = Lloyd(vectors, None, vectors[:2], threads=1)
    >>> while lloyd.step().changed:
    ...     pass
    >>> lloyd.centroids.tolist(), lloyd.labels.tolist(), lloyd.inertia()
    ([[0.5], [9.0]], [0, 0, 1], 0.5)
    """

    def __init__(self, vectors: Samples, weights: Weights | None, centroids: Samples, threads: int) -> None:
        (n, dims), k = vectors.shape, len(centroids)
        uses_tree = dims <= _MAX_TREE_DIMENSIONS and n >= _MIN_TREE_VECTORS
        self.centroids = np.array(centroids, vectors.dtype, order="C")
        self._vectors, self._threads = vectors, useful_threads(vectors, k, threads)
        self._weights = np.empty(0) if weights is None else weights
        self._labeling = (Leaves if uses_tree else Bounds)(vectors, self._weights, k, threads)
        self._is_first = True

    @property
    def labels(self) -> Labels:
        """Labels (n,) int32 for the centroids before the last `step`, or for those of the last `settle`."""
        return self._labeling.labels

    def step(self) -> Step:
        """Label every vector with its nearest centroid, then move the centroids to the means.

        The lowest index wins among equally near centroids. As in scikit-learn, the first cluster without
        weight takes the vector that is farthest from its own centroid, the second one the next farthest, and
        so on. If all vectors lie on their centroids, the centroid of a cluster without weight moves to that
        of the heaviest cluster.
        """
        changed, totals = self._labeling.visit(self.centroids, wants_totals=True)
        changed, self._is_first = changed or self._is_first, False
        empty = np.flatnonzero(totals[:, -1] == 0)
        if len(empty):
            self._relocate(empty, totals)
        return Step(float(kernels.kmeans.accelerated_lloyd.update_centroids(totals, self.centroids)), changed)

    def settle(self) -> None:
        """Label every vector with its nearest current centroid, without moving the centroids."""
        self._labeling.visit(self.centroids, wants_totals=False)

    def inertia(self, centroids: Samples | None = None) -> float:
        """Return the weighted sum of squared distances of the vectors from the centroids of their labels.

        The default is the current centroids; `centroids` (k, d) replaces them.
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
        """Move the vectors that are farthest from their own centroids to the empty clusters.

        `totals` (k, d + 1), the weighted sums and weights of the clusters, are updated in place.
        """
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
            # A cluster that loses its last vector is set to 0: the subtraction may leave a rounding error.
            totals[labels[i]] = totals[labels[i]] - totals[j] if members[labels[i]] else 0.0


def _largest(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.intp]:
    """Return the indices of at most `count` of the largest positive values, the largest first."""
    count = min(count, len(values))
    least = np.partition(values, -count)[-count]
    places = np.flatnonzero((values >= least) & (values > 0))
    return places[np.argsort(-values[places], kind="stable")][:count]
