"""PNG beyond Pillow: chunks verified, files made smaller."""

import struct
import zlib

from fastkq.errors import FormatError, MissingExtraError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH_AND_TYPE = 8
_CHECKSUM = 4


def verify_chunks(data: bytes) -> None:
    """Refuse a PNG with a wrong checksum or without its end; Pillow does not look at those of the pixels.

    What is no PNG is left to the decoder.

    Raises
    ------
    FormatError
        It names the chunk and where it begins.
    """
    if not data.startswith(_SIGNATURE):
        return
    view, start, kind = memoryview(data), len(_SIGNATURE), b""
    while kind != b"IEND":
        if start + _LENGTH_AND_TYPE > len(data):
            raise FormatError(f"expected a chunk at byte {start}, got the end of the file: truncated")
        length, kind = struct.unpack_from(">I4s", data, start)
        name, end = kind.decode("latin-1"), start + _LENGTH_AND_TYPE + length
        if end + _CHECKSUM > len(data):
            raise FormatError(
                f"expected {length} bytes of chunk {name!a} at byte {start}, "
                f"got {len(data) - start - _LENGTH_AND_TYPE}: truncated"
            )
        (stored,) = struct.unpack_from(">I", data, end)
        computed = zlib.crc32(view[start + 4 : end])
        if stored != computed:
            raise FormatError(
                f"expected checksum {stored:08x} of chunk {name!a} at byte {start}, got {computed:08x}"
            )
        start = end + _CHECKSUM


def optimized(data: bytes) -> bytes:
    """The palette PNG made as small as oxipng can; the palette may be put into another order.

    Raises
    ------
    MissingExtraError
        When pyoxipng is not installed.
    """
    try:
        import oxipng
    except ImportError:
        raise MissingExtraError("a smaller PNG", "pyoxipng", "png") from None
    smaller: bytes = oxipng.optimize_from_memory(
        data, level=6, color_type_reduction=False, grayscale_reduction=False
    )
    return min(data, smaller, key=len)
