"""One iteration of Lloyd's algorithm over blocks of weighted points."""

import numpy as np

from fastkq.kernels._jit import kernel
from fastkq.kernels.blocks import POINTS_PER_BLOCK
from fastkq.kernels.nearest import BLOCKS_PER_GROUP, bounds, buffers, candidates, nearest


@kernel
def accumulate(points, centroids, first_block, last_block, totals):
    """Add the moments of blocks to those of their points' nearest centroids.

    points, a `fastkq.blocks.Points`, and centroids (C, k), in; totals (k, 2 C + 1) float64, in and out.
    The bounds are multiples of BLOCKS_PER_GROUP, or the end.
    """
    k = centroids.shape[1]
    low, high, scratch, ids, group, group_ids, few, few_ids = buffers(centroids)
    best, label = np.empty(POINTS_PER_BLOCK, centroids.dtype), np.empty(POINTS_PER_BLOCK, np.int32)
    for first in range(first_block, last_block, BLOCKS_PER_GROUP):
        last = min(first + BLOCKS_PER_GROUP, last_block)
        bounds(points.low, points.high, first, last, low, high)
        in_group = candidates(low, high, centroids, k, scratch, ids, group, group_ids)
        for b in range(first, last):
            count = 1
            if in_group > 1:
                bounds(points.low, points.high, b, b + 1, low, high)
                count = candidates(low, high, group, in_group, scratch, group_ids, few, few_ids)
            if count == 1:
                owner = few_ids[0] if in_group > 1 else group_ids[0]
                for m in range(points.moments.shape[1]):
                    totals[owner, m] += points.block_moments[b, m]
                continue
            start, stop = points.starts[b], points.starts[b + 1]
            nearest(points.coordinates, start, stop, few, count, best, label)
            for i in range(start, stop):
                owner = few_ids[label[i - start]]
                for m in range(points.moments.shape[1]):
                    totals[owner, m] += points.moments[i, m]


@kernel
def ordered_sum(values):
    """Sum of values (N,) float64 from first to last: the same bits on any CPU."""
    total = 0.0
    for value in values:
        total += value
    return total
