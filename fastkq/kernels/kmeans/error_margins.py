"""Bounds on distances that hold in spite of rounding errors."""

import numpy as np

from fastkq.kernels.jit import inner_kernel
from fastkq.kernels.kmeans.tiles import LANES


@inner_kernel
def relative_error(dims, dtype):
    """Return a bound on the relative error of distances and of their squares.

    It is three times the largest rounding error.

    dims: the number of dimensions; dtype: float32 or float64, the dtype of the distances and of the result.
    """
    return dtype.type((dims + 16) * np.float64(np.finfo(dtype).eps))


@inner_kernel
def underflow_distance(dims, dtype):
    """Return the distance below which underflow may raise the error of the square above `relative_error`."""
    limits = np.finfo(dtype)
    return dtype.type(np.sqrt(dims * np.float64(limits.tiny) / np.float64(limits.eps)))


@inner_kernel
def bound_by_products(planes, columns, dims, reach, norms, tile):
    """Replace the scores of `fastkq.kernels.kmeans.tiles.nearest_two_by_products` by bounds on distances.

    tile, in and out: `best` becomes an upper bound of the smallest distance, `second` a lower bound of the
    second smallest. planes (D, WIDTH), in: offsets of the vectors from the origin with which the scores were
    computed; reach: the largest norm of the offsets of the centroids; norms (WIDTH,), scratch. D and WIDTH
    are those of `fastkq.kernels.kmeans.tiles`.
    """
    dtype = norms.dtype
    error, max_norm = relative_error(dims, dtype), dtype.type(reach)
    tiny = dtype.type(dims * np.finfo(dtype).tiny)
    largest, floor = dtype.type(np.finfo(dtype).max), underflow_distance(dims, dtype)
    for i in range(columns):
        norms[i] = 0
    for d in range(0, planes.shape[0], LANES):
        w, x, y, z = planes[d], planes[d + 1], planes[d + 2], planes[d + 3]
        for i in range(columns):
            norms[i] += (w[i] * w[i] + x[i] * x[i]) + (y[i] * y[i] + z[i] * z[i])
    two, zero = dtype.type(2), dtype.type(0)
    for i in range(columns):
        span = np.sqrt(norms[i]) + max_norm
        slack = error * span * span + tiny
        least = two * tile.best[i] + norms[i]
        next_least = two * tile.second[i] + norms[i] - slack
        next_least = next_least if next_least > zero else zero
        tile.best[i] = np.sqrt((least if least > zero else zero) + slack)
        tile.second[i] = np.sqrt(next_least if next_least < largest else largest) - floor


@inner_kernel
def bound_nearest(columns, dims, tile):
    """Replace the squared distances of `fastkq.kernels.kmeans.tiles.nearest_two` by bounds on distances.

    tile, in and out: `best` becomes an upper bound of the smallest distance, `second` a lower bound of the
    second smallest.
    """
    dtype = tile.best.dtype
    error, one = relative_error(dims, dtype), dtype.type(1)
    largest, floor = dtype.type(np.finfo(dtype).max), underflow_distance(dims, dtype)
    for i in range(columns):
        next_least = tile.second[i] if tile.second[i] < largest else largest
        tile.best[i] = np.sqrt(tile.best[i]) * (one + error)
        tile.second[i] = np.sqrt(next_least) * (one - error) - floor
