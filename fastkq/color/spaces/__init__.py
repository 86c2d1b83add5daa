"""Color spaces: conversion of 8-bit colors to the coordinates in which distances are measured, and back.

Coordinates are integers stored as floats, small enough that every squared distance between two points is
exact: below 2^24 in float32 for gray and RGB, below 2^53 in float64 for RGBA and Oklab. So the fast
floating-point mapping finds the exact nearest row.

Opaque colors stay opaque: in a palette of at least 3 rows of which at least one is opaque, they are assigned
to opaque rows only (see `fastkq.kmeans.points.centroids_for_group`). Colors of alpha 0 need no such rule: a
row of alpha 0 is at distance 0.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.spaces import oklab, rgb
from fastkq.runtime.options import Space
from fastkq.runtime.typing import Coordinates


class SpaceMetric(NamedTuple):
    """The metric of uint8 colors with 1, 3 or 4 channels in a color space.

    The coordinates are defined in `fastkq.color.spaces.rgb` and `fastkq.color.spaces.oklab`.
    """

    space: Space
    channels: int

    def to_coordinates(self, colors: npt.NDArray[np.uint8]) -> Coordinates:
        """Convert colors (M, C) to coordinates (C, M)."""
        return oklab.to_coordinates(colors) if self.space == "oklab" else rgb.to_coordinates(colors)

    def to_colors(self, coordinates: Coordinates) -> npt.NDArray[np.uint8]:
        """Convert coordinates (C, M) to the nearest colors (M, C)."""
        return oklab.to_colors(coordinates) if self.space == "oklab" else rgb.to_colors(coordinates)

    @property
    def unit(self) -> float:
        """Difference of coordinates that is one unit of distance: an 8-bit level, or 1 in Oklab."""
        return oklab.unit(self.channels) if self.space == "oklab" else rgb.unit(self.channels)

    @property
    def opacity(self) -> float:
        """Last coordinate of opaque RGBA colors."""
        return 255.0 * (oklab.alpha_weight() if self.space == "oklab" else rgb.ALPHA_WEIGHT)

    def of_opaque(self) -> "SpaceMetric":
        """Return the metric of the color channels without alpha."""
        return self._replace(channels=self.channels - 1)

    def seen_at(self, coordinates: Coordinates, alpha: npt.NDArray[np.float64]) -> Coordinates:
        """Return the coordinates, in `of_opaque`, of colors that have an alpha and are at given coordinates.

        `coordinates` (3, M) are those of RGBA without the last one; `alpha` (M,) is from 1 to 255.
        """
        if self.space == "oklab":
            return oklab.seen_at(coordinates, alpha)
        return (coordinates / alpha + 255.0) / 2.0
