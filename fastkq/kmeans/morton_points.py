"""Weighted points in small boxes along a Morton curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.points import Assignment, centroids_for_group
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_BLOCKS_PER_CHUNK = 1 << 13  # blocks whose bounds are computed between two checkpoints
_SERIAL_WORK = 1 << 17
"""Work of a chunk on a single thread, in groups of blocks times (k + 32): about 10 ms."""
_MAX_SERIAL_DISTANCES = 1 << 23
"""Points times centroids: with at most this product, a single thread computes the moments. It takes at most
0.2 ms; waking another thread takes 0.05 ms."""

_NO_TOTALS = np.empty((0, 0))
_NO_LABELS = np.empty(0, np.int32)


class MortonPoints(NamedTuple):
    """Weighted points of up to 4 dimensions along the Morton curve, cut into blocks; the group comes first.

    A point may be the mean of others. A block is a run of points with its bounding
    box. If only one centroid can be nearest to a point of that box, the whole block is assigned to it
    (Kanungo et al., "An efficient k-means clustering algorithm", 2002); otherwise each point of the block is
    compared with the few centroids that can be nearest to a point of the box.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes, ascending within the group and among the other points. The code of a mean is that of
        its first point.
    coordinates : (C, M) float32 or float64
        Multiples of `grid_spacing`.
    weights : (M,) float64
        Integers, with a sum of at most 2^30.
    starts : (B + 1,) int64
        Block b holds the points starts[b] .. starts[b + 1] - 1.
    low, high : (C, B)
        Bounding boxes of the blocks.
    block_moments : (B, C + 1) float64
        Weighted sums of the coordinates of each block, and its weight.
    group_blocks : int
        Number of blocks of the group, see `fastkq.kmeans.points`; they are the first blocks.
    level : float
        Last coordinate of the points of the group.
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    weights: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]
    low: Coordinates
    high: Coordinates
    block_moments: npt.NDArray[np.float64]
    group_blocks: int
    level: float

    @classmethod
    def cut(
        cls,
        keys: npt.NDArray[np.uint32],
        coordinates: Coordinates,
        weights: npt.NDArray[np.float64],
        group: int = 0,
        level: float = 0.0,
    ) -> MortonPoints:
        """Cut points with Morton codes (M,), coordinates (C, M) and weights (M,) into blocks.

        The first `group` points are the group.
        """
        dims, points = coordinates.shape
        starts = np.empty(points + 1, np.int64)
        blocks = kernels.kmeans.morton_tree.cut_by_count(keys, group, starts)
        group_blocks = int(np.searchsorted(starts[: blocks + 1], group))
        low = np.empty((dims, blocks), coordinates.dtype)
        high = np.empty_like(low)
        moments = np.empty((blocks, dims + 1))
        for part in slices(blocks, _BLOCKS_PER_CHUNK):
            kernels.kmeans.morton_tree.compute_bounds(
                coordinates, weights, starts, part.start, part.stop, low, high, moments
            )
        starts = starts[: blocks + 1]
        return cls(keys, coordinates, weights, starts, low, high, moments, group_blocks, level)

    @property
    def group(self) -> int:
        """Number of points of the group; they are the first points."""
        return int(self.starts[self.group_blocks])

    def without_group(self) -> MortonPoints:
        """Return the points as if none belonged to the group."""
        return self._replace(group_blocks=0)

    def assign(self, centroids: Coordinates, threads: int = 1) -> Assignment:
        """Find the nearest of the centroids (C, k) for each point; exact if all coordinates are integers."""
        number = self.coordinates.shape[1]
        assignment = Assignment(np.empty(number, np.int32), np.empty(number, self.coordinates.dtype))

        def work(worker: int, allowed: Coordinates, start: int, stop: int) -> None:
            kernels.kmeans.lloyd.assign(self, allowed, start, stop, _NO_TOTALS, *assignment)

        self._over_blocks(work, centroids, threads)
        return assignment

    def moments(self, centroids: Coordinates, threads: int = 1) -> npt.NDArray[np.float64]:
        """Return the moments (k, C + 1) of the clusters; the sums are exact, in any order."""
        dims, k = centroids.shape
        workers = threads if self.coordinates.shape[1] * k > _MAX_SERIAL_DISTANCES else 1
        totals = np.zeros((workers, k, dims + 1))
        no_distances = np.empty(0, centroids.dtype)

        def work(worker: int, allowed: Coordinates, start: int, stop: int) -> None:
            kernels.kmeans.lloyd.assign(self, allowed, start, stop, totals[worker], _NO_LABELS, no_distances)

        self._over_blocks(work, centroids, workers)
        merged: npt.NDArray[np.float64] = totals.sum(axis=0)
        return merged

    def _over_blocks(
        self,
        work: Callable[[int, Coordinates, int, int], object],
        centroids: Coordinates,
        threads: int,
    ) -> None:
        """Call ``work(worker, allowed, start, stop)`` for each chunk of blocks start .. stop - 1.

        All blocks of a chunk belong to the group, or none does. `allowed` (C, k) is the array of centroids
        for their points.
        """
        blocks, group = len(self.block_moments), self.group_blocks
        chunk = _blocks_per_chunk(centroids.shape[1], threads)

        def visit(first: int, last: int, allowed: Coordinates) -> None:
            over_chunks(
                lambda w, start, stop: work(w, allowed, first + start, first + stop),
                last - first,
                chunk,
                threads,
            )

        if group > 0:
            visit(0, group, centroids_for_group(centroids, self.level))
        if group < blocks:
            visit(group, blocks, centroids)


def grid_spacing(coordinates: Coordinates) -> float:
    """Return the step of the grid to which means of points are rounded.

    Weighted sums of rounded means stay below 2^53 steps, so that they are exact in any order of addition. The
    step is 1/16 for float32 (gray and RGB) and 1 for float64: the integer coordinates of RGBA and Oklab are
    fine enough.
    """
    return 1 / 16 if coordinates.dtype == np.float32 else 1.0


def _blocks_per_chunk(k: int, threads: int) -> int:
    """Return the number of blocks of a chunk, a multiple of BLOCKS_PER_GROUP.

    A chunk is about 0.1 ms of work on several threads, since waking a thread takes 0.04 ms, and about 10 ms
    on one.
    """
    groups: int = max(1, (1024 if threads > 1 else _SERIAL_WORK) // (k + 32))
    return groups * int(kernels.kmeans.nearest_centroid.BLOCKS_PER_GROUP)
