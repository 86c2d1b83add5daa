"""The nearest centroid of weighted points."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.points import MortonPoints, seen_by_opaque
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Coordinates

_ALONE = 1 << 17

_NO_TOTALS = np.empty((0, 0))


class Assignment(NamedTuple):
    """Each point's nearest centroid, the lowest index among equals, and its squared distance, both (M,)."""

    labels: npt.NDArray[np.int32]
    distances: Coordinates


def _blocks_per_chunk(k: int, threads: int) -> int:
    """Blocks of a chunk, whole groups, for 0.1 ms of work: waking a thread takes 0.04 ms; alone, 10 ms."""
    groups: int = max(1, (1024 if threads > 1 else _ALONE) // (k + 32))
    return groups * int(kernels.kmeans.nearest.BLOCKS_PER_GROUP)


def assign(points: MortonPoints, centroids: Coordinates, threads: int = 1) -> Assignment:
    """Nearest centroid of each point; exact when the centroids' coordinates (C, k) are integers."""
    number = points.coordinates.shape[1]
    assignment = Assignment(np.empty(number, np.int32), np.empty(number, points.coordinates.dtype))

    def work(worker: int, seen: Coordinates, start: int, stop: int) -> None:
        kernels.kmeans.lloyd.visit(points, seen, start, stop, _NO_TOTALS, *assignment)

    over_blocks(work, points, centroids, threads)
    return assignment


def over_blocks(
    work: Callable[[int, Coordinates, int, int], object],
    points: MortonPoints,
    centroids: Coordinates,
    threads: int,
) -> None:
    """Call ``work(worker, seen, start, stop)`` for chunks of blocks that see the same centroids.

    `seen` (C, k) are the centroids, as the points of the blocks start .. stop - 1 see them.
    """
    blocks, opaque = len(points.moments), points.opaque
    chunk = _blocks_per_chunk(centroids.shape[1], threads)

    def visit(first: int, last: int, seen: Coordinates) -> None:
        over_chunks(
            lambda w, start, stop: work(w, seen, first + start, first + stop), last - first, chunk, threads
        )

    if opaque > 0:
        visit(0, opaque, seen_by_opaque(centroids, points.opacity))
    if opaque < blocks:
        visit(opaque, blocks, centroids)
