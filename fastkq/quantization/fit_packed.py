"""The way from counted colours to a palette."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_counting, packed_table
from fastkq.color.spaces import Space, to_coordinates
from fastkq.kmeans import one_dimensional
from fastkq.kmeans.coarsening import Tree
from fastkq.kmeans.fit import centroids
from fastkq.kmeans.plans import PLANS, Plan
from fastkq.kmeans.points import LEAST_ROWS_FOR_ALPHA, to_counts
from fastkq.quantization import nearest_packed
from fastkq.quantization.points import Prepared, are_opaque_colors, in_counted_order
from fastkq.quantization.rounding import Fitted, fill, in_order, round_well
from fastkq.runtime.validation import Effort

_MOST_COLOURS = 1 << 18
_COLOURS_PER_CENTROID = 256
"""More colours than both of these are merged by cells before the fit."""


def fit(
    counted: packed_table.PackedTable,
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    fixed: npt.NDArray[np.uint8] | None = None,
    weights: npt.NDArray[np.float64] | None = None,
    space: Space = "rgb",
    prepared: Prepared | None = None,
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
        weigh nothing get rows only when the others are fewer than k, or to keep opacity.
    space : {"rgb", "oklab"}
        In whose coordinates distances are measured, see `fastkq.color.spaces`.
    prepared : Prepared, optional
        Of the same colours and space, when there are several fits.

    Returns
    -------
    palette : (min(k, distinct colours), C) uint8
        The fixed colours in the given order, then others in the order of
        `fastkq.quantization.rounding.in_order`, each nearest to some colour.
    labels : (M,) integers
        Each colour's nearest row, the first of equals.

    Notes
    -----
    From k = 3 on, transparent colours of RGBA have transparent rows and opaque ones opaque rows, as long as
    the fixed colours leave a row for each that they do not hold themselves.
    """
    way = _Way(PLANS[effort], threads, space)
    if fixed is None:
        fixed = np.empty((0, counted.channels), np.uint8)
    if weights is None:
        return _fit(prepared or Prepared(counted, space, threads), fixed, k, way)
    weighted = weigh(counted, weights, k)
    palette, labels = _fit(Prepared(weighted, space, threads), fixed, k, way)
    if len(weighted.keys) == len(counted.keys):
        return palette, labels
    if len(palette) < k:
        others = _without(counted, weighted.colours)
        palette, _ = _fit(Prepared(others, space, threads), palette, k, way)
        palette = np.concatenate((fixed, in_order(palette[len(fixed) :])))
    return palette, nearest_packed.label(counted, palette, threads, space).labels


def weigh(
    counted: packed_table.PackedTable, weights: npt.NDArray[np.float64], k: int
) -> packed_table.PackedTable:
    """The colours that weigh something, with weights (M,) for counts.

    So that opacity is kept, the transparent colour and an opaque one of RGBA weigh at least 1.
    """
    pulling = weights > 0
    counts = np.ones(len(weights), np.int64)
    counts[pulling] = to_counts(weights[pulling])
    if counted.channels == 4 and k >= LEAST_ROWS_FOR_ALPHA:
        pulling = pulling | (counted.keys == 0)
        opaque = are_opaque_colors(counted)
        if opaque.any() and not pulling[opaque].any():
            pulling[np.argmax(np.where(opaque, counted.counts, 0))] = True
    return packed_table.PackedTable(counted.keys[pulling], counts[pulling], counted.channels)


class _Way(NamedTuple):
    """How a palette is fitted, whatever the colours."""

    plan: Plan
    threads: int
    space: Space


def _fit(
    prepared: Prepared, fixed: npt.NDArray[np.uint8], k: int, way: _Way
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    counted = prepared.counted
    others = _without(counted, fixed)
    if k >= len(fixed) + len(others.keys):
        palette = np.concatenate((fixed, in_order(others.colours)))
        return palette, nearest_packed.label(counted, palette, way.threads, way.space).labels
    if k == len(fixed):
        return fixed, nearest_packed.label(counted, fixed, way.threads, way.space).labels
    if counted.channels == 1 and way.space == "rgb":
        levels = one_dimensional.fit(counted.colours[:, 0], counted.counts, k, fixed=fixed[:, 0])
        palette = np.concatenate((fixed, levels[~np.isin(levels, fixed)][:, np.newaxis]))
        return palette, nearest_packed.label(counted, palette, way.threads).labels
    if len(counted.keys) > max(_MOST_COLOURS, _COLOURS_PER_CENTROID * k):
        palette = _on(prepared.cells, fixed, _held(others, fixed, k), k, way).palette
        labels, used = nearest_packed.label(counted, palette, way.threads, way.space)
        if used[len(fixed) :].all():
            return palette, labels
    palette, found = _on(prepared.colours, fixed, _held(others, fixed, k), k, way)
    return palette, in_counted_order(counted, found)


def _held(others: packed_table.PackedTable, fixed: npt.NDArray[np.uint8], k: int) -> npt.NDArray[np.uint8]:
    """The fixed colours and, so that it stays transparent, the transparent one of an RGBA image."""
    if others.channels == 4 and k >= LEAST_ROWS_FOR_ALPHA and len(others.keys) and others.keys[0] == 0:
        return np.concatenate((fixed, np.zeros((1, 4), np.uint8)))
    return fixed


def _on(tree: Tree, fixed: npt.NDArray[np.uint8], held: npt.NDArray[np.uint8], k: int, way: _Way) -> Fitted:
    plan, threads, space = way
    points = tree.points
    found = centroids(tree, to_coordinates(held, space), k, plan, threads)
    palette = round_well(points, found, held, plan.roundings, threads, space)
    return fill(points, palette, len(fixed), k, threads, space)


def _without(counted: packed_table.PackedTable, colours: npt.NDArray[np.uint8]) -> packed_table.PackedTable:
    """The counted colours that are not among these (f, C)."""
    if len(colours) == 0:
        return counted
    keys = packed_counting.count(colours[None]).keys
    places = np.searchsorted(counted.keys, keys)
    places[places == len(counted.keys)] = 0
    others = np.ones(len(counted.keys), bool)
    others[places[counted.keys[places] == keys]] = False
    return counted._replace(keys=counted.keys[others], counts=counted.counts[others])
