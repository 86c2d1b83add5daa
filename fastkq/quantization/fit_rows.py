"""Palettes for counted colors of any dtype and number of channels."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.embedding import Embedding
from fastkq.color.kinds import has_alpha
from fastkq.kmeans.coarsening import WeightedVectors
from fastkq.kmeans.fit import vector_centroids
from fastkq.kmeans.plans import PLANS, VECTOR_PLANS
from fastkq.quantization.nearest_rows import distances, used
from fastkq.quantization.points import condense
from fastkq.quantization.rounding import costliest
from fastkq.runtime.progress import slices
from fastkq.runtime.validation import Effort

_MAX_POINTS = 1 << 20
"""If there are more colors, the palette is fitted to the means of boxes of colors."""
_CONDENSED = 1 << 18
_CONDENSED_PER_CENTROID = 64
"""The number of means is the larger of `_CONDENSED` and `_CONDENSED_PER_CENTROID` per centroid."""

_MIN_WEIGHT = 2.0**-400  # minimum weight, where the largest weight is 1/2 to 1
_LUMINANCE = (2126.0, 7152.0, 722.0)  # ITU-R BT.709, times 10,000


def fit(
    colors: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    fixed: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """Fit a palette of exactly k different colors, or of all colors if these are fewer.

    Parameters
    ----------
    colors : (M, C)
        Distinct colors, sorted.
    weights : (M,) float64
        Weights of the squared errors, at least 0, not all 0.
    k : int
        Largest number of palette rows.
    effort : {"fast", "balanced", "best"}
        Amount of search.
    threads : int
        Number of threads. The result does not depend on it.
    fixed : (f, C) of the dtype of the colors, optional
        At most k different colors. They are the first rows of the palette, unchanged and in this order, even
        if they are the nearest row of no color.

    Returns
    -------
    (k, C) of the dtype of the colors
        The fixed rows, then the others in the order of `in_order`. Each of these is the nearest row of some
        color.
    """
    fixed = colors[:0] if fixed is None else fixed
    embedding = Embedding.of(colors, fixed)
    if len(colors) <= k:
        others = _not_fixed(embedding, colors, fixed)
        if len(fixed) + len(others) <= k:
            return np.concatenate((fixed, in_order(others)))
    free, plan = k - len(fixed), (PLANS if colors.shape[1] <= 4 else VECTOR_PLANS)[effort]
    if free == 0:
        return fixed.copy()
    weights = _scaled(weights)
    points = _points(embedding, colors, weights, k, threads)
    centroids = vector_centroids(points, embedding.embed(fixed), free, plan, threads)
    rows = embedding.colors(np.ascontiguousarray(centroids[:, len(fixed) :].T))
    return _replace_unused(embedding, colors, weights, fixed, rows, threads)


def in_order(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return rows (k, C) sorted by alpha, then by luminance, then by their channels.

    For three channels (without alpha) luminance has the weights of ITU-R BT.709; otherwise it is the sum of
    the channels. Floats are scaled as in `fastkq.color.embedding` first, so they may have any range.
    """
    channels = rows.shape[1]
    plain_channels = channels - has_alpha(rows.dtype, channels)
    values = (
        Embedding.of(rows[:, :plain_channels]).embed(rows[:, :plain_channels])
        if rows.dtype.kind == "f"
        else rows
    )
    luminance = np.zeros(len(rows))
    for channel in range(plain_channels):
        luminance += values[:, channel] * (_LUMINANCE[channel] if plain_channels == 3 else 1.0)
    keys = [*rows.T[::-1], luminance]
    if plain_channels < channels:
        keys.append(rows[:, -1])
    return rows[np.lexsort(keys)]


def _not_fixed(embedding: Embedding, colors: npt.NDArray[Any], fixed: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the colors that are not fixed."""
    fixed_vectors = set(map(tuple, embedding.embed(fixed).tolist()))
    return colors[[tuple(vector) not in fixed_vectors for vector in embedding.embed(colors).tolist()]]


def _scaled(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale weights by a power of two, so that the largest is 1/2 to 1, and raise them to at least 2^-400."""
    exponent = -int(np.frexp(weights.max())[1])
    scaled = np.empty_like(weights)
    for part in slices(len(weights), _MAX_POINTS):
        scaled[part] = np.maximum(np.ldexp(weights[part], exponent), _MIN_WEIGHT)
    return scaled


def _points(
    embedding: Embedding, colors: npt.NDArray[Any], weights: npt.NDArray[np.float64], k: int, threads: int
) -> WeightedVectors:
    """Return the colors as weighted vectors, or the means of boxes if there are more than `_MAX_POINTS`."""
    condensed = max(_CONDENSED, _CONDENSED_PER_CENTROID * k)
    if len(colors) > max(_MAX_POINTS, condensed):
        return condense(embedding, colors, weights, condensed, threads)
    return WeightedVectors(embedding.embed(colors), weights)


def _replace_unused(
    embedding: Embedding,
    colors: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    fixed: npt.NDArray[Any],
    rows: npt.NDArray[Any],
    threads: int,
) -> npt.NDArray[Any]:
    """Return the fixed rows, then the others in order, with no unused row among the others.

    A row is unused if it is the nearest row of no color; the second of two equal rows is unused, too. Unused
    rows are replaced by the colors with the largest weighted squared errors. The error of such a color
    becomes 0, so the total error falls in each pass and the loop ends.
    """
    while True:
        palette = np.concatenate((fixed, in_order(rows)))
        rows = palette[len(fixed) :]
        unused = np.flatnonzero(~used(embedding, colors, palette, threads)[len(fixed) :])
        if len(unused) == 0:
            return palette
        squared_distances = distances(embedding, colors, palette, threads)
        worst = costliest(squared_distances, weights, len(unused))
        if not squared_distances[worst[0]] * weights[worst[0]] > 0:  # no error left, or all underflow
            return palette
        rows[unused] = colors[worst]
