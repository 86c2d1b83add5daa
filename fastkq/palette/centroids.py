"""The way from weighted points to real centroids, coarse to fine."""

from typing import NamedTuple

import numpy as np

from fastkq import blocks
from fastkq.blocks import Points
from fastkq.color.spaces import LEAST_ROWS_FOR_ALPHA, Coordinates, are_opaque
from fastkq.mapping import assign
from fastkq.palette import lloyd, search
from fastkq.palette.coarsen import Summary, Tree
from fastkq.runtime.validation import Effort

MOST_SEARCHED = 4096
"""Centroids up to which swaps are tried: a search begins with the distances of its points from all of them,
and what a swap gains falls with their number."""

_OPAQUE_SHARE = 0.15
"""A centroid is made opaque when more than this of its cluster's weight is. Translucent colours may use
opaque rows, not the other way round: with 0.5, a photograph with a soft edge ends 81 % above what is reached
without any rule at k = 16, with 0.15 7 %."""


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


def centroids(tree: Tree, held: Coordinates, k: int, plan: Plan, threads: int = 1) -> Coordinates:
    """Centroids (C, k) of the points of a tree: on few they find their regions, on more their places.

    The first are those that are held, (C, f): they stay where they are.
    """
    if held.shape[1] == k:
        return held
    points, tree = tree.points, tree.anew()
    coarse = tree.summary(max(plan.coarse * k, plan.least_coarse))
    if k <= MOST_SEARCHED:
        # Fewer points than that make each swap cheaper.
        more = max(1.0, plan.coarse * k / len(coarse.weights))
        swaps = int((plan.swaps + plan.swaps_per_centroid * k) * more)
        searches = plan.searches + plan.more_searches // k
        found, error = search.search(coarse, k, swaps, searches, threads, held)
    else:
        free = search.starts(coarse, k - held.shape[1], 1)[0]
        found, error = np.column_stack((held, free)), 0.0
    fine = _in_blocks(tree.summary(max(plan.fine * k, plan.least_fine)), points.opacity)
    _make_opaque(found, held.shape[1], fine, threads)
    least_gain, fixed = plan.least_gain * error, held.shape[1]
    found = lloyd.lloyd(fine, found, least_gain, plan.iterations, threads, fixed)
    return lloyd.lloyd(points, found, least_gain, plan.exact_iterations, threads, fixed)


def _in_blocks(summary: Summary, opacity: float) -> Points:
    return blocks.in_blocks(summary.keys, summary.coordinates, summary.weights, summary.opaque, opacity)


def _make_opaque(centroids: Coordinates, held: int, points: Points, threads: int) -> None:
    """Make centroids (C, k) opaque, in place: those with enough opaque colours, at least one."""
    k = centroids.shape[1]
    if points.opaque == 0 or k < LEAST_ROWS_FOR_ALPHA:
        return
    labels = assign(points._replace(opaque=0), centroids, threads).labels
    last = points.starts[points.opaque]
    opaque = np.bincount(labels[:last], points.weights[:last], k)
    chosen = opaque > _OPAQUE_SHARE * np.bincount(labels, points.weights, k)
    chosen[:held] = False
    if not (chosen.any() or are_opaque(centroids, points.opacity).any()):
        chosen[held + np.argmax(opaque[held:])] = True
    centroids[3, chosen] = points.opacity
