"""Choice of the k rows of a given palette that represent counted colors best."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import has_alpha
from fastkq.color.table import ColorTable
from fastkq.kmeans import k_medoids
from fastkq.kmeans.points import MIN_CENTROIDS_FOR_GROUP, to_counts
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.nearest import label
from fastkq.quantization.options import FitOptions
from fastkq.quantization.points import PackedPoints, prepare, weigh
from fastkq.runtime.progress import checkpoint

_MAX_POINTS = 1 << 12
"""Points that represent the colors. Measured: the best 2, 4 and 8 of 16 rows have at most 0.0002 % more error
than those by all colors (12 Kodak and cq100 images, three palettes)."""
_MAX_DISTANCES = 1 << 21  # rows times points: 16 MB
_MAX_CANDIDATES = 1 << 10  # rows: there are at least 2048 points then
_DISTANCE_BITS = 26
_FAR = 1 << _DISTANCE_BITS  # at least as large as any distance of a row
_REQUIRED = 1 << 57  # more than all distances times weights, whose sum is at most 2^30


def best_rows(
    counts: ColorCounts, palette: npt.NDArray[Any], k: int, options: FitOptions
) -> npt.NDArray[np.intp]:
    """Return the indices of k rows of a palette such that the squared error of counted colors is small.

    Up to 20 rows are compared in all subsets; for more rows, see `fastkq.kmeans.k_medoids`. Many colors are
    represented by the means of boxes.

    For k of 3 or more, rows of alpha 0 and, for 8-bit RGBA, opaque rows are chosen if the images have such
    colors and the palette has such rows; opaque colors then use opaque rows only.

    Parameters
    ----------
    counts
    palette : (n, C)
        In the working form, with the channels of the images.
    k : int
    options
        Space, value range and number of threads; the others are without effect.

    Returns
    -------
    (min(k, n),), ascending
    """
    if k >= len(palette):
        return np.arange(len(palette))
    table = counts.counted.with_alpha() if counts.counted.channels < palette.shape[1] else counts.counted
    if counts.weights is not None:
        table = weigh(table, counts.weights, k)
    if len(palette) <= k_medoids.MAX_EXACT:
        return k_medoids.choose(*_distances(table, palette, k, options), k)
    start = _nearest_to_fit(table, palette, k, options)
    candidates = _candidates(table, palette, start, max(_MAX_CANDIDATES, k + 1), options)
    distances, weights = _distances(table, palette[candidates], k, options)
    return candidates[k_medoids.choose(distances, weights, k, np.searchsorted(candidates, start))]


def _nearest_to_fit(
    table: ColorTable, palette: npt.NDArray[Any], k: int, options: FitOptions
) -> npt.NDArray[np.intp]:
    """Return the indices of the rows that are nearest to those of a palette fitted freely."""
    fitted = fit_table(table, k, options._replace(effort="fast")).palette
    metric = table.metric(options.space, np.concatenate((palette, fitted)), options.value_range)
    rows = metric.to_coordinates(palette).astype(np.float64)
    centroids = metric.to_coordinates(fitted).T.astype(np.float64)
    return np.unique([np.argmin(_squared(rows, centroid)) for centroid in centroids])


def _candidates(
    table: ColorTable,
    palette: npt.NDArray[Any],
    start: npt.NDArray[np.intp],
    most: int,
    options: FitOptions,
) -> npt.NDArray[np.intp]:
    """Return the indices of all rows; of many, those to which most pixels are nearest, and `start`."""
    if len(palette) <= most:
        return np.arange(len(palette))
    pixels = np.zeros(len(palette), np.int64)
    np.add.at(
        pixels,
        label(table, palette, options.threads, options.space, options.value_range).labels,
        table.counts,
    )
    order = np.argsort(-pixels, kind="stable")[:most]
    return np.union1d(order, start)


def _distances(
    table: ColorTable, palette: npt.NDArray[Any], k: int, options: FitOptions
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the distances (n, M) of the rows from points that represent the colors, and weights (M,).

    The distances are squared and multiplied by a power of two, so that the largest has 26 bits.
    """
    metric = table.metric(options.space, palette, options.value_range)
    prepared = prepare(table, metric, options.threads)
    points = prepared.cells(k) or prepared.colors
    most = min(_MAX_POINTS, max(_MAX_DISTANCES // len(palette), 1))
    if isinstance(points, PackedPoints):
        coordinates, weights, group = points.points.coordinates, points.weights, points.points.group
    else:
        hierarchy = points.hierarchy(k, options.threads)
        coordinates, weights, group = hierarchy.coordinates, hierarchy.weights, 0
    opaque = _condensed(coordinates[:, :group], weights[:group], most * group // len(weights))
    others = _condensed(coordinates[:, group:], weights[group:], most - most * group // len(weights))
    vectors = np.concatenate((opaque.vectors, others.vectors)).T.copy()
    squared = np.empty((len(palette), vectors.shape[1]))
    for row, centroid in zip(squared, metric.to_coordinates(palette).T.astype(np.float64), strict=True):
        checkpoint()
        row[:] = _squared(vectors, centroid)
    exponent = _DISTANCE_BITS - int(np.frexp(squared.max())[1])
    distances = np.ldexp(squared, exponent, out=squared).astype(np.int64)
    counts = to_counts(np.concatenate((opaque.weights, others.weights)))
    if k < MIN_CENTROIDS_FOR_GROUP or not has_alpha(palette.dtype, palette.shape[1]):
        return distances, counts
    top = np.iinfo(palette.dtype).max
    is_opaque, required = palette[:, -1] == top, []
    if len(opaque.weights) and is_opaque.any():
        distances[~is_opaque, : len(opaque.weights)] = _FAR
        required.append(~is_opaque)
    is_seen = palette[:, -1] > 0
    if table.has_transparent and not is_seen.all():
        required.append(is_seen)
    extra = np.reshape(required, (len(required), len(palette))).T.astype(np.int64) * _REQUIRED
    return np.column_stack((distances, extra)), np.append(counts, np.ones(len(required), np.int64))


def _squared(
    coordinates: npt.NDArray[np.floating[Any]], centroid: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the squared distances (M,) of points (C, M) from a centroid (C,)."""
    total = np.zeros(coordinates.shape[1])
    for values, coordinate in zip(coordinates, centroid, strict=True):
        total += (values - coordinate) ** 2
    return total


def _condensed(
    coordinates: npt.NDArray[np.floating[Any]], weights: npt.NDArray[np.float64], most: int
) -> VectorPoints:
    """Return points with coordinates (C, M), or the means of boxes of them if there are more than `most`."""
    points = VectorPoints(np.ascontiguousarray(coordinates.T, np.float64), weights)
    return points if len(weights) <= max(most, 1) else points.partition(max(most, 1))[1]
