"""Few points within reach of all the others."""

import numpy as np

from fastkq.kernels.jit import kernel, part

_GUESSES = 3


@part
def _distances(points, number, target, out):
    """Squared distances of the first points of (C, >= number) from the target (C,): out (>= number,), out."""
    for d in range(target.shape[0]):
        row, at = points[d, :number], target[d]
        for i in range(number):
            difference = row[i] - at
            out[i] = difference * difference if d == 0 else out[i] + difference * difference


@part
def _gather(points, is_covered, first, last, radius, own, near, places):
    """Copy the uncovered points first .. last - 1 within a squared radius of `own` (C,); how many.

    near (C, M) and places (M,), out.
    """
    dims = own.shape[0]
    number = 0
    for i in range(first, last):
        if is_covered[i] != 0:
            continue
        total = 0.0
        for d in range(dims):
            difference = points[d, i] - own[d]
            total += difference * difference
        if total <= radius:
            for d in range(dims):
                near[d, number] = points[d, i]
            places[number] = i
            number += 1
    return number


@part
def _lead(near, number, reach, radius, own, target, away):
    """Move the target (C,), in and out, to the mean of the points about it, but into the reach of `own`."""
    dims = own.shape[0]
    _distances(near, number, target, away)
    for d in range(dims):
        total, within = 0.0, 0
        for i in range(number):
            if away[i] <= radius:
                total += near[d, i]
                within += 1
        if within > 0:
            target[d] = total / within
    squared = 0.0
    for d in range(dims):
        squared += (target[d] - own[d]) ** 2
    if squared > radius:
        for d in range(dims):
            target[d] = own[d] + (target[d] - own[d]) * (reach / np.sqrt(squared))


@part
def _closest(number, radius, from_own, from_target):
    """The point closest to a target, of those within a squared radius of the first point."""
    closest = 0
    for i in range(number):
        if from_own[i] <= radius and from_target[i] < from_target[closest]:
            closest = i
    return closest


@part
def _choose(near, number, reach, radius, scratch):
    """The point (C, number) within reach of the first that reaches most of them, of a few guesses.

    A guess is the point nearest to where their mean lies. scratch (3, >= number); its last row, out, holds
    the squared distances from the chosen point.
    """
    from_own, away, from_best = scratch[0], scratch[1], scratch[2]
    own, target = near[:, 0].copy(), near[:, 0].copy()
    _distances(near, number, own, from_own)
    from_best[:number] = from_own[:number]
    best, most = 0, 0
    for guess in range(_GUESSES):
        _lead(near, number, reach, 4.0 * radius if guess == 0 else radius, own, target, away)
        _distances(near, number, target, away)
        taken = _closest(number, radius, from_own, away)
        _distances(near, number, near[:, taken].copy(), away)
        reached = 0
        for i in range(number):
            reached += away[i] <= radius
        if reached > most:
            best, most = taken, reached
            from_best[:number] = away[:number]
    return best


@kernel
def cover(points, is_covered, reach, radius, chosen, state, most):
    """Choose points until each is within a squared radius of one.

    points (C, M) float64, rising in the first coordinate, in; reach, the square root of the radius, or a bit
    more; chosen int64, out. The first point that is not reached has all the others on one side; one that
    reaches it and many others is chosen.

    is_covered (M,) uint8 and state (3,) int64, in and out, at first zeros: how many points are done, how many
    are looked at, and how many are chosen, or -1 when there is no room for more. It pauses when it has
    looked at `most` of them for those that it chose.
    """
    dims, number = points.shape
    near, places = np.empty((dims, number)), np.empty(number, np.int64)
    scratch = np.empty((3, number))
    begin, ahead, count = state
    looked = 0
    for i in range(begin, number):
        if is_covered[i] != 0:
            continue
        if looked > most or count == chosen.shape[0]:
            state[0], state[1], state[2] = i, ahead, count if looked > most else -1
            return
        while ahead < number and points[0, ahead] <= points[0, i] + 2.0 * reach:
            ahead += 1
        looked += ahead - i
        own = points[:, i].copy()
        around = _gather(points, is_covered, i, ahead, 4.0 * radius, own, near, places)
        chosen[count] = places[_choose(near, around, reach, radius, scratch)]
        count += 1
        for j in range(around):
            if scratch[2, j] <= radius:
                is_covered[places[j]] = 1
    state[0], state[1], state[2] = number, ahead, count
