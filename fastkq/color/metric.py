"""The metric of colors: conversion to coordinates whose squared distance it is, and back."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from fastkq.color import spaces
from fastkq.color.spaces import Space
from fastkq.runtime.typing import Coordinates


class Metric(Protocol):
    """The metric of colors of one dtype and number of channels."""

    def to_coordinates(self, colors: npt.NDArray[Any]) -> Coordinates:
        """Convert colors (M, C) to coordinates (C, M)."""

    def to_colors(self, coordinates: Coordinates) -> npt.NDArray[Any]:
        """Convert coordinates (C, M) to the nearest colors (M, C)."""


class SpaceMetric(NamedTuple):
    """The metric of uint8 colors with 1, 3 or 4 channels in a color space, see `fastkq.color.spaces`."""

    space: Space
    channels: int

    def to_coordinates(self, colors: npt.NDArray[np.uint8]) -> Coordinates:
        """Convert colors (M, C) to coordinates (C, M)."""
        return spaces.to_coordinates(colors, self.space)

    def to_colors(self, coordinates: Coordinates) -> npt.NDArray[np.uint8]:
        """Convert coordinates (C, M) to the nearest colors (M, C)."""
        return spaces.to_colors(coordinates, self.space)

    @property
    def unit(self) -> float:
        """Difference of coordinates that is one unit of distance: a level, or 1 in Oklab."""
        return spaces.unit(self.channels, self.space)

    @property
    def opacity(self) -> float:
        """Last coordinate of opaque RGBA colors."""
        return spaces.opacity(self.space)
