"""EXIF as a TIFF structure of tags: remove its orientation, and build it from the tags of a TIFF file."""

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

ORIENTATION = 0x0112
HEADER = b"Exif\0\0"
_ENTRY_SIZE = 12  # bytes
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825  # tags that point to further directories
_TEXT_TAGS = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298)
"""Text tags of the first directory: description, make, model, software, date, artist, host computer,
copyright."""


def without_orientation(exif: bytes) -> bytes | None:
    """Return the EXIF without its orientation tag; None if it is damaged or holds nothing else.

    The entry is cut out of the first directory, and the directory is padded with zeros to its old length. All
    offsets stay valid, so that thumbnails and maker notes, which cannot be moved, survive.

    Parameters
    ----------
    exif : bytes
        With or without the header "Exif\\0\\0".
    """
    exif = exif.removeprefix(HEADER)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        first, end = start + 2, start + 2 + count * _ENTRY_SIZE
        following = exif[end : end + 4]
        entries = [exif[at : at + _ENTRY_SIZE] for at in range(first, end, _ENTRY_SIZE)]
        kept = [entry for entry in entries if struct.unpack_from(order + "H", entry) != (ORIENTATION,)]
    except struct.error:
        return None
    if len(following) < 4 or not (kept or any(following)):
        return None
    directory = struct.pack(order + "H", len(kept)) + b"".join(kept) + following
    return exif[:start] + directory.ljust(end + 4 - start, b"\0") + exif[end + 4 :]


def from_tiff_tags(tags: "Image.Exif") -> bytes:
    """Return the tags of a TIFF file that describe the image, not its storage, as EXIF bytes."""
    from PIL import Image

    chosen = Image.Exif()
    for tag, text in text_tags(tags).items():
        chosen[tag] = text
    for tag in (_EXIF_IFD, _GPS_IFD):
        directory = tags.get_ifd(tag)
        if directory:
            chosen[tag] = directory
    return chosen.tobytes()


def text_tags(tags: Mapping[int, Any]) -> dict[int, str]:
    """Return the texts of the first directory by tag; Pillow can write them as tags of a compressed TIFF."""
    return {tag: tags[tag] for tag in _TEXT_TAGS if isinstance(tags.get(tag), str)}
