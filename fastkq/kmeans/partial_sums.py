"""Sums over fixed parts of the vectors, added in a fixed order."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Samples, Weights

Visit = Callable[[int, int, Weights], int]
"""Label the items start .. stop - 1 and add to their totals (k, d + 1); returns how many labels changed."""

_MOST_PARTS = 64
_WORTH_A_THREAD = 1 << 23
"""Products of vectors, centroids and dimensions: half a millisecond."""


class Visited(NamedTuple):
    """Whether any label changed, and the clusters' sums and weights (k, d + 1), empty if unwanted."""

    changed: bool
    totals: Weights


def visit_parts(
    visit: Visit, items: int, fewest: int, centroids: Samples, wants_totals: bool, threads: int
) -> Visited:
    """Visit parts of the items, at least `fewest` each, and add up their totals in their order."""
    part = max(fewest, -(-items // _MOST_PARTS))
    parts, (k, dims) = -(-items // part), centroids.shape
    totals = np.zeros((parts, k, dims + 1) if wants_totals else (parts, 0, 0))
    changes = np.zeros(parts, np.int64)

    def work(worker: int, start: int, stop: int) -> None:
        changes[start // part] = visit(start, stop, totals[start // part])

    over_chunks(work, items, part, threads)
    for number in range(1, parts):
        totals[0] += totals[number]
    return Visited(bool(changes.any()), totals[0])


def worth(vectors: Samples, k: int, threads: int) -> int:
    """How many threads are worth their start."""
    return threads if vectors.size * k > _WORTH_A_THREAD else 1
