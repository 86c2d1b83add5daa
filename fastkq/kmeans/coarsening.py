"""Few weighted points that stand for many: means of boxes of about equal squared error.

`Tree` takes its boxes from a Morton curve, for points of up to 4 dimensions. `partition` divides boxes at
their mean, in any number of dimensions.
"""

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.points import MortonPoints, grid_spacing
from fastkq.runtime.progress import checkpoint, slices
from fastkq.runtime.typing import Coordinates, Vectors


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

    def __init__(self, points: MortonPoints) -> None:
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
        spacing = grid_spacing(coordinates)
        for part in slices(boxes, _BOXES_AT_ONCE):
            kernels.kmeans.morton_tree.summarize(
                self._moments, starts, part.start, part.stop, spacing, coordinates, weights
            )
        opaque = int(np.searchsorted(starts, self._opaque))
        return Summary(points.keys[starts[:-1]], coordinates, weights, opaque, of_equal_error=True)


_VECTORS_AT_ONCE = 1 << 19


class WeightedVectors(NamedTuple):
    """Vectors (n, d) and their weights (n,), neighbours close to each other."""

    vectors: Vectors
    weights: npt.NDArray[np.float64]


def partition(points: WeightedVectors, boxes: int) -> tuple[WeightedVectors, WeightedVectors]:
    """The points in the order of at most so many boxes of about equal error, and the boxes' means."""
    vectors, weights = points.vectors.copy(), points.weights.copy()
    boxes = min(boxes, len(weights))
    cut = kernels.kmeans.box_partition.Boxes(
        starts=np.empty(boxes, np.int64),
        stops=np.empty(boxes, np.int64),
        means=np.empty((boxes, vectors.shape[1])),
        weights=np.empty(boxes),
        errors=np.empty(boxes),
        axes=np.empty(boxes, np.int64),
        heap=np.empty(boxes, np.int64),
    )
    count = 0
    while count >= 0:
        checkpoint()
        count = kernels.kmeans.box_partition.partition(vectors, weights, cut, count, _VECTORS_AT_ONCE)
    count = -count
    order = np.argsort(cut.starts[:count])
    return WeightedVectors(vectors, weights), WeightedVectors(cut.means[order], cut.weights[order])
