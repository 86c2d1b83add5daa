"""From real centroids to the integer colours that are stored."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.blocks import Points, means, weights
from fastkq.mapping import assign
from fastkq.spaces import Coordinates, to_colours, to_coordinates


class Fitted(NamedTuple):
    """A palette and what it does to the colours it was fitted to.

    Attributes
    ----------
    palette : (k, C) uint8
    labels : (M,) int32
        Each colour's nearest row, the first of equals.
    error : float
        Weighted sum of squared distances.
    totals : (k, 2 C + 1) float64
        Moments of each row's colours.
    """

    palette: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]
    error: float
    totals: npt.NDArray[np.float64]


def settle(
    points: Points,
    colours: npt.NDArray[np.uint8],
    centroids: Coordinates,
    k: int,
    rounds: int,
    threads: int = 1,
) -> Fitted:
    """k different colours, each nearest to some point, that the centroids round to.

    Rounding moves every centroid, so the clusters' means are taken and rounded again for as long as the
    error of the rounded palette falls, at most `rounds` times: the stored palette is what counts.

    Parameters
    ----------
    points
        One for each of `colours` (M, C), M >= k.
    centroids : (C, <= k)
    """
    best = _filled(points, colours, to_colours(centroids), k, threads)
    for _ in range(rounds):
        rounded = to_colours(np.ascontiguousarray(means(best.totals).T))
        candidate = _filled(points, colours, rounded, k, threads)
        if candidate.error >= best.error:
            break
        best = candidate
    return best


def _filled(
    points: Points, colours: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8], k: int, threads: int
) -> Fitted:
    """Give the rows that no colour is nearest to (a second of two equal ones, too) to the costliest colours.

    A colour that becomes a row costs nothing any more, so the error falls each time and the loop ends.
    """
    # In order before the assignment: of equally near rows the first is taken, so the order decides which
    # rows are used.
    rows = in_order(np.concatenate((palette, np.repeat(palette[:1], k - len(palette), axis=0))))
    while True:
        labels, distances = assign(points, to_coordinates(rows), threads)
        totals = np.zeros((k, points.moments.shape[1]))
        error = float(kernels.mapping.tally(points, labels, distances, totals))
        unused = np.flatnonzero(weights(totals) == 0)
        if len(unused) == 0:
            return Fitted(rows, labels, error, totals)
        cost = distances * weights(points.moments)
        rows[unused] = colours[np.argsort(-cost, kind="stable")[: len(unused)]]
        rows = in_order(rows)


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
