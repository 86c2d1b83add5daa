"""The best levels of gray there are: in one dimension k-means can be solved.

Clusters of numbers are intervals, so the best palette is a shortest path of k edges over the rising values,
an edge being an interval, its length the squared error about the interval's mean [1]_. Here the mean is
rounded first: the palette that is stored is optimal, not the one it was rounded from.

With a price on each level the path may have any number of edges, and is found by one pass [2]_. The least
error falls ever more slowly with the number of levels (the edges satisfy the quadrangle inequality, with
rounded means too: for i <= i' <= j <= j', if a is best for i .. j' and b for i' .. j, then of a and b the one
further left serves i .. j and the other i' .. j', for together no more), so some price gives k levels, or
paths of fewer and of more that cost the same, and those two can be spliced into one of k edges [3]_. Errors
are integers, hence prices too: the search for the price ends, after some ten passes, and nothing is rounded.

With fixed levels a value may be left to the nearest of those at no price. What a free level then costs an
interval, each value going to it or to a fixed one, satisfies the inequality for the same reason.

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

_MOST_ERROR = 1 << 60
"""Sums of squares up to which nothing overflows: the kernels add up to four of them."""


class _Problem(NamedTuple):
    """Values and weights as the kernels need them.

    Attributes
    ----------
    values : (M,) int64
        Rising, about zero.
    sums : (M + 1, 3) int64
        Sums of the weights, times the values and times their squares, of the values before each place.
    away : (M + 1,) int64
        Sums of the squared errors that the fixed levels alone leave; zeros if there are none.
    fixed : (F,) int64
        Rising.
    """

    values: _Integers
    sums: _Integers
    away: _Integers
    fixed: _Integers

    @property
    def greatest_error(self) -> int:
        """That of the fixed levels alone, or of the middle."""
        return int(self.away[-1] if len(self.fixed) else self.sums[-1, 2])


class _Path(NamedTuple):
    """The levels that are best at some price: their number, their squared error, and the way to them."""

    price: int
    levels: int
    error: int
    origins: npt.NDArray[np.int32]


def fit(
    values: npt.NDArray[Any], weights: npt.NDArray[Any], k: int, *, fixed: npt.ArrayLike | None = None
) -> npt.NDArray[Any]:
    """The k integers that leave the least squared error, each value being given its nearest.

    Parameters
    ----------
    values : (M,) integers from -65535 to 65535
        Rising; for instance the distinct gray values of an image.
    weights : (M,) integers, of an integer or a floating dtype
        At least 1. From some 2^32 in sum for 16 bits and 2^48 for 8 bits on, they are divided by a power of
        two and rounded, and the result is optimal for those.
    k : int
        At least the number of fixed levels.
    fixed : (F,) integers, optional
        Levels that must be among them.

    Returns
    -------
    levels : of the dtype of `values`
        Rising: exactly k, or all the values and fixed levels if those are fewer. Each is nearest to some
        value but for fixed ones.

    Notes
    -----
    Of equally good palettes always the same is found. Time and memory do not depend on k: 65,536 values take
    0.1 to 0.2 s.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.kmeans.one_dimensional import fit
    >>> fit(np.array([0, 1, 100, 201], np.uint8), np.array([1, 2, 5, 5]), 3)
    array([  1, 100, 201], dtype=uint8)
    >>> fit(np.array([0, 1, 100, 201], np.uint8), np.array([1, 2, 5, 5]), 3, fixed=[255])
    array([  1, 100, 255], dtype=uint8)
    """
    given = np.unique(np.asarray(() if fixed is None else fixed, np.int64))
    rising = values.astype(np.int64)
    if k >= len(given) + np.count_nonzero(~np.isin(rising, given)):
        return np.union1d(rising, given).astype(values.dtype)
    middle = (int(rising[0]) + int(rising[-1])) // 2
    problem = _problem(rising - middle, weights.astype(np.int64), given - middle)
    levels = _levels(problem, k - len(given))
    return np.sort(np.concatenate((levels, problem.fixed)) + middle).astype(values.dtype)


def _problem(values: _Integers, weights: _Integers, fixed: _Integers) -> _Problem:
    distances = _distances(values, fixed)
    furthest = max(int(np.abs(values).max()), int(distances.max()))
    excess = (int(weights.sum()) * furthest**2).bit_length() - _MOST_ERROR.bit_length() + 1
    if excess > 0:
        weights = np.maximum((weights + (1 << excess >> 1)) >> excess, 1)
    sums, away = np.zeros((len(values) + 1, 3), np.int64), np.zeros(len(values) + 1, np.int64)
    np.cumsum(weights[:, None] * values[:, None] ** np.arange(3), axis=0, out=sums[1:])
    np.cumsum(weights * distances**2, out=away[1:])
    return _Problem(values, sums, away, fixed)


def _distances(values: _Integers, fixed: _Integers) -> _Integers:
    """From each value to the nearest fixed level; 0 if there is none."""
    if len(fixed) == 0:
        return np.zeros_like(values)
    above = np.searchsorted(fixed, values).clip(1, max(len(fixed) - 1, 1))
    beside = np.stack((fixed[above - 1], fixed[np.minimum(above, len(fixed) - 1)]))
    distances: _Integers = np.abs(beside - values).min(axis=0)
    return distances


def _levels(problem: _Problem, k: int) -> _Integers:
    """The best k levels beside the fixed ones: fewer than there are values that are not fixed."""
    more, fewer = _at(problem, 0), _at(problem, problem.greatest_error)
    while fewer.levels != k and fewer.price - more.price > 1:
        # The price at which both cost the same: between them, for the error is convex.
        price = (fewer.error - more.error) // (more.levels - fewer.levels)
        path = _at(problem, min(max(price, more.price + 1), fewer.price - 1))
        more, fewer = (path, fewer) if path.levels > k else (more, path)
    if fewer.levels == k:
        return _trace(problem, fewer)[0]
    return _spliced(problem, fewer, more, k)


def _at(problem: _Problem, price: int) -> _Path:
    checkpoint()
    origins = np.empty(len(problem.sums), np.int32)  # of 65,536 values in some 10 ms
    total, levels = kernels.kmeans.one_dimensional.shortest_path(
        problem.sums, problem.away, len(problem.fixed) > 0, price, origins
    )
    return _Path(price, int(levels), int(total) - price * int(levels), origins)


def _trace(problem: _Problem, path: _Path) -> tuple[_Integers, _Integers]:
    levels, ends = np.empty(path.levels, np.int64), np.empty(path.levels, np.int64)
    kernels.kmeans.one_dimensional.trace(problem.sums, path.origins, levels, ends)
    return levels, ends


def _spliced(problem: _Problem, fewer: _Path, more: _Path, k: int) -> _Integers:
    """k levels from a path of fewer and one of more that both are best at the price of `fewer`.

    There is an interval of `fewer` that holds one of `more` such that the levels before the one and behind
    the other are k - 1; one level for all between them makes k, and no worse a path.
    """
    levels, ends = _trace(problem, fewer)
    others, other_ends = _trace(problem, more)
    other_ends[-1] = len(problem.values)
    begins, surplus = np.append(0, ends[:-1]), more.levels - k
    kept = int(np.flatnonzero(begins <= np.append(0, other_ends)[surplus:][: len(begins)])[-1])
    after = kept + surplus + 1
    between = kernels.kmeans.one_dimensional.best_level(
        problem.values, problem.sums, problem.away, problem.fixed, begins[kept], other_ends[after - 1]
    )
    return np.concatenate((levels[:kept], [between], others[after:]))
