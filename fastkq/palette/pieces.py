"""A search in pieces that are short enough to be told, and to be ended, between them."""

from collections.abc import Iterator
from typing import NamedTuple

from fastkq import kernels
from fastkq.runtime.progress import checkpoint

_DISTANCES_PER_PIECE = 1 << 26
"""Of one dimension: some 10 ms of work."""
_ROUND = 1 << 10
"""Points of a piece are whole runs of `fastkq.kernels.kmeans.nearest_vectors`."""
_TRIAL = 1 << 17
"""A trial takes as long as some twenty distances a centroid and so many more."""


class Piece(NamedTuple):
    """Trials first .. last - 1; of those up to 0, in which all clusters settle, points begin .. end - 1."""

    first: int
    last: int
    begin: int
    end: int


def pieces(points: int, dims: int, k: int, trials: int) -> Iterator[Piece]:
    """All the pieces of a search, in their order, with a checkpoint before each."""
    start = 1 - kernels.kmeans.swap_search.SETTLING_ITERATIONS
    together = max(1, _DISTANCES_PER_PIECE // (k * dims * _ROUND)) * _ROUND
    if points <= together:
        first = start
    else:
        first = 1
        for iteration in range(start, 1):
            for begin in range(0, points, together):
                checkpoint()
                yield Piece(iteration, iteration + 1, begin, min(begin + together, points))
    some = max(1, _DISTANCES_PER_PIECE // (dims * (20 * k + _TRIAL)))
    while first <= trials:
        last = min(max(first, 1) + some, trials + 1)
        checkpoint()
        yield Piece(first, last, 0, points)
        first = last
