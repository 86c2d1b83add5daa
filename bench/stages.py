"""The stages of the pipeline on one image, each as a call that takes a number of threads."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fastkq import blocks, mapping, packing, palette
from fastkq.color import indexed_image, packed_counting
from fastkq.color.spaces import to_coordinates
from fastkq.palette import lloyd
from fastkq.palette.coarsen import Tree
from fastkq.palette.search import search

PARALLEL = ("count", "lloyd", "assign", "map", "pack", "unpack", "decompress")
"""Those that read pixels, and Lloyd."""


def stages(image: npt.NDArray[np.uint8], k: int) -> dict[str, Callable[[int], object]]:
    """Name to call; what a stage works on is made beforehand."""
    counted = packed_counting.count(image, 2)
    points = blocks.of_colours(counted)
    summary = Tree(points).summary(25 * k)
    centroids, _ = search(summary, k, 0, 1)
    colours, labels = palette.fit(counted, k, threads=2)
    indices = mapping.map_colours(image, counted, labels, k, 2)
    bits = indexed_image.bits_per_index(len(colours))
    packed = packing.pack(indices, bits, 2)
    return {
        "count": lambda threads: packed_counting.count(image, threads),
        "points": lambda threads: blocks.of_colours(counted),
        "coarsen": lambda threads: Tree(points).summary(25 * k),
        "search": lambda threads: search(summary, k, 40, 2, threads),
        "lloyd": lambda threads: lloyd.lloyd(points, centroids, 0.0, 10, threads),
        "fit": lambda threads: palette.fit(counted, k, threads=threads),
        "assign": lambda threads: mapping.assign(points, to_coordinates(colours), threads),
        "map": lambda threads: mapping.map_colours(image, counted, labels, k, threads),
        "pack": lambda threads: packing.pack(indices, bits, threads),
        "unpack": lambda threads: packing.unpack(packed, indices.size, bits, threads),
        "decompress": lambda threads: mapping.paint(colours, indices, threads),
    }
