"""Color spaces: conversion of 8-bit colors to the coordinates in which distances are measured, and back.

Coordinates are integers stored as floats, small enough that every squared distance between two points is
exact: below 2^24 in float32 for gray and RGB, below 2^53 in float64 for RGBA and Oklab. So the fast
floating-point mapping finds the exact nearest row.

Opaque colors stay opaque: in a palette of at least 3 rows of which at least one is opaque, they are assigned
to opaque rows only (see `fastkq.kmeans.points.centroids_for_group`). Colors of alpha 0 need no such rule: a
row of alpha 0 is at distance 0.
"""

import numpy as np
import numpy.typing as npt

from fastkq.color.spaces import oklab, rgb
from fastkq.runtime.options import Space
from fastkq.runtime.typing import Coordinates

__all__ = ["Space", "opacity", "to_colors", "to_coordinates", "unit"]


def to_coordinates(colors: npt.NDArray[np.uint8], space: Space = "rgb") -> Coordinates:
    """Convert colors (M, C) to coordinates (C, M).

    The coordinates are defined in `fastkq.color.spaces.rgb` and `fastkq.color.spaces.oklab`.
    """
    return oklab.to_coordinates(colors) if space == "oklab" else rgb.to_coordinates(colors)


def to_colors(coordinates: Coordinates, space: Space = "rgb") -> npt.NDArray[np.uint8]:
    """Convert coordinates (C, M) to the nearest colors (M, C)."""
    return oklab.to_colors(coordinates) if space == "oklab" else rgb.to_colors(coordinates)


def unit(channels: int, space: Space = "rgb") -> float:
    """Return the difference of coordinates that is one unit of distance.

    The unit is one 8-bit level in RGB, and 1 in Oklab, where L ranges from 0 to 1.
    """
    return oklab.unit(channels) if space == "oklab" else rgb.unit(channels)


def opacity(space: Space = "rgb") -> float:
    """Return the last coordinate of opaque RGBA colors."""
    return 255.0 * (oklab.alpha_weight() if space == "oklab" else rgb.ALPHA_WEIGHT)
