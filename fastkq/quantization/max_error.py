"""Fit a palette under a maximum-error constraint."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_table
from fastkq.color.spaces import Space, opacity, to_colors, to_coordinates, unit
from fastkq.errors import UnreachableError
from fastkq.kmeans.lloyd import cluster_moments, move
from fastkq.kmeans.points import MortonPoints, are_opaque
from fastkq.quantization import nearest_packed
from fastkq.quantization.fit_packed import fit, weigh
from fastkq.quantization.points import of_colors
from fastkq.quantization.rounding import in_order
from fastkq.runtime.progress import checkpoint, slices, stage
from fastkq.runtime.validation import MAX_COLORS, Effort

Colors = npt.NDArray[np.uint8]

_COLORS_PER_CHUNK = 1 << 18
_COLORS_AT_ONCE = 1 << 21  # colors that a kernel call of the greedy cover examines, between two checkpoints


class Reach:
    """The constraint: each color is within a radius of a row, and each opaque color of an opaque row.

    Rare colors are exempt, see `min_share` of `fit_within_max_error`.
    """

    def __init__(
        self, counted: packed_table.PackedTable, max_error: float, min_share: float, space: Space
    ) -> None:
        self.squared_radius = (max_error * unit(counted.channels, space)) ** 2
        self.space, self._counted = space, counted
        self._coordinates = to_coordinates(counted.colors, space).astype(np.float64)
        self._opaque = are_opaque(self._coordinates, opacity(space))
        self._is_required = counted.counts > min_share * counted.counts.sum()
        if self._opaque.any():
            # The palette needs an opaque row even if all opaque colors are rarer than `min_share`.
            self._is_required[np.argmax(np.where(self._opaque, counted.counts, 0))] = True

    def distances(self, palette: Colors, labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return the squared distances (M,) of the colors from their rows; 0 for colors that are exempt."""
        rows = to_coordinates(palette, self.space).astype(np.float64)
        distances = np.empty(len(labels))
        for part in slices(len(labels), _COLORS_PER_CHUNK):
            distances[part] = _squared(self._coordinates[:, part] - rows[:, labels[part]])
            distances[part][~self._is_required[part]] = 0.0
        return distances

    def labels(self, palette: Colors, threads: int = 1) -> npt.NDArray[Any]:
        """Return the nearest row of each color, (M,)."""
        return nearest_packed.label(self._counted, palette, threads, self.space).labels

    def with_transparent(self, rows: Colors) -> Colors:
        """Return the rows (f, C), plus a transparent one if an RGBA image has that color and they do not."""
        if self._counted.channels != 4 or self._counted.keys[0] != 0 or (rows[:, 3] == 0).any():
            return rows
        return np.concatenate((rows, np.zeros((1, 4), np.uint8)))

    def unreached(self, rows: Colors) -> npt.NDArray[np.bool_]:
        """Return a mask (M,) of the non-exempt colors that are out of reach of all rows (f, C)."""
        far: npt.NDArray[np.bool_] = self._is_required.copy()
        coordinates = to_coordinates(rows, self.space).astype(np.float64)
        opaque = are_opaque(coordinates, opacity(self.space))
        for color_mask, row_mask in ((self._opaque, opaque), (~self._opaque, np.ones(len(rows), bool))):
            if color_mask.any() and row_mask.any():
                part = self._counted.select(color_mask)
                labels = nearest_packed.label(part, rows[row_mask], space=self.space).labels
                checkpoint()
                distances = _squared(self._coordinates[:, color_mask] - coordinates[:, row_mask][:, labels])
                far[color_mask] &= distances > self.squared_radius
                checkpoint()
        return far

    def covered(self, rows: Colors, far: npt.NDArray[np.bool_]) -> Colors:
        """Return the rows (f, C), plus more rows, so that all colors of the mask `far` (M,) are in reach."""
        opaque = far & self._opaque
        if opaque.any():
            rows = self._with_counted(rows, self._cover(np.flatnonzero(opaque)))
            far = far & self.unreached(rows)
        return self._with_counted(rows, self._cover(np.flatnonzero(far)))

    def _with_counted(self, rows: Colors, colors: npt.NDArray[np.intp]) -> Colors:
        """Return the rows, plus the counted colors with the given indices in the table."""
        return np.concatenate((rows, packed_table.colors_of(self._counted.keys[colors], rows.shape[1])))

    def _cover(self, colors: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return few of the colors, such that each of the colors is in reach of one of them.

        `colors` and the result are indices in the table. If more colors than a palette can hold would be
        needed, all are returned.
        """
        if len(colors) == 0:
            return colors
        points = self._coordinates[:, colors]
        points = points[np.argsort(-np.ptp(points, axis=1), kind="stable")]
        order = np.argsort(points[0], kind="stable")
        chosen = np.empty(min(len(colors), MAX_COLORS), np.int64)
        reach = self.squared_radius**0.5 * (1 + 1e-9)
        points, is_covered, state = (
            np.ascontiguousarray(points[:, order]),
            np.zeros(len(colors), np.uint8),
            np.zeros(3, np.int64),
        )
        while state[0] < len(colors) and state[2] >= 0:
            checkpoint()
            kernels.kmeans.greedy_cover.cover(
                points, is_covered, reach, self.squared_radius, chosen, state, _COLORS_AT_ONCE
            )
        number = int(state[2])
        return colors if number < 0 else colors[order[chosen[:number]]]


def _squared(differences: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the squared lengths (M,) of vectors (C, M)."""
    total = np.zeros(differences.shape[1])
    for row in differences:
        total += row * row
    return total


_REFITS = 2
"""Maximum number of fits of an attempt after the first. For each, fixed rows are added for the colors that
were too far from their rows."""
_LLOYD_STEPS = 6
"""Constrained Lloyd steps after a fit with added rows. Measured: they halve the excess of the squared error
over the unconstrained fit (Kodak, k = 16 to 256), in the time of two fits."""
_STEP_SHARES = (1.0, 0.5, 0.25)
"""Shares of a Lloyd step that are tried in this order, until all colors of a row stay in its reach."""
_FIT_SHARE = 0.3
"""For progress: share of a fit in the remaining work. The number of fits is not known in advance."""
_K_ATTEMPTS = 3
"""If k rows are not enough, this many larger numbers of rows are tried to find one that is."""

_Fit = Callable[[int, Colors], tuple[Colors, npt.NDArray[Any]]]


def fit_within_max_error(
    counted: packed_table.PackedTable,
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    max_error: float,
    min_share: float = 0.0,
    fixed: Colors | None = None,
    weights: npt.NDArray[np.float64] | None = None,
    space: Space = "rgb",
) -> tuple[Colors, npt.NDArray[Any]]:
    """Fit a palette such that no color is farther than `max_error` from its row.

    Parameters
    ----------
    counted, k, effort, threads, fixed, weights, space
        As in `fastkq.quantization.fit_packed.fit`.
    max_error : float
        Largest Euclidean distance over all channels together. The unit is an 8-bit level for gray, RGB and
        RGBA (composited over black, mid-gray and white, see `fastkq.color.spaces.rgb`). With space "oklab" it
        is the unit of Oklab.
    min_share : float
        Colors are exempt if at most this share of the pixels has them.

    Returns
    -------
    palette, labels
        As from `fastkq.quantization.fit_packed.fit`.

    Raises
    ------
    UnreachableError
        If k rows are not enough. Its `best` is the largest distance of a color from its row under the best
        palette that was found. Its `k` is a number of rows that is enough, or None if a palette cannot have
        so many.

    Notes
    -----
    1. Fit without the constraint. If colors are too far from their rows, cover them greedily by added rows,
       and fit the other rows again with these in place.
    2. If that needs more than k rows, cover all non-exempt colors greedily, and fit the remaining rows.
    3. If rows were added, move all rows by Lloyd steps, as far as their colors stay within reach.
    """
    if fixed is None:
        fixed = np.empty((0, counted.channels), np.uint8)
    reach = Reach(counted, max_error, min_share, space)

    def fit_around(k: int, fixed_rows: Colors) -> tuple[Colors, npt.NDArray[Any]]:
        with stage(None, _FIT_SHARE, each=0.2):
            return fit(counted, k, effort, threads, fixed=fixed_rows, weights=weights, space=space)

    attempt = _attempt(reach, fixed, k, fit_around)
    if attempt.palette is None:
        best = attempt.worst**0.5 / unit(counted.channels, space)
        raise _unreachable(k, max_error, best, _sufficient_k(reach, fixed, k, attempt, fit_around))
    palette = attempt.palette
    if not attempt.is_plain:
        points = of_colors(counted if weights is None else weigh(counted, weights, k), space)
        palette = _constrained_lloyd(reach, palette, len(reach.with_transparent(fixed)), points, threads)
    palette = np.concatenate((fixed, in_order(palette[len(fixed) :])))
    return palette, nearest_packed.label(counted, palette, threads, space).labels


def _constrained_lloyd(
    reach: Reach, palette: Colors, n_fixed: int, points: MortonPoints, threads: int
) -> Colors:
    """Return the rows after Lloyd steps that keep each non-exempt color in reach of its row.

    The first `n_fixed` rows stay.
    """
    space = reach.space
    for _ in range(_LLOYD_STEPS):
        coordinates = to_coordinates(palette, space)
        means = coordinates.copy()
        move(cluster_moments(points, coordinates, threads), means, points.opacity, n_fixed=n_fixed)
        moved, labels = palette.copy(), reach.labels(palette, threads)
        is_pending = np.arange(len(palette)) >= n_fixed
        for share in _STEP_SHARES:
            candidate = moved.copy()
            candidate[is_pending] = to_colors(coordinates + share * (means - coordinates), space)[is_pending]
            worst = np.zeros(len(palette))
            np.maximum.at(worst, labels, reach.distances(candidate, labels))
            is_accepted = is_pending & (worst <= reach.squared_radius)
            moved[is_accepted] = candidate[is_accepted]
            is_pending &= ~is_accepted
        used = np.bincount(reach.labels(moved, threads), minlength=len(palette)) > 0
        if not used[n_fixed:].all() or (moved == palette).all():
            break
        palette = moved
    return palette


class _Attempt(NamedTuple):
    """Result of an attempt to satisfy the constraint with k rows.

    Attributes
    ----------
    palette
        A palette that satisfies the constraint, or None.
    is_plain
        Whether it comes from the fit without the constraint.
    worst
        Largest squared distance of a color from its row, under the best palette that was tried.
    likely
        Number of rows that is probably enough: those of the unconstrained fit, plus those that cover the
        colors too far from it.
    enough
        Number of rows that is certainly enough; None if a palette cannot have that many.
    """

    palette: Colors | None
    is_plain: bool
    worst: float
    likely: int
    enough: int | None


def _attempt(reach: Reach, fixed: Colors, k: int, fit_around: _Fit) -> _Attempt:
    """Try to satisfy the constraint with k rows: steps 1 and 2 of `fit_within_max_error`."""
    fixed_rows, worst, likely = fixed, np.inf, 0
    for _ in range(1 + _REFITS):
        palette, labels = fit_around(k, fixed_rows)
        distances = reach.distances(palette, labels)
        worst = min(worst, float(distances.max()))
        if worst <= reach.squared_radius:
            return _Attempt(palette, fixed_rows is fixed, worst, k, k)
        fixed_rows = reach.covered(reach.with_transparent(fixed_rows), distances > reach.squared_radius)
        likely = likely or len(palette) + len(fixed_rows) - len(fixed)
        if len(fixed_rows) > k:
            break
    fixed_rows = reach.with_transparent(fixed)
    fixed_rows = reach.covered(fixed_rows, reach.unreached(fixed_rows))
    if len(fixed_rows) > k:
        return _Attempt(
            None, False, worst, likely, len(fixed_rows) if len(fixed_rows) <= MAX_COLORS else None
        )
    return _Attempt(fit_around(k, fixed_rows)[0], False, reach.squared_radius, k, k)


def _sufficient_k(reach: Reach, fixed: Colors, k: int, failed: _Attempt, fit_around: _Fit) -> int | None:
    """Return the smallest number of rows that is found to be enough in a few attempts, or None."""
    too_few, sufficient, next_try = k, failed.enough or MAX_COLORS + 1, failed.likely
    for _ in range(_K_ATTEMPTS):
        if not too_few < next_try < sufficient:
            next_try = (too_few + sufficient) // 2
        if not too_few < next_try < sufficient:
            break
        if _attempt(reach, fixed, next_try, fit_around).palette is None:
            too_few = next_try
        else:
            sufficient = next_try
    return sufficient if sufficient <= MAX_COLORS else None


def _unreachable(k: int, max_error: float, best: float, sufficient: int | None) -> UnreachableError:
    remedy = f"k = {sufficient} suffices" if sufficient else f"more than {MAX_COLORS} would be needed"
    return UnreachableError(
        f"expected all colors within {max_error:g} of a palette of {k}, got one at {best:.6g}: {remedy}",
        best=best,
        k=sufficient,
    )
