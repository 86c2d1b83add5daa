"""Chunks of version 2 after the part table. Each is present if the image has the metadata or the meaning.

====  ==============================================================================================
type  payload
====  ==============================================================================================
F     value of masked pixels in all channels, if it is not that of their palette row: one value, coded as
      those of the palette; floats may be infinite or NaN. Only together with m, and not for 1 bit
a     one byte, 0: the last of 2 or 4 channels of uint8 or uint16 is no alpha
c     chromaticities: eight binary64, CIE x and y of white, red, green and blue, as in the PNG chunk
      cHRM: from 0 to 21474.83647, and y of white at least 0.00001
d     resolution: two binary64, dots per inch horizontally and vertically, finite and above 0
e     EXIF: a TIFF structure
g     gamma: one binary64, the exponent that encodes linear light, as in the PNG chunk gAMA: from
      0.00001 to 21474.83647
i     ICC profile
m     masked pixels, which hold no data: a number, their index, below k
p     code points: four bytes, color primaries, transfer function, matrix (0) and range (0 or 1) of
      ITU-T H.273, as in the PNG chunk cICP
s     sRGB: one byte, the rendering intent, 0 to 3, as in the PNG chunk sRGB
t     GeoTIFF: the tags 33550, 33922, 34264, 34735 to 34737, 42112 and 42113, as a TIFF structure
x     XMP packet
====  ==============================================================================================

*binary64* is an IEEE 754 number of eight bytes, lowest byte first. Of several definitions of the colors, the
first of p, i, s, and g with c holds. Without any, colors are sRGB. A reader that skips a, m or t decodes the
same values; F is of an uppercase type, because it changes them.
"""

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import Damage, IndexedImage
from fastkq.color.kinds import has_alpha
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, FormatError
from fastkq.formats import color_space
from fastkq.formats.fkq.framing import NEWER_HINT, Chunk, chunk, read_chunk, varint
from fastkq.formats.source import Source


class _Numbers(NamedTuple):
    """Metadata of numbers: the field of `Metadata`, the layout of the chunk, and which values are valid."""

    field: str
    layout: struct.Struct
    is_valid: Callable[[tuple[Any, ...]], bool]
    description: str


def _is_resolution(dpi: tuple[float, ...]) -> bool:
    return all(math.isfinite(value) and value > 0 for value in dpi)


_FILL = "F"  # the only uppercase type that is known here
_PLAIN = b"\0"  # payload of chunk a
_BYTES = {"e": "exif", "i": "icc", "t": "geotiff", "x": "xmp"}
"""Fields of `Metadata` that are bytes, by the type of their chunk."""
_NUMBERS = {
    "c": _Numbers(
        "chromaticity",
        struct.Struct("<8d"),
        lambda values: color_space.valid_chromaticity(values) is not None,
        "eight chromaticities of at least 0",
    ),
    "d": _Numbers("dpi", struct.Struct("<2d"), _is_resolution, "two finite numbers above 0"),
    "g": _Numbers(
        "gamma",
        struct.Struct("<d"),
        lambda values: color_space.valid_gamma(values[0]) is not None,
        "a gamma of at least 0.00001",
    ),
    "p": _Numbers(
        "cicp",
        struct.Struct("4B"),
        lambda values: color_space.valid_cicp(values) is not None,
        "four code points for RGB",
    ),
    "s": _Numbers(
        "srgb",
        struct.Struct("B"),
        lambda values: color_space.valid_intent(values[0]) is not None,
        "a rendering intent from 0 to 3",
    ),
}
"""Fields of `Metadata` that are numbers, by the type of their chunk."""


class Chunks(NamedTuple):
    """The contents of the chunks, as in `fastkq.formats.fkq.layout.Head`."""

    metadata: Metadata = Metadata()
    is_plain: bool = False
    masked_index: int | None = None
    nodata: np.generic | None = None
    damage: tuple[Damage, ...] = ()


def encode(image: IndexedImage) -> bytes:
    """Return the chunks by ascending type; what is None or False has no chunk.

    Raises
    ------
    ArgumentError
        If numbers are not valid.
    """
    metadata = image.metadata
    payloads = {kind: getattr(metadata, field) for kind, field in _BYTES.items()}
    for kind, numbers in _NUMBERS.items():
        value = getattr(metadata, numbers.field)
        payloads[kind] = None if value is None else _pack(numbers, value)
    if image.is_plain:
        payloads["a"] = _PLAIN
    if image.masked_index is not None:
        payloads["m"] = varint(image.masked_index)
        payloads[_FILL] = None if image.nodata is None else _little_endian(image.dtype, image.nodata)
    return b"".join(chunk(kind, payload) for kind, payload in sorted(payloads.items()) if payload is not None)


def _pack(numbers: _Numbers, value: Any) -> bytes:
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    try:
        if numbers.is_valid(values):
            return numbers.layout.pack(*values)
    except (TypeError, struct.error):  # not numbers, or too few or too many
        pass
    raise ArgumentError(f"expected {numbers.description} as {numbers.field} of the metadata, got {value!r}")


class _CriticalChunkError(FormatError):
    """A chunk of an uppercase type, which changes what the image is: no reader may skip it, strict or not."""


def read(source: Source, start: int, stop: int, palette: npt.NDArray[Any], strict: bool) -> Chunks:
    """Read the chunks between two bytes of the file.

    If any of them is damaged, the function raises FormatError if `strict`, and otherwise returns the damage
    and nothing else.
    """
    try:
        chunks = {found.kind: found for found in _chunks(source, start, stop)}
        return Chunks(_parse(chunks), _parse_plain(chunks, palette), *_parse_mask(chunks, palette))
    except _CriticalChunkError:
        raise
    except FormatError as error:
        if strict:
            raise
        return Chunks(damage=(Damage(None, None, start, f"metadata: {error}"),))


def _chunks(source: Source, start: int, stop: int) -> Iterator[Chunk]:
    last, offset = "", start
    while offset < stop:
        found = read_chunk(source, offset)
        if found.kind.isupper() and found.kind != _FILL:
            raise _CriticalChunkError(f"expected no chunk {found.kind!r} at byte {offset}: {NEWER_HINT}")
        if found.kind <= last:
            raise FormatError(f"expected chunks by ascending type, got {found.kind!r} after {last!r}")
        yield found
        last, offset = found.kind, found.end
    if offset != stop:
        raise FormatError(f"expected the chunks to end at byte {stop} by the part table, got {offset}")


def _parse(chunks: dict[str, Chunk]) -> Metadata:
    fields: dict[str, Any] = {
        field: bytes(chunks[kind].payload) for kind, field in _BYTES.items() if kind in chunks
    }
    for kind, numbers in _NUMBERS.items():
        if kind in chunks:
            fields[numbers.field] = _unpack(kind, numbers, chunks[kind].payload)
    return Metadata(**fields)


def _unpack(kind: str, numbers: _Numbers, payload: memoryview) -> Any:
    """Return the numbers of a chunk as a tuple, or as one number if the chunk holds one."""
    if len(payload) == numbers.layout.size and numbers.is_valid(values := numbers.layout.unpack(payload)):
        return values if len(values) > 1 else values[0]
    raise FormatError(f"expected {numbers.description} in chunk {kind!r}, got {bytes(payload[:16]).hex()}")


def _parse_plain(chunks: dict[str, Chunk], palette: npt.NDArray[Any]) -> bool:
    if "a" not in chunks:
        return False
    if bytes(chunks["a"].payload) != _PLAIN or not has_alpha(palette.dtype, palette.shape[1]):
        raise FormatError(
            f"expected a zero in chunk 'a', and 2 or 4 channels of 8 or 16 bits, "
            f"got {bytes(chunks['a'].payload[:16]).hex()} and {palette.shape[1]} of {palette.dtype}"
        )
    return True


def _parse_mask(chunks: dict[str, Chunk], palette: npt.NDArray[Any]) -> tuple[int | None, np.generic | None]:
    """Return the masked index and the nodata value."""
    if "m" not in chunks:
        if _FILL in chunks:
            raise FormatError(f"expected chunk 'm' with chunk {_FILL!r}, got none")
        return None, None
    fields = chunks["m"].fields
    masked_index = fields.varint()
    fields.finish()
    if masked_index >= len(palette):
        raise FormatError(f"expected an index below {len(palette)} in chunk 'm', got {masked_index}")
    if _FILL not in chunks:
        return masked_index, None
    payload = bytes(chunks[_FILL].payload)
    if len(payload) != palette.itemsize or palette.dtype == np.bool_:
        raise FormatError(
            f"expected one value of the palette, not bool, in chunk {_FILL!r}, got {payload[:16].hex()} "
            f"for {palette.dtype}"
        )
    return masked_index, np.frombuffer(payload, palette.dtype.newbyteorder("<")).astype(palette.dtype)[0]


def _little_endian(dtype: np.dtype[Any], value: np.generic) -> bytes:
    return np.array([value], dtype.newbyteorder("<")).tobytes()
