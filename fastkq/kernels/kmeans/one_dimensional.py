"""Optimal levels of gray: the shortest path over rising values, an edge for each interval of them.

All of it is exact in int64. `fastkq.kmeans.one_dimensional` makes the arrays and says what they are for.
"""

import numpy as np

from fastkq.kernels.jit import inlined, kernel, part


@inlined
def _centre(sums, first, last):
    """The mean of the values first .. last - 1, rounded, halves down."""
    weight = sums[last, 0] - sums[first, 0]
    return (2 * (sums[last, 1] - sums[first, 1]) + weight - 1) // (2 * weight)


@inlined
def _error(sums, first, last, centre):
    """Squared error of the values first .. last - 1 about an integer."""
    weight, total = sums[last, 0] - sums[first, 0], sums[last, 1] - sums[first, 1]
    return (sums[last, 2] - sums[first, 2]) - centre * (2 * total - centre * weight)


@inlined
def _through(sums, best, origin, last):
    """What the best path to `last` costs whose last interval begins at `origin`, but for its price."""
    return best[origin] + _error(sums, origin, last, _centre(sums, origin, last))


@inlined
def _is_better(sums, best, one, other, last):
    """Whether the interval that ends at `last` had better begin at `one`."""
    return _through(sums, best, one, last) < _through(sums, best, other, last)


@part
def _enter(sums, best, origin, queue, since, head, tail):
    """Enter a place where intervals can begin; returns the queue's new end.

    queue[head:tail] are the places where the intervals best begin that end at since[head:tail] and after.
    They rise, and what is better than an earlier place stays so for all later ends: the errors satisfy the
    quadrangle inequality. So the new place takes over from the back.
    """
    end = sums.shape[0]
    while tail > head:
        place = max(since[tail - 1], origin + 1)
        if not _is_better(sums, best, origin, queue[tail - 1], place):
            while end - place > 1:
                middle = (place + end) // 2
                if _is_better(sums, best, origin, queue[tail - 1], middle):
                    end = middle
                else:
                    place = middle
            break
        end = place
        tail -= 1
    if end < sums.shape[0]:
        queue[tail], since[tail] = origin, end
        tail += 1
    return tail


@kernel
def shortest_path(sums, away, may_skip, price, origins):
    """Choose levels so that the squared error, and `price` for each of them, are least in sum.

    sums (M + 1, 3) and away (M + 1,) int64, in; origins (M + 1,) int32, out: where the interval that ends at
    a place begins, or -1 where the value before it is left to a fixed level. Returns the sum and the number
    of levels, the fewest of equals: the number that is best for the values up to a place rises with it (else
    two paths could be crossed), so of two that cost the same the one that leaves earlier has no more.
    """
    values = sums.shape[0] - 1
    best, levels = np.zeros(values + 1, np.int64), np.zeros(values + 1, np.int64)
    queue, since = np.zeros(values + 1, np.int64), np.ones(values + 1, np.int64)
    head, tail = 0, 1
    for last in range(1, values + 1):
        if head + 1 < tail and since[head + 1] == last:
            head += 1
        origin = queue[head]
        best[last] = _through(sums, best, origin, last) + price
        levels[last], origins[last] = levels[origin] + 1, origin
        if may_skip:
            left = best[last - 1] + away[last] - away[last - 1]
            if left <= best[last]:
                best[last], levels[last], origins[last] = left, levels[last - 1], -1
        if last < values:
            tail = _enter(sums, best, last, queue, since, head, tail)
    return best[values], levels[values]


@kernel
def trace(sums, origins, levels, ends):
    """The levels of a path, rising, and where their intervals end: levels and ends (n,) int64, out."""
    last = origins.shape[0] - 1
    place = levels.shape[0]
    while place > 0:
        if origins[last] < 0:
            last -= 1
            continue
        place -= 1
        levels[place], ends[place] = _centre(sums, origins[last], last), last
        last = origins[last]


@kernel
def best_level(values, sums, away, fixed, first, last):
    """The level that serves the values first .. last - 1 best beside the fixed ones, the least of equals.

    values (M,) and fixed (F,) int64, rising, in; sums and away as in `shortest_path`.
    """
    least, chosen = np.int64(-1), values[first]
    above, low, high = 0, first, first
    for level in range(values[first], values[last - 1] + 1):
        while above < fixed.shape[0] and fixed[above] < level:
            above += 1
        while low < last and above > 0 and 2 * values[low] <= fixed[above - 1] + level:
            low += 1
        high = max(high, low)
        while high < last and (above == fixed.shape[0] or 2 * values[high] < level + fixed[above]):
            high += 1
        error = away[low] - away[first] + _error(sums, low, high, level) + away[last] - away[high]
        if least < 0 or error < least:
            least, chosen = error, level
    return chosen
