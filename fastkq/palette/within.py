"""A palette that no colour is far from."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import blocks, mapping
from fastkq.blocks import Points
from fastkq.color import packed_table
from fastkq.color.spaces import Space, to_colours, to_coordinates, unit
from fastkq.errors import UnreachableError
from fastkq.palette.fit import fit, weigh
from fastkq.palette.integer import in_order
from fastkq.palette.lloyd import accumulate, move
from fastkq.palette.reach import Colours, Reach
from fastkq.runtime.progress import stage
from fastkq.runtime.validation import MAX_COLOURS, Effort

_REPAIRS = 2
"""Fits after the first of an attempt, each with rows for the colours that were too far."""
_STEPS = 6
"""Of a palette that had to be covered, to lower its squared error: by half of what it is above that of the
plain fit (Kodak, k = 16 to 256), in the time of two fits."""
_SHARES_OF_A_STEP = (1.0, 0.5, 0.25)
_SHARE_OF_A_FIT = 0.3
"""Of what is left to do: nobody knows how many follow."""
_ATTEMPTS = 3
"""To find a k that suffices, when one does not."""

_Fit = Callable[[int, Colours], tuple[Colours, npt.NDArray[Any]]]


def within(
    counted: packed_table.PackedTable,
    k: int,
    effort: Effort = "balanced",
    threads: int = 1,
    *,
    max_error: float,
    min_share: float = 0.0,
    fixed: Colours | None = None,
    weights: npt.NDArray[np.float64] | None = None,
    space: Space = "rgb",
) -> tuple[Colours, npt.NDArray[Any]]:
    """`fit`, but no colour that matters is farther than a given distance from its row.

    Parameters
    ----------
    counted, k, effort, threads, fixed, weights, space
        As in `fastkq.palette.fit.fit`.
    max_error : float
        Largest Euclidean distance: of gray and RGB in levels of 8 bits, over all channels together; of RGBA
        as seen on a background, in levels too; in Oklab's units with space "oklab".
    min_share : float
        Colours that fill no more than this share of the pixels do not matter.

    Returns
    -------
    palette, labels
        As of `fastkq.palette.fit.fit`.

    Raises
    ------
    UnreachableError
        When k rows do not suffice; `best` is the smallest largest distance that was reached, and `k` a number
        of rows that suffices.

    Notes
    -----
    Colours that are too far from all rows get rows, each for as many of them as it reaches, and the others
    are fitted again around these. When that takes too many rows, all colours that matter are covered so.
    Lloyd's steps then move these rows, too, as far as their colours stay within reach.
    """
    if fixed is None:
        fixed = np.empty((0, counted.channels), np.uint8)
    reach = Reach(counted, max_error, min_share, space)

    def fit_around(k: int, held: Colours) -> tuple[Colours, npt.NDArray[Any]]:
        with stage(None, _SHARE_OF_A_FIT, each=0.2):
            return fit(counted, k, effort, threads, fixed=held, weights=weights, space=space)

    attempt = _attempt(reach, fixed, k, fit_around)
    if attempt.palette is None:
        best = attempt.worst**0.5 / unit(counted.channels, space)
        raise _unreachable(k, max_error, best, _enough(reach, fixed, k, attempt, fit_around))
    palette = attempt.palette
    if not attempt.is_plain:
        points = blocks.of_colours(counted if weights is None else weigh(counted, weights, k), space)
        palette = _settled(reach, palette, len(reach.with_transparent(fixed)), points, threads)
    palette = np.concatenate((fixed, in_order(palette[len(fixed) :])))
    return palette, mapping.label(counted, palette, threads, space).labels


def _settled(reach: Reach, palette: Colours, held: int, points: Points, threads: int) -> Colours:
    """Rows after steps of Lloyd's algorithm, each as long as no colour that matters gets out of reach.

    The first `held` rows stay.
    """
    space = reach.space
    for _ in range(_STEPS):
        here = to_coordinates(palette, space)
        means = here.copy()
        move(accumulate(points, here, threads), means, points.opacity, held=held)
        stepped, labels = palette.copy(), reach.labels(palette, threads)
        staying = np.arange(len(palette)) >= held
        for share in _SHARES_OF_A_STEP:
            tried = stepped.copy()
            tried[staying] = to_colours(here + share * (means - here), space)[staying]
            worst = np.zeros(len(palette))
            np.maximum.at(worst, labels, reach.distances(tried, labels))
            goes = staying & (worst <= reach.radius)
            stepped[goes] = tried[goes]
            staying &= ~goes
        used = np.bincount(reach.labels(stepped, threads), minlength=len(palette)) > 0
        if not used[held:].all() or (stepped == palette).all():
            break
        palette = stepped
    return palette


class _Attempt(NamedTuple):
    """What came of an attempt with k rows.

    Attributes
    ----------
    palette
        Rows within reach, or None.
    is_plain
        Whether they are those of a plain fit.
    worst
        The least largest squared distance that was met.
    likely
        The number of rows of a plain fit, and those its violators need.
    enough
        The number of rows that suffices for certain; None when it is more than a palette may have.
    """

    palette: Colours | None
    is_plain: bool
    worst: float
    likely: int
    enough: int | None


def _attempt(reach: Reach, fixed: Colours, k: int, fit_around: _Fit) -> _Attempt:
    held, worst, likely = fixed, np.inf, 0
    for _ in range(1 + _REPAIRS):
        palette, labels = fit_around(k, held)
        distances = reach.distances(palette, labels)
        worst = min(worst, float(distances.max()))
        if worst <= reach.radius:
            return _Attempt(palette, held is fixed, worst, k, k)
        held = reach.covered(reach.with_transparent(held), distances > reach.radius)
        likely = likely or len(palette) + len(held) - len(fixed)
        if len(held) > k:
            break
    held = reach.with_transparent(fixed)
    held = reach.covered(held, reach.unreached(held))
    if len(held) > k:
        return _Attempt(None, False, worst, likely, len(held) if len(held) <= MAX_COLOURS else None)
    return _Attempt(fit_around(k, held)[0], False, reach.radius, k, k)


def _enough(reach: Reach, fixed: Colours, k: int, failed: _Attempt, fit_around: _Fit) -> int | None:
    """A k that suffices: the least of a few that were tried."""
    least, most, next_try = k, failed.enough or MAX_COLOURS + 1, failed.likely
    for _ in range(_ATTEMPTS):
        if not least < next_try < most:
            next_try = (least + most) // 2
        if not least < next_try < most:
            break
        if _attempt(reach, fixed, next_try, fit_around).palette is None:
            least = next_try
        else:
            most = next_try
    return most if most <= MAX_COLOURS else None


def _unreachable(k: int, max_error: float, best: float, enough: int | None) -> UnreachableError:
    remedy = f"k = {enough} suffices" if enough else f"more than {MAX_COLOURS} would be needed"
    return UnreachableError(
        f"expected all colours within {max_error:g} of a palette of {k}, got one at {best:.6g}: {remedy}",
        best=best,
        k=enough,
    )
