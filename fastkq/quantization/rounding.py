"""Rounding of centroids to the integer colors of a stored palette, in its documented order."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.spaces import Space, to_colors, to_coordinates
from fastkq.kmeans.assign import assign
from fastkq.kmeans.lloyd import cluster_moments, move
from fastkq.kmeans.points import MortonPoints
from fastkq.quantization.nearest_packed import used_rows
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_POINTS_AT_ONCE = 1 << 18


def costliest(
    distances: npt.NDArray[Any], weights: npt.NDArray[np.float64], number: int
) -> npt.NDArray[np.intp]:
    """Return the indices (number,) of the points with the largest distance times weight, largest first.

    `distances` (squared) and `weights` are (M,). Among equals the lower index comes first.
    """
    chosen: list[npt.NDArray[np.intp]] = []
    for part in slices(len(weights), _POINTS_AT_ONCE):
        costs = -distances[part] * weights[part]
        chosen.append(part.start + np.sort(np.argsort(costs, kind="stable")[:number]))
    places = np.concatenate(chosen)
    order = np.argsort(-distances[places] * weights[places], kind="stable")
    return places[order[:number]]


class Fitted(NamedTuple):
    """A palette (k, C), and the nearest row of each point, (M,) int32: the lowest index among equals."""

    palette: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]


def round_centroids(
    points: MortonPoints,
    centroids: Coordinates,
    fixed: npt.NDArray[np.uint8],
    rounds: int,
    threads: int = 1,
    space: Space = "rgb",
) -> npt.NDArray[np.uint8]:
    """Round centroids (C, k) to colors (k, C); the first rows are `fixed` (f, C), unchanged.

    The error of the rounded palette is minimized, not that of the centroids: rounding moves every centroid,
    so the means of the clusters of the rounded colors are computed and rounded again, as long as the error
    falls, at most `rounds` times.
    """
    best = palette = _rounded(centroids, fixed, space)
    best_error = np.inf
    for _ in range(rounds):
        coordinates = to_coordinates(palette, space)
        totals = cluster_moments(points, coordinates, threads)
        error = float(kernels.kmeans.lloyd.excess(totals, coordinates))
        if error >= best_error:
            break
        best, best_error = palette, error
        move(totals, coordinates, points.opacity)
        palette = _rounded(coordinates, fixed, space)
    return best


def _rounded(centroids: Coordinates, fixed: npt.NDArray[np.uint8], space: Space) -> npt.NDArray[np.uint8]:
    return np.concatenate((fixed, to_colors(centroids[:, len(fixed) :], space)))


def fill(
    points: MortonPoints,
    palette: npt.NDArray[np.uint8],
    fixed: int,
    k: int,
    threads: int = 1,
    space: Space = "rgb",
) -> Fitted:
    """Complete a palette to k different colors, with no unused row among those that are not fixed.

    A row is unused if it is the nearest row of no point; the second of two equal rows is unused, too. Unused
    rows are replaced by the points with the largest weighted squared errors. The error of such a point
    becomes 0, so the total error falls in each pass and the loop ends.

    Parameters
    ----------
    points
        Colors. Together with the fixed rows they have at least k different colors.
    palette : (<= k, C) uint8
        The first `fixed` rows stay as they are.
    fixed
        Number of fixed rows.
    k
        Number of rows of the result.

    Returns
    -------
    Fitted
        The fixed rows, then the others in the order of `in_order`; and the labels of the points.
    """
    # Rows are sorted before the assignment: among equally near rows the first is taken, so the order decides
    # which rows are used.
    padding = np.repeat(palette[fixed : fixed + 1], k - len(palette), axis=0)
    rows = _in_order_after(fixed, np.concatenate((palette, padding)))
    while True:
        labels, distances = assign(points, to_coordinates(rows, space), threads)
        unused = fixed + np.flatnonzero(~used_rows(labels, k, threads)[fixed:])
        if len(unused) == 0:
            return Fitted(rows, labels)
        worst = costliest(distances, points.weights, len(unused))
        rows[unused] = packed_table.colors_of(points.keys[worst], rows.shape[1])
        rows = _in_order_after(fixed, rows)


def _in_order_after(fixed: int, palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.concatenate((palette[:fixed], in_order(palette[fixed:])))


def in_order(palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return rows sorted by alpha, then by luminance (ITU-R BT.709 weights as integers), then by R, G, B.

    In this order neighboring pixels have close indices, which compress well. The transparency chunk of a PNG
    file can end after the last row that is not opaque.
    """
    if palette.shape[1] == 1:
        return np.sort(palette, axis=0)
    red, green, blue = palette[:, :3].astype(np.int64).T
    luminance = 2126 * red + 7152 * green + 722 * blue
    keys = [blue, green, red, luminance]
    if palette.shape[1] == 4:
        keys.append(palette[:, 3].astype(np.int64))
    return palette[np.lexsort(keys)]
