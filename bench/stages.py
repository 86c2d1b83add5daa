"""The stages of the pipeline on one image, each as a call that takes a number of threads."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fastkq.color import indexed_image, packed_counting
from fastkq.color.spaces import to_coordinates
from fastkq.formats.fkq.bits import pack, unpack
from fastkq.kmeans import assign, lloyd
from fastkq.kmeans.coarsening import Tree
from fastkq.kmeans.swap_search import search
from fastkq.quantization import fit_packed, nearest_packed
from fastkq.quantization.points import of_colours

PARALLEL = ("count", "lloyd", "assign", "map", "pack", "unpack", "decompress")
"""Those that read pixels, and Lloyd."""


def stages(image: npt.NDArray[np.uint8], k: int) -> dict[str, Callable[[int], object]]:
    """Name to call; what a stage works on is made beforehand."""
    counted = packed_counting.count(image, 2)
    points = of_colours(counted)
    summary = Tree(points).summary(25 * k)
    centroids, _ = search(summary, k, 0, 1)
    colours, labels = fit_packed.fit(counted, k, threads=2)
    indices = nearest_packed.map_colours(image, counted, labels, k, 2)
    bits = indexed_image.bits_per_index(len(colours))
    packed = pack(indices, bits, 2)
    return {
        "count": lambda threads: packed_counting.count(image, threads),
        "points": lambda threads: of_colours(counted),
        "coarsen": lambda threads: Tree(points).summary(25 * k),
        "search": lambda threads: search(summary, k, 40, 2, threads),
        "lloyd": lambda threads: lloyd.lloyd(points, centroids, 0.0, 10, threads),
        "fit": lambda threads: fit_packed.fit(counted, k, threads=threads),
        "assign": lambda threads: assign.assign(points, to_coordinates(colours), threads),
        "map": lambda threads: nearest_packed.map_colours(image, counted, labels, k, threads),
        "pack": lambda threads: pack(indices, bits, threads),
        "unpack": lambda threads: unpack(packed, indices.size, bits, threads),
        "decompress": lambda threads: nearest_packed.paint(colours, indices, threads),
    }
