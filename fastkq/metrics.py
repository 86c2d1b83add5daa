"""Error measures between two images: mean squared error and PSNR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.errors import ArgumentError
from fastkq.runtime import options
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.validation import check_image, check_threads

_VALUES_PER_CHUNK = 1 << 19  # samples (one channel of one pixel)
_LARGEST_EXPONENT = 400
"""Floats are scaled by a power of two if the largest of them is above 2^400 or below 2^-400: without scaling,
sums of their squares could overflow or underflow float64."""
_LOG10_2 = math.log10(2)

PEAKS = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}
"""Peak value of each dtype that has a fixed one, for PSNR."""

Values = npt.NDArray[Any]


def mse(image: npt.ArrayLike, other: npt.ArrayLike, *, threads: int | None = None) -> float:
    """Return the mean squared error over all pixels and channels.

    The literature on color quantization sums over channels instead ("SE/px"): multiply by the number of
    channels for that value.

    Parameters
    ----------
    image, other : (H, W) or (H, W, C) of a dtype that `fastkq.compress` takes
        Two images of the same shape and dtype.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.

    Returns
    -------
    float
        For integer images of up to 16 bits the sum of squares is exact and only the division rounds. For
        other images the sum is taken in float64, always in the same order; it is infinite if it overflows
        float64.

    Raises
    ------
    ArgumentError
        If the shapes or dtypes differ, or an argument is not an image.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.metrics import mse
    >>> mse(np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8))
    9.0
    """
    a, b = _comparable(image, other)
    return _unscaled(*_scaled_mse(a, b, check_threads(threads)))


def psnr(
    image: npt.ArrayLike, other: npt.ArrayLike, *, peak: float | None = None, threads: int | None = None
) -> float:
    """Return the peak signal-to-noise ratio in dB, 10 log10(peak^2 / mse).

    Parameters
    ----------
    image, other
        As for `mse`.
    peak : float, optional
        Range of the values. The default is 255 for uint8, 65535 for uint16 and 1 for bool. For other dtypes
        it is the largest value of `image` minus its smallest.
    threads : int, optional
        Number of threads; all cores if None.

    Returns
    -------
    float
        Infinite for equal images.

    Raises
    ------
    ArgumentError
        As for `mse`; also if `peak` is not finite and above 0, or if it is None and all values of an
        `image` without a fixed peak are equal while `other` differs.
    ArgumentTypeError
        If `peak` is not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.metrics import psnr
    >>> round(psnr(np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8)), 2)
    38.59
    >>> round(psnr(np.zeros((2, 2)), np.full((2, 2), 0.1), peak=1), 2)
    20.0
    """
    a, b = _comparable(image, other)
    checked_peak = None if peak is None else options.Range(float, 0).check("peak", peak)
    if checked_peak == 0:
        raise ArgumentError("expected peak to be above 0, got 0", parameter="peak")
    error, exponent = _scaled_mse(a, b, check_threads(threads))
    return _psnr(error, exponent, a, checked_peak)


class Distortion(NamedTuple):
    """Mean squared error over pixels and channels, and PSNR in dB, as from `mse` and `psnr`."""

    mse: float
    psnr: float


def of_colors(
    colors: Values,
    counts: npt.NDArray[np.int64],
    palette: Values,
    labels: npt.NDArray[np.unsignedinteger],
    channels: Sequence[int],
    peak: float | None = None,
) -> Distortion:
    """Return the distortion of an image from its counted colors.

    Parameters
    ----------
    colors : (M, C)
        Distinct colors of the image.
    counts : (M,) int64
        Number of pixels of each color.
    palette : (k, C)
        Color i is replaced by ``palette[labels[i]]``.
    labels : (M,) unsigned integers
        Palette row of each color.
    channels
        Indices of the channels to measure. For floats and integers of 32 bits these must be all channels.
    peak : float, optional
        As for `psnr`.
    """
    are_floats = _in_floats(colors)
    exponent = (
        _exponent(max(abs(float(value)) for value in (colors.min(), colors.max()))) if are_floats else 0
    )
    total: float = 0
    for part in slices(len(colors), _VALUES_PER_CHUNK):  # floats are summed in the order of the colors
        arrays = colors[part], counts[part], palette, labels[part]
        if are_floats:
            scale = math.ldexp(1, -exponent)
            total = kernels.image_error.counted_error_of_floats(*arrays, scale, float(total))
        else:
            high, low = kernels.image_error.counted_error(*arrays, np.array(channels))
            total += (int(high) << 16) + int(low)
    error = total / (int(counts.sum()) * len(channels))
    return Distortion(_unscaled(error, exponent), _psnr(error, exponent, colors, peak))


def _unscaled(error: float, exponent: int) -> float:
    """Return the squared error of unscaled values: ``error * 4**exponent``."""
    try:
        return math.ldexp(error, 2 * exponent)
    except OverflowError:
        return math.inf


def _psnr(error: float, exponent: int, values: Values, peak: float | None) -> float:
    if not error:
        return math.inf
    logarithm = (
        math.log10(_range(values, exponent)) if peak is None else math.log10(peak) - exponent * _LOG10_2
    )
    return 20 * logarithm - 10 * math.log10(error)


def _comparable(image: npt.ArrayLike, other: npt.ArrayLike) -> tuple[Values, Values]:
    """Check two images and return their samples as flat arrays (H * W * C,)."""
    a, b = check_image(image), check_image(other)
    if a.shape != b.shape:
        raise ArgumentError(f"expected two images of the same shape, got {a.shape} and {b.shape}")
    if a.dtype != b.dtype:
        raise ArgumentError(f"expected two images of the same dtype, got {a.dtype} and {b.dtype}")
    return a.reshape(-1), b.reshape(-1)


def _range(values: Values, exponent: int) -> float:
    """Return the default peak of `psnr`; for floats, it is that of the values divided by ``2**exponent``."""
    if values.dtype.name in PEAKS:
        return PEAKS[values.dtype.name]
    span = math.ldexp(float(values.max()), -exponent) - math.ldexp(float(values.min()), -exponent)
    if not span:
        raise ArgumentError(f"expected an image of several values or a peak=, got {values[0]} alone")
    return span


def _scaled_mse(a: Values, b: Values, threads: int) -> tuple[float, int]:
    """Return the mse of the values divided by ``2**exponent``, and the exponent.

    The exponent is 0 for integers, and for floats of ordinary size (see `_exponent`).
    """
    if _in_floats(a):
        exponent = _exponent(
            max(abs(float(extreme)) for values in (a, b) for extreme in (values.min(), values.max()))
        )
        return _mse_of_floats(a, b, math.ldexp(1, -exponent), threads), exponent
    a, b = (values.view(np.uint8) if values.dtype == np.bool_ else values for values in (a, b))
    totals = [0] * threads

    def work(worker: int, start: int, stop: int) -> None:
        totals[worker] += int(kernels.image_error.squared_error(a, b, start, stop))

    over_chunks(work, len(a), _VALUES_PER_CHUNK, threads)
    return sum(totals) / len(a), 0


def _in_floats(values: Values) -> bool:
    """Return whether squares are summed in float64: of floats, and of integers whose squares need 64 bits."""
    return values.dtype.kind == "f" or values.itemsize > 2


def _exponent(largest: float) -> int:
    """Return the exponent of the power of two by which floats up to `largest` in magnitude are divided."""
    _, exponent = math.frexp(largest)
    return max(-1000, min(exponent, 1000)) if abs(exponent) > _LARGEST_EXPONENT else 0


def _mse_of_floats(a: Values, b: Values, scale: float, threads: int) -> float:
    totals = np.zeros(-(-len(a) // _VALUES_PER_CHUNK))

    def work(worker: int, start: int, stop: int) -> None:
        totals[start // _VALUES_PER_CHUNK] = kernels.image_error.squared_error_of_floats(
            a, b, scale, start, stop
        )

    over_chunks(work, len(a), _VALUES_PER_CHUNK, threads)
    return math.fsum(totals) / len(a)
