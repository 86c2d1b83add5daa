"""Optimal gray levels from a finite set of levels: k-means in one dimension with a constraint.

The palette is a shortest path of k edges over the ascending levels. An edge is a pair of neighboring rows of
the palette, and its length is the squared error of the values between the two, each assigned to the nearer
one. `fastkq.kmeans.one_dimensional` solves the problem without the constraint.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.runtime.progress import checkpoint

MAX_LEVELS = 1 << 10  # more levels would take seconds: the time is proportional to k times the squared number


def fit(
    values: npt.NDArray[Any],
    weights: npt.NDArray[np.int64],
    k: int,
    levels: npt.NDArray[Any],
    *,
    fixed: npt.NDArray[Any],
) -> npt.NDArray[Any]:
    """Return the k levels of least squared error, with each value assigned to its nearest level.

    Parameters
    ----------
    values : (M,) unsigned integers, ascending
    weights : (M,) int64
        At least 1.
    k : int
        From the number of fixed levels to that of all levels together.
    levels : (L,) of the dtype of `values`
        Levels from which the result is chosen, at most `MAX_LEVELS`.
    fixed : (F,) of the dtype of `values`
        Levels that the result must contain, among `levels` or not.

    Returns
    -------
    (k,) of the dtype of `values`, ascending

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.kmeans.discrete_levels import fit
    >>> values, levels = np.array([10, 90, 100], np.uint8), np.array([0, 85, 170, 255], np.uint8)
    >>> fit(values, np.array([1, 5, 5]), 2, levels, fixed=levels[:0])
    array([ 0, 85], dtype=uint8)
    """
    places = np.union1d(levels, fixed).astype(np.float64)
    costs = _costs(values.astype(np.float64), weights.astype(np.float64), places)
    is_fixed = np.isin(places, fixed)
    # An edge must not skip a fixed level: the number of fixed levels before its end may not exceed that up to
    # its start.
    through: npt.NDArray[np.intp] = np.cumsum(is_fixed)
    before = through - is_fixed
    costs[1:-1, 1:-1][through[:, None] < before] = np.inf
    costs[0, 1:-1][before > 0] = np.inf
    costs[1:-1, -1][through < through[-1]] = np.inf
    lengths = costs[0, 1:-1].copy()
    origins = np.zeros((k, len(places)), np.intp)
    for step in range(1, k):
        checkpoint()
        paths = lengths[:, None] + costs[1:-1, 1:-1]
        origins[step] = np.argmin(paths, axis=0)
        lengths = paths[origins[step], np.arange(len(places))]
    place = int(np.argmin(lengths + costs[1:-1, -1]))
    chosen = [place]
    for step in range(k - 1, 0, -1):
        place = int(origins[step, place])
        chosen.append(place)
    return places[chosen[::-1]].astype(values.dtype)


def _costs(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], places: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the lengths (L + 2, L + 2) of the edges from each level to each larger one.

    Row and column 0 stand for a start below all levels, the last ones for an end above them.
    """
    middle = np.floor((values[0] + values[-1]) / 2)
    values, places = values - middle, places - middle
    sums = np.zeros((3, len(values) + 1))
    for power in range(3):
        np.cumsum(weights * values**power, out=sums[power, 1:])

    def error(
        first: npt.NDArray[np.intp], last: npt.NDArray[np.intp], level: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return the squared error of the values first .. last - 1 about a level."""
        weight, moment, square = (sums[power][last] - sums[power][first] for power in range(3))
        total: npt.NDArray[np.float64] = square - 2 * level * moment + level * level * weight
        return total

    costs = np.full((len(places) + 2, len(places) + 2), np.inf)
    ends = np.searchsorted(values, places, side="right")
    low, high = places[:, None], places[None, :]
    between = np.clip(np.searchsorted(values, (low + high) / 2, side="right"), ends[:, None], None)
    inner = error(ends[:, None], between, low) + error(between, np.maximum(ends[None, :], between), high)
    costs[1:-1, 1:-1] = np.where(low < high, inner, np.inf)
    costs[0, 1:-1] = error(np.zeros_like(ends), ends, places)
    costs[1:-1, -1] = error(ends, np.full_like(ends, len(values)), places)
    return costs
