"""Nearest centroids of vectors of few dimensions, found for each leaf of a k-d tree."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.partial_sums import Visited, useful_threads, visit_parts
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Labels, Samples, Weights

Order = npt.NDArray[np.int64]

_SERIAL_LEVELS = 4
"""Levels of the tree that are divided one after the other, from the root. The subtrees below them are grown
in parallel."""
_LEAVES_PER_CHUNK = 64
_MIN_LEAVES_PER_PART = 8  # minimum number of leaves of a part
_CENTROIDS_PER_LEAF = 64
"""A part holds at least one leaf per this many centroids: each part has its own sums for all centroids."""


class Leaves:
    """The leaves of a k-d tree: a copy of the vectors in the order of the leaves, and their labels.

    A leaf whose vectors all have the same label stores that label once; otherwise each vector has its own.
    """

    def __init__(self, vectors: Samples, weights: Weights, k: int, threads: int) -> None:
        n, dims = vectors.shape
        self._threads = useful_threads(vectors, k, threads)
        lanes = int(kernels.kmeans.tiles.LANES)
        rows, self._order = np.zeros((n, lanes), vectors.dtype), np.arange(n)
        rows[:, :dims] = vectors
        self._starts = _grow(rows, self._order, self._threads)
        self._weights = weights[self._order] if len(weights) else weights
        leaves = len(self._starts) - 1
        self._planes = np.zeros((lanes, n + int(kernels.kmeans.tiles.STEP)), vectors.dtype)
        self._boxes = np.empty((2, leaves, dims), vectors.dtype)
        self._moments = np.empty((leaves, dims + 1))
        self._owners: Labels = np.zeros(leaves, np.int32)
        self._labels: Labels = np.zeros(n, np.int32)
        self._in_given_order: Labels | None = None

        def work(worker: int, start: int, stop: int) -> None:
            kernels.kmeans.kd_tree.compute_leaf_stats(
                rows,
                self._weights,
                self._starts,
                start,
                stop,
                self._planes,
                self._boxes,
                self._moments,
            )

        over_chunks(work, leaves, _LEAVES_PER_CHUNK, self._threads)

    @property
    def labels(self) -> Labels:
        """Labels (n,) int32, in the order in which the vectors were given."""
        if self._in_given_order is None:
            owners = np.repeat(self._owners, np.diff(self._starts))
            self._in_given_order = np.empty_like(self._labels)
            self._in_given_order[self._order] = np.where(owners < 0, self._labels, owners)
        return self._in_given_order

    def visit(self, centroids: Samples, wants_totals: bool) -> Visited:
        """Label each vector with its nearest of the centroids (k, d), the lowest index among equals."""
        self._in_given_order = None

        def visit(start: int, stop: int, totals: Weights) -> int:
            changed: int = kernels.kmeans.kd_tree.assign(
                self._planes,
                self._weights,
                self._starts,
                start,
                stop,
                self._boxes,
                self._moments,
                centroids,
                self._owners,
                self._labels,
                totals,
            )
            return changed

        min_items = max(_MIN_LEAVES_PER_PART, len(centroids) // _CENTROIDS_PER_LEAF)
        return visit_parts(visit, len(self._owners), min_items, centroids, wants_totals, self._threads)


def _grow(rows: Samples, order: Order, threads: int) -> Order:
    """Sort rows (n, LANES) and their order (n,) by the leaves of a k-d tree, in place.

    Returns the first row of each leaf, then n: (leaves + 1,).
    """
    spare = np.empty_like(rows), np.empty_like(order)
    limit, ends = int(kernels.kmeans.tiles.VECTORS_PER_TILE), [0, len(rows)]
    for _ in range(_SERIAL_LEVELS):
        nodes = [node for node in pairwise(ends) if node[1] - node[0] > limit]
        ends = sorted([*ends, *_divide(rows, order, spare, nodes, threads)])
    leaves: list[Order] = [order[:0]] * (len(ends) - 1)

    def grow(worker: int, node: int, stop: int) -> None:
        first, last = ends[node], ends[node + 1]
        starts = np.empty(last - first, np.int64)
        leaves[node] = starts[: kernels.kmeans.kd_tree.grow(rows, order, first, last, limit, *spare, starts)]

    over_chunks(grow, len(leaves), 1, threads)
    return np.concatenate([*leaves, [len(rows)]])


def _divide(
    rows: Samples, order: Order, spare: tuple[Samples, Order], nodes: list[tuple[int, int]], threads: int
) -> list[int]:
    """Divide nodes (first, last) at about the median; returns where the second half of each begins."""
    middles = [0] * len(nodes)

    def divide(worker: int, node: int, stop: int) -> None:
        middles[node] = kernels.kmeans.kd_tree.divide(rows, order, *nodes[node], *spare)

    over_chunks(divide, len(nodes), 1, threads)
    return middles
