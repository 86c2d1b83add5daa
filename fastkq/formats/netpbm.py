"""Netpbm files that Pillow reduces to 8 bits or cannot read: PNM of more than 8 bits, PAM and PFM.

PNM of up to 8 bits is left to Pillow. Levels are scaled as Pillow does: the largest one, maxval, becomes 255,
or 65535 if it is above 255. PFM holds floats, which are not scaled.

See netpbm.sourceforge.net/doc and pauldebevec.com/Research/HDR/PFM.
"""

import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import GRAY_WITH_ALPHA
from fastkq.errors import FormatError
from fastkq.formats.pil import tolerates_truncation
from fastkq.runtime.validation import MAX_CHANNELS

_BLANKS = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PNM = re.compile(rb"P([2356])" + 3 * (_BLANKS + rb"(\d{1,9})") + rb"\s")
_PFM = re.compile(rb"P([fF])" + 2 * (_BLANKS + rb"(\d{1,9})") + _BLANKS + rb"([-+.\deE]{1,30})\s")
_PAM = re.compile(rb"P7\n(.{0,1000}?)ENDHDR\n", re.DOTALL)
_ASCII = (2, 3)  # numbers of the kinds of PNM in decimal numbers
_CHANNELS = {2: 1, 3: 3, 5: 1, 6: 3}  # by the number of the kind of PNM
_MAX_HEADER = 2000  # bytes


class Header(NamedTuple):
    """Header of a file: size in pixels, channels, largest level, dtype of a stored value, and its length.

    `maxval` is 0 for floats. `dtype` is None for decimal numbers. `has_alpha` is False also if it is not
    known.
    """

    height: int
    width: int
    channels: int
    maxval: int
    dtype: np.dtype[Any] | None
    length: int
    has_alpha: bool = False


def read_header(data: memoryview) -> Header | None:
    """Return the header of a file that `decode` reads; None for others, also for damaged ones."""
    start = bytes(data[:_MAX_HEADER])
    if found := _PNM.match(start):
        kind, width, height, maxval = map(int, found.groups())
        if not 255 < maxval < 65536:
            return None
        dtype = None if kind in _ASCII else np.dtype(">u2")
        return Header(height, width, _CHANNELS[kind], maxval, dtype, found.end())
    if found := _PFM.match(start):
        float_dtype = np.dtype("<f4" if found[4].startswith(b"-") else ">f4")
        return Header(int(found[3]), int(found[2]), 3 if found[1] == b"F" else 1, 0, float_dtype, found.end())
    found = _PAM.match(start)
    if not found:
        return None
    fields = {line.split()[0]: line.split()[-1] for line in found[1].splitlines() if line.split()}
    numbers = [fields.get(name, b"") for name in (b"HEIGHT", b"WIDTH", b"DEPTH", b"MAXVAL")]
    if not all(number.isdigit() and len(number) < 10 for number in numbers):
        raise FormatError(f"expected HEIGHT, WIDTH, DEPTH and MAXVAL in the header, got {found[1][:100]!r}")
    height, width, depth, maxval = map(int, numbers)
    if not (1 <= maxval < 65536 and 1 <= depth <= MAX_CHANNELS):
        raise FormatError(
            f"expected MAXVAL from 1 to 65535 and DEPTH from 1 to {MAX_CHANNELS}, got {maxval} and {depth}"
        )
    has_alpha = fields.get(b"TUPLTYPE", b"").endswith(b"_ALPHA")
    return Header(
        height, width, depth, maxval, np.dtype(">u2" if maxval > 255 else "u1"), found.end(), has_alpha
    )


def decode(data: memoryview, header: Header) -> npt.NDArray[Any]:
    """Return the pixels (H, W) or (H, W, C) of a file: uint8, uint16 or float32; gray with alpha as RGBA."""
    height, width, channels, maxval, dtype, length, has_alpha = header
    count, body = height * width * channels, data[length:]
    if dtype is None:
        fields = re.sub(rb"#[^\r\n]*", b"", bytes(body)).split(None, count)[:count]
        wrong = next((field for field in fields if len(field) > 9 or not field.isdigit()), None)
        if wrong is not None:
            raise FormatError(f"expected levels as decimal numbers of at most 9 digits, got {wrong[:20]!r}")
        values = np.array(fields).astype(np.int64)
        stored, expected = len(values), count
    else:
        stored, expected = len(body), count * dtype.itemsize
        values = np.frombuffer(body[: min(stored, expected) // dtype.itemsize * dtype.itemsize], dtype)
    if len(values) < count:
        if not tolerates_truncation():
            unit = "numbers" if dtype is None else "bytes"
            raise FormatError(f"expected {expected} {unit} of pixels, got {stored}: truncated")
        values = np.concatenate((values, np.zeros(count - len(values), values.dtype)))
    pixels = values.reshape((height, width, channels)[: 2 if channels == 1 else 3])
    if maxval == 0:
        return pixels[::-1].astype(np.float32)  # the lowest row is the first
    pixels = _scaled(pixels, maxval)
    return pixels[:, :, [0, 0, 0, 1]] if has_alpha and channels == GRAY_WITH_ALPHA else pixels


def _scaled(levels: npt.NDArray[Any], maxval: int) -> npt.NDArray[Any]:
    """Scale levels so that maxval becomes 255 or 65535, rounded; larger levels count as maxval."""
    dtype = np.uint8 if maxval <= 255 else np.uint16
    top = np.iinfo(dtype).max
    scaled: npt.NDArray[Any] = np.minimum(levels, maxval).astype(np.uint32)
    if maxval < top:
        scaled = (scaled * np.uint32(top) + np.uint32(maxval // 2)) // np.uint32(maxval)
    return scaled.astype(dtype)
