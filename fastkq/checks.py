"""What comes from outside is checked and coerced here, once, before any stage sees it."""

import operator
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.threads import available

Effort = Literal["fast", "balanced", "best"]

MAX_COLOURS = 1 << 16
MAX_PIXELS = 1 << 30


def check_image(image: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """The image as a C-contiguous native uint8 array: a view where it already is one.

    Raises
    ------
    ArgumentError
        When it is empty or has another dtype or shape than uint8 (H, W), (H, W, 1), (H, W, 3), (H, W, 4).
    """
    array = np.asarray(image)
    if array.dtype != np.uint8:
        raise ArgumentError(f"expected an image of dtype uint8, got {_describe_dtype(array)}")
    if array.ndim not in (2, 3):
        raise ArgumentError(f"expected an image of shape (H, W) or (H, W, C), got shape {array.shape}")
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4):
        raise ArgumentError(f"expected 1 (gray), 3 (RGB) or 4 (RGBA) channels, got shape {array.shape}")
    if array.size == 0:
        raise ArgumentError(f"expected an image of at least one pixel, got shape {array.shape}")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ArgumentError(f"expected at most {MAX_PIXELS} pixels, got shape {array.shape}")
    return cast("npt.NDArray[np.uint8]", np.ascontiguousarray(array))


def _describe_dtype(array: npt.NDArray[Any]) -> str:
    if array.dtype.kind == "f":
        if np.isnan(array).any():
            return f"{array.dtype} with NaN in it"
        return f"{array.dtype}; scale to 0..255 and convert with .astype(np.uint8)"
    if array.dtype.kind == "O":
        return f"{array.dtype} (a list of unequal rows, or no image at all)"
    return str(array.dtype)


def check_k(k: Any) -> int:
    """Number of colours as an int, 1 to 65536."""
    number = _integer("k", k)
    if not 1 <= number <= MAX_COLOURS:
        raise ArgumentError(f"expected k from 1 to {MAX_COLOURS}, got {number}")
    return number


def check_effort(effort: Any) -> Effort:
    """How long to search for a palette, as one of the three words."""
    if not isinstance(effort, str):
        raise ArgumentTypeError(f"expected effort to be a string, got {effort!r}")
    if effort not in get_args(Effort):
        raise ArgumentError(f"expected effort to be one of {', '.join(get_args(Effort))}, got {effort!r}")
    return cast("Effort", effort)


def check_threads(threads: Any) -> int:
    """Number of threads as an int; all cores for None."""
    if threads is None:
        return available()
    number = _integer("threads", threads)
    if number < 1:
        raise ArgumentError(f"expected threads to be at least 1, or None for all cores, got {number}")
    return number


def check_max_pixels(max_pixels: Any) -> int:
    """Bound on the pixels of a file that is read, as an int."""
    number = _integer("max_pixels", max_pixels)
    if number < 1:
        raise ArgumentError(f"expected max_pixels to be at least 1, got {number}")
    return number


def _integer(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"expected {name} to be an integer, got {value!r}") from None
