"""Swap search for centroids that come from a finite set of candidates."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.morton_points import MortonPoints
from fastkq.kmeans.points import FAR, MIN_CENTROIDS_FOR_GROUP, are_in_group
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates, Vectors

_MIN_GAIN = 1e-7
"""A swap lowers the squared error by at least this share of it: far above the rounding errors of its sums."""
_POINTS_AT_ONCE = 1 << 14
_CANDIDATES_AT_ONCE = 1 << 7
_ADDED_SHARE = 2  # centroids that are missing are added in steps of one in this many


class DiscreteSearch:
    """Search for k centroids among candidates (C, m) for weighted points.

    The points of the group are assigned as `fastkq.kmeans.points` describes.
    """

    def __init__(
        self, points: MortonPoints | VectorPoints, candidates: Coordinates, k: int, n_fixed: int
    ) -> None:
        kernel = kernels.kmeans.discrete_swaps
        self._k, self._n_fixed, self._level = k, n_fixed, points.level
        group = points.group if isinstance(points, MortonPoints) and k >= MIN_CENTROIDS_FOR_GROUP else 0
        number = len(points.weights)
        self._points = kernel.Points(_rows(points.coordinates), points.weights, group)
        self._candidates = self._places(candidates)
        self._clusters = kernel.Clusters(
            np.empty(number, np.int32), np.empty(number, np.int32), np.empty(number), np.empty(number),
            np.empty(k + 1, np.int64), np.empty(number, np.int32), np.empty(k), np.empty(k), np.empty(k),
            np.empty(1),
        )  # fmt: skip

    def completed(self, centroids: Coordinates) -> Coordinates:
        """Return centroids (C, n <= k), plus candidates, so that they are k or no candidate lowers the error.

        Candidates are added in the order of the error that each saves. After each step, in which a share of
        the missing ones is added, the savings are computed again.
        """
        while centroids.shape[1] < self._k:
            gains = self._gains(centroids)
            number = -(-(self._k - centroids.shape[1]) // _ADDED_SHARE)
            best = np.argsort(-gains, kind="stable")[:number]
            best = best[gains[best] > 0]
            if len(best) == 0:
                break
            added = self._candidates.plain[best].T.astype(centroids.dtype)
            centroids = np.concatenate((centroids, added), axis=1)
        return centroids

    def improved(self, centroids: Coordinates, passes: int) -> Coordinates:
        """Return centroids (C, n) after swaps with candidates: at most `passes` passes over the candidates.

        The first `n_fixed` stay.
        """
        places, k = self._assign(centroids), centroids.shape[1]
        if k < 2:  # a swap removes one of two centroids: the points need another one
            return centroids
        for _ in range(passes):
            swaps = 0
            for part in slices(len(self._candidates.plain), _CANDIDATES_AT_ONCE):
                swaps += kernels.kmeans.discrete_swaps.swap(
                    self._points, self._candidates, part.start, part.stop, places, self._n_fixed, k,
                    _MIN_GAIN, self._clusters,
                )  # fmt: skip
            if swaps == 0:
                break
        return np.ascontiguousarray(places.plain.T, centroids.dtype)

    def error(self, centroids: Coordinates) -> float:
        """Return the squared error of the points about centroids (C, n <= k)."""
        self._assign(centroids)
        return float(self._clusters.error[0])

    def _gains(self, centroids: Coordinates) -> npt.NDArray[np.float64]:
        """Return the decrease (m,) of the squared error by the addition of each candidate."""
        places, number = self._assign(centroids), len(self._candidates.plain)
        gains = np.empty(number)
        for part in slices(number, _CANDIDATES_AT_ONCE):
            kernels.kmeans.discrete_swaps.gains(
                self._points, self._candidates, part.start, part.stop, places, centroids.shape[1],
                self._clusters, gains,
            )  # fmt: skip
        return gains

    def _assign(self, centroids: Coordinates) -> Any:
        kernel, places, k = kernels.kmeans.discrete_swaps, self._places(centroids), centroids.shape[1]
        for part in slices(len(self._points.weights), _POINTS_AT_ONCE):
            kernel.assign(self._points, places, k, part.start, part.stop, self._clusters)
        kernel.gather(self._points, k, self._clusters)
        return places

    def _places(self, centroids: Coordinates) -> Any:
        plain, in_group = _rows(centroids), are_in_group(centroids, self._level)
        for_group = plain.copy()
        if self._points.group > 0 and in_group.any():
            for_group[~in_group, -1] = FAR
        return kernels.kmeans.discrete_swaps.Places(plain, for_group)


def _rows(coordinates: Coordinates) -> Vectors:
    """Return coordinates (C, n) as rows (n, C) of float64, in memory of their own."""
    return np.array(coordinates.T, np.float64, order="C")
