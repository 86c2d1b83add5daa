"""Values of one dtype as those of another."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError


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
