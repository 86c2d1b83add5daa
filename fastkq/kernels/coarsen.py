"""Merge points along the Morton curve into few that stand for all of them."""

import numpy as np

from fastkq.kernels._jit import kernel, part
from fastkq.kernels.blocks import border, two_curves


@kernel
def accumulate(coordinates, weights, first, last, moments):
    """Moments of the first i points: (M + 1, 6) float64, out from place first + 1 to last.

    Those before are in, zeros at place 0. The weight, the weighted sums of up to four coordinates and of the
    squared norm; coordinates (C, M), in.
    """
    dims = coordinates.shape[0]
    for i in range(first, last):
        weight = weights[i]
        moments[i + 1, 0] = moments[i, 0] + weight
        square = 0.0
        for d in range(4):
            x = np.float64(coordinates[d, i]) if d < dims else 0.0
            moments[i + 1, 1 + d] = moments[i, 1 + d] + weight * x
            square += x * x
        moments[i + 1, 5] = moments[i, 5] + weight * square


@part
def error_between(moments, first, last):
    """Squared error of the points first .. last - 1 about their mean."""
    weight = moments[last, 0] - moments[first, 0]
    norm = 0.0
    for d in range(1, 5):
        total = moments[last, d] - moments[first, d]
        norm += total * total
    return moments[last, 5] - moments[first, 5] - norm / weight


@kernel
def leaves(keys, opaque, moments, tolerance, starts, state, most):
    """Cut the Morton curve into boxes whose squared error is at most `tolerance`.

    keys (M,) uint32, rising before and from place `opaque` on, and moments of the first i points (M + 1, 6),
    in; starts (>= boxes + 1,) int64, out: box b holds the points starts[b] .. starts[b + 1] - 1.

    state (2 + MOST_DEPTH,) int64, in and out: at first zeros, then how many boxes there are, and how many
    ends of what is still to be cut follow. It is over, with none, or when there are `most` boxes.
    """
    ends, boxes, depth = state[2:], state[0], state[1]
    if boxes == 0:
        depth = two_curves(keys, opaque, ends)
        starts[0] = 0
    first = starts[boxes]
    while depth > 0 and boxes < most:
        last = ends[depth - 1]
        if last - first == 1 or error_between(moments, first, last) <= tolerance:
            starts[boxes] = first
            boxes += 1
            first = last
            depth -= 1
        else:
            ends[depth] = border(keys, first, last)
            depth += 1
    starts[boxes] = first
    state[0], state[1] = boxes, depth


@kernel
def summarize(moments, starts, first_box, last_box, spacing, means, weights):
    """Means (4, boxes) float32, rounded to the spacing, and weights (boxes,) float64 of some boxes, out."""
    for b in range(first_box, last_box):
        first, last = starts[b], starts[b + 1]
        weight = moments[last, 0] - moments[first, 0]
        weights[b] = weight
        for d in range(means.shape[0]):
            mean = (moments[last, 1 + d] - moments[first, 1 + d]) / weight
            means[d, b] = np.floor(mean / spacing + 0.5) * spacing
