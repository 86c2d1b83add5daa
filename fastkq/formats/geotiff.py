"""Tags of TIFF files that place an image on the Earth and name the value of pixels without data."""

from __future__ import annotations

import contextlib
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import nodata_of
from fastkq.color.masking import Mask, any_channel

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

GDAL_NODATA = 42113
_TIEPOINT, _TRANSFORMATION = 33922, 34264
GEOTIFF_TAGS = {
    33550: "d", _TIEPOINT: "d", _TRANSFORMATION: "d", 34735: "H", 34736: "d", 34737: "s",
    42112: "s", GDAL_NODATA: "s",
}  # fmt: skip
"""ModelPixelScale, ModelTiepoint, ModelTransformation, GeoKeyDirectory, GeoDoubleParams, GeoAsciiParams,
GDAL_METADATA and GDAL_NODATA: the type of their values, as a character of `struct`."""
_TYPES = {"s": 2, "H": 3, "d": 12}  # numbers of the types: ASCII, SHORT, DOUBLE
_HEADER = b"II*\0\x08\0\0\0"
_ENTRY = struct.Struct("<HHII")  # tag, type, number of values, value or offset


Tags = dict[int, Any]
"""GeoTIFF tags by number; values are bytes for texts, otherwise a tuple of numbers."""


def from_tags(tags: Any) -> bytes | None:
    """Return the tags `GEOTIFF_TAGS` of a TIFF file as a TIFF structure; None if it has none of them.

    Parameters
    ----------
    tags : mapping
        Values of the tags as Pillow returns them. Those of other types are left out.
    """
    found: Tags = {}
    for tag in GEOTIFF_TAGS:
        with contextlib.suppress(Exception):  # damaged tags raise exceptions of any type
            if (value := tags.get(tag)) is not None:
                value = value.encode("latin-1") if isinstance(value, str) else value
                value = value if isinstance(value, bytes | tuple) else (value,)
                _values_to_bytes(tag, value)  # raises an exception for values of other types
                found[tag] = value
    return to_bytes(found)


def tags_of(structure: bytes | None) -> Tags:
    """Return the tags `GEOTIFF_TAGS` in a TIFF structure, as far as they are undamaged.

    They are read here and not by Pillow, which copies the whole structure for each of 65,535 entries if they
    say so.
    """
    found: Tags = {}
    if structure is None or structure[: len(_HEADER)] != _HEADER:
        return found
    with contextlib.suppress(struct.error):
        (entries,) = struct.unpack_from("<H", structure, len(_HEADER))
        first = len(_HEADER) + 2
        for at in range(first, first + entries * _ENTRY.size, _ENTRY.size):
            tag, kind, count, offset = _ENTRY.unpack_from(structure, at)
            letter = GEOTIFF_TAGS.get(tag, "")
            if tag in found or not letter or kind != _TYPES[letter]:
                continue
            size = count * struct.calcsize(f"<{letter}")
            place = offset if size > 4 else at + 8
            if place + size <= len(structure):
                data = structure[place : place + size]
                found[tag] = data.rstrip(b"\0") if letter == "s" else struct.unpack(f"<{count}{letter}", data)
    return found


def to_bytes(tags: Tags) -> bytes | None:
    """Return tags as a TIFF structure; None if there are none."""
    if not tags:
        return None
    entries, data = b"", b""
    start = len(_HEADER) + 2 + len(tags) * _ENTRY.size + 4
    for tag, value in sorted(tags.items()):
        coded, letter = _values_to_bytes(tag, value), GEOTIFF_TAGS[tag]
        offset = start + len(data) if len(coded) > 4 else int.from_bytes(coded, "little")
        count = len(coded) // struct.calcsize(f"<{letter}")
        entries += _ENTRY.pack(tag, _TYPES[letter], count, offset)
        if len(coded) > 4:
            data += coded + b"\0" * (len(coded) % 2)  # values begin at even offsets
    return _HEADER + struct.pack("<H", len(tags)) + entries + b"\0" * 4 + data


def _values_to_bytes(tag: int, value: Any) -> bytes:
    letter = GEOTIFF_TAGS[tag]
    return bytes(value) + b"\0" if letter == "s" else struct.pack(f"<{len(value)}{letter}", *value)


def add_to(directory: ImageFileDirectory_v2, structure: bytes | None) -> None:
    """Add the tags in a TIFF structure to those that Pillow writes."""
    for tag, value in tags_of(structure).items():
        directory.tagtype[tag] = _TYPES[GEOTIFF_TAGS[tag]]
        directory[tag] = value


def with_nodata(structure: bytes | None, text: str | None) -> bytes | None:
    """Return a TIFF structure with this text as GDAL_NODATA, or without that tag."""
    tags = tags_of(structure)
    tags.pop(GDAL_NODATA, None)
    if text is not None:
        tags[GDAL_NODATA] = text.encode("ascii")
    return to_bytes(tags)


def cropped(structure: bytes | None, top: int, left: int) -> bytes | None:
    """Return a TIFF structure for the part of the image that begins at a row and a column."""
    if not (top or left):
        return structure
    tags = tags_of(structure)
    with contextlib.suppress(KeyError, ValueError):  # wrong numbers of values are kept as they are
        points = np.array(tags[_TIEPOINT]).reshape(-1, 6)
        points[:, :2] -= left, top
        tags[_TIEPOINT] = tuple(points.reshape(-1).tolist())
    with contextlib.suppress(KeyError, ValueError):
        matrix = np.array(tags[_TRANSFORMATION]).reshape(4, 4)
        matrix[:, 3] += matrix[:, 0] * left + matrix[:, 1] * top
        tags[_TRANSFORMATION] = tuple(matrix.reshape(-1).tolist())
    return to_bytes(tags)


def nodata_text(value: np.generic) -> str:
    """Return a value as GDAL writes it."""
    number = float(value.item())
    return str(int(number)) if number.is_integer() and abs(number) < 1 << 53 else repr(number)


def nodata_value(structure: bytes | None) -> float | None:
    """Return the number in GDAL_NODATA, or None."""
    with contextlib.suppress(ValueError):
        return float(tags_of(structure).get(GDAL_NODATA, b""))
    return None


def missing(
    pixels: npt.NDArray[Any], number: float, *, has_alpha: bool
) -> tuple[Mask | None, np.generic | None]:
    """Return the mask (H, W) of pixels that have a nodata value, and that value in their dtype.

    A pixel is missing if all channels but alpha have the value; if it is NaN, one channel is enough. Both are
    None if no pixel is missing.
    """
    value = nodata_of(number, pixels.dtype)
    if value is None:
        return None, None
    values = pixels[:, :, :-1] if has_alpha else pixels
    mask = any_channel(np.isnan(values)) if math.isnan(number) else ~any_channel(values != value)
    return (mask, value) if mask.any() else (None, None)
