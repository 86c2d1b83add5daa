"""The nearest centroid of vectors of any dimension, and the moments of the clusters.

Squared distances are sums in the order of the dimensions. Every kernel that labels vectors rounds in this
way, so its labels equal those of brute force.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.candidates import Subset, candidates, every, rounding_slack
from fastkq.kernels.kmeans.tiles import LANES, round_up_to_lanes

VECTORS_PER_RUN = 128
"""Vectors of a run, which share a bounding box and its candidate centroids."""
RUNS_PER_GROUP = 8
"""The runs of a group select their candidates from the candidates of the group's box, which are few even for
thousands of centroids."""


@inner_kernel
def _squared_distances(planes, centroids, j, squares):
    """Compute the squared distances (VECTORS_PER_RUN,), out, of the vectors of a run from centroid j."""
    for i in range(VECTORS_PER_RUN):
        squares[i] = 0
    for d in range(0, planes.shape[0], LANES):
        w, x, y, z = planes[d], planes[d + 1], planes[d + 2], planes[d + 3]
        cw, cx, cy, cz = centroids[d, j], centroids[d + 1, j], centroids[d + 2, j], centroids[d + 3, j]
        for i in range(VECTORS_PER_RUN):
            p = w[i] - cw
            q = x[i] - cx
            r = y[i] - cy
            s = z[i] - cz
            squares[i] = squares[i] + p * p + q * q + r * r + s * s


@inner_kernel
def nearest(planes, centroids, count, squares, best, label):
    """Find the nearest of `count` centroids for the vectors of a run.

    Parameters
    ----------
    planes : (D, VECTORS_PER_RUN), in
        D is a multiple of LANES.
    centroids : (D, >= count), in
    squares : (2, VECTORS_PER_RUN), scratch
    best : (VECTORS_PER_RUN,), out
        Squared distances.
    label : (VECTORS_PER_RUN,) int64, out
        Indices among the `count` centroids, the first among equals.
    """
    for i in range(VECTORS_PER_RUN):
        best[i] = np.inf
    to_j, to_k = squares[0], squares[1]
    for j in range(0, count, 2):
        k = min(j + 1, count - 1)
        _squared_distances(planes, centroids, j, to_j)
        _squared_distances(planes, centroids, k, to_k)
        for i in range(VECTORS_PER_RUN):
            closer = np.int64(j) if to_j[i] <= to_k[i] else np.int64(k)
            square = to_j[i] if to_j[i] <= to_k[i] else to_k[i]
            label[i] = label[i] if best[i] <= square else closer
            best[i] = best[i] if best[i] <= square else square


@inner_kernel
def load(vectors, start, number, planes, lows, highs):
    """Write vectors as planes, and their bounding boxes; return the number of runs.

    The vectors are start .. start + number - 1 of vectors (n, d), in; planes (runs, D, VECTORS_PER_RUN) and
    boxes lows and highs (runs, d), out. The last run is padded with its first vector.
    """
    dims = vectors.shape[1]
    runs = -(-number // VECTORS_PER_RUN)
    for run in range(runs):
        first = run * VECTORS_PER_RUN
        last = min(first + VECTORS_PER_RUN, number)
        for i in range(VECTORS_PER_RUN):
            source = start + (first + i if first + i < last else first)
            for d in range(dims):
                planes[run, d, i] = vectors[source, d]
        for d in range(dims):
            row = planes[run, d]
            low = high = row[0]
            for i in range(VECTORS_PER_RUN):
                low = row[i] if row[i] < low else low
                high = row[i] if row[i] > high else high
            lows[run, d], highs[run, d] = low, high
    return runs


@inner_kernel
def bounds(lows, highs, first, last, low, high):
    """Compute the common bounding box of the runs first .. last - 1.

    lows and highs (runs, d), in; low and high (d,), out.
    """
    for d in range(low.shape[0]):
        low[d], high[d] = lows[first, d], highs[first, d]
        for run in range(first + 1, last):
            low[d], high[d] = min(low[d], lows[run, d]), max(high[d], highs[run, d])


@kernel
def assign(vectors, weights, start, stop, centroids, labels, distances, totals):
    """Find the nearest centroid of the vectors start .. stop - 1, and accumulate the moments of the clusters.

    Parameters
    ----------
    vectors : (n, d), in
    weights : (n,) float64, in
        Used only if `totals` is not empty.
    centroids : (d, k), in
    labels : (n,), out
        Nearest centroids, the lowest index among equals. May be empty.
    distances : (n,), out
        Squared distances. May be empty.
    totals : (k, d + 1) float64, in and out
        Moments of the clusters, to which those of the vectors are added: weighted sums and weights. May be
        empty.
    """
    dims, k = centroids.shape
    dtype = vectors.dtype
    padded = round_up_to_lanes(dims)
    group_size = VECTORS_PER_RUN * RUNS_PER_GROUP
    all_centroids = np.zeros((padded, k), dtype)
    for j in range(k):
        for d in range(dims):  # an array assignment takes 3 s to compile
            all_centroids[d, j] = centroids[d, j]
    everything = every(all_centroids, np.empty(k, np.int64))
    group = Subset(np.zeros((padded, k), dtype), np.empty(k, np.int64))
    few = Subset(np.zeros((padded, k), dtype), np.empty(k, np.int64))
    scratch, squares = np.empty(k, dtype), np.empty((2, VECTORS_PER_RUN), dtype)
    relative, absolute = rounding_slack(dims, dtype)
    best, label = np.empty(VECTORS_PER_RUN, dtype), np.empty(VECTORS_PER_RUN, np.int64)
    planes = np.zeros((RUNS_PER_GROUP, padded, VECTORS_PER_RUN), dtype)
    lows, highs = np.empty((RUNS_PER_GROUP, dims), dtype), np.empty((RUNS_PER_GROUP, dims), dtype)
    low, high = np.empty(dims, dtype), np.empty(dims, dtype)
    for base in range(start, stop, group_size):
        group_vectors = min(group_size, stop - base)
        runs = load(vectors, base, group_vectors, planes, lows, highs)
        bounds(lows, highs, 0, runs, low, high)
        group_count = candidates(low, high, everything, k, relative, absolute, scratch, group)
        for run in range(runs):
            first = run * VECTORS_PER_RUN
            number = min(VECTORS_PER_RUN, group_vectors - first)
            count = candidates(lows[run], highs[run], group, group_count, relative, absolute, scratch, few)
            nearest(planes[run], few.coordinates, count, squares, best, label)
            first += base
            if labels.shape[0] > 0:
                for i in range(number):
                    labels[first + i] = few.ids[label[i]]
            if distances.shape[0] > 0:
                for i in range(number):
                    distances[first + i] = best[i]
            if totals.shape[0] > 0:
                for i in range(number):
                    row, weight = totals[few.ids[label[i]]], weights[first + i]
                    for d in range(dims):
                        row[d] += weight * np.float64(vectors[first + i, d])
                    row[dims] += weight
