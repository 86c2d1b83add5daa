"""Masked pixels: pixels that hold no data and do not count."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError
from fastkq.runtime.options import term

Mask = npt.NDArray[np.bool_]


def any_channel(values: npt.NDArray[np.bool_]) -> Mask:
    """Return whether any channel of (H, W) or (H, W, C) is True, (H, W)."""
    return values if values.ndim == 2 else np.asarray(values.any(axis=tuple(range(2, values.ndim))))


def merged(*masks: Mask | None) -> Mask | None:
    """Return masks (H, W) as one that is True where any of them is; None if no pixel is masked."""
    given = [mask for mask in masks if mask is not None and mask.any()]
    if not given:
        return None
    return np.asarray(np.any(given, axis=0))


def filled(pixels: npt.NDArray[Any], mask: Mask | None, color: npt.ArrayLike = 0) -> npt.NDArray[Any]:
    """Return a copy of pixels with one color (C,) or value where the mask is True.

    Without a mask, the pixels themselves are returned.
    """
    if mask is None:
        return pixels
    if pixels.dtype == np.bool_:
        raise ArgumentError(
            "expected an image of numbers with {}, got bool: convert it with .astype(np.uint8)", term("mask")
        )
    copy = pixels.copy()
    copy[mask] = color
    return copy


def as_masked(
    pixels: npt.NDArray[Any], mask: Mask | None, nodata: np.generic | None
) -> "np.ma.MaskedArray[Any, Any]":
    """Return pixels (H, W) or (H, W, C) as a masked array; its fill value is the nodata value if given."""
    whole = np.zeros(pixels.shape[:2], bool) if mask is None else mask
    whole = np.broadcast_to(whole.reshape(*whole.shape, *(1,) * (pixels.ndim - 2)), pixels.shape)
    return np.ma.MaskedArray(pixels, whole.copy(), fill_value=nodata)
