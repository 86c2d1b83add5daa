"""Time and memory of fastkq by the number of pixels, at many colors and with alpha.

Each figure is measured in a process of its own, since the memory that one call leaves behind would hide the
peak of another.
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

from bench import THREADS, results
from bench.cases import ROOT, Pixels, tiled
from bench.results import collected, markdown_table, paragraph, section, three_digits
from bench.targets import Target

TITLE = "Time and memory by image size"
INTRODUCTION = (
    "`make bench-scaling` measures fastkq on 0.1 to 100 megapixels, each size in a process of its own."
)
EFFORTS = ("fast", "balanced", "best")
MEGAPIXELS = (0.1, 0.4, 1.0, 4.0, 12.0, 24.0, 48.0, 100.0)
QUICK_MEGAPIXELS = (0.1, 4.0, 5.0)
LARGE = 24_000_000  # pixels
K = 64
KNEE = 4_000_000  # pixels: above this size only the passes over the pixels may take more time
NANOSECONDS_PER_PIXEL = 4.0
FIXED_BYTES, BYTES_PER_PIXEL = 64_000_000, 1.5
SECONDS_AT_24_MEGAPIXELS = {4096: 3.0, 65536: 30.0}
ALPHA_TIME = 3.0  # of the time without alpha
_PACKAGES = ("numpy", "numba")
_STATUS = Path("/proc/self/status")
_PEAK_RESET = Path("/proc/self/clear_refs")


class Row(NamedTuple):
    """One call on a tiled photograph in a process of its own.

    Attributes
    ----------
    seconds
        Median of the rounds.
    peak_bytes
        Memory at the peak, above what the process held before the call.
    output_bytes
        Size of the result's arrays.
    """

    effort: str
    k: int
    channels: int
    pixels: int
    seconds: float
    peak_bytes: int
    output_bytes: int


class Run(results.Run):
    """The rows."""

    suite = "scaling"
    row_type = Row

    def by_size(self, effort: str) -> dict[int, Row]:
        """Return the rows of an effort at k = K by the number of pixels."""
        return {row.pixels: row for row in self.rows if (row.effort, row.k) == (effort, K)}

    def at_24_megapixels(self) -> list[Row]:
        """Return the rows at other k."""
        return [row for row in self.rows if row.k != K]


class _Job(NamedTuple):
    effort: str
    k: int
    channels: int
    pixels: int
    rounds: int


def measure(quick: bool) -> None:
    """Measure all sizes; it takes minutes, and 1 GB of memory for the largest."""
    Run.write(_PACKAGES, quick, rows=collected(_rows(quick), _in_words))


def _rows(quick: bool) -> Iterator[Row]:
    compiled = set()
    for job in _jobs(quick):
        if job[:3] not in compiled:
            compiled.add(job[:3])
            _in_a_process(job._replace(pixels=job.pixels if quick else LARGE, rounds=1))  # fills the cache
        yield _in_a_process(job)


def _jobs(quick: bool) -> Iterator[_Job]:
    for effort in EFFORTS:
        for megapixels in QUICK_MEGAPIXELS if quick else MEGAPIXELS:
            yield _Job(effort, K, 3, round(megapixels * 1e6), 7)
    if not quick:
        for k, channels, rounds in ((256, 3, 7), (256, 4, 7), (4096, 3, 3), (65536, 3, 1)):
            yield _Job("balanced", k, channels, LARGE, rounds)


def _in_words(row: Row) -> str:
    return (
        f"{row.effort:<9} k = {row.k:<6} {row.channels} channels {row.pixels / 1e6:>6.1f} MP "
        f"{1000 * row.seconds:>9.1f} ms, peak {row.peak_bytes / 1e6:>7.1f} MB above the input"
    )


def _in_a_process(job: _Job) -> Row:
    command = [sys.executable, "-m", "bench.suites.scaling", json.dumps(job)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Row(**json.loads(output))


def _run(job: _Job) -> Row:
    import fastkq

    def compress(image: Pixels) -> fastkq.CompressedImage:
        return fastkq.compress(image, job.k, effort=job.effort, threads=THREADS)  # type: ignore[arg-type]

    compress(tiled(10_000, job.channels))
    image = tiled(job.pixels, job.channels)
    before = _reset_peak()
    result = compress(image)
    peak = _peak() - before
    output, pixels = result.indices.nbytes + result.palette.nbytes, result.indices.size
    del result
    times = []
    for _ in range(job.rounds):
        start = time.perf_counter()
        compress(image)
        times.append(time.perf_counter() - start)
    return Row(*job[:3], pixels, statistics.median(times), peak, output)


def _reset_peak() -> int:
    """Return the memory held now, and count the peak from here on if the system can do so."""
    if _PEAK_RESET.exists():
        _PEAK_RESET.write_text("5")
    return _peak()


def _peak() -> int:
    """Return the most bytes that this process held."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def table(run: Run) -> str:
    """Return time and memory by size, and the times at other k."""
    by_size = {effort: run.by_size(effort) for effort in EFFORTS}
    sizes = [pixels for pixels in by_size[EFFORTS[0]] if all(pixels in rows for rows in by_size.values())]
    if not sizes:
        return ""
    caption = paragraph(
        f"china.jpg tiled, with noise, at k = {K}. Each cell holds the time, the time per further pixel "
        f"above {KNEE / 1e6:.0f} megapixels, and the memory at the peak above the input, output included:"
    )
    rows = [
        [f"{pixels / 1e6:.1f}", *(_cell(by_size[effort], pixels) for effort in EFFORTS)] for pixels in sizes
    ]
    others = ", ".join(
        f"{'RGBA' if row.channels == 4 else 'RGB'} at k = {row.k:,} {row.seconds:.2f} s"
        for row in run.at_24_megapixels()
    )
    at_24 = paragraph(f"24 megapixels, balanced: {others}.") if others else []
    return section([caption, markdown_table(["megapixels", *EFFORTS], rows), at_24], run.machine)


def _cell(rows: dict[int, Row], pixels: int) -> str:
    row = rows[pixels]
    slope = f", {nanoseconds_per_further_pixel(row, rows):.2f} ns" if pixels > KNEE else ""
    return f"{three_digits(1000 * row.seconds)} ms{slope}, {row.peak_bytes / 1e6:.0f} MB"


def targets(run: Run) -> Iterator[Target]:
    """Yield all targets; the figure of what was not measured is nan."""
    for effort in EFFORTS:
        rows = run.by_size(effort)
        slopes = [nanoseconds_per_further_pixel(row, rows) for row in rows.values() if row.pixels > KNEE]
        yield Target(
            f"{effort}, k = {K}: ns per further pixel above 4 megapixels, most",
            max(slopes, default=math.nan),
            NANOSECONDS_PER_PIXEL,
        )
        yield Target(
            f"{effort}, k = {K}: bytes per pixel above the input, the output and 64 MB, most",
            max(map(bytes_per_pixel, rows.values()), default=math.nan),
            BYTES_PER_PIXEL,
        )
    seconds = {(row.k, row.channels): row.seconds for row in run.at_24_megapixels()}
    for k, limit in SECONDS_AT_24_MEGAPIXELS.items():
        yield Target(f"24 megapixels, k = {k}, balanced: seconds", seconds.get((k, 3), math.nan), limit)
    ratio = seconds.get((256, 4), math.nan) / seconds.get((256, 3), math.nan)
    yield Target("24 megapixels, k = 256, balanced: time of RGBA over RGB's", ratio, ALPHA_TIME)


def nanoseconds_per_further_pixel(row: Row, rows: dict[int, Row]) -> float:
    """Return the time per pixel above the largest measured image of at most 4 megapixels."""
    base = rows[max(pixels for pixels in rows if pixels <= KNEE)]
    return 1e9 * (row.seconds - base.seconds) / (row.pixels - base.pixels)


def bytes_per_pixel(row: Row) -> float:
    """Return the memory at the peak, above the input, the output and 64 MB."""
    return (row.peak_bytes - row.output_bytes - FIXED_BYTES) / row.pixels


if __name__ == "__main__":
    print(json.dumps(_run(_Job(*json.loads(sys.argv[1])))._asdict()))
