"""Pixels of any kind as a screen can show them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.depth import as_8bit

_CHECKS = ((255, 255, 255), (214, 214, 214))


def by_8_bits(original: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The original or what was made of it, (H, W) or (H, W, C), C up to 4; gray with alpha as RGBA.

    Floats go from black for the original's least to white for its largest.
    """
    if values.dtype.kind == "f":
        low, high = float(original.min()), float(original.max())
        values = np.interp(values, (low, high), (0, 255)).round().astype(np.uint8)
    elif values.shape[2:] == (2,):
        values = values[:, :, [0, 0, 0, 1]]
    return as_8bit(values)


def on_checks(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """As RGB; what is transparent shows a checkerboard."""
    if image.ndim == 2 or image.shape[2] == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    if image.shape[2] == 3:
        return image
    rows, columns = np.indices(image.shape[:2]) // max(1, image.shape[1] // 40)
    background = np.array(_CHECKS, np.float64)[(rows + columns) % 2]
    alpha = image[:, :, 3:] / 255
    blended: npt.NDArray[np.uint8] = np.rint(image[:, :, :3] * alpha + background * (1 - alpha)).astype(
        np.uint8
    )
    return blended
