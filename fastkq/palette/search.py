"""Leave the local optimum that Lloyd's algorithm ends in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.palette.coarsen import Summary
from fastkq.spaces import Coordinates
from fastkq.threads import over_chunks


def swap(
    points: Summary, centroids: Coordinates, trials: int, temperatures: Sequence[float], threads: int = 1
) -> tuple[Coordinates, float]:
    """Move centroids from where they are missed least to where they are needed most.

    Each trial takes the cluster that can be merged into a neighbour at the least cost, puts its centroid
    into the one whose split along its principal axis promises most, lets Lloyd's algorithm settle the
    clusters about both, and keeps the result if the error fell. The idea is Fritzke's ("Breathing k-means",
    arXiv:2006.15666), whose trial and error the two estimates replace.

    Parameters
    ----------
    centroids : (C, k)
    trials
        Most swaps tried.
    temperatures
        The best of as many searches is taken. Each accepts errors that grow by less than its temperature
        times a cluster's mean error, falling to nothing with the trials (threshold accepting, Dueck and
        Scheuer, 1990): 0 is greedy.

    Returns
    -------
    (C, k), and their squared error
    """
    dims, k = centroids.shape
    planes = np.zeros((4, len(points.weights)), np.float32)
    planes[:dims] = points.coordinates
    moved = np.zeros((len(temperatures), 4, k), np.float32)
    moved[:, :dims] = centroids
    errors = np.empty(len(temperatures))

    def work(worker: int, start: int, stop: int) -> None:
        errors[start] = kernels.search.search(
            planes,
            max(dims, 3),
            points.weights,
            moved[start],
            trials,
            temperatures[start],
            _clusters(len(points.weights), k),
            _region(planes, points.weights, moved[start]),
        )

    over_chunks(work, len(temperatures), 1, threads)
    best = int(np.argmin(errors))
    return np.ascontiguousarray(moved[best, :dims], centroids.dtype), float(errors[best])


def _clusters(points: int, k: int) -> Any:
    return kernels.search.Clusters(
        centroids=np.empty((4, k), np.float32),
        moments=np.empty((k, 15)),
        error=np.zeros(k),
        spread=np.empty(k),
        axis=np.empty((k, 4)),
        removal=np.empty(k),
        beside=np.zeros(k, np.int32),
        first=np.empty(k, np.int32),
        after=np.empty(points, np.int32),
        changed=np.zeros(k, np.int64),
    )


def _region(planes: npt.NDArray[np.float32], weights: npt.NDArray[np.float64], centroids: Coordinates) -> Any:
    """A region of all the clusters and points."""
    points, k = planes.shape[1], centroids.shape[1]
    return kernels.search.Region(
        clusters=np.arange(k, dtype=np.int32),
        inside=np.zeros(k, np.uint8),
        centroids=centroids.copy(),
        moments=np.empty((k, 15)),
        points=np.arange(points, dtype=np.int32),
        coordinates=planes.copy(),
        weights=weights.copy(),
        labels=np.empty(points, np.int32),
        best=np.empty(points, np.float32),
        distance=np.empty(k, np.float32),
    )
