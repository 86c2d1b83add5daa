"""Figures that are aimed at: said to be reached or missed, not failed, since they are one machine's."""

import math
import statistics
from collections.abc import Iterator
from typing import NamedTuple

from bench.cases import COLOURS
from bench.coding.formats import FORMATS
from bench.coding.results import COLOURS_TIMED, OF_24_MEGAPIXELS, Coded
from bench.reference import references
from bench.results import Results, Scaled
from bench.scaling import COLOURS as SCALED_COLOURS
from bench.scaling import EFFORTS
from bench.whole_process import PARALLEL_TARGET, STARTUP_TARGETS

FAST_TIME = {16: 2.0, 64: 2.0, 256: 4.0}  # of FASTOCTREE's
FAST_ERROR = 1.03  # of the mean of single scikit-learn runs
BALANCED_SPEED = 200.0  # scikit-learn's time, in fastkq's
BALANCED_ERROR, BALANCED_WORST = 1.000, 1.010  # of the best scikit-learn run
BEST_ERROR, BEST_WORST = {16: 1.0000, 64: 0.9950, 256: 0.9900}, 1.0005
BEST_SPEED = 20.0
LARGE_SPEED = {
    64: {"FASTOCTREE": 1.0, "imagequant": 30.0, "scikit-learn": 500.0},
    256: {"FASTOCTREE": 1.0, "imagequant": 30.0, "scikit-learn": 1000.0},
}
KNEE = 4_000_000  # pixels, above which only the passes over pixels may still cost time
NANOSECONDS_PER_PIXEL = 4.0
FIXED_BYTES, BYTES_PER_PIXEL = 64_000_000, 1.5
SECONDS_AT_24_MEGAPIXELS = {4096: 3.0, 65536: 30.0}
ALPHA_TIME = 3.0  # of the time without alpha
SIZES = {  # of the rival's, mean over images and k
    "kodak": {"webp": 0.72, "cjxl": 0.80, "imagecodecs": 0.80, "png": 0.60},
    "gb82-screens": {"webp": 0.85, "cjxl": 0.90, "imagecodecs": 0.90},
}
CODING_SPEED, CODING_PARALLEL = 3.0, 1.7  # megapixels a second on one thread; one thread's time over two's
PACKING_SPEED = 300.0
REGION_TIME = 0.05  # of the time of the whole
CUT_SIZE = 1.01  # of the size in one part


class Target(NamedTuple):
    """A figure and its limit: the most it may be, or with `at_least` the least."""

    words: str
    figure: float
    limit: float | None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """In one word or two."""
        if math.isnan(self.figure):
            return "not measured"
        if self.limit is None:
            return "measured"
        is_reached = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        return "reached" if is_reached else "missed"

    def __str__(self) -> str:
        aim = "" if self.limit is None else f" ({'at least' if self.at_least else 'at most'} {self.limit:g})"
        digits = 4 if self.figure < 10 else 1
        return f"{self.verdict:<12}  {self.words}: {self.figure:.{digits}f}{aim}"


def targets(results: Results) -> Iterator[Target]:
    """All, those that were not measured with nan."""
    for name in ("kodak", "gb82-photos"):
        yield from _fast(results, name)
        yield from _balanced(results, name)
        yield from _best(results, name)
    yield from _large(results)
    yield from _scaling(results.scaling)
    yield from _whole_process(results)


def _fast(results: Results, name: str) -> Iterator[Target]:
    reference = references(name)
    for k in COLOURS:
        label = f"{name}, k = {k}, fast"
        yield Target(
            f"{label}: time over FASTOCTREE's",
            results.ratio(name, k, "fastkq fast", to="FASTOCTREE"),
            FAST_TIME[k],
        )
        rows = [row for row in results.of(name, k, "fastkq fast").values() if (row.image, k) in reference]
        single = _mean([reference[row.image, k].mean for row in rows])
        yield Target(
            f"{label}: mean error over that of single scikit-learn runs",
            _mean([row.error for row in rows]) / single,
            FAST_ERROR,
        )


def _balanced(results: Results, name: str) -> Iterator[Target]:
    ratios = {k: results.ratio(name, k, "scikit-learn") for k in COLOURS}
    words = "scikit-learn's time over balanced's"
    yield Target(
        f"{name}: {words}", statistics.geometric_mean(ratios.values()), BALANCED_SPEED, at_least=True
    )
    for k in COLOURS:
        yield Target(f"{name}, k = {k}: {words}", ratios[k], None)
        yield from _errors(results, name, k, "balanced", BALANCED_ERROR, BALANCED_WORST)


def _best(results: Results, name: str) -> Iterator[Target]:
    for k in COLOURS:
        yield from _errors(results, name, k, "best", BEST_ERROR[k], BEST_WORST)
        yield Target(
            f"{name}, k = {k}: scikit-learn's time over best's",
            results.ratio(name, k, "scikit-learn", to="fastkq best"),
            BEST_SPEED,
            at_least=True,
        )


def _errors(results: Results, name: str, k: int, effort: str, mean: float, worst: float) -> Iterator[Target]:
    reference = references(name)
    method = {"balanced": "fastkq", "best": "fastkq best"}[effort]
    rows = [row for row in results.of(name, k, method).values() if (row.image, k) in reference]
    ratios = [row.error / reference[row.image, k].best for row in rows]
    runs = min((reference[row.image, k].runs for row in rows), default=10)
    words = f"{name}, k = {k}, {effort}: error over that of the best of {runs} scikit-learn runs"
    yield Target(f"{words}, mean of {len(ratios)} images", _mean(ratios), mean)
    yield Target(f"{words}, largest", max(ratios, default=math.nan), worst)


def _large(results: Results) -> Iterator[Target]:
    for k, speeds in LARGE_SPEED.items():
        for rival, speed in speeds.items():
            yield Target(
                f"large, k = {k}: {rival}'s time over balanced's",
                results.ratio("large", k, rival),
                speed,
                at_least=True,
            )
            ours, theirs = results.of("large", k, "fastkq"), results.of("large", k, rival)
            ratios = [ours[image].error / row.error for image, row in theirs.items()]
            yield Target(
                f"large, k = {k}: balanced's error over {rival}'s, largest of {len(ratios)} images",
                max(ratios, default=math.nan),
                1.0,
            )


def _scaling(rows: list[Scaled]) -> Iterator[Target]:
    for effort in EFFORTS:
        row_of = {row.pixels: row for row in rows if (row.effort, row.k) == (effort, SCALED_COLOURS)}
        slopes = [nanoseconds_per_further_pixel(row, row_of) for row in row_of.values() if row.pixels > KNEE]
        yield Target(
            f"{effort}, k = {SCALED_COLOURS}: ns per further pixel above 4 megapixels, most",
            max(slopes, default=math.nan),
            NANOSECONDS_PER_PIXEL,
        )
        yield Target(
            f"{effort}, k = {SCALED_COLOURS}: bytes per pixel above the input, the output and 64 MB, most",
            max((bytes_per_pixel(row) for row in row_of.values()), default=math.nan),
            BYTES_PER_PIXEL,
        )
    at_24 = {(row.k, row.channels): row.seconds for row in rows if row.k != SCALED_COLOURS}
    for k, limit in SECONDS_AT_24_MEGAPIXELS.items():
        yield Target(f"24 megapixels, k = {k}, balanced: seconds", at_24.get((k, 3), math.nan), limit)
    yield Target(
        "24 megapixels, k = 256, balanced: time of RGBA over RGB's",
        at_24.get((256, 4), math.nan) / at_24.get((256, 3), math.nan),
        ALPHA_TIME,
    )


def nanoseconds_per_further_pixel(row: Scaled, row_of: dict[int, Scaled]) -> float:
    """Of those above the largest measured image of at most 4 megapixels; rows by pixels."""
    base = row_of[max(pixels for pixels in row_of if pixels <= KNEE)]
    return 1e9 * (row.seconds - base.seconds) / (row.pixels - base.pixels)


def bytes_per_pixel(row: Scaled) -> float:
    """At the peak, above the input, the output and 64 MB."""
    return (row.peak_bytes - row.output_bytes - FIXED_BYTES) / row.pixels


def _whole_process(results: Results) -> Iterator[Target]:
    for name, limit in STARTUP_TARGETS.items():
        yield Target(f"start-up with {name}: seconds", results.startup[name], limit)
    for stage, (one, two) in results.speedups.items():
        yield Target(
            f"{stage}: one thread's time over that of two", one / two, PARALLEL_TARGET, at_least=True
        )


def coding_targets(coded: Coded) -> Iterator[Target]:
    """All of the coding, those that were not measured with nan."""
    for name, limits in SIZES.items():
        for rival, limit in limits.items():
            words = f"bytes over those of {FORMATS[rival].label}, mean of the images"
            yield Target(f"{name}: {words} and k", coded.ratio(name, None, rival), limit)
            for k in COLOURS:
                yield Target(f"{name}, k = {k}: {words}", coded.ratio(name, k, rival), None)
    yield from _coding_speeds(coded)
    for call in ("pack", "unpack"):
        figure = coded.speed(OF_24_MEGAPIXELS, call, "packed")
        yield Target(f"{call}: megapixels a second on one thread", figure, PACKING_SPEED, at_least=True)
    for threads in (1, 2):
        shares = [row.region / row.whole for row in coded.regions if row.threads == threads]
        words = "time of a region at the worst place over that of the whole"
        yield Target(f"{OF_24_MEGAPIXELS}, threads = {threads}: {words}", _mean(shares), REGION_TIME)
    for k in COLOURS:
        costs = [cut.nbytes / cut.in_one for cut in coded.cuts if cut.k == k]
        words = f"large, k = {k}: bytes in parts over those in one part"
        yield Target(f"{words}, mean of {len(costs)} images", _mean(costs), CUT_SIZE)
        yield Target(f"{words}, largest", max(costs, default=math.nan), CUT_SIZE)


def _coding_speeds(coded: Coded) -> Iterator[Target]:
    for call in ("encode", "decode"):
        for name in ("kodak", "large", OF_24_MEGAPIXELS):
            label = f"{name}, k = {COLOURS_TIMED}, {call}"
            one, two = (coded.speed(name, call, "context", threads) for threads in (1, 2))
            yield Target(f"{label}: megapixels a second on one thread", one, CODING_SPEED, at_least=True)
            if name != "kodak":
                words = f"{label}: one thread's time over that of two"
                yield Target(words, two / one, CODING_PARALLEL, at_least=True)


def _mean(values: list[float]) -> float:
    return statistics.fmean(values) if values else math.nan
