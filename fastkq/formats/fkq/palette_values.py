"""The values of a palette as bytes: every version that has more than uint8 has them like this.

====  =======  ==========================================================================
bits  dtype    a value
====  =======  ==========================================================================
1     bool     one byte, 0 or 1; one channel, and at most two colours
8     uint8    one byte
16    uint16   two bytes, the lowest first
32    float32  IEEE 754 binary32, four bytes, the lowest first; neither infinite nor NaN
64    float64  IEEE 754 binary64, eight bytes, the lowest first; neither infinite nor NaN
====  =======  ==========================================================================

Channels are from 1 to 64. Of 8 and 16 bits 1 channel is gray, 2 are gray and alpha, 3 R, G, B and 4 R, G, B,
alpha; alpha is not premultiplied. Other channels mean what the writer of the file knows.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError
from fastkq.runtime.validation import DTYPES, MAX_CHANNELS, MAX_COLOURS

DTYPES_BY_BITS = {1 if dtype == np.bool_ else 8 * dtype.itemsize: dtype for dtype in DTYPES}


def bits_of(dtype: np.dtype[Any]) -> int:
    """Bits of a value."""
    return next(bits for bits, known in DTYPES_BY_BITS.items() if known == dtype)


def is_layout(bits: int, channels: int, axes: int, k: int) -> bool:
    """Whether there are palettes of these bits, channels and colours, of images of so many axes."""
    return (
        bits in DTYPES_BY_BITS
        and 1 <= channels <= MAX_CHANNELS
        and (axes == 3 or (axes == 2 and channels == 1))
        and 1 <= k <= MAX_COLOURS
        and (bits > 1 or (channels == 1 and k <= 2))
    )


def size_of(bits: int, count: int) -> int:
    """Bytes of so many values."""
    return count * DTYPES_BY_BITS[bits].itemsize


def to_bytes(palette: npt.NDArray[Any]) -> bytes:
    """Colour after colour, channel after channel."""
    return palette.astype(palette.dtype.newbyteorder("<"), copy=False).tobytes()


def from_bytes(data: memoryview, bits: int, channels: int) -> npt.NDArray[Any]:
    """The palette (k, C).

    Raises
    ------
    FormatError
        When a value is none.
    """
    dtype = DTYPES_BY_BITS[bits]
    if bits == 1 and max(data) > 1:
        raise FormatError(f"expected 0 or 1 in a palette of bool, got {max(data)}")
    palette = np.frombuffer(data, dtype.newbyteorder("<")).reshape(-1, channels).astype(dtype)
    if dtype.kind == "f" and not np.isfinite(palette).all():
        worst = palette[~np.isfinite(palette)][0]
        raise FormatError(f"expected a palette of finite values, got {worst}")
    return palette
