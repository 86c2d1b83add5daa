"""PNG functions that Pillow lacks: verify checksums, trim palettes, write 16 bits, optimize."""

import contextlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError, MissingExtraError
from fastkq.formats.exif import HEADER

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH_AND_TYPE = 8  # bytes before the contents of a chunk
_CHECKSUM = 4  # bytes after the contents of a chunk
_BIT_DEPTH = 24  # byte of the file at which the bit depth stands; the color type follows
_METERS_PER_INCH = 0.0254


def verify_chunks(data: bytes) -> None:
    """Raise FormatError for a PNG with a wrong checksum or without its end.

    Pillow does not verify the checksums of pixel data. Data that are not a PNG are left to the decoder.

    Raises
    ------
    FormatError
        The message names the chunk and the byte where it begins.
    """
    if not data.startswith(_SIGNATURE):
        return
    for start, kind, payload in _chunks(data):
        (stored,) = struct.unpack_from(">I", data, start + _LENGTH_AND_TYPE + len(payload))
        computed = _checksum(kind, payload)
        if stored != computed:
            raise FormatError(
                f"expected checksum {stored:08x} of chunk {_name(kind)} at byte {start}, got {computed:08x}"
            )


def color_key(data: bytes, key: object) -> object:
    """Return the color key that Pillow read from a PNG, as a level of 0 to 255 if it is one of 2 or 4 bits.

    Pillow scales gray of 2 and 4 bits to the levels 0 to 255, but not the key, so that it fits no pixel.
    """
    depth, color_type = data[_BIT_DEPTH : _BIT_DEPTH + 2]
    if depth not in (2, 4) or color_type != 0 or not isinstance(key, int):
        return key
    top: int = (1 << depth) - 1
    return (key & top) * (255 // top)


def with_palette_of(data: bytes, k: int) -> bytes:
    """Cut the palette of a PNG to its first k colors; Pillow up to 12.1 pads it with unused colors."""
    for start, kind, payload in _chunks(data):
        if kind == b"PLTE":
            entries = bytes(payload[: 3 * k])
            end = start + _LENGTH_AND_TYPE + len(payload) + _CHECKSUM
            return data[:start] + _chunk(kind, entries) + data[end:]
    return data


def read_cicp(data: bytes) -> tuple[int, ...] | None:
    """Return the code points of the chunk cICP, which Pillow does not read; None if there is none."""
    if not data.startswith(_SIGNATURE):
        return None
    with contextlib.suppress(FormatError):  # truncated, if Pillow tolerates that
        for _, kind, payload in _chunks(data):
            if kind == b"cICP":
                return tuple(payload)
            if kind in (b"PLTE", b"IDAT"):  # it stands before them
                break
    return None


def _chunks(data: bytes) -> Iterator[tuple[int, bytes, memoryview]]:
    """Yield the position, the type and the contents of each chunk up to IEND."""
    start, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        if start + _LENGTH_AND_TYPE > len(data):
            raise FormatError(f"expected a chunk at byte {start}, got the end of the file: truncated")
        length, kind = struct.unpack_from(">I4s", data, start)
        payload = memoryview(data)[start + _LENGTH_AND_TYPE :]
        if length + _CHECKSUM > len(payload):
            raise FormatError(
                f"expected {length} bytes of chunk {_name(kind)} at byte {start}, "
                f"got {len(payload)}: truncated"
            )
        yield start, kind, payload[:length]
        start += _LENGTH_AND_TYPE + length + _CHECKSUM


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload), kind) + payload + struct.pack(">I", _checksum(kind, payload))


def _checksum(kind: bytes, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(kind))


def _name(kind: bytes) -> str:
    return ascii(kind.decode("latin-1"))


def encode_png_16bit(image: npt.NDArray[np.uint16], options: Mapping[str, Any]) -> bytes:
    """Encode an image (H, W, 3) or (H, W, 4) of 16 bits per channel as PNG, which Pillow cannot.

    Parameters
    ----------
    image : (H, W, 3) or (H, W, 4) uint16
    options : mapping
        As for Pillow's `save`: icc_profile, exif, dpi and pnginfo, each optional.
    """
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    # No filter: in images of few colors, rows repeat each other, but differences between pixels do not.
    rows = np.zeros((height, 1 + 2 * channels * width), np.uint8)
    rows[:, 1:] = np.ascontiguousarray(image, ">u2").reshape(height, -1).view(np.uint8)
    chunks = [(b"IHDR", header)]
    if "icc_profile" in options:
        chunks.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(options["icc_profile"])))
    if "pnginfo" in options:
        chunks += [(kind, payload) for kind, payload, *_ in options["pnginfo"].chunks]
    if "dpi" in options:
        per_meter = (round(dots / _METERS_PER_INCH) for dots in options["dpi"])
        chunks.append((b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    if "exif" in options:
        chunks.append((b"eXIf", options["exif"].removeprefix(HEADER)))
    chunks += [(b"IDAT", zlib.compress(rows.data, 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(kind, payload) for kind, payload in chunks)


def require_optimizer() -> None:
    """Raise MissingExtraError if oxipng, which `optimized` needs, is not installed."""
    try:
        import oxipng  # noqa: F401
    except ImportError:
        raise MissingExtraError("a smaller PNG", "pyoxipng", "png") from None


def optimized(data: bytes) -> bytes:
    """Compress a palette PNG as small as oxipng can; this can change the order of the palette."""
    import oxipng

    smaller: bytes = oxipng.optimize_from_memory(
        data, level=6, color_type_reduction=False, grayscale_reduction=False
    )
    return min(data, smaller, key=len)
