"""The nearest centroid of vectors of any dimension, and the moments of the clusters.

Squared distances are summed up in the order of the dimensions. That is the metric: what rounds there rounds
alike wherever a distance is taken, so that an index is the same as by brute force.
"""

import numpy as np

from fastkq.kernels._jit import kernel, part
from fastkq.kernels.nearest import first_smallest

VECTORS_PER_RUN = 128
"""Vectors that have a box and its candidates in common."""
RUNS_PER_GROUP = 8
"""Runs that choose their candidates from those of their common box: few, out of thousands."""
LANES = 4
"""Dimensions and centroids that a pass over a run takes at once. Zeros fill planes up to a multiple."""


@part
def candidates(low, high, centroids, count, scratch, ids, out_centroids, out_ids):
    """Centroids that may be nearest to a vector of the box [low, high] (d,), in their given order.

    centroids (>= d, >= count) and ids (>= count,), in; scratch (2, >= count); out_centroids and out_ids, out;
    returns how many. One is left out when the one that is nearest to the box's far corner is nearer
    everywhere in the box, by more than all that rounding can do to the distances.
    """
    dims = low.shape[0]
    half = low.dtype.type(0.5)
    slack = low.dtype.type((dims + 16) * 2.0 * np.finfo(low.dtype).eps)
    outer, gain = scratch[0, :count], scratch[1, :count]
    for j in range(count):
        outer[j] = 0
    for d in range(dims):
        middle, reach = low[d] * half + high[d] * half, (high[d] - low[d]) * half
        row = centroids[d, :count]
        for j in range(count):
            distance = abs(row[j] - middle) + reach
            outer[j] += distance * distance
    best = first_smallest(outer, count)
    least = outer[best]
    for j in range(count):
        gain[j] = slack * (outer[j] + least)
    # |x - best|^2 - |x - j|^2 is linear in x, so its maximum over the box lies at a corner.
    for d in range(dims):
        b, row = centroids[d, best], centroids[d, :count]
        to_low, to_high = low[d] - b, high[d] - b
        for j in range(count):
            c = row[j]
            corner = (high[d] - c) + to_high if c > b else (low[d] - c) + to_low
            gain[j] += (c - b) * corner
    kept = 0
    for j in range(count):
        if gain[j] >= 0:
            for d in range(dims):
                out_centroids[d, kept] = centroids[d, j]
            out_ids[kept] = ids[j]
            kept += 1
    return kept


@part
def nearest(planes, first, number, centroids, count, sums, best, label):
    """Squared distance and place of the nearest of `count` centroids, the first of equals.

    For the vectors first .. first + number - 1 of planes (D, n), D a multiple of LANES; centroids
    (D, >= count), in; sums (LANES, >= number), scratch; best and label int64 (>= number,), out.
    """
    for i in range(number):
        best[i] = np.inf
    for j in range(0, count, 4):
        a, b, c = min(j + 1, count - 1), min(j + 2, count - 1), min(j + 3, count - 1)
        s, t, u, v = sums[0, :number], sums[1, :number], sums[2, :number], sums[3, :number]
        for i in range(number):
            s[i] = t[i] = u[i] = v[i] = 0
        for d in range(0, planes.shape[0], LANES):
            w, x = planes[d, first : first + number], planes[d + 1, first : first + number]
            y, z = planes[d + 2, first : first + number], planes[d + 3, first : first + number]
            jw, jx, jy, jz = centroids[d, j], centroids[d + 1, j], centroids[d + 2, j], centroids[d + 3, j]
            aw, ax, ay, az = centroids[d, a], centroids[d + 1, a], centroids[d + 2, a], centroids[d + 3, a]
            bw, bx, by, bz = centroids[d, b], centroids[d + 1, b], centroids[d + 2, b], centroids[d + 3, b]
            cw, cx, cy, cz = centroids[d, c], centroids[d + 1, c], centroids[d + 2, c], centroids[d + 3, c]
            for i in range(number):
                p, q, r, o = w[i] - jw, x[i] - jx, y[i] - jy, z[i] - jz
                s[i] = s[i] + p * p + q * q + r * r + o * o
                p, q, r, o = w[i] - aw, x[i] - ax, y[i] - ay, z[i] - az
                t[i] = t[i] + p * p + q * q + r * r + o * o
                p, q, r, o = w[i] - bw, x[i] - bx, y[i] - by, z[i] - bz
                u[i] = u[i] + p * p + q * q + r * r + o * o
                p, q, r, o = w[i] - cw, x[i] - cx, y[i] - cy, z[i] - cz
                v[i] = v[i] + p * p + q * q + r * r + o * o
        for i in range(number):
            one = np.int64(j) if s[i] <= t[i] else np.int64(a)
            to_one = s[i] if s[i] <= t[i] else t[i]
            other = np.int64(b) if u[i] <= v[i] else np.int64(c)
            to_other = u[i] if u[i] <= v[i] else v[i]
            other = one if to_one <= to_other else other
            to_other = to_one if to_one <= to_other else to_other
            label[i] = label[i] if best[i] <= to_other else other
            best[i] = best[i] if best[i] <= to_other else to_other


@part
def load(vectors, start, number, planes, lows, highs):
    """Planes of the vectors (n, d) start .. start + number - 1, and the boxes (runs, d) of their runs."""
    dims = vectors.shape[1]
    for i in range(number):
        for d in range(dims):
            planes[d, i] = vectors[start + i, d]
    runs = 0
    for first in range(0, number, VECTORS_PER_RUN):
        last = min(first + VECTORS_PER_RUN, number)
        for d in range(dims):
            row = planes[d, first:last]
            low = high = row[0]
            for i in range(last - first):
                low = row[i] if row[i] < low else low
                high = row[i] if row[i] > high else high
            lows[runs, d], highs[runs, d] = low, high
        runs += 1
    return runs


@part
def bounds(lows, highs, first, last, low, high):
    """Common box (d,), out, of the boxes first .. last - 1."""
    for d in range(low.shape[0]):
        low[d], high[d] = lows[first, d], highs[first, d]
        for run in range(first + 1, last):
            low[d], high[d] = min(low[d], lows[run, d]), max(high[d], highs[run, d])


@kernel
def visit(vectors, weights, start, stop, centroids, labels, distances, totals):
    """Nearest centroid of the vectors start .. stop - 1, the lowest index among equals.

    vectors (n, d), centroids (d, k), in. Labels (n,) and squared distances (n,), out, either or both empty;
    totals (k, d + 1), in and out, empty or with the weighted sums and weights of the clusters, for
    weights (n,), which then are added to. Returns the squared error if there are totals.
    """
    dims, k = centroids.shape
    dtype = vectors.dtype
    padded = -(-dims // LANES) * LANES
    group_size = VECTORS_PER_RUN * RUNS_PER_GROUP
    every, ids = np.zeros((padded, k), dtype), np.arange(k)
    every[:dims] = centroids
    group, group_ids = np.zeros((padded, k), dtype), np.empty(k, np.int64)
    few, few_ids = np.zeros((padded, k), dtype), np.empty(k, np.int64)
    scratch, sums = np.empty((2, k), dtype), np.empty((4, VECTORS_PER_RUN), dtype)
    best, label = np.empty(VECTORS_PER_RUN, dtype), np.empty(VECTORS_PER_RUN, np.int64)
    planes = np.zeros((padded, group_size), dtype)
    lows, highs = np.empty((RUNS_PER_GROUP, dims), dtype), np.empty((RUNS_PER_GROUP, dims), dtype)
    low, high = np.empty(dims, dtype), np.empty(dims, dtype)
    error = 0.0
    for base in range(start, stop, group_size):
        in_group = min(group_size, stop - base)
        runs = load(vectors, base, in_group, planes, lows, highs)
        bounds(lows, highs, 0, runs, low, high)
        of_group = candidates(low, high, every, k, scratch, ids, group, group_ids)
        for run in range(runs):
            first = run * VECTORS_PER_RUN
            number = min(VECTORS_PER_RUN, in_group - first)
            count = candidates(lows[run], highs[run], group, of_group, scratch, group_ids, few, few_ids)
            nearest(planes, first, number, few, count, sums, best, label)
            first += base
            if labels.shape[0] > 0:
                for i in range(number):
                    labels[first + i] = few_ids[label[i]]
            if distances.shape[0] > 0:
                for i in range(number):
                    distances[first + i] = best[i]
            if totals.shape[0] > 0:
                for i in range(number):
                    row, weight = totals[few_ids[label[i]]], weights[first + i]
                    for d in range(dims):
                        row[d] += weight * np.float64(vectors[first + i, d])
                    row[dims] += weight
                    error += weight * np.float64(best[i])
    return error
