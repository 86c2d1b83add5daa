"""How much work each effort does."""

from typing import NamedTuple

from fastkq.runtime.validation import Effort

MOST_SEARCHED = 4096
"""Centroids up to which swaps are tried: a search begins with the distances of its points from all of them,
and what a swap gains falls with their number."""


class Plan(NamedTuple):
    """How much of each step.

    Attributes
    ----------
    coarse, fine
        Points of the summaries, for each centroid.
    least_coarse, least_fine
        However few the centroids.
    swaps, swaps_per_centroid
        Tries of each search, on the coarse summary.
    searches, more_searches
        How many, and among how many centroids so many more are shared: the local optima of small palettes
        lie further apart, and their searches are short.
    iterations, exact_iterations
        At most so many, on the fine summary and on all the colours.
    least_gain
        They end when one lowers the error by no more than this share.
    roundings
        Tries to find a better rounded palette.
    """

    coarse: int
    least_coarse: int
    fine: int
    least_fine: int
    swaps: int
    swaps_per_centroid: float
    searches: int
    more_searches: int
    iterations: int
    exact_iterations: int
    least_gain: float
    roundings: int


PLANS: dict[Effort, Plan] = {
    "fast": Plan(16, 0, 40, 0, 5, 0.02, 1, 0, 3, 0, 0.0, 0),
    "balanced": Plan(25, 640, 80, 2048, 36, 0.05, 2, 32, 4, 2, 0.0, 0),
    "best": Plan(40, 0, 300, 16384, 120, 1.5, 8, 96, 100, 20, 1e-5, 4),
}


VECTOR_PLANS: dict[Effort, Plan] = {
    "fast": Plan(25, 640, 80, 2048, 36, 0.05, 2, 0, 4, 2, 0.0, 0),
    "balanced": Plan(60, 3072, 120, 4096, 60, 0.5, 2, 64, 4, 16, 1e-4, 0),
    "best": Plan(60, 4096, 300, 16384, 120, 1.5, 4, 96, 100, 40, 1e-5, 0),
}
"""For more than four: a box of many dimensions stands less well for what is in it, so that more of them and
more swaps pay. With the plans for few channels "balanced" ends 0.0 to 0.9 % above the best of ten runs of
scikit-learn (8 to 64 channels, k = 16 to 256), with these 0.0 to 0.9 % below."""
