"""Cluster sums over fixed parts of the vectors, added in a fixed order."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Samples, Weights

Visit = Callable[[int, int, Weights], int]
"""``visit(start, stop, totals)`` labels the items start .. stop - 1, adds their weighted sums and weights to
totals (k, d + 1), and returns the number of labels that changed."""

_MAX_PARTS = 64  # maximum number of parts: each part has its own sums for all centroids
_SERIAL_PRODUCTS = 1 << 23
"""Vectors times centroids times dimensions: with at most this product, about 0.5 ms of work, a single thread
does all the work."""


class Visited(NamedTuple):
    """Result of a visit.

    Attributes
    ----------
    changed : bool
        Whether any label changed.
    totals : (k, d + 1) float64
        Weighted sum of the vectors of each cluster, and its weight; empty if not wanted.
    """

    changed: bool
    totals: Weights


def visit_parts(
    visit: Visit, items: int, min_items: int, centroids: Samples, wants_totals: bool, threads: int
) -> Visited:
    """Visit the items in parts of at least `min_items`, and add the totals of the parts in order."""
    part = max(min_items, -(-items // _MAX_PARTS))
    parts, (k, dims) = -(-items // part), centroids.shape
    totals = np.zeros((parts, k, dims + 1) if wants_totals else (parts, 0, 0))
    changes = np.zeros(parts, np.int64)

    def work(worker: int, start: int, stop: int) -> None:
        changes[start // part] = visit(start, stop, totals[start // part])

    over_chunks(work, items, part, threads)
    for number in range(1, parts):
        totals[0] += totals[number]
    return Visited(bool(changes.any()), totals[0])


def useful_threads(vectors: Samples, k: int, threads: int) -> int:
    """Return the number of threads to use: 1 if there is too little work to pay for waking more."""
    return threads if vectors.size * k > _SERIAL_PRODUCTS else 1
