"""The nearest palette row of every point."""

import numpy as np

from fastkq.kernels._jit import kernel
from fastkq.kernels.blocks import POINTS_PER_BLOCK
from fastkq.kernels.nearest import BLOCKS_PER_GROUP, bounds, buffers, candidates, nearest


@kernel
def assign(points, centroids, first_block, last_block, labels, distances):
    """Nearest centroid of each point, the lowest index among equals, and its squared distance.

    points, a `fastkq.blocks.Points`, and centroids (C, k), in; labels (M,) int32 and distances (M,), out.
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
            bounds(points.low, points.high, b, b + 1, low, high)
            count = candidates(low, high, group, in_group, scratch, group_ids, few, few_ids)
            start, stop = points.starts[b], points.starts[b + 1]
            nearest(points.coordinates, start, stop, few, count, best, label)
            for i in range(start, stop):
                labels[i] = few_ids[label[i - start]]
                distances[i] = best[i - start]


@kernel
def paint(palette, indices, start, stop, out):
    """out (N, C) = palette (k, C) at indices (N,), all unsigned integers, over [start, stop)."""
    channels = palette.shape[1]
    if channels == 3:  # unrolled: 0.6 ns a pixel against 1.9
        for i in range(start, stop):
            row = np.intp(indices[i])
            out[i, 0] = palette[row, 0]
            out[i, 1] = palette[row, 1]
            out[i, 2] = palette[row, 2]
        return
    for i in range(start, stop):
        row = np.intp(indices[i])
        for channel in range(channels):
            out[i, channel] = palette[row, channel]
