"""What the channels of an image mean, and the working form in which it is counted, fitted and mapped.

The last of 2 or 4 channels of a uint8 or uint16 image is its alpha; all other channels are plain values.
Masks are counted as gray 0 and 1. Gray with alpha is counted as RGBA with equal R, G and B: distances are
then three times as large, so nearest rows and means are the same.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError
from fastkq.runtime.progress import bands


def has_alpha(dtype: npt.DTypeLike, channels: int) -> bool:
    """Whether the last channel is alpha: the second or fourth of integers."""
    return channels in (2, 4) and np.dtype(dtype).kind == "u"


GRAY_WITH_ALPHA, RGBA = 2, 4


def working(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The image in the form in which it is counted: a view where it is in it already."""
    if image.dtype == np.bool_:
        return image.view(np.uint8)
    if image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == GRAY_WITH_ALPHA:
        shown = np.empty((*image.shape[:2], RGBA), np.uint8)
        for part in bands(shown):
            shown[part, :, :3] = image[part, :, :1]
            shown[part, :, 3] = image[part, :, 1]
        return shown
    return image


def without_alpha(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The other channels of an image (H, W, C)."""
    plain = np.empty((*image.shape[:2], image.shape[2] - 1), image.dtype)
    for part in bands(image):
        plain[part] = image[part, :, :-1]
    return plain


def working_palette(palette: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """`working` of the rows of a palette (k, C)."""
    rows: npt.NDArray[Any] = working(palette[np.newaxis])[0]
    return rows


def visible(colours: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Colours (N, C) as they can be told apart: those of alpha 0 as zeros, masks as 0 and 1."""
    if colours.dtype == np.bool_:
        return colours.view(np.uint8)
    if has_alpha(colours.dtype, colours.shape[1]):
        seen: npt.NDArray[Any] = colours * (colours[:, -1:] != 0)
        return seen
    return colours


def stored_palette(palette: npt.NDArray[Any], dtype: np.dtype[Any], channels: int) -> npt.NDArray[Any]:
    """The palette (k, C) of an image of that dtype from one in the form in which it was fitted.

    Inverse of `working_palette`; rows of an opaque image that was fitted without its alpha get it back.
    """
    if palette.shape[1] == channels - 1:
        return np.column_stack((palette, np.full(len(palette), np.iinfo(dtype).max, dtype)))
    if dtype == np.uint8 and channels == GRAY_WITH_ALPHA:
        shades, alpha = (
            palette[:, 0],
            palette[:, 3] if palette.shape[1] == RGBA else np.full(len(palette), 255),
        )
        return np.column_stack((shades, alpha)).astype(dtype)
    return palette.astype(dtype, copy=False)


def as_8bit(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Values of bool, uint8 or uint16 on the scale from 0 to 255, rounded.

    Raises
    ------
    ArgumentError
        For floats, which have no scale that is known.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.view(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise ArgumentError(
        f"expected values of bool, uint8 or uint16 to reduce to 8 bits, got {values.dtype}: "
        "scale to 0..255 and convert with .astype(np.uint8) before compressing"
    )


def high_byte(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Values of 16 bits without their low byte, as Pillow reads them."""
    return (values >> 8).astype(np.uint8)


class ImageKind(NamedTuple):
    """The dtype and the number of channels of images that can share a palette."""

    dtype: np.dtype[Any]
    channels: int

    @classmethod
    def of(cls, image: npt.NDArray[Any]) -> "ImageKind":
        return cls(image.dtype, 1 if image.ndim == 2 else image.shape[2])

    def __str__(self) -> str:
        return f"{self.dtype} with {self.channels} channel{'s' * (self.channels > 1)}"
