"""Optimal levels of gray: the shortest path over sorted values, with one edge for each interval of values.

All arithmetic is exact in int64. `fastkq.kmeans.one_dimensional` builds the arrays and explains the method.
sums (M + 1, 3) int64 are prefix sums of the weights, the weighted values and the weighted squares.
"""

import numpy as np

from fastkq.kernels.jit import inlined, inner_kernel, kernel


@inlined
def _rounded_mean(sums, first, last):
    """Return the mean of the values first .. last - 1, rounded to the nearest integer; halves round down."""
    weight = sums[last, 0] - sums[first, 0]
    return (2 * (sums[last, 1] - sums[first, 1]) + weight - 1) // (2 * weight)


@inlined
def _error(sums, first, last, center):
    """Return the squared error of the values first .. last - 1 about an integer."""
    weight, total = sums[last, 0] - sums[first, 0], sums[last, 1] - sums[first, 1]
    return (sums[last, 2] - sums[first, 2]) - center * (2 * total - center * weight)


@inlined
def _path_cost(sums, best, origin, last):
    """Return the cost of the best path to `last` through `origin`, without the price of the last interval."""
    return best[origin] + _error(sums, origin, last, _rounded_mean(sums, origin, last))


@inlined
def _is_better(sums, best, one, other, last):
    """Return whether an interval that ends at `last` costs less if it begins at `one` than at `other`."""
    return _path_cost(sums, best, one, last) < _path_cost(sums, best, other, last)


@inner_kernel
def _insert_origin(sums, best, origin, queue, since, head, tail):
    """Insert a new origin, at which intervals can begin; return the new end of the queue.

    queue[head:tail] are origins in ascending order. Origin queue[i] is the best one for intervals that end at
    since[i] or later, but before since[i + 1]. By the quadrangle inequality of the errors, an origin that is
    better than an earlier one for one end is better for all later ends. The new origin therefore replaces
    entries at the back of the queue.
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
def shortest_path(sums, fixed_errors, may_skip, price, origins):
    """Choose the levels that minimize the squared error plus `price` for each level.

    Among paths of equal cost, the one with the fewest levels is returned. The best number of levels never
    falls as more values are covered (otherwise two paths could exchange their ends at a lower cost), so of
    two origins of equal cost the earlier one has no more levels.

    Parameters
    ----------
    sums : (M + 1, 3) int64, in
    fixed_errors : (M + 1,) int64, in
        Prefix sums of the squared errors about the nearest fixed levels; zeros if there are none.
    may_skip : bool
        Whether a value may be assigned to a fixed level, at no price.
    price : int
    origins : (M + 1,) int32, out
        Entry i is the start of the interval that ends before value i; -1 if value i - 1 is assigned to a
        fixed level.

    Returns
    -------
    int
        The squared error plus the prices.
    int
        The number of levels.
    """
    values = sums.shape[0] - 1
    best, levels = np.zeros(values + 1, np.int64), np.zeros(values + 1, np.int64)
    queue, since = np.zeros(values + 1, np.int64), np.ones(values + 1, np.int64)
    head, tail = 0, 1
    for last in range(1, values + 1):
        if head + 1 < tail and since[head + 1] == last:
            head += 1
        origin = queue[head]
        best[last] = _path_cost(sums, best, origin, last) + price
        levels[last], origins[last] = levels[origin] + 1, origin
        if may_skip:
            left = best[last - 1] + fixed_errors[last] - fixed_errors[last - 1]
            if left <= best[last]:
                best[last], levels[last], origins[last] = left, levels[last - 1], -1
        if last < values:
            tail = _insert_origin(sums, best, last, queue, since, head, tail)
    return best[values], levels[values]


@kernel
def trace(sums, origins, levels, ends):
    """Write the levels of a path in ascending order, and the ends of their intervals.

    sums and origins of `shortest_path`, in; levels and ends (n,) int64, out, for the path's n levels.
    """
    last = origins.shape[0] - 1
    place = levels.shape[0]
    while place > 0:
        if origins[last] < 0:
            last -= 1
            continue
        place -= 1
        levels[place], ends[place] = _rounded_mean(sums, origins[last], last), last
        last = origins[last]


@kernel
def best_level(values, sums, fixed_errors, fixed, first, last):
    """Return the level with which, besides the fixed ones, values first .. last - 1 have the least error.

    Among equals the lowest level is returned. values (M,) and fixed (F,) int64, ascending, and sums and
    fixed_errors as in `shortest_path`, in.
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
        error = (
            fixed_errors[low]
            - fixed_errors[first]
            + _error(sums, low, high, level)
            + fixed_errors[last]
            - fixed_errors[high]
        )
        if least < 0 or error < least:
            least, chosen = error, level
    return chosen
