"""Partition of weighted vectors into boxes of about equal squared error."""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel


class Boxes(NamedTuple):
    """Arrays for at most n boxes of vectors.

    Attributes
    ----------
    starts, stops : (n,) int64
        Box b holds the vectors starts[b] .. stops[b] - 1.
    means : (n, d) float64
    weights, errors : (n,) float64
        Total weights, and squared errors about the means.
    axes : (n,) int64
        The axes along which the errors are largest.
    heap : (n,) int64
        Max-heap of box indices by error: entry i has at least the error of entries 2 i + 1 and 2 i + 2.
    """

    starts: Any
    stops: Any
    means: Any
    weights: Any
    errors: Any
    axes: Any
    heap: Any


@inner_kernel
def _measure(vectors, weights, boxes, b, sums, squares):
    """Compute the mean, weight, squared error and axis of largest error of box b.

    The sums are those of offsets from the first vector of the box. If the vectors themselves were summed and
    were far from zero, the error would be a small difference of large numbers, and be lost to rounding.

    sums and squares (d,) float64, scratch.
    """
    dims = vectors.shape[1]
    first, last = boxes.starts[b], boxes.stops[b]
    for d in range(dims):
        sums[d] = squares[d] = 0.0
    total = 0.0
    for i in range(first, last):
        weight = weights[i]
        total += weight
        for d in range(dims):
            offset = vectors[i, d] - vectors[first, d]
            sums[d] += weight * offset
            squares[d] += weight * offset * offset
    boxes.weights[b], boxes.errors[b], boxes.axes[b] = total, 0.0, 0
    widest = 0.0
    for d in range(dims):
        mean = sums[d] / total
        boxes.means[b, d] = vectors[first, d] + mean
        error = max(squares[d] - sums[d] * mean, 0.0)
        boxes.errors[b] += error
        if error > widest:
            widest, boxes.axes[b] = error, d


@inner_kernel
def _divide(vectors, weights, first, last, axis, pivot, too_high, too_low):
    """Move the vectors with a value of at most `pivot` to the front; return where the others begin.

    The vectors are first .. last - 1 of vectors (n, d) and weights (n,), in and out. too_high and too_low
    (n + 1,) int64, scratch: lists of the misplaced vectors. They are written without a branch, which would be
    mispredicted every second time and take half of the total time.
    """
    middle = first
    for i in range(first, last):
        middle += vectors[i, axis] <= pivot
    wrong = 0
    for i in range(first, middle):
        too_high[wrong] = i
        wrong += vectors[i, axis] > pivot
    wrong = 0
    for i in range(middle, last):
        too_low[wrong] = i
        wrong += vectors[i, axis] <= pivot
    for pair in range(wrong):
        i, j = too_high[pair], too_low[pair]
        for d in range(vectors.shape[1]):
            vectors[i, d], vectors[j, d] = vectors[j, d], vectors[i, d]
        weights[i], weights[j] = weights[j], weights[i]
    return middle


@inner_kernel
def _sink(heap, size, errors):
    """Restore the order of the heap after the error of its root has decreased."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            return
        if child + 1 < size and errors[heap[child + 1]] > errors[heap[child]]:
            child += 1
        if errors[heap[place]] >= errors[heap[child]]:
            return
        heap[place], heap[child] = heap[child], heap[place]
        place = child


@inner_kernel
def _rise(heap, place, errors):
    """Restore the order of the heap after an entry was appended at `place`."""
    while place > 0:
        parent = (place - 1) >> 1
        if errors[heap[parent]] >= errors[heap[place]]:
            return
        heap[parent], heap[place] = heap[place], heap[parent]
        place = parent


@kernel
def partition(vectors, weights, boxes, count, max_vectors):
    """Split the box with the largest squared error at its mean along its axis of largest error, repeatedly.

    A call pauses when the boxes that it has split held more than `max_vectors` vectors in total.

    Parameters
    ----------
    vectors : (n, d) float64, in and out
        Reordered so that each box holds consecutive vectors.
    weights : (n,) float64, in and out
        Reordered as the vectors.
    boxes : Boxes, in and out
    count : int
        Number of boxes so far, 0 at first.
    max_vectors : int

    Returns
    -------
    int
        Number of boxes, negated if the partition is complete: the arrays are full, or there are fewer boxes
        and all errors are zero.
    """
    dims = vectors.shape[1]
    sums, squares = np.empty(dims), np.empty(dims)
    too_high, too_low = np.empty(vectors.shape[0] + 1, np.int64), np.empty(vectors.shape[0] + 1, np.int64)
    if count == 0:
        boxes.starts[0], boxes.stops[0], boxes.heap[0] = 0, vectors.shape[0], 0
        _measure(vectors, weights, boxes, count, sums, squares)
        count += 1
    divided = 0
    while count < boxes.starts.shape[0] and divided <= max_vectors:
        b = boxes.heap[0]
        if not boxes.errors[b] > 0:
            break
        first, last, axis = boxes.starts[b], boxes.stops[b], boxes.axes[b]
        divided += last - first
        pivot = boxes.means[b, axis]
        middle = _divide(vectors, weights, first, last, axis, pivot, too_high, too_low)
        if middle == last:  # the mean was rounded up to the largest value
            pivot = np.nextafter(pivot, -np.inf)
            middle = _divide(vectors, weights, first, last, axis, pivot, too_high, too_low)
        if middle == first or middle == last:
            boxes.errors[b] = 0.0
            _sink(boxes.heap, count, boxes.errors)
            continue
        boxes.stops[b] = boxes.starts[count] = middle
        boxes.stops[count] = last
        _measure(vectors, weights, boxes, b, sums, squares)
        _measure(vectors, weights, boxes, count, sums, squares)
        _sink(boxes.heap, count, boxes.errors)
        boxes.heap[count] = count
        _rise(boxes.heap, count, boxes.errors)
        count += 1
    is_complete = count == boxes.starts.shape[0] or not boxes.errors[boxes.heap[0]] > 0
    return -count if is_complete else count
