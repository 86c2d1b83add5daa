"""Split a set of weighted points until there are k clusters."""

import numpy as np

from fastkq.kernels._jit import kernel, part


@part
def _spread(coordinates, weights, order, first, last, sums, squares):
    """Axis of largest squared error about the mean, that error, and the mean on it.

    Of the points order[first:last]. sums and squares (C,), scratch.
    """
    dims = coordinates.shape[0]
    weight = 0.0
    sums[:] = 0.0
    squares[:] = 0.0
    for p in range(first, last):
        i = order[p]
        w = weights[i]
        weight += w
        for d in range(dims):
            x = np.float64(coordinates[d, i])
            sums[d] += w * x
            squares[d] += w * x * x
    widest, error = 0, -1.0
    for d in range(dims):
        along = squares[d] - sums[d] * sums[d] / weight
        if along > error:
            widest, error = d, along
    return widest, error, sums[widest] / weight


@part
def _partition(coordinates, order, first, last, axis, cut):
    """Bring the points of order[first:last] up to `cut` on the axis to the front; returns the border."""
    left, right = first, last - 1
    while left <= right:
        if np.float64(coordinates[axis, order[left]]) <= cut:
            left += 1
        else:
            order[left], order[right] = order[right], order[left]
            right -= 1
    return left


@part
def _sift_up(heap, error, place):
    while place > 0 and error[heap[place]] > error[heap[(place - 1) >> 1]]:
        parent = (place - 1) >> 1
        heap[place], heap[parent] = heap[parent], heap[place]
        place = parent


@part
def _sift_down(heap, error, size):
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            return
        if child + 1 < size and error[heap[child + 1]] > error[heap[child]]:
            child += 1
        if error[heap[place]] >= error[heap[child]]:
            return
        heap[place], heap[child] = heap[child], heap[place]
        place = child


@kernel
def split(coordinates, weights, k, order, bounds):
    """Split the cluster with the largest error along one axis, at its mean on that axis, until there are k.

    coordinates (C, M) and weights (M,) float64, in; order (M,) int32, out: the points, cluster by cluster;
    bounds (k, 2) int32, out: each cluster's range of `order`. Returns the number of clusters, fewer than k
    only when nothing is left to split.
    """
    dims, points = coordinates.shape
    sums, squares = np.empty(dims), np.empty(dims)
    axis, error, mean = np.empty(k, np.int32), np.empty(k), np.empty(k)
    heap = np.empty(k, np.int64)  # clusters, the one with the largest error first
    for i in range(points):
        order[i] = i
    bounds[0, 0], bounds[0, 1] = 0, points
    old, count = 0, np.int64(1)  # of one type: each other is compiled on its own
    while True:
        # One call for both halves, and for the whole at first: each place that calls it compiles it again.
        for cluster in range(2):
            changed = old if cluster == 0 else count - 1
            first, last = bounds[changed, 0], bounds[changed, 1]
            axis[changed], error[changed], mean[changed] = _spread(
                coordinates, weights, order, first, last, sums, squares
            )
        heap[count - 1] = count - 1
        _sift_down(heap, error, count - 1)
        _sift_up(heap, error, count - 1)
        border = 0
        while count < k:
            old = heap[0]
            if error[old] <= 0:
                return count
            first, last = bounds[old, 0], bounds[old, 1]
            border = _partition(coordinates, order, first, last, axis[old], mean[old])
            if first < border < last:
                break
            error[old] = 0.0  # equal points, whose error is rounding
            _sift_down(heap, error, count)
        if count == k:
            return count
        bounds[count, 0], bounds[count, 1] = border, bounds[old, 1]
        bounds[old, 1] = border
        count += 1


@kernel
def means(coordinates, weights, order, bounds, centroids):
    """Means, centroids (C, k), out, of the clusters; returns their squared error."""
    error = 0.0
    for cluster in range(centroids.shape[1]):
        first, last = bounds[cluster, 0], bounds[cluster, 1]
        weight = 0.0
        for p in range(first, last):
            weight += weights[order[p]]
        for d in range(coordinates.shape[0]):
            total, square = 0.0, 0.0
            for p in range(first, last):
                x = np.float64(coordinates[d, order[p]])
                total += weights[order[p]] * x
                square += weights[order[p]] * x * x
            centroids[d, cluster] = total / weight
            error += square - total * total / weight
    return error
