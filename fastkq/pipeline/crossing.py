"""Where a measure that falls or rises about as a power of k crosses a bound."""

import math
from collections.abc import Callable
from typing import NamedTuple

_TOO_CLOSE = 0.05
"""Relative distance of two numbers of colours whose measures differ by chance rather than by a slope."""

_FINENESS = 256
"""Above so many colours, neighbours differ by the chance of a fit, so the bracket may stay as much wider."""


class Bracket(NamedTuple):
    """The largest k known to lie before the crossing, and the smallest known to lie behind it."""

    before: int
    behind: int


def cross(
    measure: Callable[[int], float],
    bound: float,
    within: Bracket,
    *,
    slope: float,
    guess: float,
    most: int,
    close: float = 1.0,
) -> tuple[Bracket, float]:
    """Narrow a bracket down to neighbours, above 256 to 0.4 %, or as far as some measurements get.

    Parameters
    ----------
    measure
        Called with k; at least 0.
    bound
        The crossing is where the measure becomes at most this, if `slope` is negative, else more than it.
    within
        Bounds of k, both excluded, that need not have been measured.
    slope
        Usual one of the measure's logarithm over that of k: the secant's before there are two points.
    guess
        Where to begin.
    most
        Measurements.
    close
        Stop at a measure that differs from the bound by no more than this factor.

    Returns
    -------
    bracket : Bracket
    estimate : float
        Where the crossing should be, between two integers.
    """
    points: dict[int, float] = {}
    before, behind = within
    goal, estimate = _log(bound), guess
    while behind - before > max(1, behind // _FINENESS) and len(points) < most:
        k = min(max(math.ceil(estimate), before + 1), behind - 1)
        if len(points) > 4 and before in points and behind in points:
            k = min(max(round(math.sqrt(before * behind)), before + 1), behind - 1)  # the secant is slow here
        value = measure(k)
        points[k] = _log(value)
        if (value <= bound) if slope < 0 else (value > bound):
            behind = k
        else:
            before = k
        estimate = _estimate(points, goal, slope)
        if abs(points[k] - goal) <= math.log(close):
            break
    return Bracket(before, behind), estimate


def _estimate(points: dict[int, float], goal: float, slope: float) -> float:
    """Where the line through the two points that are nearest to the goal meets it, in logarithms."""
    nearest = sorted(points, key=lambda k: (abs(points[k] - goal), k))[:2]
    start = nearest[0]
    if len(nearest) == 2 and abs(nearest[1] - start) > _TOO_CLOSE * start:
        rise = (points[nearest[1]] - points[start]) / (math.log(nearest[1]) - math.log(start))
        slope = rise if rise * slope > 0 else slope
    steps = (goal - points[start]) / slope
    return start * math.exp(min(max(steps, -4.0), 4.0))  # no further than 50 times at once


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -700.0
