"""Colour spaces: colours to the coordinates in which distances are measured, and back.

Coordinates are integers in floating point, small enough that every squared distance between two of them is
exact: below 2^24 in float32 for gray and RGB, below 2^53 in float64 for RGBA and Oklab. So an exact mapping
and a fast one are the same code.

An opaque colour stays opaque: in a palette of at least 3 rows, of which one is opaque, its distance from
those that are not is infinite. A transparent one stays transparent by itself: nothing is nearer to it than a
transparent row.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from fastkq.color.spaces import oklab, rgb
from fastkq.runtime.typing import Coordinates

__all__ = ["Space", "opacity", "to_colours", "to_coordinates", "unit"]

Space = Literal["rgb", "oklab"]


def to_coordinates(colours: npt.NDArray[np.uint8], space: Space = "rgb") -> Coordinates:
    """Coordinates (C, M) of colours (M, C): see `fastkq.color.spaces.rgb` and `fastkq.color.spaces.oklab`."""
    return oklab.to_coordinates(colours) if space == "oklab" else rgb.to_coordinates(colours)


def to_colours(coordinates: Coordinates, space: Space = "rgb") -> npt.NDArray[np.uint8]:
    """Nearest colours (M, C) of coordinates (C, M)."""
    return oklab.to_colours(coordinates) if space == "oklab" else rgb.to_colours(coordinates)


def unit(channels: int, space: Space = "rgb") -> float:
    """Coordinates for one unit of distance: a level of 8 bits, or 1 in Oklab, where L goes from 0 to 1."""
    return oklab.unit(channels) if space == "oklab" else rgb.unit(channels)


def opacity(space: Space = "rgb") -> float:
    """The last coordinate of opaque colours of RGBA."""
    return 255.0 * (oklab.alpha_weight() if space == "oklab" else rgb.ALPHA_WEIGHT)
