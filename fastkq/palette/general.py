"""Palettes for colours of any dtype and number of channels."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.assignment import accumulate, distances, used
from fastkq.color.embedding import Embedding, Vectors
from fastkq.color.kinds import has_alpha
from fastkq.palette.centroids import MOST_SEARCHED, PLANS, Plan
from fastkq.palette.costs import costliest
from fastkq.palette.partition import Points, condense, partition
from fastkq.palette.swaps import search
from fastkq.runtime.progress import slices
from fastkq.runtime.validation import Effort

_MOST_POINTS = 1 << 20
"""More are condensed before the fit, to fewer."""
_CONDENSED = 1 << 18
_CONDENSED_PER_CENTROID = 64

_LEAST_WEIGHT = 2.0**-400
_LUMINANCE = (2126.0, 7152.0, 722.0)


_MANY_CHANNELS: dict[Effort, Plan] = {
    "fast": Plan(25, 640, 80, 2048, 36, 0.05, 2, 0, 4, 2, 0.0, 0),
    "balanced": Plan(60, 3072, 120, 4096, 60, 0.5, 2, 64, 4, 16, 1e-4, 0),
    "best": Plan(60, 4096, 300, 16384, 120, 1.5, 4, 96, 100, 40, 1e-5, 0),
}
"""For more than four: a box of many dimensions stands less well for what is in it, so that more of them and
more swaps pay. With the plans for few channels "balanced" ends 0.0 to 0.9 % above the best of ten runs of
scikit-learn (8 to 64 channels, k = 16 to 256), with these 0.0 to 0.9 % below."""


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
    free, plan = k - len(fixed), (PLANS if colours.shape[1] <= 4 else _MANY_CHANNELS)[effort]
    if free == 0:
        return fixed.copy()
    weights = _scaled(weights)
    points = _points(embedding, colours, weights, k, threads)
    centroids = _centroids(points, embedding.embed(fixed), free, plan, threads)
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
) -> Points:
    condensed = max(_CONDENSED, _CONDENSED_PER_CENTROID * k)
    if len(colours) > max(_MOST_POINTS, condensed):
        return condense(embedding, colours, weights, condensed, threads)
    return Points(embedding.embed(colours), weights)


def _centroids(points: Points, fixed: Vectors, free: int, plan: Plan, threads: int) -> Vectors:
    """Coarse to fine: centroids (d, k) find their regions on few points and their places on more."""
    k = len(fixed) + free
    points, fine = partition(points, max(plan.fine * k, plan.least_fine))
    _, coarse = partition(fine, max(plan.coarse * k, plan.least_coarse))
    swaps, searches = (
        (int(plan.swaps + plan.swaps_per_centroid * k), plan.searches + plan.more_searches // k)
        if k <= MOST_SEARCHED
        else (0, 1)
    )
    centroids = search(coarse, fixed, free, swaps, searches, threads)
    centroids = _lloyd(fine, centroids, len(fixed), plan.iterations, plan.least_gain, threads)
    return _lloyd(points, centroids, len(fixed), plan.exact_iterations, plan.least_gain, threads)


def _lloyd(
    points: Points, centroids: Vectors, fixed: int, most: int, least_gain: float, threads: int
) -> Vectors:
    """Move centroids (d, k), but for the first `fixed`, to the means of their clusters, and beyond.

    At most so often, and until that lowers the error by no more than a share of `least_gain`.
    """
    centroids, before = centroids.copy(), np.inf
    for iteration in range(most):
        totals, error = accumulate(*points, centroids, threads)
        moving = totals[:, -1] > 0
        moving[:fixed] = False
        means = (totals[moving, :-1] / totals[moving, -1:]).T
        is_last = iteration == most - 1 or before - error < least_gain * error
        # The last step is not beyond the means: what follows takes the centroids as they are.
        beyond = 0.0 if is_last else kernels.kmeans.lloyd.OVER_RELAXATION - 1
        centroids[:, moving] = means + beyond * (means - centroids[:, moving])
        if is_last:
            break
        before = error
    return centroids


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
