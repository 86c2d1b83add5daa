"""Time and memory of fastkq by the number of pixels, and at many colours and with alpha.

Each figure is measured in a process of its own: what one call leaves behind would hide another's peak.
"""

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench import THREADS
from bench.cases import ROOT, cases
from bench.results import SCALING, Scaled

EFFORTS = ("fast", "balanced", "best")
MEGAPIXELS = (0.1, 0.4, 1.0, 4.0, 12.0, 24.0, 48.0, 100.0)
LARGE = 24_000_000
COLOURS = 64
_PEAK = Path("/proc/self/status")
_PEAK_RESET = Path("/proc/self/clear_refs")
_ROWS_AT_ONCE = 64


class _Job(NamedTuple):
    effort: str
    k: int
    channels: int
    pixels: int
    rounds: int


def measure() -> None:
    """Measure everything and write build/bench/scaling.json: some minutes, and 1 GB at the largest."""
    rows: list[Scaled] = []
    for job in _jobs():
        if not any(row[:3] == job[:3] for row in rows):
            _in_a_process(job._replace(pixels=LARGE, rounds=1))  # compiles what no cache holds yet
        row = _in_a_process(job)
        rows.append(row)
        print(
            f"{row.effort:<9} k = {row.k:<6} {row.channels} channels {row.pixels / 1e6:>6.1f} MP "
            f"{1000 * row.seconds:>9.1f} ms, peak {row.peak_bytes / 1e6:>7.1f} MB above the input",
            flush=True,
        )
    SCALING.parent.mkdir(parents=True, exist_ok=True)
    SCALING.write_text(json.dumps([row._asdict() for row in rows], indent=1))


def _jobs() -> Iterator[_Job]:
    for effort in EFFORTS:
        for megapixels in MEGAPIXELS:
            yield _Job(effort, COLOURS, 3, round(megapixels * 1e6), 7)
    for k, channels, rounds in ((256, 3, 7), (256, 4, 7), (4096, 3, 3), (65536, 3, 1)):
        yield _Job("balanced", k, channels, LARGE, rounds)


def _in_a_process(job: _Job) -> Scaled:
    command = [sys.executable, "-m", "bench.scaling", json.dumps(job)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Scaled(**json.loads(output))


def _run(job: _Job) -> Scaled:
    import fastkq

    def compress(image: npt.NDArray[np.uint8]) -> fastkq.CompressedImage:
        return fastkq.compress(image, job.k, effort=job.effort, threads=THREADS)  # type: ignore[arg-type]

    compress(tiled(10_000, job.channels))
    image = tiled(job.pixels, job.channels)
    before = _restarted_peak()
    result = compress(image)
    peak = _peak() - before
    output, pixels = result.indices.nbytes + result.palette.nbytes, result.indices.size
    del result
    times = []
    for _ in range(job.rounds):
        start = time.perf_counter()
        compress(image)
        times.append(time.perf_counter() - start)
    return Scaled(*job[:3], pixels, statistics.median(times), peak, output)


def tiled(pixels: int, channels: int) -> npt.NDArray[np.uint8]:
    """china.jpg tiled to 3 : 2 with noise of up to 4 levels, and an alpha ramp from left to right.

    Made a few rows at a time, so that no larger array was ever held.
    """
    photograph = next(cases(quick=True)).read()
    height = math.isqrt(2 * pixels // 3)
    width = pixels // height
    ramp = np.linspace(0, 255, width).astype(np.int16)
    generator = np.random.default_rng(0)
    image = np.empty((height, width, channels), np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = np.arange(top, min(top + _ROWS_AT_ONCE, height))
        block = np.empty((len(rows), width, channels), np.int16)
        block[:, :, :3] = photograph[rows % photograph.shape[0]][:, np.arange(width) % photograph.shape[1]]
        block[:, :, 3:] = ramp[:, None]
        block += generator.integers(-4, 5, block.shape, dtype=np.int8)
        image[rows] = np.clip(block, 0, 255)
    return image


def _restarted_peak() -> int:
    """The memory held now, from which on the peak is counted anew where the system can do so."""
    if _PEAK_RESET.exists():
        _PEAK_RESET.write_text("5")
    return _peak()


def _peak() -> int:
    """Most bytes that this process held."""
    if _PEAK.exists():
        line = next(line for line in _PEAK.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


if __name__ == "__main__":
    print(json.dumps(_run(_Job(*json.loads(sys.argv[1])))._asdict()))
