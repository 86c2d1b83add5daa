"""Nearest centroids of weighted points of up to 4 dimensions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.points import MortonPoints, centroids_for_opaque
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Coordinates

_SERIAL_WORK = 1 << 17
"""Work of a chunk on a single thread, in groups of blocks times (k + 32): about 10 ms."""

_NO_TOTALS = np.empty((0, 0))


class Assignment(NamedTuple):
    """Index of the nearest centroid of each point, the lowest among equals, and its squared distance.

    Both arrays are (M,).
    """

    labels: npt.NDArray[np.int32]
    distances: Coordinates


def _blocks_per_chunk(k: int, threads: int) -> int:
    """Return the number of blocks of a chunk, a multiple of BLOCKS_PER_GROUP.

    A chunk is about 0.1 ms of work on several threads, since waking a thread takes 0.04 ms, and about 10 ms
    on one.
    """
    groups: int = max(1, (1024 if threads > 1 else _SERIAL_WORK) // (k + 32))
    return groups * int(kernels.kmeans.nearest_centroid.BLOCKS_PER_GROUP)


def assign(points: MortonPoints, centroids: Coordinates, threads: int = 1) -> Assignment:
    """Find the nearest of the centroids (C, k) for each point; exact if their coordinates are integers."""
    number = points.coordinates.shape[1]
    assignment = Assignment(np.empty(number, np.int32), np.empty(number, points.coordinates.dtype))

    def work(worker: int, allowed: Coordinates, start: int, stop: int) -> None:
        kernels.kmeans.lloyd.assign(points, allowed, start, stop, _NO_TOTALS, *assignment)

    over_blocks(work, points, centroids, threads)
    return assignment


def over_blocks(
    work: Callable[[int, Coordinates, int, int], object],
    points: MortonPoints,
    centroids: Coordinates,
    threads: int,
) -> None:
    """Call ``work(worker, allowed, start, stop)`` for each chunk of blocks start .. stop - 1.

    All blocks of a chunk are opaque, or none is. `allowed` (C, k) is the array of centroids for their points:
    for opaque blocks the result of `fastkq.kmeans.points.centroids_for_opaque`, otherwise `centroids`.
    """
    blocks, opaque = len(points.moments), points.opaque
    chunk = _blocks_per_chunk(centroids.shape[1], threads)

    def visit(first: int, last: int, allowed: Coordinates) -> None:
        over_chunks(
            lambda w, start, stop: work(w, allowed, first + start, first + stop), last - first, chunk, threads
        )

    if opaque > 0:
        visit(0, opaque, centroids_for_opaque(centroids, points.opacity))
    if opaque < blocks:
        visit(opaque, blocks, centroids)
