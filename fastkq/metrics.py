"""How far two images are apart."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.errors import ArgumentError
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices
from fastkq.runtime.validation import check_image, check_peak, check_threads

_VALUES_PER_CHUNK = 1 << 19
_LARGEST_EXPONENT = 400
"""Squares of what lies beyond 2^400, summed, could leave the range of float64."""
_LOG_2 = math.log10(2)

PEAKS = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}
"""The range of the values of each dtype that has one."""

Values = npt.NDArray[Any]


def mse(image: npt.ArrayLike, other: npt.ArrayLike, *, threads: int | None = None) -> float:
    """Mean squared difference over all pixels and channels.

    Multiply by the number of channels for the sum over channels that the literature on colour
    quantization gives ("SE/px").

    Parameters
    ----------
    image, other : (H, W) or (H, W, C) bool, uint8, uint16, float32 or float64
        Of the same shape and dtype.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.

    Returns
    -------
    float
        Of integers exact up to the division; of floats summed in float64, always in the same order, and
        infinite where float64 ends.

    Raises
    ------
    ArgumentError
        When shapes or dtypes differ, or an image is none.

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
    """Peak signal-to-noise ratio in dB, 10 log10(peak^2 / mse); infinite for equal images.

    Parameters
    ----------
    image, other, threads
        As for `mse`.
    peak : float, optional
        The range of values: by default 255 for uint8, 65535 for uint16, 1 for bool, and for floats the
        largest value of `image` less its least.

    Raises
    ------
    ArgumentError
        As `mse`; when the peak is not finite and above 0; without one when `image` is floats of one value.

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
    given = None if peak is None else check_peak(peak)
    error, exponent = _scaled_mse(a, b, check_threads(threads))
    return _psnr(error, exponent, a, given)


class Distortion(NamedTuple):
    """Mean squared error over pixels and channels, and PSNR in dB, as `mse` and `psnr`."""

    mse: float
    psnr: float


def of_colours(
    colours: Values,
    counts: npt.NDArray[np.int64],
    palette: Values,
    labels: npt.NDArray[np.unsignedinteger],
    channels: Sequence[int],
    peak: float | None = None,
) -> Distortion:
    """The distortion of an image whose colours (M, C), `counts` pixels each, became `palette[labels]`.

    Of floats all channels count; of integers those that are given. The peak is by default that of `psnr`.
    """
    values = int(counts.sum()) * len(channels)
    if colours.dtype.kind == "f":
        exponent = _exponent(max(float(abs(end)) for end in (colours.min(), colours.max())))
        scale = math.ldexp(1, -exponent)
    else:
        exponent, scale = 0, 1.0
    error = _counted_error(colours, counts, palette, labels, channels, scale) / values
    return Distortion(_unscaled(error, exponent), _psnr(error, exponent, colours, peak))


def _counted_error(
    colours: Values,
    counts: npt.NDArray[np.int64],
    palette: Values,
    labels: npt.NDArray[np.unsignedinteger],
    channels: Sequence[int],
    scale: float,
) -> float:
    """Squared differences, of floats in the order of the colours."""
    total: float = 0
    for part in slices(len(colours), _VALUES_PER_CHUNK):
        some = colours[part], counts[part], palette, labels[part]
        if colours.dtype.kind == "f":
            total = kernels.image_error.counted_error_of_floats(*some, scale, float(total))
        else:
            high, low = kernels.image_error.counted_error(*some, np.array(channels))
            total += (int(high) << 16) + int(low)
    return total


def _unscaled(error: float, exponent: int) -> float:
    try:
        return math.ldexp(error, 2 * exponent)
    except OverflowError:
        return math.inf


def _psnr(error: float, exponent: int, values: Values, peak: float | None) -> float:
    if not error:
        return math.inf
    logarithm = math.log10(_range(values, exponent)) if peak is None else math.log10(peak) - exponent * _LOG_2
    return 20 * logarithm - 10 * math.log10(error)


def _comparable(image: npt.ArrayLike, other: npt.ArrayLike) -> tuple[Values, Values]:
    a, b = check_image(image), check_image(other)
    if a.shape != b.shape:
        raise ArgumentError(f"expected two images of the same shape, got {a.shape} and {b.shape}")
    if a.dtype != b.dtype:
        raise ArgumentError(f"expected two images of the same dtype, got {a.dtype} and {b.dtype}")
    return a.reshape(-1), b.reshape(-1)


def _range(values: Values, exponent: int) -> float:
    if values.dtype.kind != "f":
        return PEAKS[values.dtype.name]
    span = math.ldexp(float(values.max()), -exponent) - math.ldexp(float(values.min()), -exponent)
    if not span:
        raise ArgumentError(f"expected an image of several values or a peak=, got {values[0]} alone")
    return span


def _scaled_mse(a: Values, b: Values, threads: int) -> tuple[float, int]:
    """The error, and how often the values were halved for it; mostly never."""
    if a.dtype.kind == "f":
        exponent = _exponent(
            max(float(abs(end)) for values in (a, b) for end in (values.min(), values.max()))
        )
        return _mse_of_floats(a, b, math.ldexp(1, -exponent), threads), exponent
    a, b = (values.view(np.uint8) if values.dtype == np.bool_ else values for values in (a, b))
    totals = [0] * threads

    def work(worker: int, start: int, stop: int) -> None:
        totals[worker] += int(kernels.image_error.squared_error(a, b, start, stop))

    over_chunks(work, len(a), _VALUES_PER_CHUNK, threads)
    return sum(totals) / len(a), 0


def _exponent(largest: float) -> int:
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
