"""Candidates for the nearest centroid of the points of a box (Kanungo et al., 2002)."""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel
from fastkq.kernels.kmeans.error_margins import relative_error


class Subset(NamedTuple):
    """Some of the centroids, in ascending order of their indices; arrays may be longer than their number."""

    coordinates: Any  # (>= C, >= number)
    ids: Any  # (>= number,) signed integers: indices of the centroids


@inner_kernel
def every(centroids, ids):
    """Return all centroids (>= C, k) as a subset; ids (k,), out, receives the indices 0 .. k - 1."""
    for j in range(ids.shape[0]):
        ids[j] = j
    return Subset(centroids, ids)


@inner_kernel
def first_smallest(values, count):
    """Return the index of the smallest of values[:count], the first among equals.

    Four running minima take 0.3 ns per value. A single one takes 1 ns, because each comparison waits for the
    previous one.
    """
    a = b = c = d = values[0]
    for j in range(0, count - 3, 4):
        a = values[j] if values[j] < a else a
        b = values[j + 1] if values[j + 1] < b else b
        c = values[j + 2] if values[j + 2] < c else c
        d = values[j + 3] if values[j + 3] < d else d
    for j in range(count - count % 4, count):
        a = values[j] if values[j] < a else a
    smallest = min(min(a, b), min(c, d))
    place = 0
    while values[place] != smallest:
        place += 1
    return place


@inner_kernel
def rounding_slack(dims, dtype):
    """Return the bounds `relative` and `absolute` of `candidates` for coordinates that are not integers."""
    # Twice, because two squared distances are compared; squares may underflow.
    return dtype.type(2) * relative_error(dims, dtype), dtype.type(np.finfo(dtype).tiny)


@inner_kernel
def candidates(low, high, subset, count, relative, absolute, scratch, selected):
    """Select the centroids that may be nearest to a point of a box; return their number.

    Let b be the centroid with the smallest distance from its farthest corner of the box. Another centroid is
    left out if b is nearer at every point of the box, by more than the rounding error of squared distances.

    Parameters
    ----------
    low, high : (C,), in
        Corners of the box.
    subset : Subset, in
        The first `count` of its centroids are considered.
    relative, absolute : float
        Bounds on the relative and the absolute rounding error of squared distances; 0 if the coordinates are
        integers whose squared distances are exact.
    scratch : (>= count,)
    selected : Subset, out
        The selected centroids, in their given order.
    """
    dims, half = low.shape[0], low.dtype.type(0.5)
    for d in range(dims):
        middle, reach = low[d] * half + high[d] * half, (high[d] - low[d]) * half
        row = subset.coordinates[d, :count]
        for j in range(count):
            outer = abs(row[j] - middle) + reach
            scratch[j] = outer * outer if d == 0 else scratch[j] + outer * outer
    best = first_smallest(scratch, count)
    least, has_slack = scratch[best], relative > 0
    if has_slack:
        for j in range(count):
            scratch[j] = relative * (scratch[j] + least) + absolute
    # |x - best|^2 - |x - j|^2 is linear in x, so its maximum over the box lies at a corner. In offsets from
    # the best centroid, a dimension adds u (2 x - u) to it, where u is the offset of centroid j.
    for d in range(dims):
        b, row = subset.coordinates[d, best], subset.coordinates[d, :count]
        to_low, to_high = (low[d] - b) + (low[d] - b), (high[d] - b) + (high[d] - b)
        for j in range(count):
            u = row[j] - b
            gain = u * ((to_high if u > 0 else to_low) - u)
            scratch[j] = scratch[j] + gain if d > 0 or has_slack else gain
    kept = 0
    for j in range(count):
        if not scratch[j] < 0:  # squares that overflow make the gain NaN: the centroid is kept
            for d in range(dims):
                selected.coordinates[d, kept] = subset.coordinates[d, j]
            selected.ids[kept] = subset.ids[j]
            kept += 1
    return kept
