"""Coordinates in which distances are those of 8-bit levels.

The coordinates of gray and RGB are their levels. RGBA is measured as it is seen on a background: the metric
is the mean of the squared differences after compositing over black, mid-gray and white. That is the squared
distance between points (c*a - 127.5*a for each c of R, G, B; 180.3*a) / 255, where a is alpha. The
coordinates are twice these values, without the division by 255, rounded to integers. Colors of alpha 0
coincide.
"""

import numpy as np
import numpy.typing as npt

from fastkq.runtime.typing import Coordinates

ALPHA_WEIGHT = 361
"""255 * sqrt(2) = 360.6, rounded: with this weight of alpha, the metric of RGBA is the mean over the three
backgrounds."""


def unit(channels: int) -> float:
    """Return the difference of coordinates that is a difference of one level."""
    return 510.0 if channels == 4 else 1.0


def to_coordinates(colors: npt.NDArray[np.uint8]) -> Coordinates:
    """Convert colors (M, C) to coordinates (C, M): float64 for RGBA, float32 otherwise."""
    if colors.shape[1] != 4:
        return np.ascontiguousarray(colors.T, np.float32)
    values = colors.T.astype(np.int64)
    coordinates = np.empty(values.shape)
    coordinates[:3] = (2 * values[:3] - 255) * values[3]
    coordinates[3] = ALPHA_WEIGHT * values[3]
    return coordinates


def to_colors(coordinates: Coordinates) -> npt.NDArray[np.uint8]:
    """Convert coordinates (C, M) to the nearest colors (M, C); halves are rounded up.

    For RGBA, alpha is rounded first, and R, G and B are nearest for that alpha.
    """
    if len(coordinates) != 4:
        return _rounded(coordinates.T)
    alpha = _rounded(coordinates[3] / ALPHA_WEIGHT)
    visible = np.maximum(alpha, 1)
    colors = np.empty((coordinates.shape[1], 4), np.uint8)
    colors[:, :3] = _rounded((coordinates[:3] / visible + 255) / 2).T
    colors[:, 3] = alpha
    colors[alpha == 0] = 0
    return colors


def _rounded(values: Coordinates) -> npt.NDArray[np.uint8]:
    rounded: npt.NDArray[np.uint8] = np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)
    return rounded
