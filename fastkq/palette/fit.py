"""The way from counted colours to a palette."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import blocks, histogram, mapping
from fastkq.blocks import Points
from fastkq.checks import Effort
from fastkq.histogram import Histogram
from fastkq.palette import grayscale
from fastkq.palette.centroids import PLANS, Plan, centroids
from fastkq.palette.integer import Fitted, fill, in_order, round_well
from fastkq.palette.weights import to_counts
from fastkq.spaces import LEAST_ROWS_FOR_ALPHA, to_coordinates

_MOST_COLOURS = 1 << 18
_COLOURS_PER_CENTROID = 256
"""More colours than both of these are merged by cells before the fit."""


def fit(
    counted: Histogram,
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    fixed: npt.NDArray[np.uint8] | None = None,
    weights: npt.NDArray[np.float64] | None = None,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Palette of exactly min(k, distinct colours) different colours.

    Of gray images it is the best there is, at every effort.

    Parameters
    ----------
    counted : Histogram
    k : int
        At most so many rows.
    fixed : (f, C) uint8, optional
        At most k different colours that the palette holds whether they are used or not; they count as
        colours of the image.
    weights : (M,) float64, optional
        What an error in each colour weighs, instead of its count: finite, at least 0, not all 0. Colours that
        weigh nothing get rows only when the others are fewer than k.

    Returns
    -------
    palette : (min(k, distinct colours), C) uint8
        The fixed colours in the given order, then others in the order of
        `fastkq.palette.integer.in_order`, each nearest to some colour.
    labels : (M,) integers
        Each colour's nearest row, the first of equals.
    """
    plan = PLANS[effort]
    if fixed is None:
        fixed = np.empty((0, counted.channels), np.uint8)
    if weights is None:
        return _fit(counted, fixed, k, plan, threads)
    pulling = weights > 0
    weighted = Histogram(counted.keys[pulling], to_counts(weights[pulling]), counted.channels)
    palette, labels = _fit(weighted, fixed, k, plan, threads)
    if pulling.all():
        return palette, labels
    if len(palette) < k:
        weightless = Histogram(counted.keys[~pulling], counted.counts[~pulling], counted.channels)
        palette, _ = _fit(weightless, palette, k, plan, threads)
        palette = np.concatenate((fixed, in_order(palette[len(fixed) :])))
    return palette, mapping.label(counted, palette, threads).labels


def _fit(
    counted: Histogram, fixed: npt.NDArray[np.uint8], k: int, plan: Plan, threads: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    others = _without(counted, fixed)
    if k >= len(fixed) + len(others.keys):
        palette = np.concatenate((fixed, in_order(others.colours)))
        return palette, mapping.label(counted, palette, threads).labels
    if k == len(fixed):
        return fixed, mapping.label(counted, fixed, threads).labels
    if counted.channels == 1:
        levels = grayscale.fit(counted.colours[:, 0], counted.counts, k, fixed=fixed[:, 0])
        palette = np.concatenate((fixed, levels[~np.isin(levels, fixed)][:, np.newaxis]))
        return palette, mapping.label(counted, palette, threads).labels
    held = fixed
    if k >= LEAST_ROWS_FOR_ALPHA and _has_transparent(others):
        held = np.concatenate((fixed, np.zeros((1, 4), np.uint8)))
    if len(counted.keys) > max(_MOST_COLOURS, _COLOURS_PER_CENTROID * k):
        palette = _on(blocks.of_cells(counted, threads), held, len(fixed), k, plan, threads).palette
        labels, used = mapping.label(counted, palette, threads)
        if used[len(fixed) :].all():
            return palette, labels
    palette, found = _on(blocks.of_colours(counted), held, len(fixed), k, plan, threads)
    return palette, blocks.in_counted_order(counted, found)


def _has_transparent(counted: Histogram) -> bool:
    return counted.channels == 4 and len(counted.keys) > 0 and counted.keys[0] == 0


def _on(points: Points, held: npt.NDArray[np.uint8], fixed: int, k: int, plan: Plan, threads: int) -> Fitted:
    found = centroids(points, to_coordinates(held), k, plan, threads)
    return fill(points, round_well(points, found, held, plan.roundings, threads), fixed, k, threads)


def _without(counted: Histogram, colours: npt.NDArray[np.uint8]) -> Histogram:
    """The counted colours that are not among these (f, C)."""
    if len(colours) == 0:
        return counted
    others = ~np.isin(counted.keys, histogram.count(colours[None]).keys)
    return counted._replace(keys=counted.keys[others], counts=counted.counts[others])
