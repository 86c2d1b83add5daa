"""Few vectors that stand for many: means of boxes of about equal squared error."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.embedding import Embedding, Vectors
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint

_VECTORS_PER_CHUNK = 1 << 16
"""More are cut chunk by chunk, on several threads and in the cache."""
_VECTORS_AT_ONCE = 1 << 19


class Points(NamedTuple):
    """Vectors (n, d) and their weights (n,), neighbours close to each other."""

    vectors: Vectors
    weights: npt.NDArray[np.float64]


def condense(
    embedding: Embedding,
    colours: npt.NDArray[Any],
    weights: npt.NDArray[np.float64],
    boxes: int,
    threads: int,
) -> Points:
    """About as many means, which have the weight and the centre of the colours, neighbours in order."""
    chunks = -(-len(weights) // _VECTORS_PER_CHUNK)
    parts: list[Points | None] = [None] * chunks

    def work(worker: int, start: int, stop: int) -> None:
        within = Points(embedding.embed(colours[start:stop]), weights[start:stop])
        parts[start // _VECTORS_PER_CHUNK] = partition(within, -(-boxes // chunks))[1]

    over_chunks(work, len(weights), _VECTORS_PER_CHUNK, threads)
    means, sums = zip(*(part for part in parts if part is not None), strict=True)
    return Points(np.concatenate(means), np.concatenate(sums))


def partition(points: Points, boxes: int) -> tuple[Points, Points]:
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
    return Points(vectors, weights), Points(cut.means[order], cut.weights[order])
