"""What a `.fkq` file holds, and the grid of parts into which an image is cut.

A part is coded alone: parts are encoded and decoded in parallel, and decoded only where a region needs them.
"""

from collections.abc import Sequence
from itertools import pairwise
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


PART_HEIGHT, PART_WIDTH = 1280, 384
"""Largest part of a large image. A part is decoded from its top down to the last row that is needed, so a
tall part costs a region little; a wide one is decoded in all of its width."""

SMALL_IMAGE = 600_000
"""Pixels up to which an image is one part: what a part learns is worth more than a second thread."""

MEDIUM_IMAGE, MEDIUM_PART = 8_000_000, 2_000_000
"""Pixels up to which an image is cut for two threads only, and those of a part then: in parts of half a
million, screenshots, where little is new, are 6 % larger, and all of it is decoded within some seconds."""

MAX_PARTS = 1 << 16


def default_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of parts that an image is cut into.

    A part of an image that is low or narrow is longer than `PART_WIDTH` or `PART_HEIGHT`, of the same area.
    """
    pixels = height * width
    if pixels <= SMALL_IMAGE:
        return 1, 1
    if pixels <= MEDIUM_IMAGE:
        count = 2 * -(-pixels // (2 * MEDIUM_PART))
        return (1, count) if width >= height else (count, 1)
    area = PART_HEIGHT * PART_WIDTH
    return grid(height, width, max(PART_HEIGHT, area // width), max(PART_WIDTH, area // height))


def grid(height: int, width: int, part_height: int, part_width: int) -> tuple[int, int]:
    """Rows and columns of the fewest parts of at most this size."""
    return -(-height // part_height), -(-width // part_width)


def cut(height: int, width: int, rows: int, columns: int) -> list[Box]:
    """The boxes of a grid in raster order, whose sizes differ by at most a row and a column."""
    across = list(pairwise(column * width // columns for column in range(columns + 1)))
    down = pairwise(row * height // rows for row in range(rows + 1))
    return [Box(top, left, bottom - top, right - left) for top, bottom in down for left, right in across]


def needed(parts: Sequence[Part], box: Box) -> list[tuple[int, int]]:
    """Numbers of the parts that a box touches, and how many rows of each are to be decoded for it."""
    bottom, right = box.top + box.height, box.left + box.width
    return [
        (number, min(part.box.height, bottom - part.box.top))
        for number, part in enumerate(parts)
        if part.box.top < bottom
        and part.box.left < right
        and part.box.top + part.box.height > box.top
        and part.box.left + part.box.width > box.left
    ]
