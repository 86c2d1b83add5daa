"""Meaning of the channels of an image, and the working form in which it is counted, fitted and mapped.

The last of 2 or 4 channels of a uint8 or uint16 image is its alpha, unless the image is *plain*: then it is a
value as the others, for example near infrared. All other channels are plain values.

Masks are counted as gray 0 and 1. Gray with alpha is counted as RGBA with equal R, G and B: distances are
then three times as large, so nearest rows and means are the same. Plain images get another channel of zeros,
which changes no distance: 3 and 5 channels have no alpha, so that in the working form the number of channels
alone says what the last one is.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError, Term
from fastkq.runtime.progress import bands


def has_alpha(dtype: npt.DTypeLike, channels: int) -> bool:
    """Tell whether the last channel is alpha: the last of 2 or 4 channels of uint8 or uint16."""
    return channels in (2, 4) and np.dtype(dtype) in (np.uint8, np.uint16)


def has_fixed_range(dtype: npt.DTypeLike) -> bool:
    """Tell whether the least value of a dtype is black and the largest is white: bool, uint8 and uint16.

    Floats, signed integers and integers of 32 bits are elevations, labels or other measurements.
    """
    return np.dtype(dtype).name in ("bool", "uint8", "uint16")


GRAY_WITH_ALPHA, RGB, RGBA = 2, 3, 4  # numbers of channels; alpha is that of uint8 and uint16 images

OPAQUE_ALPHA = 255  # alpha of opaque pixels of uint8 images


def to_working_form(image: npt.NDArray[Any], is_plain: bool = False) -> npt.NDArray[Any]:
    """Convert an image to its working form; a view if its values need no conversion."""
    if image.dtype == np.bool_:
        return image.view(np.uint8)
    if is_plain and image.ndim == 3 and has_alpha(image.dtype, image.shape[2]):
        padded = np.zeros((*image.shape[:2], image.shape[2] + 1), image.dtype)
        for part in bands(padded):
            padded[part, :, :-1] = image[part]
        return padded
    if image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == GRAY_WITH_ALPHA:
        return with_channels(image, RGBA)
    return image


def with_channels(image: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """Widen an image (H, W) or (H, W, C): gray is repeated as R, G and B, and full alpha is added.

    The number of channels is one that `ImageKind.joined` returned. An image that has it is returned as it is.
    """
    own = ImageKind.of(image).channels
    if own == channels:
        return image
    values = image.reshape(*image.shape[:2], own)
    wide = np.empty((*image.shape[:2], channels), image.dtype)
    own_colors, colors = own - has_alpha(image.dtype, own), channels - has_alpha(image.dtype, channels)
    for part in bands(wide):
        wide[part, :, :colors] = values[part, :, :own_colors]
        if colors < channels:
            alpha = values[part, :, -1] if own_colors < own else np.iinfo(image.dtype).max
            wide[part, :, -1] = alpha
    return wide


def without_alpha(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy (H, W, C - 1) of an image (H, W, C) without its last channel."""
    plain = np.empty((*image.shape[:2], image.shape[2] - 1), image.dtype)
    for part in bands(image):
        plain[part] = image[part, :, :-1]
    return plain


def working_palette(palette: npt.NDArray[Any], is_plain: bool = False) -> npt.NDArray[Any]:
    """Convert the rows of a palette (k, C) to their working form."""
    rows: npt.NDArray[Any] = to_working_form(palette[np.newaxis], is_plain)[0]
    return rows


def canonical_colors(colors: npt.NDArray[Any], is_plain: bool = False) -> npt.NDArray[Any]:
    """Return colors (N, C) such that those that look the same are equal: colors of alpha 0 become zeros.

    Masks become uint8 0 and 1.
    """
    if colors.dtype == np.bool_:
        return colors.view(np.uint8)
    if has_alpha(colors.dtype, colors.shape[1]) and not is_plain:
        masked: npt.NDArray[Any] = colors * (colors[:, -1:] != 0)
        return masked
    return colors


def stored_palette(
    palette: npt.NDArray[Any], dtype: np.dtype[Any], channels: int, is_plain: bool = False
) -> npt.NDArray[Any]:
    """Convert a palette (k, C) from the working form to the dtype and channels of its image.

    Inverse of `working_palette`. If an opaque image was fitted without its alpha, the rows get full alpha.
    """
    if is_plain:
        return np.ascontiguousarray(palette[:, :channels], dtype)
    if palette.shape[1] == channels - 1:
        return np.column_stack((palette, np.full(len(palette), np.iinfo(dtype).max, dtype)))
    if dtype == np.uint8 and channels == GRAY_WITH_ALPHA:
        gray, alpha = (
            palette[:, 0],
            palette[:, 3] if palette.shape[1] == RGBA else np.full(len(palette), 255),
        )
        return np.column_stack((gray, alpha)).astype(dtype)
    return palette.astype(dtype, copy=False)


SCALE_TO_8BIT = Term(
    "scale to 0..255 and convert with .astype(np.uint8) before compressing, "
    "or give value_range=(black, white)",
    "scale them to 0..255 by --value-range BLACK WHITE",
)
"""Advice in messages about values whose range is not known: floats, signed and 32-bit integers."""


def as_8bit(
    values: npt.NDArray[Any], value_range: tuple[float, float] | None = None, is_plain: bool = False
) -> npt.NDArray[np.uint8]:
    """Scale values (..., C) to the range from 0 to 255, rounded.

    Parameters
    ----------
    values : (..., C)
    value_range : (float, float), optional
        Values that become 0 and 255; values beyond them are clipped. The default is the range of the dtype
        for bool, uint8 and uint16, which alpha always has.
    is_plain : bool
        Whether the last of 2 or 4 channels is no alpha.

    Raises
    ------
    ArgumentError
        If there is no range for another dtype.
    """
    if value_range is not None:
        low, high = value_range
        scaled = (values.astype(np.float64) - low) * (255 / (high - low))
        reduced = np.clip(np.floor(scaled + 0.5), 0, 255).astype(np.uint8)
        if has_alpha(values.dtype, values.shape[-1]) and not is_plain:
            reduced[..., -1] = as_8bit(values[..., -1:])[..., 0]
        return reduced
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.view(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise ArgumentError(
        "expected values of bool, uint8 or uint16 to reduce to 8 bits, got {}: {}",
        values.dtype,
        SCALE_TO_8BIT,
    )


def high_byte(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Return the high byte of 16-bit values, which is what Pillow reads."""
    return (values >> 8).astype(np.uint8)


class ImageKind(NamedTuple):
    """Dtype, number and meaning of the channels of an image; images of one kind can share a palette.

    Attributes
    ----------
    dtype, channels
    is_plain : bool
        Whether the last channel is no alpha although dtype and number of channels are those of images with
        alpha. False for other dtypes and numbers of channels.
    """

    dtype: np.dtype[Any]
    channels: int
    is_plain: bool = False

    @classmethod
    def of(cls, image: npt.NDArray[Any], is_plain: bool = False) -> "ImageKind":
        """Return the kind of an image (H, W) or (H, W, C); `is_plain` counts only for 2 or 4 channels."""
        channels = 1 if image.ndim == 2 else image.shape[2]
        return cls(image.dtype, channels, is_plain and has_alpha(image.dtype, channels))

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return has_alpha(self.dtype, self.channels) and not self.is_plain

    def joined(self, other: "ImageKind") -> "ImageKind | None":
        """Return the kind that holds the colors of both; None if there is none.

        Beside RGB, gray becomes RGB, and beside alpha, images without it get full alpha. The dtypes have to
        be equal.
        """
        if self == other:
            return self
        if self.is_plain or other.is_plain:
            return None
        alphas = [kind.has_alpha for kind in (self, other)]
        colors = [kind.channels - alpha for kind, alpha in zip((self, other), alphas, strict=True)]
        if self.dtype != other.dtype or self.dtype == np.bool_ or not {1, 3}.issuperset(colors):
            return None
        return ImageKind(self.dtype, max(colors) + any(alphas))

    def __str__(self) -> str:
        plain = ", the last of which is no alpha" * self.is_plain
        return f"{self.dtype} with {self.channels} channel{'s' * (self.channels > 1)}{plain}"
