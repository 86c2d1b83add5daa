"""Search for the k that reaches a target: the smallest for a PSNR, the largest for a file size."""

import math
from collections.abc import Callable
from typing import NamedTuple

from fastkq import formats
from fastkq.api.image import CompressedImage
from fastkq.color.color_counts import ColorCounts
from fastkq.errors import Term, UnreachableError
from fastkq.formats import MAX_PALETTE
from fastkq.quantization.fit import distinct_colors, distortion, fit, prepare_colors
from fastkq.quantization.options import FitOptions
from fastkq.quantization.rounding import Fit
from fastkq.runtime.options import MAX_COLORS, Coding, Effort, FileFormat, term
from fastkq.runtime.progress import stage

_MIN_SECANT_STEP = 0.05
"""Relative distance between two k. At less than this, measures differ by the local optima that the fits reach
rather than by the slope, and the secant through them is not used."""

_RESOLUTION = 256
"""The search stops at a bracket of width max(1, k // 256): above 256 colors, neighboring k differ by the
local optima that their fits reach."""


class Bracket(NamedTuple):
    """The largest k known to be before the crossing, and the smallest k known to be behind it."""

    before: int
    behind: int


def find_crossing(
    measure: Callable[[int], float],
    bound: float,
    within: Bracket,
    *,
    slope: float,
    guess: float,
    most: int,
    close: float = 1.0,
) -> tuple[Bracket, float]:
    """Narrow a bracket until its ends are adjacent, or for large k at most k // 256 apart (0.4 %).

    The search is a secant method on the logarithms of k and of the measure. It also stops after `most`
    measurements.

    Parameters
    ----------
    measure : callable
        Called with k; returns a number of at least 0, the error or the size at this k.
    bound : float
        The crossing is where the measure becomes at most this, if `slope` is negative; otherwise where it
        becomes more than this.
    within : Bracket
        Bounds of k, both exclusive. They need not have been measured.
    slope : float
        Usual slope of the logarithm of the measure over that of k. It replaces the secant until there are two
        points, and where the secant has the wrong sign.
    guess : float
        The first k.
    most : int
        Largest number of measurements.
    close : float
        Stop at a measure that differs from the bound by at most this factor.

    Returns
    -------
    bracket : Bracket
    estimate : float
        Estimated place of the crossing, between two integers.
    """
    points: dict[int, float] = {}
    before, behind = within
    goal, estimate = _log(bound), guess
    while behind - before > max(1, behind // _RESOLUTION) and len(points) < most:
        k = math.ceil(estimate)
        if len(points) > 4 and before in points and behind in points:
            k = round(math.sqrt(before * behind))  # bisect: the secant converges slowly
        k = min(max(k, before + 1), behind - 1)
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
    """Return the k where the line through the two points nearest to the goal meets it, in logarithms."""
    nearest = sorted(points, key=lambda k: (abs(points[k] - goal), k))[:2]
    start = nearest[0]
    if len(nearest) == 2 and abs(nearest[1] - start) > _MIN_SECANT_STEP * start:
        rise = (points[nearest[1]] - points[start]) / (math.log(nearest[1]) - math.log(start))
        slope = rise if rise * slope > 0 else slope
    steps = (goal - points[start]) / slope
    return start * math.exp(min(max(steps, -4.0), 4.0))  # at most a factor of 55 per step


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -700.0


_SCOUTS: dict[Effort, Effort] = {"fast": "fast", "balanced": "fast", "best": "balanced"}
"""For each effort, the faster effort of the fits that look for a first guess of k."""
_ERROR_RATIO_OF_SCOUT = 0.972  # usual ratio of the error of an effort to the error of its scout
_SCOUT_TOLERANCE = 1.03
"""Scouts stop within this factor of the target: closer, they say nothing about k at the other effort."""
_ROUNDING_MARGIN = 1 - 1e-12
"""Factor of the bound on the error: logarithm and power round, and the PSNR itself must reach the target."""
_SLOPE_OF_ERROR = -0.8  # of log(mse) over log(k)
_SLOPE_OF_SIZE = 0.4  # of log(bytes) over log(k)
_SHARE_OF_A_FIT = 0.3
"""Progress: share of the remaining work that one fit gets; the number of fits is not known."""
_MAX_SCOUTS, _MAX_FITS, _MAX_ENCODINGS = 6, 12, 7  # per call of `find_crossing`


def reach_psnr(counts: ColorCounts, target: float, options: FitOptions) -> Fit:
    """Return the fit with the smallest k found whose PSNR is at least `target` dB.

    The next smaller k that was tried does not reach it: k - 1, or for k >= 512 a k up to k // 256 smaller.

    Raises
    ------
    UnreachableError
        If 65,536 colors do not reach the target; the message says which PSNR they reach.
    """
    least, distinct = options.min_k, distinct_colors(counts, options)
    if distinct <= 1:
        return _fit_largest(counts, target, least, options)
    bound = _relative_mse(target) * _ROUNDING_MARGIN
    within = Bracket(least - 1, min(distinct, MAX_COLORS + 1))
    scouts = options._replace(effort=_SCOUTS[options.effort])
    fits: dict[int, Fit] = {}
    shared = prepare_colors(counts, options)

    def scout(k: int) -> float:
        with stage(None, _SHARE_OF_A_FIT):
            return _ERROR_RATIO_OF_SCOUT * _relative_mse(
                distortion(counts, fit(counts, k, scouts, shared), options.threads).psnr
            )

    def measure(k: int) -> float:
        with stage(None, _SHARE_OF_A_FIT):
            fits[k] = fit(counts, k, options, shared)
            return _relative_mse(distortion(counts, fits[k], options.threads).psnr)

    _, guess = find_crossing(
        scout, bound, within, slope=_SLOPE_OF_ERROR, guess=32, most=_MAX_SCOUTS, close=_SCOUT_TOLERANCE
    )
    while within.behind not in fits:
        narrowed, guess = find_crossing(
            measure, bound, within, slope=_SLOPE_OF_ERROR, guess=guess, most=_MAX_FITS
        )
        if narrowed == within:
            return _fit_largest(counts, target, min(within.behind, MAX_COLORS), options)
        within = narrowed
    return fits[within.behind]


def _fit_largest(counts: ColorCounts, target: float, k: int, options: FitOptions) -> Fit:
    """Return the fit with all distinct colors, at most 65,536, if its PSNR reaches the target."""
    fitted = fit(counts, k, options)
    reached = distortion(counts, fitted, options.threads).psnr
    if reached >= target:
        return fitted
    message = "expected a value of {} that {} colors reach, got {:g} dB: they reach {:.2f} dB"
    raise UnreachableError(message, term("target_psnr"), k, target, reached, best=reached)


def _relative_mse(psnr: float) -> float:
    """Return the mean squared error in units of the squared peak."""
    return 10 ** (-psnr / 10)


_WITHOUT_METADATA = Term("compress the pixels as an array, without metadata", "leave it out with --strip")


class TargetFile(NamedTuple):
    """A file whose size is bounded.

    Attributes
    ----------
    target : int
        Largest size in bytes.
    format : FileFormat
    coding : Coding
        Coding of a `.fkq` file.
    optimize : bool
        Whether a PNG file is optimized.
    threads : int
    """

    target: int
    format: FileFormat
    coding: Coding
    optimize: bool
    threads: int

    def size(self, image: CompressedImage) -> int:
        """Return the size of the file with an image, in bytes."""
        _, form, coding, optimize, threads = self
        with stage("coding"):
            data = formats.encode(image, f".{form}", coding=coding, optimize=optimize, threads=threads)
        return len(data)


def fit_bytes(
    make: Callable[[int], CompressedImage], file: TargetFile, least: int, most: int
) -> CompressedImage:
    """Return the image with the largest k found whose file has at most `file.target` bytes.

    Parameters
    ----------
    make : callable
        Called with k; returns the image with k colors.
    file : TargetFile
    least, most : int
        Smallest and largest k to try; formats other than `.fkq` have at most 256 colors.

    Raises
    ------
    UnreachableError
        If the file with the smallest k is larger; the message says how large it is, and if it would not be
        larger without metadata, how to leave that out.
    """
    images: dict[int, CompressedImage] = {}
    try:
        return images[_largest_fitting(make, images, file, least, most)]
    except UnreachableError as error:
        size = file.size(images[least].with_metadata(None))
        if size > file.target:
            raise
        raise UnreachableError(
            "expected {} of at least {}, the size of a file with {} and {} bytes of metadata, got {}: {}",
            term("target_bytes"), error.best, _colors(least), error.best - size, file.target,
            _WITHOUT_METADATA, best=error.best,
        ) from None  # fmt: skip


def _largest_fitting(
    make: Callable[[int], CompressedImage],
    images: dict[int, CompressedImage],
    file: TargetFile,
    least: int,
    most: int,
) -> int:
    """Return the largest k found whose file has at most `file.target` bytes, and fill `images` by k."""

    def measure(k: int) -> int:
        with stage(None, _SHARE_OF_A_FIT):
            with stage(None, 0.2):
                images[k] = make(k)
            return file.size(images[k])

    if file.format != "fkq":
        # Bisection: sizes of these formats jump where an index takes one more bit, which misleads a secant.
        return largest_k(measure, file.target, least, min(most, MAX_PALETTE))
    within = Bracket(least - 1, max(least, most) + 1)
    guess = 64.0
    while within.before not in images:
        narrowed, guess = find_crossing(
            measure, file.target, within, slope=_SLOPE_OF_SIZE, guess=guess, most=_MAX_ENCODINGS
        )
        if narrowed == within:
            raise _unreachable(file.target, measure(least), least)
        within = narrowed
    return within.before


def largest_k(size: Callable[[int], int], target: int, least: int, most: int) -> int:
    """Return the largest k from `least` to `most` whose size, which grows with k, is at most `target` bytes.

    Raises
    ------
    UnreachableError
        If the size at the smallest k is larger; the message says how large it is.
    """
    smallest = size(least)
    if smallest > target:
        raise _unreachable(target, smallest, least)
    above = max(least, most) + 1
    while above - least > 1:
        middle = (least + above) // 2
        least, above = (middle, above) if size(middle) <= target else (least, middle)
    return least


def _unreachable(target: int, smallest: int, least: int) -> UnreachableError:
    return UnreachableError(
        "expected {} of at least {}, the size of a file with {}, got {}",
        term("target_bytes"), smallest, _colors(least), target, best=smallest,
    )  # fmt: skip


def _colors(number: int) -> str:
    return f"{number} color{'s' * (number > 1)}"
