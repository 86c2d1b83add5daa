"""Colour spaces: colours to the coordinates in which distances are measured, and back.

Coordinates are integers in floating point, small enough that every squared distance between two of them
is exact: below 2^24 in float32 for gray and RGB, below 2^53 in float64 for RGBA. So an exact mapping and
a fast one are the same code.

An opaque colour stays opaque: in a palette of at least 3 rows, of which one is opaque, its distance from
those that are not is infinite. A transparent one stays transparent by itself: nothing is nearer to it than a
transparent row.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Space = Literal["rgb", "oklab"]
Coordinates = npt.NDArray[np.floating[Any]]

ALPHA_WEIGHT = 361
"""255 * sqrt(2), rounded (360.6): what makes the RGBA metric a mean over backgrounds."""

OPAQUE = 255.0 * ALPHA_WEIGHT
"""The last coordinate of opaque colours."""

LEAST_ROWS_FOR_ALPHA = 3
"""With fewer rows, opaque colours have no rows of their own, and take the nearest."""

_FAR = -1e9


def to_coordinates(colours: npt.NDArray[np.uint8]) -> Coordinates:
    """Coordinates (C, M) of colours (M, C).

    Gray and RGB are their own coordinates. RGBA is measured as it is seen, on a background: the squared
    difference of two colours composited over black, mid-gray and white, averaged over the three, is the
    squared distance of (c*a - 127.5*a for each of R, G, B; 180.3*a) / 255; here doubled and rounded to
    integers, without the division. Colours of alpha 0 coincide.
    """
    if colours.shape[1] != 4:
        return np.ascontiguousarray(colours.T, np.float32)
    values = colours.T.astype(np.int64)
    coordinates = np.empty(values.shape)
    coordinates[:3] = (2 * values[:3] - 255) * values[3]
    coordinates[3] = ALPHA_WEIGHT * values[3]
    return coordinates


def to_colours(coordinates: Coordinates) -> npt.NDArray[np.uint8]:
    """Nearest colours (M, C) uint8 of coordinates (C, M), halves rounded up."""
    if len(coordinates) != 4:
        return _rounded(coordinates.T)
    alpha = _rounded(coordinates[3] / ALPHA_WEIGHT)
    visible = np.maximum(alpha, 1)
    colours = np.empty((coordinates.shape[1], 4), np.uint8)
    colours[:, :3] = _rounded((coordinates[:3] / visible + 255) / 2).T
    colours[:, 3] = alpha
    colours[alpha == 0] = 0
    return colours


def are_opaque(centroids: Coordinates) -> npt.NDArray[np.bool_]:
    """Which of the centroids (C, k) are exactly opaque, (k,); of gray and RGB, none."""
    if len(centroids) != 4:
        return np.zeros(centroids.shape[1], bool)
    opaque: npt.NDArray[np.bool_] = centroids[3] == OPAQUE
    return opaque


def seen_by_opaque(centroids: Coordinates) -> Coordinates:
    """The centroids (C, k) as they are for opaque colours: far away, where those may not choose them."""
    opaque = are_opaque(centroids)
    if len(opaque) < LEAST_ROWS_FOR_ALPHA or not opaque.any():
        return centroids
    seen = centroids.copy()
    seen[3, ~opaque] = _FAR
    return seen


def _rounded(values: Coordinates) -> npt.NDArray[np.uint8]:
    rounded: npt.NDArray[np.uint8] = np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)
    return rounded
