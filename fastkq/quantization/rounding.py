"""From centroids to the integer colours that are stored, in their documented order."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.spaces import Space, to_colours, to_coordinates
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
    """So many points of the largest distance times weight, both (M,), falling, the first of equals first."""
    chosen: list[npt.NDArray[np.intp]] = []
    for part in slices(len(weights), _POINTS_AT_ONCE):
        costs = -distances[part] * weights[part]
        chosen.append(part.start + np.sort(np.argsort(costs, kind="stable")[:number]))
    places = np.concatenate(chosen)
    order = np.argsort(-distances[places] * weights[places], kind="stable")
    return places[order[:number]]


class Fitted(NamedTuple):
    """A palette (k, C) and the nearest row of each point, the first of equals: (M,) int32."""

    palette: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]


def round_well(
    points: MortonPoints,
    centroids: Coordinates,
    held: npt.NDArray[np.uint8],
    rounds: int,
    threads: int = 1,
    space: Space = "rgb",
) -> npt.NDArray[np.uint8]:
    """Colours (k, C) that the centroids (C, k) round to; the first are those that are held (f, C).

    Rounding moves every centroid, so the clusters' means are taken and rounded again for as long as the
    error of the rounded palette falls, at most `rounds` times: the stored palette is what counts.
    """
    best = palette = _rounded(centroids, held, space)
    least = np.inf
    for _ in range(rounds):
        coordinates = to_coordinates(palette, space)
        totals = cluster_moments(points, coordinates, threads)
        error = float(kernels.kmeans.lloyd.excess(totals, coordinates))
        if error >= least:
            break
        best, least = palette, error
        move(totals, coordinates, points.opacity)
        palette = _rounded(coordinates, held, space)
    return best


def _rounded(centroids: Coordinates, held: npt.NDArray[np.uint8], space: Space) -> npt.NDArray[np.uint8]:
    return np.concatenate((held, to_colours(centroids[:, len(held) :], space)))


def fill(
    points: MortonPoints,
    palette: npt.NDArray[np.uint8],
    fixed: int,
    k: int,
    threads: int = 1,
    space: Space = "rgb",
) -> Fitted:
    """k different colours, the fixed ones first and the others in order, each of these nearest to some point.

    The rows that no point is nearest to (a second of two equal ones, too) are given to the costliest points.
    A point that becomes a row costs nothing any more, so the error falls each time and the loop ends.

    Parameters
    ----------
    points
        Together with the fixed rows, at least k different colours.
    palette : (<= k, C)
        The first `fixed` rows stay as they are.
    """
    # In order before the assignment: of equally near rows the first is taken, so the order decides which
    # rows are used.
    missing = np.repeat(palette[fixed : fixed + 1], k - len(palette), axis=0)
    rows = _in_order_after(fixed, np.concatenate((palette, missing)))
    while True:
        labels, distances = assign(points, to_coordinates(rows, space), threads)
        unused = fixed + np.flatnonzero(~used_rows(labels, k, threads)[fixed:])
        if len(unused) == 0:
            return Fitted(rows, labels)
        costly = costliest(distances, points.weights, len(unused))
        rows[unused] = packed_table.colours_of(points.keys[costly], rows.shape[1])
        rows = _in_order_after(fixed, rows)


def _in_order_after(fixed: int, palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.concatenate((palette[:fixed], in_order(palette[fixed:])))


def in_order(palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Rows by alpha, then by luminance (ITU-R BT.709 weights in integers), then by R, G, B.

    Neighbours in an image then have neighbouring indices, which codes well, and a PNG's transparency
    chunk can end after the last row that needs it.
    """
    if palette.shape[1] == 1:
        return np.sort(palette, axis=0)
    red, green, blue = palette[:, :3].astype(np.int64).T
    luminance = 2126 * red + 7152 * green + 722 * blue
    keys = [blue, green, red, luminance]
    if palette.shape[1] == 4:
        keys.append(palette[:, 3].astype(np.int64))
    return palette[np.lexsort(keys)]
