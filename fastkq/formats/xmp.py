"""XMP packets: read them from PIL images, and reset their orientation."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_PNG_KEYWORD = b"XML:com.adobe.xmp"
"""Keyword of the PNG chunk iTXt that holds XMP."""
TIFF_TAG = 700

_ORIENTATION = re.compile(rb"""(:Orientation\s*(?:=\s*["']|>)\s*)\d+""")
"""The property tiff:Orientation as an attribute or as an element, up to its value."""


def of_image(image: "Image.Image") -> bytes | None:
    """Return the XMP packet of a PIL image without its orientation; None if it has none."""
    packet = image.info.get("xmp") or image.info.get(_PNG_KEYWORD.decode())
    if isinstance(packet, tuple) and len(packet) == 1:  # a TIFF tag by Pillow 11.0
        packet = packet[0]
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "surrogateescape")
    if not isinstance(packet, bytes) or not (packet := packet.rstrip(b"\0")):
        return None
    return without_orientation(packet)


def png_chunks(packet: bytes | None) -> list[tuple[bytes, bytes]]:
    """Return the PNG chunks for a packet, as type and contents; none if it is not UTF-8, as iTXt is."""
    try:
        text = (packet or b"").decode("utf-8")
    except UnicodeDecodeError:
        return []
    # Not compressed, without language and translated keyword: readers search files for the text.
    return [(b"iTXt", _PNG_KEYWORD + b"\0\0\0\0\0" + text.encode())] if text and "\0" not in text else []


def without_orientation(packet: bytes) -> bytes:
    """Return the packet with the orientation 1, upright, in place of another."""
    return _ORIENTATION.sub(rb"\g<1>1", packet)
