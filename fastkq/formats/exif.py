"""EXIF: a TIFF structure of tags. Its rotation is taken out, all other bytes stay as they are."""

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

ORIENTATION = 0x0112
_HEADER = b"Exif\0\0"
_ENTRY_SIZE = 12
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TEXTS = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298)
"""Description, make, model, software, date, artist, computer, copyright: the texts of the first directory."""


def without_orientation(exif: bytes) -> bytes | None:
    """The EXIF without its orientation; None when it is damaged or nothing else is in it.

    The entry is cut from the first directory, whose end is filled with zeros: all offsets still hold, so
    thumbnails and the makers' notes, which nobody can move, survive.
    """
    exif = exif.removeprefix(_HEADER)
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


def of_tiff(tags: "Image.Exif") -> bytes:
    """The tags of a TIFF file that describe the picture, not how the file stores it, as EXIF."""
    from PIL import Image

    chosen = Image.Exif()
    for tag, text in texts(tags).items():
        chosen[tag] = text
    for tag in (_EXIF_IFD, _GPS_IFD):
        directory = tags.get_ifd(tag)
        if directory:
            chosen[tag] = directory
    return chosen.tobytes()


def texts(tags: "Image.Exif") -> dict[int, str]:
    """The texts of the first directory, by tag: what Pillow can put among the tags of a compressed TIFF."""
    return {tag: tags[tag] for tag in _TEXTS if isinstance(tags.get(tag), str)}
