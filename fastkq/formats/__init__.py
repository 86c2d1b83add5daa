"""Read and write image files: Pillow's formats, and `.fkq` in `fastkq.formats.fkq`."""

from fastkq.formats.picture import Picture
from fastkq.formats.png import require_optimizer
from fastkq.formats.reading import decode, is_pil_image, read, read_image
from fastkq.formats.registry import FORMATS, MAX_PALETTE
from fastkq.formats.writing import check_values, encode_image, encode_indexed

__all__ = [
    "FORMATS",
    "MAX_PALETTE",
    "Picture",
    "check_values",
    "decode",
    "encode_image",
    "encode_indexed",
    "is_pil_image",
    "read",
    "read_image",
    "require_optimizer",
]
