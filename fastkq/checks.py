"""What comes from outside is checked and coerced here, once, before any stage sees it."""

import operator
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.threads import available

Effort = Literal["fast", "balanced", "best"]
Coding = Literal["packed", "context"]

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


def check_palette(palette: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """A palette (k, C) as a C-contiguous array."""
    array = np.asarray(palette)
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] not in (1, 3, 4):
        raise ArgumentError(
            f"expected a palette (k, C) of uint8 with C = 1, 3 or 4, got {array.dtype} {array.shape}"
        )
    if not 1 <= len(array) <= MAX_COLOURS:
        raise ArgumentError(f"expected a palette of 1 to {MAX_COLOURS} colours, got {len(array)}")
    return array.astype(np.uint8, order="C", copy=False)


def check_indices(indices: npt.ArrayLike, k: int) -> npt.NDArray[Any]:
    """Indices (H, W) of some integer type, all below k."""
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


def check_k(k: Any) -> int:
    """Number of colours as an int, 1 to 65536."""
    number = _integer("k", k)
    if not 1 <= number <= MAX_COLOURS:
        raise ArgumentError(f"expected k from 1 to {MAX_COLOURS}, got {number}")
    return number


def check_effort(effort: Any) -> Effort:
    """How long to search for a palette, as one of the three words."""
    return cast("Effort", _word("effort", effort, get_args(Effort)))


def check_coding(coding: Any) -> Coding:
    """How the indices are stored, as one of the two words."""
    return cast("Coding", _word("coding", coding, get_args(Coding)))


def _word(name: str, value: Any, words: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"expected {name} to be a string, got {value!r}")
    if value not in words:
        raise ArgumentError(f"expected {name} to be one of {', '.join(words)}, got {value!r}")
    return value


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


def check_region(region: Any, height: int, width: int) -> tuple[int, int, int, int]:
    """A rectangle (top, left, height, width) of at least one pixel within the image, as ints."""
    try:
        numbers = tuple(region)
    except TypeError:
        numbers = ()
    if len(numbers) != 4:
        raise ArgumentTypeError(f"expected a region (top, left, height, width), got {region!r}")
    top, left, rows, columns = (_integer("a number of region", number) for number in numbers)
    if not (0 <= top < top + rows <= height and 0 <= left < left + columns <= width):
        raise ArgumentError(
            f"expected a region (top, left, height, width) within {height} x {width} pixels, "
            f"got {(top, left, rows, columns)}"
        )
    return top, left, rows, columns


def _integer(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"expected {name} to be an integer, got {value!r}") from None
