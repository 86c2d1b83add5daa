"""The way from counted colours to a palette."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import blocks, mapping
from fastkq.blocks import Points
from fastkq.checks import Effort
from fastkq.histogram import Histogram
from fastkq.palette import grayscale, lloyd, search
from fastkq.palette.coarsen import Summary, Tree
from fastkq.palette.integer import Fitted, fill, in_order, round_well
from fastkq.spaces import Coordinates

_MOST_COLOURS = 1 << 18
_COLOURS_PER_CENTROID = 256
"""More colours than both of these are merged by cells before the fit."""

_MOST_SEARCHED = 4096
"""Centroids up to which swaps are tried: a search begins with the distances of its points from all of them,
and what a swap gains falls with their number."""


class _Plan(NamedTuple):
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


_PLANS: dict[Effort, _Plan] = {
    "fast": _Plan(16, 0, 40, 0, 5, 0.02, 1, 0, 3, 0, 0.0, 0),
    "balanced": _Plan(25, 640, 80, 2048, 36, 0.05, 2, 32, 4, 2, 0.0, 0),
    "best": _Plan(40, 0, 300, 16384, 120, 1.5, 8, 96, 100, 20, 1e-5, 4),
}


def fit(
    counted: Histogram, k: int, effort: Effort = "balanced", threads: int = 1
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Palette of exactly min(k, distinct colours) different colours, each nearest to some colour.

    Of gray images it is the best there is, at every effort.

    Parameters
    ----------
    counted : Histogram
    k : int
        At most so many rows.

    Returns
    -------
    palette : (min(k, M), C) uint8
        In the order of `fastkq.palette.integer.in_order`.
    labels : (M,) integers
        Each colour's nearest row, the first of equals.
    """
    colours = len(counted.keys)
    if k >= colours:
        palette = in_order(counted.colours)
        return palette, mapping.label(counted, palette, threads).labels
    if counted.channels == 1:
        palette = grayscale.fit(counted.colours[:, 0], counted.counts, k)[:, None]
        return palette, mapping.label(counted, palette, threads).labels
    plan = _PLANS[effort]
    if colours > max(_MOST_COLOURS, _COLOURS_PER_CENTROID * k):
        palette = _on(blocks.of_cells(counted, threads), k, plan, threads).palette
        labels, used = mapping.label(counted, palette, threads)
        if used.all():
            return palette, labels
    return _on(blocks.of_colours(counted), k, plan, threads)


def _on(points: Points, k: int, plan: _Plan, threads: int) -> Fitted:
    centroids = _centroids(points, k, plan, threads)
    return fill(points, round_well(points, centroids, plan.roundings, threads), k, threads)


def _centroids(points: Points, k: int, plan: _Plan, threads: int) -> Coordinates:
    """Coarse to fine: centroids find their regions on few points and their places on more."""
    tree = Tree(points)
    coarse = tree.summary(max(plan.coarse * k, plan.least_coarse))
    if k <= _MOST_SEARCHED:
        # Fewer points than that make each swap cheaper.
        more = max(1.0, plan.coarse * k / len(coarse.weights))
        swaps = int((plan.swaps + plan.swaps_per_centroid * k) * more)
        searches = plan.searches + plan.more_searches // k
        centroids, error = search.search(coarse, k, swaps, searches, threads)
    else:
        centroids, error = search.starts(coarse, k, 1)[0], 0.0
    fine = _in_blocks(tree.summary(max(plan.fine * k, plan.least_fine)))
    least_gain = plan.least_gain * error
    centroids = lloyd.lloyd(fine, centroids, least_gain, plan.iterations, threads)
    return lloyd.lloyd(points, centroids, least_gain, plan.exact_iterations, threads)


def _in_blocks(summary: Summary) -> Points:
    return blocks.in_blocks(summary.keys, summary.coordinates, summary.weights)
