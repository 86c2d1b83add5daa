"""Few points that stand for many."""

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import blocks, kernels
from fastkq.blocks import Points
from fastkq.color.spaces import Coordinates
from fastkq.runtime.progress import checkpoint, slices


class Summary(NamedTuple):
    """Means of boxes of points along the Morton curve, and their weights.

    Attributes
    ----------
    keys : (n,) uint32
        Each box's first.
    coordinates : (C, n)
    weights : (n,) float64
    opaque : int
        So many, the first, are opaque.
    of_equal_error : bool
        Whether the boxes have about equal errors; else each holds a single point.
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    weights: npt.NDArray[np.float64]
    opaque: int = 0
    of_equal_error: bool = False


_MOST_GUESSES = 8
_POINTS_AT_ONCE = 1 << 18
_BOXES_AT_ONCE = 1 << 18


class Tree:
    """The boxes of a Morton curve, each with the squared error of the points in it.

    A box's error comes from moments that are summed up along the curve once, so that a summary costs as
    much as it has boxes.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        self._opaque = int(points.starts[points.opaque])
        self._moments = np.empty((len(points.keys) + 1, 6))
        self._moments[0] = 0.0
        for part in slices(len(points.keys), _POINTS_AT_ONCE):
            kernels.kmeans.morton_tree.accumulate(
                points.coordinates, points.weights, part.start, part.stop, self._moments
            )
        weight, a, b, c, d, square = self._moments[-1].tolist()
        self.error = square - (a * a + b * b + c * c + d * d) / weight
        self._boxes, self._tolerance = 1, self.error

    def anew(self) -> "Tree":
        """The same tree as if it had made no summary yet: the guesses of one start where the last ended."""
        tree = copy.copy(self)
        tree._boxes, tree._tolerance = 1, self.error
        return tree

    def summary(self, boxes: int) -> Summary:
        """Means of 0.8 to 1.6 times as many boxes of about equal error, or all the points there are.

        Boxes of equal error, not of equal size: 2,184 of them stand for the colours of a photograph at
        k = 64 as well as 8,000 of equal size do.
        """
        if len(self.points.keys) <= 1.6 * boxes:
            return Summary(self.points.keys, self.points.coordinates, self.points.weights, self._opaque)
        for _ in range(_MOST_GUESSES):
            # Errors of boxes fall with the power -5/3 of their number in space, with -2 in a plane.
            ratio = self._boxes / (1.2 * boxes)
            starts = self._leaves(self._tolerance * ratio * np.sqrt(ratio))
            if 0.8 * boxes <= self._boxes <= 1.6 * boxes:
                break
        return self._means(starts)

    def boxes_of(self, tolerance: float) -> Summary:
        """Means of the largest boxes whose squared error is at most `tolerance`."""
        return self._means(self._leaves(tolerance))

    def _leaves(self, tolerance: float) -> npt.NDArray[np.int64]:
        starts = np.empty(len(self.points.keys) + 1, np.int64)
        state = np.zeros(2 + kernels.kmeans.morton_tree.MOST_DEPTH, np.int64)
        while state[0] == 0 or state[1] > 0:
            checkpoint()
            kernels.kmeans.morton_tree.leaves(
                self.points.keys,
                self._opaque,
                self._moments,
                tolerance,
                starts,
                state,
                state[0] + _BOXES_AT_ONCE,
            )
        count = int(state[0])
        self._boxes, self._tolerance = count, tolerance
        return starts[: count + 1]

    def _means(self, starts: npt.NDArray[np.int64]) -> Summary:
        points = self.points
        boxes = len(starts) - 1
        coordinates = np.empty((len(points.coordinates), boxes), points.coordinates.dtype)
        weights = np.empty(boxes)
        spacing = blocks.spacing(coordinates)
        for part in slices(boxes, _BOXES_AT_ONCE):
            kernels.kmeans.morton_tree.summarize(
                self._moments, starts, part.start, part.stop, spacing, coordinates, weights
            )
        opaque = int(np.searchsorted(starts, self._opaque))
        return Summary(points.keys[starts[:-1]], coordinates, weights, opaque, of_equal_error=True)
