"""Initial centroids of the scikit-learn estimator: random vectors, k-means++, and k-means++ with swaps."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.swap_search import search_from
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.runtime.parallel import over_chunks

Chosen = npt.NDArray[np.intp]
Weights = npt.NDArray[np.float64]
Vectors = npt.NDArray[Any]

_ROWS_PER_CHUNK = 1 << 12
_MAX_PRODUCTS = 1 << 18
"""Maximum number of products in one BLAS call. From about this size on, OpenBLAS starts threads of its own,
which compete with those of this package."""

_BOXES_PER_CENTROID = 100
_MIN_BOXES = 3072
_SWAPS = 300
_SWAPS_PER_CENTROID = 1


def at_random(vectors: Vectors, weights: Weights | None, k: int, random_state: Any) -> Vectors:
    """Draw k different vectors of (n, d), with probabilities proportional to their weights."""
    weights = np.ones(len(vectors)) if weights is None else weights
    chosen: npt.NDArray[np.intp] = random_state.choice(
        len(vectors), size=k, replace=False, p=weights / weights.sum()
    )
    return vectors[chosen]


def plus_plus(
    vectors: Vectors, weights: Weights | None, k: int, random_state: Any, threads: int = 1
) -> Vectors:
    """Choose k of the vectors (n, d) by greedy k-means++.

    In each step 2 + floor(ln k) candidates are drawn, with probabilities proportional to their weighted
    squared distances from the nearest vector chosen so far, and the candidate that leaves the least sum of
    these distances is taken (Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", 2007).
    The random numbers drawn are the same as in scikit-learn.
    """
    weights = np.ones(len(vectors)) if weights is None else weights
    distances = _Distances(vectors, weights, 2 + int(np.log(k)), threads)
    ends = np.cumsum(weights)
    first = np.searchsorted(ends, random_state.random_sample() * ends[-1], side="right")
    candidates = np.array([min(int(first), len(vectors) - 1)])
    chosen = np.empty(k, np.intp)
    chosen[0] = distances.choose(candidates)
    for place in range(1, k):
        chosen[place] = distances.choose(distances.draw(random_state.uniform(size=distances.trials)))
    return vectors[chosen]


class SwapInitializer:
    """k-means++ on a summary of weighted vectors (n, d) of few dimensions, improved by directed swaps.

    A swap moves the centroid whose removal costs least to where a split gains most, see
    `fastkq.kmeans.swap_search`. Measured on two photographs: the final squared error is on average
    0.7 to 2 % lower than with k-means++ on all vectors, in half the time, since Lloyd's algorithm needs fewer
    iterations.

    Parameters
    ----------
    vectors : (n, d)
    weights : (n,) float64
        At least k of them are positive.
    k : int
        Number of centroids.
    threads : int
        Maximum number of threads.
    """

    def __init__(self, vectors: Vectors, weights: Weights, k: int, threads: int) -> None:
        is_positive = weights > 0
        points = VectorPoints(vectors[is_positive].astype(np.float64), weights[is_positive])
        _, self._points = points.partition(max(_BOXES_PER_CENTROID * k, _MIN_BOXES))
        self._k, self._threads, self._dtype = k, threads, vectors.dtype

    def draw(self, random_state: Any) -> Vectors:
        """Draw initial centroids (k, d)."""
        start = plus_plus(*self._points, self._k, random_state, self._threads)
        swaps = _SWAPS + _SWAPS_PER_CENTROID * self._k
        centroids, _ = search_from(self._points, start.T[None], 0, swaps, self._threads)
        return centroids.T.astype(self._dtype)


class _Distances:
    """Squared distances of the vectors from the nearest vector chosen so far.

    `_distances` (n, trials) has a column for each of the last candidates, as if it had been chosen; `_best`
    is the column of the one that was. `_potentials` (chunks, trials) are the weighted sums of the distances
    in each chunk.
    """

    def __init__(self, vectors: npt.NDArray[Any], weights: Weights, trials: int, threads: int) -> None:
        self.trials = trials
        self._vectors, self._weights, self._threads = vectors, weights, threads
        # Distances are computed from dot products. If the vectors are far from zero, small distances would be
        # lost to rounding, so an origin among the vectors is subtracted first.
        self._origin = vectors[:_ROWS_PER_CHUNK].mean(axis=0, dtype=np.float64)
        self._squares = np.empty(len(vectors))
        for start in range(0, len(vectors), _ROWS_PER_CHUNK):
            part = slice(start, start + _ROWS_PER_CHUNK)
            differences = self._vectors[part] - self._origin
            self._squares[part] = np.einsum("ij,ij->i", differences, differences)
        self._distances = np.full((len(vectors), trials), np.inf, vectors.dtype)
        self._potentials = np.zeros((-(-len(vectors) // _ROWS_PER_CHUNK), trials))
        self._best = 0

    def draw(self, shares: npt.NDArray[np.float64]) -> Chosen:
        """Return the indices (t,) of the vectors at which the running sum reaches shares (t,) of the total.

        The sum is that of the weighted distances.
        """
        ends = np.cumsum(self._potentials[:, self._best])
        values = shares * ends[-1]
        chunks = np.minimum(np.searchsorted(ends, values), len(ends) - 1)
        return np.array([self._within(*pair) for pair in zip(chunks, values - ends[chunks], strict=True)])

    def _within(self, chunk: int, value: float) -> int:
        """Return the index of the vector of a chunk at which the running sum reaches its end plus `value`.

        The sum is that of the weighted distances; `value` is at most 0.
        """
        start = chunk * _ROWS_PER_CHUNK
        part = slice(start, start + _ROWS_PER_CHUNK)
        sums = np.cumsum(self._weights[part] * self._distances[part, self._best])
        place = np.searchsorted(sums, value + self._potentials[chunk, self._best])
        return start + min(int(place), len(sums) - 1)

    def choose(self, candidates: Chosen) -> int:
        """Choose the candidate that leaves the least sum of weighted squared distances; return its index.

        `candidates` (t,) are indices of vectors.
        """
        columns = (self._vectors[candidates] - self._origin).T.copy()
        squares, before = self._squares[candidates], self._best
        step = max(_MAX_PRODUCTS // columns.size, 1)

        def work(worker: int, start: int, stop: int) -> None:
            products = np.empty((stop - start, len(candidates)))
            for first in range(start, stop, step):
                last = min(first + step, stop)
                differences = self._vectors[first:last] - self._origin
                np.dot(differences, columns, out=products[first - start : last - start])
            distances = self._distances[start:stop]
            kernels.kmeans.seeding.evaluate_candidates(
                self._squares[start:stop], squares, self._weights[start:stop], distances[:, before].copy(),
                products, distances, self._potentials[start // _ROWS_PER_CHUNK],
            )  # fmt: skip

        over_chunks(work, len(self._vectors), _ROWS_PER_CHUNK, self._threads)
        self._best = int(np.argmin(self._potentials[:, : len(candidates)].sum(axis=0)))
        return int(candidates[self._best])
