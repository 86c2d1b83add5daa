"""Palettes for colours of any dtype and number of channels."""

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

_MOST_POINTS = 1 << 20
"""More are condensed before the fit, to fewer."""
_CONDENSED = 1 << 18
_CONDENSED_PER_CENTROID = 64

_LEAST_WEIGHT = 2.0**-400
_LUMINANCE = (2126.0, 7152.0, 722.0)


def fit(
    colours: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    fixed: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """Palette of exactly k different colours, or of all there are, each nearest to some colour.

    Parameters
    ----------
    colours : (M, C)
        Different ones, sorted.
    weights : (M,) float64
        Positive.
    k : int
        At most so many rows.
    fixed : (f, C) of the dtype of the colours, optional
        Different colours, at most k, that are the first rows as they are. They alone may be nearest to none.

    Returns
    -------
    (k, C) of the dtype of the colours
        The rows that are not fixed in the order of `in_order`.
    """
    fixed = colours[:0] if fixed is None else fixed
    embedding = Embedding.of(colours, fixed)
    if len(colours) <= k:
        others = _others(embedding, colours, fixed)
        if len(fixed) + len(others) <= k:
            return np.concatenate((fixed, in_order(others)))
    free, plan = k - len(fixed), (PLANS if colours.shape[1] <= 4 else VECTOR_PLANS)[effort]
    if free == 0:
        return fixed.copy()
    weights = _scaled(weights)
    points = _points(embedding, colours, weights, k, threads)
    centroids = vector_centroids(points, embedding.embed(fixed), free, plan, threads)
    rows = embedding.colours(np.ascontiguousarray(centroids[:, len(fixed) :].T))
    return _filled(embedding, colours, weights, fixed, rows, threads)


def in_order(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows (k, C) by alpha, then by luminance, then by their channels.

    Luminance is that of ITU-R BT.709 for three channels, the sum of the channels else. It is taken of the
    coordinates of `fastkq.color.kinds`, so floats may have any range.
    """
    channels = rows.shape[1]
    plain = channels - has_alpha(rows.dtype, channels)
    values = Embedding.of(rows[:, :plain]).embed(rows[:, :plain]) if rows.dtype.kind == "f" else rows
    luminance = np.zeros(len(rows))
    for channel in range(plain):
        luminance += values[:, channel] * (_LUMINANCE[channel] if plain == 3 else 1.0)
    keys = [*rows.T[::-1], luminance]
    if plain < channels:
        keys.append(rows[:, -1])
    return rows[np.lexsort(keys)]


def _others(embedding: Embedding, colours: npt.NDArray[Any], fixed: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The colours that are none of the fixed ones."""
    known = set(map(tuple, embedding.embed(fixed).tolist()))
    return colours[[tuple(vector) not in known for vector in embedding.embed(colours).tolist()]]


def _scaled(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights times a power of two, below 1, and none of them zero."""
    exponent = -int(np.frexp(weights.max())[1])
    scaled = np.empty_like(weights)
    for part in slices(len(weights), _MOST_POINTS):
        scaled[part] = np.maximum(np.ldexp(weights[part], exponent), _LEAST_WEIGHT)
    return scaled


def _points(
    embedding: Embedding, colours: npt.NDArray[Any], weights: npt.NDArray[np.float64], k: int, threads: int
) -> WeightedVectors:
    condensed = max(_CONDENSED, _CONDENSED_PER_CENTROID * k)
    if len(colours) > max(_MOST_POINTS, condensed):
        return condense(embedding, colours, weights, condensed, threads)
    return WeightedVectors(embedding.embed(colours), weights)


def _filled(
    embedding: Embedding,
    colours: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    fixed: npt.NDArray[Any],
    rows: npt.NDArray[Any],
    threads: int,
) -> npt.NDArray[Any]:
    """The fixed rows and the others in order, each of which some colour is nearest to.

    The rows that no colour is nearest to (a second of two equal ones, too) are given to the costliest
    colours. A colour that becomes a row costs nothing any more, so the error falls each time until it ends.
    """
    while True:
        palette = np.concatenate((fixed, in_order(rows)))
        rows = palette[len(fixed) :]
        unused = np.flatnonzero(~used(embedding, colours, palette, threads)[len(fixed) :])
        if len(unused) == 0:
            return palette
        squares = distances(embedding, colours, palette, threads)
        costly = costliest(squares, weights, len(unused))
        if not squares[costly[0]] * weights[costly[0]] > 0:  # all squares vanish
            return palette
        rows[unused] = colours[costly]
