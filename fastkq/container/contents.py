"""What a file holds, where it stands, and what of it is damaged: plain values that every version shares."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import Box, Damage
from fastkq.color.metadata import Metadata
from fastkq.errors import FormatError


class Part(NamedTuple):
    """A rectangle of the image that is decoded alone: where it is in the image, and in the file."""

    box: Box
    offset: int
    length: int
    checksum: int


class Head(NamedTuple):
    """All that a file says before its pixels: read without decoding any.

    Attributes
    ----------
    version : int
    coding : {"packed", "context"}
    shape : (H, W) or (H, W, C)
    palette : (k, C) of a dtype in `fastkq.runtime.validation.DTYPES`
    metadata : Metadata
    parts : tuple of Part
        In raster order.
    damage : tuple of Damage
        What was passed over because the reader was not strict.
    """

    version: int
    coding: str
    shape: tuple[int, ...]
    palette: npt.NDArray[Any]
    metadata: Metadata
    parts: tuple[Part, ...]
    damage: tuple[Damage, ...]

    @property
    def box(self) -> Box:
        """The whole image."""
        return Box(0, 0, *self.shape[:2])

    @property
    def end(self) -> int:
        """Bytes of an undamaged file."""
        return self.parts[-1].offset + self.parts[-1].length


class Contents(NamedTuple):
    """Palette (k, C), indices (H, W), the shape of the image, its metadata, and what was damaged."""

    palette: npt.NDArray[Any]
    indices: npt.NDArray[np.unsignedinteger]
    shape: tuple[int, ...]
    metadata: Metadata = Metadata()
    damage: tuple[Damage, ...] = ()


def check_pixels(pixels: int, max_pixels: int, height: int, width: int) -> None:
    """Refuse to decode more than `max_pixels` pixels of an image."""
    if pixels > max_pixels:
        raise FormatError(
            f"expected at most {max_pixels} pixels (max_pixels), the header has {height} x {width}, "
            f"of which {pixels} would be decoded"
        )
