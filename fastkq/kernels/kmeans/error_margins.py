"""Bounds of distances, by more than all that rounding can do to them."""

import numpy as np

from fastkq.kernels.jit import part
from fastkq.kernels.kmeans.tiles import LANES


@part
def share_of(dims, dtype):
    """By which share a distance, or its square, may be off; three times as much as it ever is."""
    return dtype.type((dims + 16) * np.float64(np.finfo(dtype).eps))


@part
def floor_of(dims, dtype):
    """Distances below it have squares of which more is lost than a share."""
    limits = np.finfo(dtype)
    return dtype.type(np.sqrt(dims * np.float64(limits.tiny) / np.float64(limits.eps)))


@part
def bound_likely(planes, columns, dims, reach, norms, tile):
    """Make bounds of distances, from above and below, of the scores of `likely_two`.

    reach is the largest norm of the centroids; norms (WIDTH,), scratch.
    """
    dtype = norms.dtype
    share, tiny, far = share_of(dims, dtype), dtype.type(dims * np.finfo(dtype).tiny), dtype.type(reach)
    largest, floor = dtype.type(np.finfo(dtype).max), floor_of(dims, dtype)
    for i in range(columns):
        norms[i] = 0
    for d in range(0, planes.shape[0], LANES):
        w, x, y, z = planes[d], planes[d + 1], planes[d + 2], planes[d + 3]
        for i in range(columns):
            norms[i] += (w[i] * w[i] + x[i] * x[i]) + (y[i] * y[i] + z[i] * z[i])
    two, zero = dtype.type(2), dtype.type(0)
    for i in range(columns):
        span = np.sqrt(norms[i]) + far
        slack = share * span * span + tiny
        least = two * tile.best[i] + norms[i]
        next_least = two * tile.second[i] + norms[i] - slack
        next_least = next_least if next_least > zero else zero
        tile.best[i] = np.sqrt((least if least > zero else zero) + slack)
        tile.second[i] = np.sqrt(next_least if next_least < largest else largest) - floor


@part
def bound_nearest(columns, dims, tile):
    """Make bounds of distances, from above and below, of the scores of `nearest_two`."""
    dtype = tile.best.dtype
    share, one = share_of(dims, dtype), dtype.type(1)
    largest, floor = dtype.type(np.finfo(dtype).max), floor_of(dims, dtype)
    for i in range(columns):
        next_least = tile.second[i] if tile.second[i] < largest else largest
        tile.best[i] = np.sqrt(tile.best[i]) * (one + share)
        tile.second[i] = np.sqrt(next_least) * (one - share) - floor
