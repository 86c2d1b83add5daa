"""What cannot be timed within one warm process: starting up, compiling, and one thread against two."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from bench.cases import of_24_megapixels
from bench.stages import PARALLEL, stages

_PROGRAM = """
import numpy as np, fastkq
image = np.random.default_rng(0).integers(0, 256, (512, 768, 3), dtype=np.uint8)
fastkq.compress(image, 64)
"""
STARTUP_TARGETS = {"empty cache": 8.0, "warm cache": 0.8}  # seconds
PARALLEL_TARGET = 1.6
_ROUNDS = 7


def startup() -> dict[str, float]:
    """Seconds of a process that imports fastkq and compresses 512x768 pixels of noise at k = 64."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        empty = _seconds_of_process(environment)
        warm = statistics.median(_seconds_of_process(environment) for _ in range(5))
    return {"empty cache": empty, "warm cache": warm}


def _seconds_of_process(environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _PROGRAM], env=environment, check=True)
    return time.perf_counter() - start


def speedups(k: int = 64) -> dict[str, tuple[float, float]]:
    """Median milliseconds of the parallel stages on 24 megapixels with one thread and with two, in turn."""
    calls = stages(of_24_megapixels(), k)
    return {name: _one_and_two(calls[name]) for name in PARALLEL}


def _one_and_two(call) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(_ROUNDS):
        for threads, measured in times.items():
            start = time.perf_counter()
            call(threads)
            measured.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1]), statistics.median(times[2])
