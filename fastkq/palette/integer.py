"""From real centroids to the integer colours that are stored."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.blocks import Points
from fastkq.mapping import assign
from fastkq.palette.lloyd import accumulate, ordered_sum
from fastkq.spaces import Coordinates, to_colours, to_coordinates

_ROUNDS = 4


class _Candidate(NamedTuple):
    palette: npt.NDArray[np.uint8]
    error: float


def settle(
    points: Points, colours: npt.NDArray[np.uint8], centroids: Coordinates, k: int, threads: int = 1
) -> npt.NDArray[np.uint8]:
    """k different colours (k, C), each nearest to some point, that the centroids round to.

    Rounding moves every centroid, so the clusters' means are taken and rounded again for as long as the
    error of the rounded palette falls: the stored palette is what counts.

    Parameters
    ----------
    points
        One for each of `colours` (M, C), M >= k.
    centroids : (C, <= k)
    """
    best = _filled(points, colours, to_colours(centroids), k, threads)
    for _ in range(_ROUNDS):
        totals = accumulate(points, to_coordinates(best.palette), threads)
        rounded = to_colours(np.ascontiguousarray((totals[:, :-1] / totals[:, -1:]).T))
        candidate = _filled(points, colours, rounded, k, threads)
        if candidate.error >= best.error:
            break
        best = candidate
    return best.palette


def _filled(
    points: Points, colours: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8], k: int, threads: int
) -> _Candidate:
    """Give the rows that no colour is nearest to (a second of two equal ones, too) to the costliest colours.

    A colour that becomes a row costs nothing any more, so the error falls each time and the loop ends.
    """
    # In order before the assignment: of equally near rows the first is taken, so the order decides which
    # rows are used.
    rows = in_order(np.concatenate((palette, np.repeat(palette[:1], k - len(palette), axis=0))))
    while True:
        labels, distances = assign(points, to_coordinates(rows), threads)
        cost = distances * points.moments[:, -1]
        unused = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
        if len(unused) == 0:
            return _Candidate(rows, ordered_sum(cost))
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
