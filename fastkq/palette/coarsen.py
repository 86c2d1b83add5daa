"""Few points that stand for many."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import blocks, kernels
from fastkq.blocks import Points
from fastkq.spaces import Coordinates


class Summary(NamedTuple):
    """Means of boxes of points along the Morton curve, and their weights.

    Attributes
    ----------
    keys : (n,) uint32
        Each box's first.
    coordinates : (C, n)
    weights : (n,) float64
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    weights: npt.NDArray[np.float64]


class Tree:
    """The boxes of a Morton curve, each with the squared error of the points in it.

    A box's error comes from moments that are summed up along the curve once, so that a summary costs as
    much as it has boxes.
    """

    def __init__(self, points: Points) -> None:
        self._points = points
        self._moments = np.empty((len(points.keys) + 1, 6))
        kernels.coarsen.accumulate(points.coordinates, points.weights, self._moments)
        self.error = float(kernels.coarsen.error_between(self._moments, 0, len(points.keys)))

    def summary(self, tolerance: float) -> Summary:
        """Means of the largest boxes whose squared error is at most `tolerance`.

        Boxes of equal error, not of equal size: 2,184 of them stand for the colours of a photograph at
        k = 64 as well as 8,000 of equal size do.
        """
        points = self._points
        starts = np.empty(len(points.keys) + 1, np.int64)
        starts = starts[: kernels.coarsen.leaves(points.keys, self._moments, tolerance, starts) + 1]
        boxes = len(starts) - 1
        coordinates = np.empty((len(points.coordinates), boxes), points.coordinates.dtype)
        weights = np.empty(boxes)
        spacing = blocks.spacing(coordinates)
        kernels.coarsen.summarize(self._moments, starts, spacing, coordinates, weights)
        return Summary(points.keys[starts[:-1]], coordinates, weights)
