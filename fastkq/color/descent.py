"""Descent to the color that is nearest to coordinates, from neighbor to neighbor."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.runtime.typing import Coordinates

_MAX_STEPS = 64  # maximum number of steps; a few are usual

Colors = npt.NDArray[Any]


def descend(
    colors: Colors,
    targets: Coordinates,
    around: Callable[[Colors], Colors],
    to_coordinates: Callable[[Colors], Coordinates],
) -> Colors:
    """Move colors to a neighbor as long as that is nearer to their targets.

    Parameters
    ----------
    colors : (M, C)
        Where the descent starts; they are not changed.
    targets : (C, M)
        Coordinates.
    around : callable
        Returns the neighbors (n, M, C) of colors (M, C); the first of them is the color itself.
    to_coordinates : callable
        Returns the coordinates (C, N) of colors (N, C).

    Returns
    -------
    (M, C), colors that are nearer to their targets than all their neighbors
    """
    colors, moving = colors.copy(), np.arange(len(colors))
    for _ in range(_MAX_STEPS):
        neighbors = around(colors[moving])
        coordinates = to_coordinates(neighbors.reshape(-1, neighbors.shape[2]))
        distances = squared_distances(
            coordinates.reshape(len(targets), *neighbors.shape[:2]), targets[:, None, moving]
        )
        nearest = np.argmin(distances, axis=0)  # the first among equals: the color itself, if it is one
        colors[moving] = neighbors[nearest, np.arange(len(moving))]
        moving = moving[nearest > 0]
        if len(moving) == 0:
            break
    return colors


def squared_distances(a: Coordinates, b: Coordinates) -> npt.NDArray[np.float64]:
    """Return the squared distances of coordinates (C, ...), which are broadcast."""
    total = np.zeros(np.broadcast_shapes(a.shape[1:], b.shape[1:]))
    for one, other in zip(a, b, strict=True):
        difference = one.astype(np.float64) - other
        total += difference * difference
    return total
