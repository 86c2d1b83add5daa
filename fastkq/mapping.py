"""The nearest palette row of every colour and of every pixel."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import blocks, histogram, kernels
from fastkq.blocks import Points
from fastkq.histogram import Histogram
from fastkq.packing import index_dtype
from fastkq.spaces import Coordinates, to_coordinates
from fastkq.threads import over_chunks

_PIXELS_PER_CHUNK = 1 << 17
_COLOURS_PER_CHUNK = 1 << 14


class Assignment(NamedTuple):
    """Each point's nearest centroid, the lowest index among equals, and its squared distance, both (M,)."""

    labels: npt.NDArray[np.int32]
    distances: Coordinates


def blocks_per_chunk(k: int) -> int:
    """Blocks of a chunk, whole groups, for 0.1 ms of work: waking a thread takes 0.04 ms."""
    groups: int = max(1, 1024 // (k + 32))
    return groups * int(kernels.nearest.BLOCKS_PER_GROUP)


def assign(points: Points, centroids: Coordinates, threads: int = 1) -> Assignment:
    """Nearest centroid of each point; exact when the centroids' coordinates (C, k) are integers."""
    number = points.coordinates.shape[1]
    assignment = Assignment(np.empty(number, np.int32), np.empty(number, points.coordinates.dtype))

    def work(worker: int, start: int, stop: int) -> None:
        kernels.mapping.assign(points, centroids, start, stop, *assignment)

    over_chunks(work, len(points.moments), blocks_per_chunk(centroids.shape[1]), threads)
    return assignment


def label(counted: Histogram, palette: npt.NDArray[np.uint8], threads: int = 1) -> npt.NDArray[np.int32]:
    """Nearest palette row of every counted colour, the lowest of equals: (M,)."""
    centroids = to_coordinates(palette)
    labels = np.empty(len(counted.keys), np.int32)

    def work(worker: int, start: int, stop: int) -> None:
        # A chunk at a time: points for all the colours of a large image would take more memory than it.
        keys, counts = counted.keys[start:stop], counted.counts[start:stop]
        labels[start:stop] = assign(
            blocks.of_colours(Histogram(keys, counts, counted.channels)), centroids
        ).labels

    over_chunks(work, len(labels), _COLOURS_PER_CHUNK, threads)
    return labels


def map_image(
    image: npt.NDArray[np.uint8], counted: Histogram, palette: npt.NDArray[np.uint8], threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Index of the nearest palette row, the lowest of equals, for every pixel.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous
    counted : Histogram
        Of this image, or of several of which it is one.
    palette : (k, C) uint8

    Returns
    -------
    (H, W) uint8, uint16 when the palette has more than 256 rows
    """
    return map_colours(image, counted, label(counted, palette, threads), len(palette), threads)


def map_colours(
    image: npt.NDArray[np.uint8], counted: Histogram, labels: npt.NDArray[np.int32], k: int, threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Indices (H, W), below k, of the pixels from the labels (M,) of the counted colours."""
    return histogram.look_up(image, counted, labels.astype(index_dtype(k)), threads)


def paint(
    palette: npt.NDArray[np.uint8], indices: npt.NDArray[np.unsignedinteger], threads: int = 1
) -> npt.NDArray[np.uint8]:
    """The palette's colour (H, W, C) for each index (H, W)."""
    flat = indices.reshape(-1)
    out = np.empty((len(flat), palette.shape[1]), np.uint8)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.mapping.paint(palette, flat, start, stop, out)

    over_chunks(work, len(flat), _PIXELS_PER_CHUNK, threads)
    return out.reshape(*indices.shape, -1)
