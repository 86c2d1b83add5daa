"""k-medoids with given candidates: the k of n rows that represent weighted points best."""

import numpy as np
import numpy.typing as npt

from fastkq.runtime.progress import checkpoint, slices

Distances = npt.NDArray[np.int64]

MAX_EXACT = 20  # candidates: 2^20 subsets take 8 MB and about 40 ms
_POINTS_AT_ONCE = 1 << 14
_MAX_STARTS, _DISTANCES_OF_STARTS = 16, 1 << 20
"""Swaps begin from at most this many greedy choices, with fewer if the candidates and points are many."""


def choose(
    distances: Distances, weights: npt.NDArray[np.int64], k: int, start: npt.NDArray[np.intp] | None = None
) -> npt.NDArray[np.intp]:
    """Choose k candidates such that the weighted distances of points from their nearest ones are small.

    For at most `MAX_EXACT` candidates their sum is the least possible; for more, no swap of a chosen
    candidate for another makes it smaller. Of equally good choices, the one of lower indices is preferred.

    Parameters
    ----------
    distances : (n, M) int64
        Distance of each candidate from each point, at least 0.
    weights : (M,) int64
        Weights of the points. Weights times largest distances have a sum below 2^62.
    k : int
        1 to n - 1.
    start : (at most k,), optional
        Different candidates from which swaps begin too, beside those that are added greedily, also to single
        candidates of low and of high error.

    Returns
    -------
    (k,), ascending

    References
    ----------
    .. [1] L. Kaufman, P. Rousseeuw, "Finding Groups in Data", 1990: the swaps of PAM.
    .. [2] E. Schubert, P. Rousseeuw, "Fast and eager k-medoids clustering", Information Systems 101, 2021.
    .. [3] M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978.

    Examples
    --------
    >>> import numpy as np
    >>> points, candidates = np.array([0, 1, 9]), np.array([[5], [9], [0]])
    >>> choose((points - candidates) ** 2, np.array([1, 1, 1]), 2)
    array([1, 2])
    """
    if len(distances) <= MAX_EXACT:
        return _best_subset(distances, weights, k)
    errors = [int((row * weights).sum()) for row in distances]
    order = np.argsort(errors, kind="stable")
    number = min(_MAX_STARTS, _DISTANCES_OF_STARTS // distances.size)
    starts = [np.empty(0, np.intp), *([] if start is None else [start])]
    starts += [order[len(order) * place // number :][:1] for place in range(1, number)]
    found = [np.sort(_swap(distances, weights, _greedy(distances, weights, k, one))) for one in starts]
    return min(found, key=lambda chosen: int((distances[chosen].min(axis=0) * weights).sum()))


def _best_subset(distances: Distances, weights: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.intp]:
    """Compare all subsets.

    A point whose j nearest candidates are not in a subset has at least the distance of the next one. So the
    error of a subset is a sum over sets of nearest candidates that are disjoint from it, that is over subsets
    of its complement; and all these sums are found by adding along one bit after the other.
    """
    n = len(distances)
    errors = np.zeros(1 << n, np.int64)
    bits = 1 << np.arange(n)[::-1]  # a larger number is a subset of lower indices
    for part in slices(len(weights), _POINTS_AT_ONCE):
        columns = np.ascontiguousarray(distances[:, part].T)
        order = np.argsort(columns, axis=1, kind="stable")
        steps = np.diff(np.take_along_axis(columns, order, axis=1), axis=1, prepend=0)
        nearest = np.cumsum(bits[order], axis=1) - bits[order]  # those nearer than each candidate
        np.add.at(errors, nearest, steps * weights[part, np.newaxis])
    for bit in range(n):
        checkpoint()
        pairs = errors.reshape(-1, 2, 1 << bit)
        pairs[:, 1] += pairs[:, 0]
    subsets = np.flatnonzero(np.bitwise_count(np.arange(1 << n)) == k)[::-1]
    best = subsets[np.argmin(errors[(1 << n) - 1 - subsets])]
    return np.flatnonzero(best & bits)


def _greedy(
    distances: Distances, weights: npt.NDArray[np.int64], k: int, start: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Add candidates to those of `start` until there are k, each time the one that reduces the error most.

    The gain of a candidate falls with each addition, so its last known gain is a bound; only the candidates
    with the largest bounds are measured again.
    """
    nearest, chosen = distances.max(axis=0), np.empty(k, np.intp)
    bounds = np.full(len(distances), np.iinfo(np.int64).max)
    if len(start):
        chosen[: len(start)], bounds[start] = start, -1
        nearest = distances[start].min(axis=0)
    for place in range(len(start), k):
        while True:
            checkpoint()
            candidate = int(np.argmax(bounds))
            gain = int((np.maximum(nearest - distances[candidate], 0) * weights).sum())
            if gain == bounds[candidate]:
                break
            bounds[candidate] = gain
        chosen[place], bounds[candidate] = candidate, -1
        nearest = np.minimum(nearest, distances[candidate])
    return chosen


def _swap(
    distances: Distances, weights: npt.NDArray[np.int64], chosen: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Swap chosen candidates for others, as soon as a swap reduces the error, until none does."""
    chosen, farthest, k = chosen.copy(), distances.max(axis=0), len(chosen)
    candidate, unchanged = 0, 0
    owner, nearest, second = _two_nearest(distances[chosen], farthest)
    while unchanged < len(distances):
        checkpoint()
        if candidate not in chosen:
            own = distances[candidate]
            gain = int((np.maximum(nearest - own, 0) * weights).sum())
            losses = np.zeros(k, np.int64)
            np.add.at(losses, owner, np.maximum(np.minimum(own, second) - nearest, 0) * weights)
            place = int(np.argmin(losses))
            if losses[place] < gain:
                chosen[place], unchanged = candidate, 0
                owner, nearest, second = _two_nearest(distances[chosen], farthest)
        candidate, unchanged = (candidate + 1) % len(distances), unchanged + 1
    return chosen


def _two_nearest(
    distances: Distances, farthest: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the index of the nearest candidate, its distance and that of the second nearest, each (M,).

    A second one that does not exist is at the distance `farthest`.
    """
    owner = distances.argmin(axis=0)
    columns = np.arange(len(owner))
    nearest = distances[owner, columns]
    if len(distances) == 1:
        return owner, nearest, farthest
    others = distances.copy()
    others[owner, columns] = np.iinfo(np.int64).max
    return owner, nearest, others.min(axis=0)
