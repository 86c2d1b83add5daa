"""Greedy cover: few points such that every point lies within a radius of one of them."""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel

_GUESSES = 3
"""Number of points that are compared before one is chosen, one per step of a mean shift."""


@inner_kernel
def _distances(points, number, target, out):
    """Compute the squared distances of the first `number` points (C, >= number) from a target.

    target (C,), in; out (>= number,), out.
    """
    for d in range(target.shape[0]):
        row, at = points[d, :number], target[d]
        for i in range(number):
            difference = row[i] - at
            out[i] = difference * difference if d == 0 else out[i] + difference * difference


@inner_kernel
def _gather(points, is_covered, first, last, squared_radius, anchor, near, places):
    """Copy the uncovered points first .. last - 1 within a radius of `anchor`; return their number.

    points (C, M), is_covered (M,) and anchor (C,), in; near (C, M), their coordinates, and places (M,), their
    indices, out.
    """
    dims = anchor.shape[0]
    number = 0
    for i in range(first, last):
        if is_covered[i] != 0:
            continue
        total = 0.0
        for d in range(dims):
            difference = points[d, i] - anchor[d]
            total += difference * difference
        if total <= squared_radius:
            for d in range(dims):
                near[d, number] = points[d, i]
            places[number] = i
            number += 1
    return number


@inner_kernel
def _shift_target(near, number, reach, squared_radius, anchor, target, squares):
    """Move the target to the mean of the points within a radius of it.

    If the target is then farther than the radius from `anchor`, it is moved back to the distance `reach`.

    near (C, >= number) and anchor (C,), in; target (C,), in and out; squares (>= number,), scratch.
    """
    dims = anchor.shape[0]
    _distances(near, number, target, squares)
    for d in range(dims):
        total, within = 0.0, 0
        for i in range(number):
            if squares[i] <= squared_radius:
                total += near[d, i]
                within += 1
        if within > 0:
            target[d] = total / within
    squared = 0.0
    for d in range(dims):
        squared += (target[d] - anchor[d]) ** 2
    if squared > squared_radius:
        for d in range(dims):
            target[d] = anchor[d] + (target[d] - anchor[d]) * (reach / np.sqrt(squared))


@inner_kernel
def _closest(number, squared_radius, from_anchor, from_target):
    """Return the point closest to the target, among those within a radius of the first point.

    from_anchor and from_target (>= number,), in: squared distances from the first point and from the target.
    """
    closest = 0
    for i in range(number):
        if from_anchor[i] <= squared_radius and from_target[i] < from_target[closest]:
            closest = i
    return closest


@inner_kernel
def _choose(near, number, reach, squared_radius, scratch):
    """Return a point that covers the first of the near points and many of the others.

    Of _GUESSES points, the one that covers most is returned. Each is the point closest to a target, among
    those within the radius of the first point. The target starts at the first point and moves to the mean of
    the points around it (mean shift).

    near (C, >= number), in; scratch (3, >= number); its last row, out, holds the squared distances from the
    returned point.
    """
    from_anchor, squares, from_best = scratch[0], scratch[1], scratch[2]
    anchor, target = near[:, 0].copy(), near[:, 0].copy()
    _distances(near, number, anchor, from_anchor)
    from_best[:number] = from_anchor[:number]
    best, most_reached = 0, 0
    for guess in range(_GUESSES):
        within = 4.0 * squared_radius if guess == 0 else squared_radius
        _shift_target(near, number, reach, within, anchor, target, squares)
        _distances(near, number, target, squares)
        taken = _closest(number, squared_radius, from_anchor, squares)
        _distances(near, number, near[:, taken].copy(), squares)
        reached = 0
        for i in range(number):
            reached += squares[i] <= squared_radius
        if reached > most_reached:
            best, most_reached = taken, reached
            from_best[:number] = squares[:number]
    return best


@kernel
def cover(points, is_covered, reach, squared_radius, chosen, state, max_points):
    """Choose points until each point is within a radius of a chosen one.

    Points are visited in the order of their first coordinate, so all uncovered points lie on one side of the
    first uncovered one. The chosen point covers this first one and many others.

    A call pauses when it has examined more than `max_points` points.

    Parameters
    ----------
    points : (C, M) float64, in
        Ascending in the first coordinate.
    is_covered : (M,) uint8, in and out
        Zeros at first.
    reach : float
        Radius within which a chosen point covers others, or slightly more.
    squared_radius : float
        The square of the radius.
    chosen : (n,) int64, out
        Indices of the chosen points, at most n.
    state : (3,) int64, in and out
        Zeros at first: the number of points done; the end of the examined range; the number of chosen points,
        or -1 if `chosen` is full.
    max_points : int
    """
    dims, number = points.shape
    near, places = np.empty((dims, number)), np.empty(number, np.int64)
    scratch = np.empty((3, number))
    done, window_end, count = state
    examined = 0
    for i in range(done, number):
        if is_covered[i] != 0:
            continue
        if examined > max_points or count == chosen.shape[0]:
            state[0], state[1], state[2] = i, window_end, count if examined > max_points else -1
            return
        while window_end < number and points[0, window_end] <= points[0, i] + 2.0 * reach:
            window_end += 1
        examined += window_end - i
        anchor = points[:, i].copy()
        around = _gather(points, is_covered, i, window_end, 4.0 * squared_radius, anchor, near, places)
        chosen[count] = places[_choose(near, around, reach, squared_radius, scratch)]
        count += 1
        for j in range(around):
            if scratch[2, j] <= squared_radius:
                is_covered[places[j]] = 1
    state[0], state[1], state[2] = number, window_end, count
