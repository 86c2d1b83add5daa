"""Rounding of centroids to the colors of a stored palette, in its documented order."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.embedding import Embedding
from fastkq.color.kinds import has_alpha
from fastkq.color.lattice import Metric
from fastkq.color.table import ColorTable
from fastkq.kmeans.lloyd import move
from fastkq.kmeans.morton_points import MortonPoints
from fastkq.kmeans.points import MIN_CENTROIDS_FOR_GROUP
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.quantization.points import PackedPoints, RowColors
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_POINTS_AT_ONCE = 1 << 18
_INDICES_PER_CHUNK = 1 << 17
_LUMINANCE = (2126.0, 7152.0, 722.0)  # ITU-R BT.709, times 10,000


class Fit(NamedTuple):
    """A fitted palette.

    Attributes
    ----------
    palette : (k, C)
        In the working form of the image.
    labels : (M,) unsigned integers or None
        Nearest palette row of each color or point; None if they have not been assigned.
    """

    palette: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None


def with_transparent(table: ColorTable, rows: npt.NDArray[Any], k: int) -> npt.NDArray[Any]:
    """Return the rows (f, C) that k-means must not move: the fixed ones, and the transparent color.

    The transparent color is added if the image has it, no row is transparent, and k is at least 3 and leaves
    a row for it: it must stay exactly transparent. Its position in the palette does not change: rows are
    sorted by alpha, so it is the first of those that are not fixed anyway.
    """
    if k < max(MIN_CENTROIDS_FOR_GROUP, len(rows) + 1) or not table.has_transparent:
        return rows
    if (rows[:, -1] == 0).any():
        return rows
    return np.concatenate((rows, np.zeros((1, table.channels), table.dtype)))


def round_centroids(
    points: MortonPoints | VectorPoints,
    metric: Metric,
    centroids: Coordinates,
    fixed: npt.NDArray[Any],
    rounds: int,
    threads: int = 1,
) -> npt.NDArray[Any]:
    """Round centroids (C, k) to colors (k, C); the first rows are `fixed` (f, C), unchanged.

    The error of the rounded palette is minimized, not that of the centroids: rounding moves every centroid,
    so the means of the clusters of the rounded colors are computed and rounded again, as long as the error
    falls, at most `rounds` times.
    """
    best = palette = _rounded(metric, centroids, fixed)
    best_error = np.inf
    for _ in range(rounds):
        coordinates = metric.to_coordinates(palette)
        totals = points.moments(coordinates, threads)
        error = float(kernels.kmeans.lloyd.excess(totals, coordinates))
        if error >= best_error:
            break
        best, best_error = palette, error
        move(totals, coordinates, points.level)
        palette = _rounded(metric, coordinates, fixed)
    return best


def _rounded(metric: Metric, centroids: Coordinates, fixed: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate((fixed, metric.to_colors(centroids[:, len(fixed) :])))


def replace_unused(
    points: PackedPoints | RowColors,
    metric: Metric,
    palette: npt.NDArray[Any],
    n_fixed: int,
    threads: int = 1,
) -> Fit:
    """Replace the unused rows of a palette (k, C) by colors, and put its rows in order.

    A row is unused if it is the nearest row of no point; the second of two equal rows is unused, too. Unused
    rows are replaced by the points with the largest weighted squared errors. The error of such a point
    becomes 0, so the total error falls in each pass and the loop ends.

    Parameters
    ----------
    points
        Together with the fixed rows they have at least k different colors.
    palette : (k, C)
        The first `n_fixed` rows stay as they are, even if they are unused.

    Returns
    -------
    Fit
        The fixed rows, then the others in the order of `in_order`; and the labels of the points, if they had
        to be determined.
    """
    # Rows are sorted before the assignment: among equally near rows the first is taken, so the order decides
    # which rows are used.
    rows = in_order_after(palette, n_fixed)
    centroids = metric.to_coordinates(rows)
    while not points.uses_all(centroids, n_fixed, threads):
        labels, distances = points.assign(centroids, threads)
        unused = n_fixed + np.flatnonzero(~used_rows(labels, len(rows), threads)[n_fixed:])
        if len(unused) == 0:
            return Fit(rows, labels)
        worst = costliest(distances, points.weights, len(unused))
        if not distances[worst[0]] * points.weights[worst[0]] > 0:  # no error is left, or all underflow
            return Fit(rows, labels)
        rows[unused] = points.color_at(worst)
        rows = in_order_after(rows, n_fixed)
        centroids = metric.to_coordinates(rows)
    return Fit(rows, None)


def used_rows(indices: npt.NDArray[np.integer[Any]], k: int, threads: int = 1) -> npt.NDArray[np.bool_]:
    """Return a mask (k,) of the palette rows that occur among the indices."""
    flat, used = indices.reshape(-1), np.zeros((threads, k), bool)

    def work(worker: int, start: int, stop: int) -> None:
        used[worker, flat[start:stop]] = True

    over_chunks(work, len(flat), _INDICES_PER_CHUNK, threads)
    is_used: npt.NDArray[np.bool_] = np.logical_or.reduce(used)
    return is_used


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


def in_order_after(palette: npt.NDArray[Any], n_fixed: int) -> npt.NDArray[Any]:
    """Return a palette (k, C) with the rows from `n_fixed` on in order."""
    return np.concatenate((palette[:n_fixed], in_order(palette[n_fixed:])))


def in_order(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return rows (k, C) sorted by alpha, then by luminance, then by their channels.

    For three channels without alpha luminance has the weights of ITU-R BT.709; otherwise it is the sum of the
    channels. Floats are scaled as in `fastkq.color.embedding` first, so they may have any range.

    In this order neighboring pixels have close indices, which compress well. The transparency chunk of a PNG
    file can end after the last row that is not opaque.
    """
    channels = rows.shape[1]
    plain_channels = channels - has_alpha(rows.dtype, channels)
    values = rows[:, :plain_channels]
    if rows.dtype.kind == "f":
        values = Embedding.of(values).embed(values)
    luminance = np.zeros(len(rows))
    for channel in range(plain_channels):
        luminance += values[:, channel] * (_LUMINANCE[channel] if plain_channels == 3 else 1.0)
    keys = [*rows.T[::-1], luminance]
    if plain_channels < channels:
        keys.append(rows[:, -1])
    return rows[np.lexsort(keys)]
