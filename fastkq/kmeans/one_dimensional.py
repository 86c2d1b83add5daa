"""Optimal gray levels: k-means in one dimension, solved exactly.

The clusters of numbers are intervals. The optimal palette is therefore a shortest path of k edges over the
sorted values: an edge is an interval, and its length is the squared error about the mean of the interval
[1]_. Here the mean is rounded first, so that the stored palette is optimal, and not only the palette before
rounding.

A price is added to each edge, so that the path may have any number of edges; one pass finds the shortest
path for a given price [2]_. The least error is a convex function of the number of levels, because the edges
satisfy the quadrangle inequality, with rounded means too: for i <= i' <= j <= j', let a be the best level for
i .. j' and b that for i' .. j. The error of the lower of the two on i .. j plus that of the higher on
i' .. j' is at most that of a on i .. j' plus that of b on i' .. j. So at some price a shortest path has k
edges, or a path of fewer and a path of more edges cost the same; those two can be spliced into a path of k
edges [3]_. Errors are integers, and so are the prices: the search for the price ends after about ten passes,
and nothing is rounded.

With fixed levels, a value may be assigned to the nearest fixed level at no price. In an interval with a free
level, each value goes to the free level or to a fixed one, whichever is nearer; the error of such intervals
satisfies the inequality for the same reason.

.. [1] H. Wang and M. Song, "Ckmeans.1d.dp: optimal k-means clustering in one dimension by dynamic
   programming", The R Journal 3/2, 2011.
.. [2] D. S. Hirschberg and L. L. Larmore, "The least weight subsequence problem", SIAM J. Computing 16, 1987.
.. [3] A. Aggarwal, B. Schieber and T. Tokuyama, "Finding a minimum-weight k-link path in graphs with the
   concave Monge property and applications", Discrete & Computational Geometry 12, 1994.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.progress import checkpoint

_Integers = npt.NDArray[np.int64]

_MAX_ERROR = 1 << 60
"""Maximum sum of squares: the kernels add up to four such sums, which then do not overflow int64."""


class _Problem(NamedTuple):
    """Values and weights in the form that the kernels need.

    Attributes
    ----------
    values : (M,) int64
        Ascending; shifted so that the middle of their range is zero.
    sums : (M + 1, 3) int64
        Prefix sums: row i holds the sums of weight, weight * value and weight * value^2 over the first i
        values.
    fixed_errors : (M + 1,) int64
        Prefix sums of the squared errors about the nearest fixed levels; zeros without fixed levels.
    fixed : (F,) int64
        Fixed levels, ascending, with the same shift as the values.
    """

    values: _Integers
    sums: _Integers
    fixed_errors: _Integers
    fixed: _Integers

    @property
    def greatest_error(self) -> int:
        """Squared error of the fixed levels alone; without fixed levels, that of zero as the only level."""
        return int(self.fixed_errors[-1] if len(self.fixed) else self.sums[-1, 2])


class _Path(NamedTuple):
    """Shortest path for a given price per level.

    Attributes
    ----------
    price : int
        Amount that is added to the error for each level.
    levels : int
        Number of levels.
    error : int
        Squared error of the levels, without the price.
    origins : (M + 1,) int32
        Start of the interval that ends at each position, see
        `fastkq.kernels.kmeans.one_dimensional.shortest_path`.
    """

    price: int
    levels: int
    error: int
    origins: npt.NDArray[np.int32]


def fit(
    values: npt.NDArray[Any], weights: npt.NDArray[Any], k: int, *, fixed: npt.ArrayLike | None = None
) -> npt.NDArray[Any]:
    """Return the k integers of least squared error, with each value assigned to its nearest integer.

    Parameters
    ----------
    values : (M,) integers, the last at most 65535 above the first
        In ascending order, for instance the distinct gray values of an image.
    weights : (M,) integers, of an integer or a floating dtype
        At least 1. If their sum exceeds about 2^32 (16-bit values) or 2^48 (8-bit values), they are divided
        by a power of two and rounded, and the result is optimal for the rounded weights.
    k : int
        Number of levels, at least the number of fixed levels.
    fixed : (F,) integers, optional
        Levels that the result must contain.

    Returns
    -------
    levels : of the dtype of `values`
        In ascending order: exactly k, or all values and fixed levels if these are at most k. Each level that
        is not fixed is the nearest level of at least one value.

    Notes
    -----
    The result is deterministic among equally good palettes. Time and memory do not depend on k: 65,536 values
    take 0.1 to 0.2 s.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.kmeans.one_dimensional import fit
    >>> fit(np.array([0, 1, 100, 201], np.uint8), np.array([1, 2, 5, 5]), 3)
    array([  1, 100, 201], dtype=uint8)
    >>> fit(np.array([0, 1, 100, 201], np.uint8), np.array([1, 2, 5, 5]), 3, fixed=[255])
    array([  1, 100, 255], dtype=uint8)
    """
    fixed_levels = np.unique(np.asarray(() if fixed is None else fixed, np.int64))
    sorted_values = values.astype(np.int64)
    if k >= len(fixed_levels) + np.count_nonzero(~np.isin(sorted_values, fixed_levels)):
        return np.union1d(sorted_values, fixed_levels).astype(values.dtype)
    middle = (int(sorted_values[0]) + int(sorted_values[-1])) // 2
    problem = _problem(sorted_values - middle, weights.astype(np.int64), fixed_levels - middle)
    levels = _levels(problem, k - len(fixed_levels))
    return np.sort(np.concatenate((levels, problem.fixed)) + middle).astype(values.dtype)


def _problem(values: _Integers, weights: _Integers, fixed: _Integers) -> _Problem:
    distances = _distances(values, fixed)
    furthest = max(int(np.abs(values).max()), int(distances.max()))
    excess = (int(weights.sum()) * furthest**2).bit_length() - _MAX_ERROR.bit_length() + 1
    if excess > 0:
        weights = np.maximum((weights + (1 << excess >> 1)) >> excess, 1)
    sums, fixed_errors = np.zeros((len(values) + 1, 3), np.int64), np.zeros(len(values) + 1, np.int64)
    np.cumsum(weights[:, None] * values[:, None] ** np.arange(3), axis=0, out=sums[1:])
    np.cumsum(weights * distances**2, out=fixed_errors[1:])
    return _Problem(values, sums, fixed_errors, fixed)


def _distances(values: _Integers, fixed: _Integers) -> _Integers:
    """Return the distance of each value from its nearest fixed level; 0 if there are no fixed levels."""
    if len(fixed) == 0:
        return np.zeros_like(values)
    above = np.searchsorted(fixed, values).clip(1, max(len(fixed) - 1, 1))
    neighbors = np.stack((fixed[above - 1], fixed[np.minimum(above, len(fixed) - 1)]))
    distances: _Integers = np.abs(neighbors - values).min(axis=0)
    return distances


def _levels(problem: _Problem, k: int) -> _Integers:
    """Return the best k levels in addition to the fixed ones.

    k is less than the number of values that are not fixed levels.
    """
    more, fewer = _shortest_path(problem, 0), _shortest_path(problem, problem.greatest_error)
    while fewer.levels != k and fewer.price - more.price > 1:
        # At this price both paths cost the same. It lies between their prices, because the error is convex.
        price = (fewer.error - more.error) // (more.levels - fewer.levels)
        path = _shortest_path(problem, min(max(price, more.price + 1), fewer.price - 1))
        more, fewer = (path, fewer) if path.levels > k else (more, path)
    if fewer.levels == k:
        return _trace(problem, fewer)[0]
    return _spliced(problem, fewer, more, k)


def _shortest_path(problem: _Problem, price: int) -> _Path:
    checkpoint()
    origins = np.empty(len(problem.sums), np.int32)  # the kernel below takes about 10 ms for 65,536 values
    total, levels = kernels.kmeans.one_dimensional.shortest_path(
        problem.sums, problem.fixed_errors, len(problem.fixed) > 0, price, origins
    )
    return _Path(price, int(levels), int(total) - price * int(levels), origins)


def _trace(problem: _Problem, path: _Path) -> tuple[_Integers, _Integers]:
    levels, ends = np.empty(path.levels, np.int64), np.empty(path.levels, np.int64)
    kernels.kmeans.one_dimensional.trace(problem.sums, path.origins, levels, ends)
    return levels, ends


def _spliced(problem: _Problem, fewer: _Path, more: _Path, k: int) -> _Integers:
    """Splice two paths of fewer and of more than k levels, both shortest at the price of `fewer`.

    There is an interval of `fewer` that contains an interval of `more` such that the levels of `fewer` before
    the former and the levels of `more` after the latter are k - 1 in total. One more level for all values
    between them makes k levels, and the path is no longer than the other two at that price.
    """
    levels, ends = _trace(problem, fewer)
    more_levels, more_ends = _trace(problem, more)
    more_ends[-1] = len(problem.values)
    begins, surplus = np.append(0, ends[:-1]), more.levels - k
    kept = int(np.flatnonzero(begins <= np.append(0, more_ends)[surplus:][: len(begins)])[-1])
    after = kept + surplus + 1
    between = kernels.kmeans.one_dimensional.best_level(
        problem.values, problem.sums, problem.fixed_errors, problem.fixed, begins[kept], more_ends[after - 1]
    )
    return np.concatenate((levels[:kept], [between], more_levels[after:]))
