"""Image files that are decoded without Pillow: `.npy`, Netpbm of more than 8 bits, and Radiance HDR."""

import re
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError
from fastkq.formats import netpbm, sixteen_bit
from fastkq.formats.pil import pixel_limit
from fastkq.formats.source import Source

_NPY = b"\x93NUMPY"
_MAX_HEADER = 20_000  # bytes; NumPy reads headers of at most 10,000
_RADIANCE = (b"#?RADIANCE", b"#?RGBE")
_RESOLUTION = re.compile(rb"\n\n-Y (\d{1,9}) \+X (\d{1,9})\n")
_LONGEST_RUN = 127  # pixels of one channel in a run of Radiance HDR, which takes 2 bytes
_RUN_LENGTHS = range(8, 32768)  # pixels: widths of the images whose rows are coded in runs


def check_size(height: int, width: int, max_pixels: int) -> None:
    """Raise FormatError if an image has no pixels, or more than `max_pixels` or than Pillow may read."""
    if height * width > max_pixels:
        raise FormatError(
            f"expected at most {max_pixels} pixels (max_pixels), the header has {height} x {width}"
        )
    if (limit := pixel_limit()) and height * width > 2 * limit:
        raise FormatError(
            f"expected at most {2 * limit} pixels (twice PIL.Image.MAX_IMAGE_PIXELS), "
            f"the header has {height} x {width}"
        )
    if height * width == 0:
        raise FormatError(f"expected at least one pixel, the header has {height} x {width}")


def decode(source: Source, max_pixels: int) -> npt.NDArray[Any] | None:
    """Return the pixels (H, W) or (H, W, C) of a file of one of these formats; None for other files.

    Values have the dtype of the file, except float32 for float16, int32 or uint32 for 64-bit integers, and
    uint8 or uint16, scaled to the range of the dtype, for Netpbm. Arrays of `.npy` files at a path are
    memory-mapped.

    Raises
    ------
    FormatError
        If the file is damaged or truncated, or its header claims more than `max_pixels` pixels.
    """
    start = bytes(source.read(0, min(source.length, _MAX_HEADER)))
    if start.startswith(_NPY):
        return _npy(source, start, max_pixels)
    if start.startswith(_RADIANCE):
        return _radiance(bytes(source.read(0, source.length)), max_pixels)
    if start[:1] == b"P" and (header := netpbm.read_header(memoryview(start))):
        check_size(header.height, header.width, max_pixels)
        return netpbm.decode(source.read(0, source.length), header)
    return None


def _npy(source: Source, start: bytes, max_pixels: int) -> npt.NDArray[Any]:
    stream = BytesIO(start)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, in_columns, dtype = read_header(stream)
    except (KeyError, MemoryError, RecursionError) as error:
        raise FormatError(f"expected a header of an .npy file, got {start[:16]!r}") from error
    if dtype.kind not in "buif" or len(shape) not in (2, 3):
        raise FormatError(f"expected an array (H, W) or (H, W, C) of numbers, got {dtype} of shape {shape}")
    check_size(shape[0], shape[1], max_pixels)
    count = int(np.prod(shape, dtype=object))
    offset, size = stream.tell(), count * dtype.itemsize
    data = source.view(offset, size)  # raises FormatError if the file is shorter
    return narrowed(np.frombuffer(data, dtype).reshape(shape, order="F" if in_columns else "C"))


def narrowed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array in a dtype that images have: float32 for float16, 32 bits for 64-bit integers.

    Raises
    ------
    FormatError
        If an integer needs more than 32 bits.
    """
    if array.dtype.kind == "f" and array.itemsize == 2:
        return array.astype(np.float32)
    if array.dtype.kind not in "iu" or array.itemsize < 8 or not array.size:
        return array
    low, high = int(array.min()), int(array.max())
    for dtype in (np.int32, np.uint32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return array.astype(dtype)
    raise FormatError(f"expected integers of at most 32 bits, got {low} to {high}")


def _radiance(data: bytes, max_pixels: int) -> npt.NDArray[Any]:
    """Decode Radiance HDR, (H, W, 3) float32, with imagecodecs.

    G. Ward, "Real pixels", Graphics Gems II, 1991.
    """
    found = _RESOLUTION.search(data[:_MAX_HEADER])
    if not found:
        raise FormatError("expected rows from top to bottom, -Y H +X W, in the header of a Radiance HDR file")
    height, width = map(int, found.groups())
    check_size(height, width, max_pixels)
    row = 4 + 8 * -(-width // _LONGEST_RUN) if width in _RUN_LENGTHS else 4 * width
    if len(data) - found.end() < height * row:
        raise FormatError(f"expected at least {height * row} bytes of pixels, got {len(data) - found.end()}")
    decoder = sixteen_bit.decoder("RGBE")
    if decoder is None:
        raise FormatError(f"expected pixels of 8 bits, got Radiance HDR: {sixteen_bit.READING_HINT}")
    return decoder(data)
