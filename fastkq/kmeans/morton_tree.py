"""Coarse summaries of points along a Morton curve: weighted means of boxes of about equal squared error."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.morton_points import MortonPoints, grid_spacing
from fastkq.kmeans.search_forms import SearchForm, planes_form
from fastkq.runtime.progress import checkpoint, slices
from fastkq.runtime.typing import Coordinates


class Summary(NamedTuple):
    """Means of boxes of points along the Morton curve, and their weights.

    Attributes
    ----------
    keys : (n,) uint32
        Morton code of the first point of each box.
    coordinates : (C, n) float32 or float64
        Weighted mean of each box.
    weights : (n,) float64
        Sum of the weights in each box.
    group : int
        Number of boxes of the group, which come first.
    of_equal_error : bool
        True if the boxes have about equal squared errors; False if each box is a single point.
    """

    keys: npt.NDArray[np.uint32]
    coordinates: Coordinates
    weights: npt.NDArray[np.float64]
    group: int = 0
    of_equal_error: bool = False

    @property
    def form(self) -> SearchForm:
        """The points as the swap search takes them."""
        return planes_form(self.coordinates, self.weights)

    def cut(self, level: float) -> MortonPoints:
        """Cut the means into blocks; `level` is the last coordinate of those of the group."""
        return MortonPoints.cut(self.keys, self.coordinates, self.weights, self.group, level)


_MAX_GUESSES = 8  # maximum number of tolerances that are tried for one summary
_POINTS_AT_ONCE = 1 << 18
_BOXES_AT_ONCE = 1 << 18


class Tree:
    """The boxes of a Morton curve, with the squared error of each.

    The error of any box follows from prefix sums of the moments along the curve, which are computed once, so
    that the time of a summary is proportional to its number of boxes.
    """

    def __init__(self, points: MortonPoints) -> None:
        self.points = points
        self._moments = np.empty((len(points.keys) + 1, 6))
        self._moments[0] = 0.0
        for part in slices(len(points.keys), _POINTS_AT_ONCE):
            kernels.kmeans.morton_tree.accumulate(
                points.coordinates, points.weights, part.start, part.stop, self._moments
            )
        weight, a, b, c, d, square = self._moments[-1].tolist()
        self.error = square - (a * a + b * b + c * c + d * d) / weight
        self._boxes, self._tolerance = 1, self.error

    def coarsen(self, coarse: int, fine: int) -> tuple[Summary, MortonPoints, MortonPoints]:
        """Return a summary of about `coarse` boxes, the means of about `fine` boxes, and the points.

        The result does not depend on earlier calls.
        """
        tree = copy.copy(self)  # each summary starts its search for a tolerance where the one before ended
        tree._boxes, tree._tolerance = 1, self.error
        return tree.summary(coarse), tree.summary(fine).cut(self.points.level), self.points

    def summary(self, boxes: int) -> Summary:
        """Summarize the points by 0.8 to 1.6 times `boxes` boxes of about equal squared error.

        If there are at most 1.6 times `boxes` points, the points themselves are returned. Boxes of equal
        error are better than boxes of equal size: at k = 64, 2,184 boxes of equal error represent the colors
        of a photograph as well as 8,000 boxes of equal size.
        """
        if len(self.points.keys) <= 1.6 * boxes:
            return Summary(self.points.keys, self.points.coordinates, self.points.weights, self.points.group)
        for _ in range(_MAX_GUESSES):
            # The error of a box is proportional to the number of boxes to the power of -5/3 in three
            # dimensions, and of -2 in two. The power used here is -3/2.
            ratio = self._boxes / (1.2 * boxes)
            starts = self._leaves(self._tolerance * ratio * np.sqrt(ratio))
            if 0.8 * boxes <= self._boxes <= 1.6 * boxes:
                break
        return self._means(starts)

    def _leaves(self, tolerance: float) -> npt.NDArray[np.int64]:
        starts = np.empty(len(self.points.keys) + 1, np.int64)
        state = np.zeros(2 + kernels.kmeans.morton_tree.MAX_DEPTH, np.int64)
        while state[0] == 0 or state[1] > 0:
            checkpoint()
            kernels.kmeans.morton_tree.cut_by_error(
                self.points.keys,
                self.points.group,
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
        spacing = grid_spacing(coordinates)
        for part in slices(boxes, _BOXES_AT_ONCE):
            kernels.kmeans.morton_tree.summarize(
                self._moments, starts, part.start, part.stop, spacing, coordinates, weights
            )
        group = int(np.searchsorted(starts, points.group))
        return Summary(points.keys[starts[:-1]], coordinates, weights, group, of_equal_error=True)
