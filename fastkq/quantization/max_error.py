"""Fit a palette under a maximum-error constraint."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.lattice import LatticeMetric
from fastkq.color.packed_table import PackedTable, colors_of
from fastkq.color.spaces import SpaceMetric
from fastkq.errors import UnreachableError
from fastkq.kmeans.lloyd import move
from fastkq.kmeans.morton_points import MortonPoints
from fastkq.kmeans.points import are_in_group
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.lattice_fit import unique_colors
from fastkq.quantization.nearest import label
from fastkq.quantization.options import FitOptions
from fastkq.quantization.points import of_colors, weigh
from fastkq.quantization.rounding import Fit, in_order_after, with_transparent
from fastkq.runtime.options import MAX_COLORS, term
from fastkq.runtime.progress import checkpoint, slices, stage

Colors = npt.NDArray[np.uint8]

_COLORS_PER_CHUNK = 1 << 18
_COLORS_AT_ONCE = 1 << 21  # colors that a kernel call of the greedy cover examines, between two checkpoints


class Reach:
    """The constraint: each color is within a radius of a row, and each opaque color of an opaque row.

    Rare colors are exempt, see `min_share` of `fit_within_max_error`.
    """

    def __init__(self, table: PackedTable, options: FitOptions) -> None:
        assert options.max_error is not None
        self.space, self.threads = options.space, options.threads
        self._table = table
        metric = SpaceMetric(options.space, table.channels)
        self.metric = metric if options.lattice is None else LatticeMetric(metric, options.lattice)
        self.squared_radius = (options.max_error * self.metric.unit) ** 2
        self._coordinates = self._coordinates_of(table.colors)
        self._opaque = are_in_group(self._coordinates, self.metric.opacity)
        self._is_required = table.counts > options.min_share * table.counts.sum()
        if self._opaque.any():
            # The palette needs an opaque row even if all opaque colors are rarer than `min_share`.
            self._is_required[np.argmax(np.where(self._opaque, table.counts, 0))] = True

    def _coordinates_of(self, colors: Colors) -> npt.NDArray[np.float64]:
        return self.metric.to_coordinates(colors).astype(np.float64)

    def distances(self, palette: Colors, labels: npt.NDArray[Any] | None) -> npt.NDArray[np.float64]:
        """Return the squared distances (M,) of the colors from their rows; 0 for colors that are exempt."""
        assert labels is not None  # packed colors are labeled
        rows = self._coordinates_of(palette)
        distances = np.empty(len(labels))
        for part in slices(len(labels), _COLORS_PER_CHUNK):
            distances[part] = _squared(self._coordinates[:, part] - rows[:, labels[part]])
            distances[part][~self._is_required[part]] = 0.0
        return distances

    def labels(self, palette: Colors) -> npt.NDArray[Any]:
        """Return the nearest row of each color, (M,)."""
        return label(self._table, palette, self.threads, self.space).labels

    def with_transparent(self, rows: Colors) -> Colors:
        """Return the rows (f, C), plus a transparent one if the image has that color and they do not."""
        return with_transparent(self._table, rows, MAX_COLORS)

    def unreached(self, rows: Colors) -> npt.NDArray[np.bool_]:
        """Return a mask (M,) of the non-exempt colors that are out of reach of all rows (f, C)."""
        far: npt.NDArray[np.bool_] = self._is_required.copy()
        coordinates = self._coordinates_of(rows)
        opaque = are_in_group(coordinates, self.metric.opacity)
        for color_mask, row_mask in ((self._opaque, opaque), (~self._opaque, np.ones(len(rows), bool))):
            if color_mask.any() and row_mask.any():
                part = self._table.select(color_mask)
                labels = label(part, rows[row_mask], space=self.space).labels
                checkpoint()
                distances = _squared(self._coordinates[:, color_mask] - coordinates[:, row_mask][:, labels])
                far[color_mask] &= distances > self.squared_radius
                checkpoint()
        return far

    def covered(self, rows: Colors, far: npt.NDArray[np.bool_]) -> Colors:
        """Return the rows (f, C), plus more rows, so that all colors of the mask `far` (M,) are in reach."""
        opaque = far & self._opaque
        if opaque.any():
            rows = self._with_covering(rows, opaque)
            far = far & self.unreached(rows)
        return self._with_covering(rows, far)

    def least(self, fixed: Colors) -> float:
        """Return the largest squared distance of a non-exempt color from its nearest row if all were rows.

        `fixed` (f, C) and the colors of the lattice can be rows.
        """
        if not isinstance(self.metric, LatticeMetric):
            return 0.0
        distances = self.metric.nearest(self._table.colors)[1]
        distances[~self.unreached(fixed) if len(fixed) > 0 else ~self._is_required] = 0.0
        return float(distances.max())

    def _with_covering(self, rows: Colors, far: npt.NDArray[np.bool_]) -> Colors:
        """Return the rows (f, C), plus more rows, so that all colors of the mask `far` (M,) are in reach.

        With a lattice, the covering colors are rounded. Some of the others are then out of reach, and are
        covered again.
        """
        while far.any():
            covering = colors_of(self._table.keys[self._cover(np.flatnonzero(far))], rows.shape[1])
            if not isinstance(self.metric, LatticeMetric):
                return np.concatenate((rows, covering))
            rows = np.concatenate((rows, unique_colors(self.metric.nearest(covering)[0])))
            if len(rows) > MAX_COLORS:
                break
            far = far & self.unreached(rows)
        return rows

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

_FitAround = Callable[[int, Colors], Fit]


def fit_within_max_error(
    table: PackedTable,
    k: int,
    options: FitOptions,
    weights: npt.NDArray[np.float64] | None = None,
) -> Fit:
    """Fit a palette such that no color is farther than `options.max_error` from its row.

    The error is the Euclidean distance over all channels together. Its unit is an 8-bit level for gray, RGB
    and RGBA (composited over black, mid-gray and white, see `fastkq.color.spaces.rgb`). With space "oklab" it
    is the unit of Oklab. Colors are exempt if at most the share `options.min_share` of the pixels has them.

    Parameters
    ----------
    table, k, options, weights
        As in `fastkq.quantization.fit_table.fit_table`.

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
    fixed = np.empty((0, table.channels), np.uint8) if options.fixed is None else options.fixed
    reach = Reach(table, options)
    least = reach.least(fixed)
    if least > reach.squared_radius:
        raise UnreachableError(
            "expected {} of at least {:.6g}, the distance of a color from the nearest one with {}, got {:g}",
            term("max_error"), least**0.5 / reach.metric.unit, term("bits"), options.max_error,
            best=least**0.5 / reach.metric.unit, k=None, parameter="max_error",
        )  # fmt: skip

    def fit_around(k: int, fixed_rows: Colors) -> Fit:
        with stage(None, _FIT_SHARE, each=0.2):
            return fit_table(table, k, options._replace(fixed=fixed_rows), weights)

    attempt = _attempt(reach, fixed, k, fit_around)
    if attempt.palette is None:
        best = attempt.worst**0.5 / reach.metric.unit
        raise _unreachable(k, options, best, _sufficient_k(reach, fixed, k, attempt, fit_around))
    palette = attempt.palette
    if not attempt.is_plain:
        weighted = table if weights is None else weigh(table, weights, k)
        points = of_colors(weighted, reach.metric)
        palette = _constrained_lloyd(reach, palette, len(reach.with_transparent(fixed)), points)
    palette = in_order_after(palette, len(fixed))
    return Fit(palette, reach.labels(palette))


def _constrained_lloyd(reach: Reach, palette: Colors, n_fixed: int, points: MortonPoints) -> Colors:
    """Return the rows after Lloyd steps that keep each non-exempt color in reach of its row.

    The first `n_fixed` rows stay.
    """
    metric = reach.metric
    for _ in range(_LLOYD_STEPS):
        coordinates = metric.to_coordinates(palette)
        means = coordinates.copy()
        move(points.moments(coordinates, reach.threads), means, points.level, n_fixed=n_fixed)
        moved, labels = palette.copy(), reach.labels(palette)
        is_pending = np.arange(len(palette)) >= n_fixed
        for share in _STEP_SHARES:
            candidate = moved.copy()
            shifted = metric.to_colors(coordinates + share * (means - coordinates))
            candidate[is_pending] = shifted[is_pending]
            worst = np.zeros(len(palette))
            np.maximum.at(worst, labels, reach.distances(candidate, labels))
            is_accepted = is_pending & (worst <= reach.squared_radius)
            moved[is_accepted] = candidate[is_accepted]
            is_pending &= ~is_accepted
        used = np.bincount(reach.labels(moved), minlength=len(palette)) > 0
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


def _attempt(reach: Reach, fixed: Colors, k: int, fit_around: _FitAround) -> _Attempt:
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
    return _Attempt(fit_around(k, fixed_rows).palette, False, reach.squared_radius, k, k)


def _sufficient_k(
    reach: Reach, fixed: Colors, k: int, failed: _Attempt, fit_around: _FitAround
) -> int | None:
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


def _unreachable(k: int, options: FitOptions, best: float, sufficient: int | None) -> UnreachableError:
    remedy = "{} suffices" if sufficient else "more than {} would be needed"
    return UnreachableError(
        "expected all colors within {:g} of a palette of {}, got one at {:.6g}: " + remedy,
        options.max_error, k, best, term("k", sufficient) if sufficient else MAX_COLORS,
        best=best, k=sufficient, parameter="max_error",
    )  # fmt: skip
