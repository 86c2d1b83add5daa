"""Weighted vectors of any dimension, and their partition into boxes of about equal squared error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.partial_sums import visit_parts
from fastkq.kmeans.points import Assignment
from fastkq.kmeans.search_forms import SearchForm, vectors_form
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint
from fastkq.runtime.typing import Coordinates, Vectors, Weights

_VALUES_PER_CHUNK = 1 << 16  # coordinates between two checkpoints
_MIN_ROWS = 1 << 10  # minimum number of vectors between two checkpoints
_VECTORS_PER_CENTROID = 4
"""A part of the vectors holds at least this many per centroid: each part has its own sums for all
centroids."""
_VECTORS_AT_ONCE = 1 << 19  # vectors that are divided between two checkpoints

_NO_LABELS = np.empty(0, np.int32)
_NO_VALUES = np.empty(0)


class VectorPoints(NamedTuple):
    """Vectors (n, d) and their weights (n,), ordered so that vectors close in space stand together."""

    vectors: Vectors
    weights: npt.NDArray[np.float64]

    @property
    def points(self) -> VectorPoints:
        """The points themselves, of which `coarsen` makes summaries."""
        return self

    @property
    def coordinates(self) -> Vectors:
        """The vectors as columns, (d, n)."""
        return self.vectors.T

    @property
    def of_equal_error(self) -> bool:
        """Whether the points are means of boxes of about equal squared error: `partition` makes such."""
        return True

    @property
    def form(self) -> SearchForm:
        """The points as the swap search takes them."""
        return vectors_form(*self)

    @property
    def level(self) -> float:
        """Last coordinate of the points of the group; NaN, as there are none."""
        return np.nan

    def assign(self, centroids: Coordinates, threads: int = 1) -> Assignment:
        """Find the nearest of the centroids (d, k) for each vector."""
        number = len(self.vectors)
        assignment = Assignment(np.empty(number, np.int32), np.empty(number))
        no_totals = np.empty((0, len(centroids) + 1))

        def work(worker: int, start: int, stop: int) -> None:
            kernels.kmeans.nearest_vectors.assign(
                self.vectors, _NO_VALUES, start, stop, centroids, *assignment, no_totals
            )

        over_chunks(work, number, rows_per_chunk(len(centroids)), threads)
        return assignment

    def moments(self, centroids: Coordinates, threads: int = 1) -> npt.NDArray[np.float64]:
        """Return the moments (k, d + 1) of the clusters about the centroids (d, k).

        The sums of fixed parts are added in order, so that they are the same on any number of threads.
        """
        dims, k = centroids.shape
        rows = rows_per_chunk(dims)

        def visit(start: int, stop: int, totals: Weights) -> int:
            for first in range(start, stop, rows):
                kernels.kmeans.nearest_vectors.assign(
                    *self, first, min(first + rows, stop), centroids, _NO_LABELS, _NO_VALUES, totals
                )
                checkpoint()
            return 0

        min_vectors = max(rows, _VECTORS_PER_CENTROID * k)
        return visit_parts(visit, len(self.vectors), min_vectors, centroids.T, True, threads).totals

    def coarsen(self, coarse: int, fine: int) -> tuple[VectorPoints, VectorPoints, VectorPoints]:
        """Return the means of at most `coarse` boxes, those of `fine` boxes, and the vectors in order."""
        points, means = self.partition(fine)
        return means.partition(coarse)[1], means, points

    def partition(self, boxes: int) -> tuple[VectorPoints, VectorPoints]:
        """Divide the vectors into at most `boxes` boxes of about equal squared error.

        Returns the vectors in the order of the boxes, and the mean and weight of each box.
        """
        vectors, weights = self.vectors.copy(), self.weights.copy()
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
        return VectorPoints(vectors, weights), VectorPoints(cut.means[order], cut.weights[order])


def rows_per_chunk(dims: int) -> int:
    """Return the number of vectors of `dims` dimensions between two checkpoints."""
    return max(_MIN_ROWS, _VALUES_PER_CHUNK // dims)
