"""Read and write image files: Pillow's formats, and `.fkq` in `fastkq.formats.fkq`."""

from fastkq.formats.reading import decode, from_pil, is_pil_image
from fastkq.formats.registry import FORMATS, MAX_PALETTE
from fastkq.formats.writing import SUFFIXES, check_target, check_values, encode, encode_image

__all__ = [
    "FORMATS",
    "MAX_PALETTE",
    "SUFFIXES",
    "check_target",
    "check_values",
    "decode",
    "encode",
    "encode_image",
    "from_pil",
    "is_pil_image",
]
