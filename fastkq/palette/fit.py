"""The way from counted colours to a palette."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import blocks, mapping
from fastkq.blocks import Points
from fastkq.checks import Effort
from fastkq.histogram import Histogram
from fastkq.palette import lloyd, search, seed
from fastkq.palette.coarsen import Summary, Tree
from fastkq.palette.integer import Fitted, fill, in_order, round_well
from fastkq.spaces import Coordinates

_MOST_COLOURS = 1 << 18
_COLOURS_PER_CENTROID = 256
"""More colours than both of these are merged by cells before the fit."""

_POINTS_PER_SEED = 6

_MOST_SEARCHED = 4096
"""Centroids up to which swaps are tried: each costs time in proportion to their number, and gains a share."""


class _Plan(NamedTuple):
    """How much of each step.

    Attributes
    ----------
    coarse, fine
        Summaries have boxes of at most a mean cluster's error, divided by this.
    swaps, swaps_per_centroid
        Tries, on the coarse summary.
    temperatures
        Of the searches that make them.
    iterations, exact_iterations
        At most so many, on the fine summary and on all the colours.
    least_gain
        They end when one lowers the error by no more than this share.
    roundings
        Tries to find a better rounded palette.
    """

    coarse: float
    fine: float
    swaps: int
    swaps_per_centroid: float
    temperatures: tuple[float, ...]
    iterations: int
    exact_iterations: int
    least_gain: float
    roundings: int


_PLANS: dict[Effort, _Plan] = {
    "fast": _Plan(100, 300, 5, 0, (0.0,), 4, 0, 0.0, 0),
    "balanced": _Plan(150, 2000, 50, 0, (0.1, 0.4), 5, 1, 0.0, 0),
    "best": _Plan(500, 10000, 300, 4, (0.0, 0.1, 0.2, 0.4), 100, 20, 1e-5, 4),
}


def fit(
    counted: Histogram, k: int, effort: Effort = "balanced", threads: int = 1
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Palette of exactly min(k, distinct colours) different colours, each nearest to some colour.

    Parameters
    ----------
    counted : Histogram
    k : int
        At most so many rows.

    Returns
    -------
    palette : (min(k, M), C) uint8
        In the order of `fastkq.palette.integer.in_order`.
    labels : (M,) int32
        Each colour's nearest row, the first of equals.
    """
    colours = len(counted.keys)
    if k >= colours:
        palette = in_order(counted.colours)
        return palette, mapping.label(counted, palette, threads)
    plan = _PLANS[effort]
    if colours > max(_MOST_COLOURS, _COLOURS_PER_CENTROID * k):
        palette = _on(blocks.of_cells(counted, threads), k, plan, threads).palette
        labels = mapping.label(counted, palette, threads)
        if np.bincount(labels, minlength=k).all():
            return palette, labels
    return _on(blocks.of_colours(counted), k, plan, threads)


def _on(points: Points, k: int, plan: _Plan, threads: int) -> Fitted:
    centroids = _centroids(points, k, plan, threads)
    return fill(points, round_well(points, centroids, plan.roundings, threads), k, threads)


def _centroids(points: Points, k: int, plan: _Plan, threads: int) -> Coordinates:
    """Coarse to fine: centroids find their regions on few points and their places on more."""
    tree = Tree(points)
    centroids, error = seed.split(_enough(tree, k, len(points.keys)), k)
    if k <= _MOST_SEARCHED:
        coarse = tree.summary(error / (k * plan.coarse))
        swaps = plan.swaps + int(plan.swaps_per_centroid * k)
        centroids, error = search.swap(coarse, centroids, swaps, plan.temperatures, threads)
    fine = blocks.in_blocks(*tree.summary(error / (k * plan.fine)))
    least_gain = plan.least_gain * error
    centroids = lloyd.lloyd(fine, centroids, least_gain, plan.iterations, threads)
    return lloyd.lloyd(points, centroids, least_gain, plan.exact_iterations, threads)


def _enough(tree: Tree, k: int, most: int) -> Summary:
    """A summary of at least `_POINTS_PER_SEED` points for each of k centroids, or of all there are."""
    tolerance = tree.error / (50 * k * k)
    while True:
        summary = tree.summary(tolerance)
        if len(summary.weights) >= min(_POINTS_PER_SEED * k, most):
            return summary
        tolerance = tolerance / 8 if tolerance > 1e-3 else -1.0
