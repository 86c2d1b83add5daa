"""What each cluster would cost to dissolve, and what it would gain by a split."""

import numpy as np

from fastkq.kernels._jit import kernel
from fastkq.kernels.nearest import BLOCKS_PER_GROUP, bounds


@kernel
def _within_two(low, high, centroids, count, near, far, ids, out_centroids, out_ids):
    """Centroids among which are the two nearest to any point of the box [low, high] (C,); returns how many.

    Arguments as in `nearest.candidates`. A centroid is left out when two others are nearer to the box's
    far corner than it is to the near one.
    """
    dtype = low.dtype.type
    first, second = dtype(np.inf), dtype(np.inf)
    for j in range(count):
        outer, inner = dtype(0), dtype(0)
        for d in range(low.shape[0]):
            middle = (low[d] + high[d]) * dtype(0.5)
            half = (high[d] - low[d]) * dtype(0.5)
            offset = abs(centroids[d, j] - middle)
            outer += (offset + half) * (offset + half)
            inside = max(offset - half, dtype(0))
            inner += inside * inside
        far[j], near[j] = outer, inner
        if outer < first:
            first, second = outer, first
        elif outer < second:
            second = outer
    kept = 0
    for j in range(count):
        if near[j] <= second:
            for d in range(low.shape[0]):
                out_centroids[d, kept] = centroids[d, j]
            out_ids[kept] = ids[j]
            kept += 1
    return kept


@kernel
def survey(points, centroids, first_block, last_block, removal, moments, squares):
    """Add up what every cluster would cost and gain.

    points, a `fastkq.blocks.Points`, and centroids (C, k), in; float64, in and out: removal (k,), what the
    squared error grows by if the points go to their second nearest centroids; moments (k, C + 1); squares
    (k, C), weighted sums of squared coordinates.
    """
    dims, k = centroids.shape
    dtype = centroids.dtype
    ids = np.arange(k).astype(np.int32)
    near, far = np.empty(k, dtype), np.empty(k, dtype)
    group, group_ids = np.empty((dims, k), dtype), np.empty(k, np.int32)
    few, few_ids = np.empty((dims, k), dtype), np.empty(k, np.int32)
    low, high = np.empty(dims, dtype), np.empty(dims, dtype)
    for first in range(first_block, last_block, BLOCKS_PER_GROUP):
        last = min(first + BLOCKS_PER_GROUP, last_block)
        bounds(points.low, points.high, first, last, low, high)
        in_group = _within_two(low, high, centroids, k, near, far, ids, group, group_ids)
        for b in range(first, last):
            bounds(points.low, points.high, b, b + 1, low, high)
            count = _within_two(low, high, group, in_group, near, far, group_ids, few, few_ids)
            for i in range(points.starts[b], points.starts[b + 1]):
                best, second, label = dtype.type(np.inf), dtype.type(np.inf), 0
                for j in range(count):
                    distance = dtype.type(0)
                    for d in range(dims):
                        difference = points.coordinates[d, i] - few[d, j]
                        distance += difference * difference
                    if distance < best:
                        best, second, label = distance, best, j
                    elif distance < second:
                        second = distance
                owner = few_ids[label]
                weight = points.moments[i, dims]
                removal[owner] += weight * (np.float64(second) - np.float64(best))
                for d in range(dims):
                    x = np.float64(points.coordinates[d, i])
                    squares[owner, d] += weight * x * x
                for m in range(dims + 1):
                    moments[owner, m] += points.moments[i, m]
