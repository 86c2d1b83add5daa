"""Values of a palette as bytes, in all versions of the format; version 1 holds only uint8.

====  =======  ==========================================================================
bits  dtype    a value
====  =======  ==========================================================================
1     bool     one byte, 0 or 1; one channel, and at most two colors
8     uint8    one byte
16    uint16   two bytes, lowest first
32    float32  IEEE 754 binary32, four bytes, lowest first; neither infinite nor NaN
64    float64  IEEE 754 binary64, eight bytes, lowest first; neither infinite nor NaN
====  =======  ==========================================================================

There are 1 to 64 channels. For 8 and 16 bits, 1 channel is gray, 2 are gray and alpha, 3 are R, G, B, and 4
are R, G, B, alpha; alpha is not premultiplied. The format does not define the meaning of other channels.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError
from fastkq.runtime.options import MAX_COLORS
from fastkq.runtime.validation import DTYPES, MAX_CHANNELS

DTYPES_BY_BITS = {1 if dtype == np.bool_ else 8 * dtype.itemsize: dtype for dtype in DTYPES}


def bits_of(dtype: np.dtype[Any]) -> int:
    """Return the bits per value of a dtype."""
    return next(bits for bits, known in DTYPES_BY_BITS.items() if known == dtype)


def is_layout(bits: int, channels: int, axes: int, k: int) -> bool:
    """Return whether images of `axes` axes may have palettes of k colors with these bits and channels."""
    return (
        bits in DTYPES_BY_BITS
        and 1 <= channels <= MAX_CHANNELS
        and (axes == 3 or (axes == 2 and channels == 1))
        and 1 <= k <= MAX_COLORS
        and (bits > 1 or (channels == 1 and k <= 2))
    )


def size_of(bits: int, count: int) -> int:
    """Return the number of bytes of `count` values."""
    return count * DTYPES_BY_BITS[bits].itemsize


def to_bytes(palette: npt.NDArray[Any]) -> bytes:
    """Return the bytes of a palette: color after color, channel after channel."""
    return palette.astype(palette.dtype.newbyteorder("<"), copy=False).tobytes()


def from_bytes(data: memoryview, bits: int, channels: int) -> npt.NDArray[Any]:
    """Return the palette (k, C) that the bytes hold.

    Raises
    ------
    FormatError
        If a value is neither 0 nor 1 for bool, or not finite for floats.
    """
    dtype = DTYPES_BY_BITS[bits]
    if bits == 1 and max(data) > 1:
        raise FormatError(f"expected 0 or 1 in a palette of bool, got {max(data)}")
    palette = np.frombuffer(data, dtype.newbyteorder("<")).reshape(-1, channels).astype(dtype)
    if dtype.kind == "f" and not np.isfinite(palette).all():
        worst = palette[~np.isfinite(palette)][0]
        raise FormatError(f"expected a palette of finite values, got {worst}")
    return palette
