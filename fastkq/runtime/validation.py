"""Validation of arguments: each is checked and converted once, before any work begins.

The options of `compress` and their conflicts are checked by the table in `fastkq.runtime.options`.

All functions raise `ArgumentTypeError` for a wrong type and `ArgumentError` for a wrong value.
"""

import numbers
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError, ArgumentTypeError, AxesWarning, Term, for_parameter
from fastkq.runtime.options import MAX_COLORS, MAX_PIXELS, Depth, check_integer, check_option, term
from fastkq.runtime.parallel import available_cores
from fastkq.runtime.progress import bands

DTYPES = tuple(
    map(
        np.dtype,
        (np.bool_, np.uint8, np.uint16, np.uint32, np.int8, np.int16, np.int32, np.float32, np.float64),
    )
)
"""Dtypes of images and palettes."""

MAX_CHANNELS = 64  # channels of an image
_MAX_WEIGHT = 1e100  # weights must be below this
_USUAL_CHANNELS = (3, 4)
_MIN_SIDE = 16
"""An image with one of these numbers of rows, and of at least `_MIN_SIDE` columns and channels, is ambiguous:
more likely, its channels come first."""


@for_parameter("image")
def check_image(image: npt.ArrayLike, *, is_finite: bool = True) -> npt.NDArray[Any]:
    """Return an image as a C-contiguous array of native byte order.

    Returns
    -------
    (H, W) or (H, W, C) of a dtype of `DTYPES`
        The argument itself, without a copy, if it already is such an array. C is 1 to 64, and 1 for bool.

    Raises
    ------
    ArgumentError
        If the image is empty, has another dtype or shape, or, with `is_finite`, holds NaN or infinite values.
    """
    array = np.asarray(image)
    _check_dtype(array, "an image")
    if array.ndim not in (2, 3):
        raise ArgumentError(f"expected an image of shape (H, W) or (H, W, C), got shape {array.shape}")
    if array.ndim == 3:
        _check_axes(array.shape)
    if array.dtype == np.bool_ and array.ndim == 3 and array.shape[2] != 1:
        raise ArgumentError(f"expected a bool image of shape (H, W) or (H, W, 1), got shape {array.shape}")
    check_not_empty(array.shape)
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ArgumentError(f"expected at most {MAX_PIXELS} pixels, got shape {array.shape}")
    if is_finite:
        _check_finite(array, "an image")
    return _native(array)


@for_parameter("image")
def check_not_empty(shape: tuple[int, ...]) -> None:
    """Check that an image of this shape has at least one pixel."""
    if 0 in shape:
        raise ArgumentError(f"expected an image of at least one pixel, got shape {shape}")


def _check_axes(shape: tuple[int, ...]) -> None:
    """Refuse too many channels, and warn of an image whose first axis seems to be that of the channels."""
    first, height, channels = shape
    if channels > MAX_CHANNELS and first < min(height, MAX_CHANNELS + 1):
        raise ArgumentError(
            f"expected (H, W) or (H, W, C) with C from 1 to {MAX_CHANNELS}, got {shape}: "
            "channels come first; use np.moveaxis(image, 0, -1)"
        )
    if channels > MAX_CHANNELS:
        raise ArgumentError(f"expected at most {MAX_CHANNELS} channels, got shape {shape}")
    if first in _USUAL_CHANNELS and min(height, channels) >= _MIN_SIDE:
        message = (
            f"{shape} is read as {first} x {height} pixels of {channels} channels: "
            "if its channels come first, use np.moveaxis(image, 0, -1)"
        )
        warnings.warn(message, AxesWarning, stacklevel=4)


@for_parameter("palette")
def check_palette(palette: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return a palette (k, C) of a dtype of `DTYPES` as a C-contiguous array of native byte order."""
    array = np.asarray(palette)
    _check_dtype(array, "a palette")
    if array.ndim != 2 or not 1 <= array.shape[1] <= MAX_CHANNELS:
        raise ArgumentError(
            f"expected a palette (k, C) with C from 1 to {MAX_CHANNELS}, got shape {array.shape}"
        )
    if not 1 <= len(array) <= MAX_COLORS:
        raise ArgumentError(f"expected a palette of 1 to {MAX_COLORS} colors, got {len(array)}")
    if array.dtype == np.bool_ and (len(array) > 2 or array.shape[1] != 1):
        raise ArgumentError(f"expected a bool palette (1, 1) or (2, 1), got shape {array.shape}")
    _check_finite(array, "a palette")
    return _native(array)


def _native(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    dtype = array.dtype.newbyteorder("=")
    if array.dtype == dtype and array.flags.c_contiguous:
        return array
    native = np.empty(array.shape, dtype)
    for part in bands(native):
        native[part] = array[part]
    return native


def _check_dtype(array: npt.NDArray[Any], noun: str) -> None:
    if array.dtype.newbyteorder("=") not in DTYPES:
        hints = {
            "f": "; convert with .astype(np.float32), or float64",
            "i": "; convert with .astype(np.int32) or float64, whichever holds its values",
            "u": "; convert with .astype(np.uint32) or float64, whichever holds its values",
            "O": " (a list of unequal rows, or no image at all)",
        }
        hint = hints.get(array.dtype.kind, "")
        raise ArgumentError(
            f"expected {noun} of dtype {', '.join(map(str, DTYPES[:-1]))} or {DTYPES[-1]}, "
            f"got {array.dtype}{hint}"
        )


def _check_finite(array: npt.NDArray[Any], noun: str) -> None:
    if array.dtype.kind == "f" and not all(np.isfinite(array[part]).all() for part in bands(array)):
        finite = np.isfinite(array)
        position = tuple(map(int, np.unravel_index(finite.argmin(), array.shape)))
        hint = (
            Term(": mask them with mask=", ": fastkq compress --mask masks them")
            if noun == "an image"
            else ""
        )
        raise ArgumentError(
            "expected {} of finite values, got {} that are not, the first, {}, at {}{}",
            noun, array.size - np.count_nonzero(finite), array[position], position, hint,
        )  # fmt: skip


@for_parameter("indices")
def check_indices(indices: npt.ArrayLike, k: int) -> npt.NDArray[Any]:
    """Return indices (H, W) of any integer dtype, all from 0 to k - 1."""
    array = np.asarray(indices)
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.size == 0:
        raise ArgumentError(
            f"expected indices (H, W) of integers, not empty, got {array.dtype} {array.shape}"
        )
    if int(array.min()) < 0 or int(array.max()) >= k:
        raise ArgumentError(
            f"expected indices from 0 to {k - 1}, got {int(array.min())} to {int(array.max())}"
        )
    return array


def check_weights(weights: npt.ArrayLike | None, shape: tuple[int, ...]) -> npt.NDArray[np.float64] | None:
    """Return weights (H, W) as float64, or None; they must be finite, at least 0 and not all 0."""
    if weights is None:
        return None
    array, name = np.asarray(weights), term("weights")
    if array.dtype.kind not in "buif":
        raise ArgumentTypeError("expected {} to be numbers, got {}", name, array.dtype)
    if array.shape != shape[:2]:
        raise ArgumentError("expected {} of shape {} as the image, got {}", name, shape[:2], array.shape)
    array = np.ascontiguousarray(array, np.float64)
    if not (np.isfinite(array).all() and array.max() < _MAX_WEIGHT):
        raise ArgumentError("expected finite {} below {:g}, got {}", name, _MAX_WEIGHT, array.max())
    if array.min() < 0:
        raise ArgumentError("expected {} of at least 0, got {}", name, array.min())
    if not array.max() > 0:
        raise ArgumentError("expected {} that are not all 0, got only zeros", name)
    return array


def check_mask(mask: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return a mask (H, W) of bool, of the size of an image of this shape."""
    array, name = np.asarray(mask), term("mask")
    if array.dtype != np.bool_:
        raise ArgumentTypeError("expected {} to be bool, True for masked pixels, got {}", name, array.dtype)
    if array.shape != shape[:2]:
        raise ArgumentError("expected {} of shape {} as the image, got {}", name, shape[:2], array.shape)
    return array


def check_depth(depth: Any) -> Depth:
    """Return the bit depth to which files are reduced: 8, or None to keep the depth of the file."""
    if depth is not None and (isinstance(depth, bool) or depth != 8):
        message = "expected {} to be 8, or None to keep that of the file, got {!r}"
        raise ArgumentError(message, term("depth"), depth)
    return None if depth is None else 8


def check_range_of_values(value_range: Any) -> tuple[float, float] | None:
    """Return the values of black and white, two different finite floats; None if none are given."""
    if value_range is None:
        return None
    try:
        limits = list(value_range)
    except TypeError:
        limits = [None]
    if not all(isinstance(limit, numbers.Real) for limit in limits):
        message = "expected {} to be two numbers, got {!r}"
        raise ArgumentTypeError(message, term("value_range"), value_range)
    limits = list(map(float, limits))
    if len(limits) != 2 or not np.isfinite(limits).all() or limits[0] == limits[1]:
        message = "expected {} to be two different finite numbers, got {!r}"
        raise ArgumentError(message, term("value_range"), value_range)
    return limits[0], limits[1]


def check_threads(threads: Any) -> int:
    """Return a number of threads as an int; None gives the number of cores."""
    number: int | None = check_option("threads", threads)
    return available_cores() if number is None else number


def check_max_pixels(max_pixels: Any) -> int:
    """Return, as an int, the largest number of pixels that a file to be read may have."""
    number: int = check_option("max_pixels", max_pixels)
    return number


@for_parameter("region")
def check_region(region: Any, height: int, width: int) -> tuple[int, int, int, int]:
    """Return a region (top, left, height, width) of an image as ints.

    It has at least one pixel and lies within `height` x `width` pixels.
    """
    try:
        fields = tuple(region)
    except TypeError:
        fields = ()
    if len(fields) != 4:
        raise ArgumentTypeError(f"expected a region (top, left, height, width), got {region!r}")
    top, left, rows, columns = (check_integer("a number of region", field) for field in fields)
    if not (0 <= top < top + rows <= height and 0 <= left < left + columns <= width):
        raise ArgumentError(
            f"expected a region (top, left, height, width) within {height} x {width} pixels, "
            f"got {(top, left, rows, columns)}"
        )
    return top, left, rows, columns
