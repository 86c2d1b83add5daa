"""The stages of compression as single calls, their time on one and two threads, and the start-up time."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

from bench.cases import Pixels, of_24_megapixels
from bench.timing import medians
from fastkq.color import indexed_image, packed_counting
from fastkq.color.indexed_image import IndexedImage, paint
from fastkq.color.spaces import SpaceMetric
from fastkq.formats.fkq.bits import pack, unpack
from fastkq.kmeans import lloyd
from fastkq.kmeans.morton_tree import Tree
from fastkq.kmeans.swap_search import search
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.nearest import map_colors
from fastkq.quantization.options import FitOptions
from fastkq.quantization.points import of_colors

STAGES = (
    "count",
    "points",
    "coarsen",
    "search",
    "lloyd",
    "fit",
    "assign",
    "map",
    "pack",
    "unpack",
    "decompress",
)
PARALLEL_STAGES = ("count", "lloyd", "assign", "map", "pack", "unpack", "decompress")
_ROUNDS = 7
_PROGRAM = """
import numpy as np, fastkq
image = np.random.default_rng(0).integers(0, 256, (512, 768, 3), dtype=np.uint8)
fastkq.compress(image, 64)
"""


def stages(image: Pixels, k: int) -> dict[str, Callable[[int], object]]:
    """Return the STAGES by name as calls that take a number of threads; their inputs are made beforehand."""
    counted = packed_counting.count(image, 2)
    metric = SpaceMetric("rgb", 3)
    points = of_colors(counted, metric)
    summary = Tree(points).summary(25 * k)
    centroids, _ = search(summary, k, 0, 1)
    colors, labels = fit_table(counted, k, FitOptions(threads=2))
    indices = map_colors(image, counted, labels, k, 2)
    painted = IndexedImage(colors, indices)
    bits = indexed_image.bits_per_index(len(colors))
    packed = pack(indices, bits, 2)
    return {
        "count": lambda threads: packed_counting.count(image, threads),
        "points": lambda threads: of_colors(counted, metric),
        "coarsen": lambda threads: Tree(points).summary(25 * k),
        "search": lambda threads: search(summary, k, 40, 2, threads),
        "lloyd": lambda threads: lloyd.lloyd(points, centroids, 0.0, 10, threads),
        "fit": lambda threads: fit_table(counted, k, FitOptions(threads=threads)),
        "assign": lambda threads: points.assign(metric.to_coordinates(colors), threads),
        "map": lambda threads: map_colors(image, counted, labels, k, threads),
        "pack": lambda threads: pack(indices, bits, threads),
        "unpack": lambda threads: unpack(packed, indices.size, bits, threads),
        "decompress": lambda threads: paint(painted, threads),
    }


def speedups(k: int = 64) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of each parallel stage on 24 megapixels, on one thread and on two."""
    calls = stages(of_24_megapixels(), k)
    return {name: _on_one_and_two_threads(calls[name]) for name in PARALLEL_STAGES}


def _on_one_and_two_threads(call: Callable[[int], object]) -> tuple[float, float]:
    seconds = medians({threads: partial(call, threads) for threads in (1, 2)}, _ROUNDS)
    return 1000 * seconds[1], 1000 * seconds[2]


def startup() -> dict[str, float]:
    """Return the seconds of a process that imports fastkq and compresses 512 x 768 noise pixels at k = 64."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        empty = _seconds_of_process(environment)
        warm = statistics.median(_seconds_of_process(environment) for _ in range(5))
    return {"empty cache": empty, "warm cache": warm}


def _seconds_of_process(environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _PROGRAM], env=environment, check=True)
    return time.perf_counter() - start
