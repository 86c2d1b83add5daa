"""Amount of work of each effort."""

from typing import NamedTuple

from fastkq.runtime.options import Effort

MAX_CENTROIDS_FOR_SWAPS = 4096
"""Swaps are tried for at most this many centroids: a search first computes the distances of its points from
all centroids, and the gain of a swap falls as k grows."""
_FEW_DIMENSIONS = 4


class Plan(NamedTuple):
    """Amount of work of each step of a fit.

    Attributes
    ----------
    coarse, fine
        Boxes per centroid of the coarse and of the fine summary of the points.
    min_coarse, min_fine
        Minimum number of boxes of each summary, for any k.
    swaps, swaps_per_centroid
        Number of trials of each swap search, on the coarse summary: swaps + swaps_per_centroid * k.
    searches, searches_times_k
        Number of swap searches: searches + searches_times_k // k. A small k gets more searches: its local
        optima differ more in their errors, and each search takes less time.
    iterations, exact_iterations
        Maximum number of Lloyd's iterations on the fine summary and on all points.
    min_gain
        Lloyd's iterations stop when the next one would lower the squared error by at most this share of the
        error on the coarse summary. Without a swap search that error is not known, and the share is 0.
    roundings
        Maximum number of times that the means of a rounded palette's clusters are rounded again.
    """

    coarse: int
    min_coarse: int
    fine: int
    min_fine: int
    swaps: int
    swaps_per_centroid: float
    searches: int
    searches_times_k: int
    iterations: int
    exact_iterations: int
    min_gain: float
    roundings: int


_PLANS: dict[tuple[Effort, bool], Plan] = {
    ("fast", True): Plan(16, 0, 40, 0, 5, 0.02, 1, 0, 3, 0, 0.0, 0),
    ("balanced", True): Plan(25, 640, 80, 2048, 36, 0.05, 2, 32, 4, 2, 0.0, 0),
    ("best", True): Plan(40, 0, 300, 16384, 120, 1.5, 8, 96, 100, 20, 1e-5, 4),
    ("fast", False): Plan(25, 640, 80, 2048, 36, 0.05, 2, 0, 4, 2, 0.0, 0),
    ("balanced", False): Plan(60, 3072, 120, 4096, 60, 0.5, 2, 64, 4, 16, 5e-5, 0),
    ("best", False): Plan(60, 4096, 300, 16384, 120, 1.5, 4, 96, 100, 40, 5e-6, 0),
}
"""Plans by effort, for at most 4 dimensions (True) and for more (False). The mean of a box represents its
points less well in many dimensions, so that more boxes and more swaps are worth their time. With the plans
for few dimensions, the squared error of "balanced" is 0.0 to 0.9 % above that of the best of ten scikit-learn
runs (8 to 64 channels, k = 16 to 256); with those for many it is 0.0 to 0.9 % below."""


_UNROUNDED_GAIN = 0.2
"""Share of `min_gain` in at most 4 dimensions for centroids that are not rounded to integers: the steps after
a rounding also lower the error. Measured at effort "best": without it, the error of float images is 0.02 %
higher."""


def plan_of(effort: Effort, dims: int, *, is_rounded: bool) -> Plan:
    """Return the plan of an effort for points of `dims` dimensions.

    `is_rounded` tells whether the centroids are then rounded to integers of 8 bits.
    """
    plan = _PLANS[effort, dims <= _FEW_DIMENSIONS]
    if is_rounded or dims > _FEW_DIMENSIONS:
        return plan
    return plan._replace(min_gain=_UNROUNDED_GAIN * plan.min_gain, roundings=0)
