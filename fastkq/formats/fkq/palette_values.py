"""Values of a palette as bytes, in all versions of the format; version 1 holds only uint8.

====  =======  ==========================================================================
type  dtype    a value
====  =======  ==========================================================================
1     bool     one byte, 0 or 1; one channel, and at most two colors
8     uint8    one byte
16    uint16   two bytes, lowest first
32    float32  IEEE 754 binary32, four bytes, lowest first; neither infinite nor NaN
64    float64  IEEE 754 binary64, eight bytes, lowest first; neither infinite nor NaN
96    uint32   four bytes, lowest first
136   int8     two's complement, one byte
144   int16    two's complement, two bytes, lowest first
160   int32    two's complement, four bytes, lowest first
====  =======  ==========================================================================

Older readers know the types up to 64 and refuse others as written by a newer fastkq.

There are 1 to 64 channels. For uint8 and uint16, 1 channel is gray, 2 are gray and alpha, 3 are R, G, B, and
4 are R, G, B, alpha; alpha is not premultiplied. The format does not define the meaning of other channels.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError
from fastkq.runtime.options import MAX_COLORS
from fastkq.runtime.validation import MAX_CHANNELS

DTYPES_BY_TYPE = {
    1: np.dtype(np.bool_),
    8: np.dtype(np.uint8),
    16: np.dtype(np.uint16),
    32: np.dtype(np.float32),
    64: np.dtype(np.float64),
    96: np.dtype(np.uint32),
    136: np.dtype(np.int8),
    144: np.dtype(np.int16),
    160: np.dtype(np.int32),
}


def type_of(dtype: np.dtype[Any]) -> int:
    """Return the type of the values of a dtype, as it is stored."""
    return next(number for number, known in DTYPES_BY_TYPE.items() if known == dtype)


def is_layout(value_type: int, channels: int, axes: int, k: int) -> bool:
    """Return whether images of `axes` axes may have palettes of k colors with this type and channels."""
    return (
        value_type in DTYPES_BY_TYPE
        and 1 <= channels <= MAX_CHANNELS
        and (axes == 3 or (axes == 2 and channels == 1))
        and 1 <= k <= MAX_COLORS
        and (value_type > 1 or (channels == 1 and k <= 2))
    )


def size_of(value_type: int, count: int) -> int:
    """Return the number of bytes of `count` values."""
    return count * DTYPES_BY_TYPE[value_type].itemsize


def to_bytes(palette: npt.NDArray[Any]) -> bytes:
    """Return the bytes of a palette: color after color, channel after channel."""
    return palette.astype(palette.dtype.newbyteorder("<"), copy=False).tobytes()


def from_bytes(data: memoryview, value_type: int, channels: int) -> npt.NDArray[Any]:
    """Return the palette (k, C) that the bytes hold.

    Raises
    ------
    FormatError
        If a value is neither 0 nor 1 for bool, or not finite for floats.
    """
    dtype = DTYPES_BY_TYPE[value_type]
    if value_type == 1 and max(data) > 1:
        raise FormatError(f"expected 0 or 1 in a palette of bool, got {max(data)}")
    palette = np.frombuffer(data, dtype.newbyteorder("<")).reshape(-1, channels).astype(dtype)
    if dtype.kind == "f" and not np.isfinite(palette).all():
        worst = palette[~np.isfinite(palette)][0]
        raise FormatError(f"expected a palette of finite values, got {worst}")
    return palette
