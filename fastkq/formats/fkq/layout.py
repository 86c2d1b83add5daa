"""The head of a `.fkq` file, and the grid of parts into which an image is cut.

The code of a part does not depend on other parts: parts are encoded and decoded in parallel, and only those
that a region needs are decoded.
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
    """A rectangle of the image that is decoded alone: its box, and its bytes in the file."""

    box: Box
    offset: int
    length: int
    checksum: int


class Head(NamedTuple):
    """Everything in a file but the pixels, read without decoding any.

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
        The damage that was skipped because `strict` is False.
    is_plain, masked_index, nodata
        As in `fastkq.color.indexed_image.IndexedImage`.
    """

    version: int
    coding: str
    shape: tuple[int, ...]
    palette: npt.NDArray[Any]
    metadata: Metadata
    parts: tuple[Part, ...]
    damage: tuple[Damage, ...]
    is_plain: bool = False
    masked_index: int | None = None
    nodata: np.generic | None = None

    @property
    def box(self) -> Box:
        """The box of the whole image."""
        return Box(0, 0, *self.shape[:2])

    @property
    def end(self) -> int:
        """Length of the undamaged file in bytes."""
        return self.parts[-1].offset + self.parts[-1].length


def check_pixels(pixels: int, max_pixels: int, height: int, width: int) -> None:
    """Raise FormatError if more than `max_pixels` pixels of an image of height * width would be decoded."""
    if pixels > max_pixels:
        raise FormatError(
            f"expected at most {max_pixels} pixels (max_pixels), the header has {height} x {width}, "
            f"of which {pixels} would be decoded"
        )


PART_HEIGHT, PART_WIDTH = 1280, 384
"""Pixels: largest size of the parts of a large image. A part is decoded from its top to the last row that is
needed, in its full width. So a tall part costs little for a small region, and a wide part costs much."""

SMALL_IMAGE = 600_000
"""Pixels: an image of at most this many is one part. Statistics learned over the whole image are worth more
than a second thread."""

MEDIUM_IMAGE, MEDIUM_PART = 8_000_000, 2_000_000
"""Pixels: an image of at most MEDIUM_IMAGE is cut for two threads only, into parts of at most MEDIUM_PART.
Screenshots, which repeat most of their content, are 6 % larger in parts of half a million pixels. An image of
this size is decoded within a few seconds in any case."""

MAX_PARTS = 1 << 16  # largest number of parts in a file


def default_grid(height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of parts into which an image is cut.

    Where an image is lower than PART_HEIGHT or narrower than PART_WIDTH, its parts are longer in the other
    direction, with the area of PART_HEIGHT x PART_WIDTH.
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
    """Return the rows and columns of the fewest parts of at most part_height x part_width pixels."""
    return -(-height // part_height), -(-width // part_width)


def grid_boxes(height: int, width: int, rows: int, columns: int) -> list[Box]:
    """Return the boxes of a grid in raster order; their heights and widths differ by at most one pixel."""
    across = list(pairwise(column * width // columns for column in range(columns + 1)))
    down = pairwise(row * height // rows for row in range(rows + 1))
    return [Box(top, left, bottom - top, right - left) for top, bottom in down for left, right in across]


def parts_for(parts: Sequence[Part], box: Box) -> list[tuple[int, int]]:
    """Return the number of each part that a box touches, and how many of its rows the box needs."""
    bottom, right = box.top + box.height, box.left + box.width
    return [
        (number, min(part.box.height, bottom - part.box.top))
        for number, part in enumerate(parts)
        if part.box.top < bottom
        and part.box.left < right
        and part.box.top + part.box.height > box.top
        and part.box.left + part.box.width > box.left
    ]
