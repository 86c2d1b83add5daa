"""Targets of time, error, speed-up and start-up."""

import math
from collections.abc import Iterator

from bench.cases import KS
from bench.reference import references
from bench.results import geometric_mean, mean
from bench.suites.engine.results import Run
from bench.targets import Target

FAST_TIME = {16: 2.0, 64: 2.0, 256: 4.0}  # of FASTOCTREE's time, by k
FAST_ERROR = 1.03  # of the mean error of single scikit-learn runs
BALANCED_SPEED = 200.0  # scikit-learn's time over fastkq's
BALANCED_ERROR, BALANCED_WORST = 1.000, 1.010  # of the error of the best scikit-learn run
BEST_ERROR, BEST_WORST = {16: 1.0000, 64: 0.9950, 256: 0.9900}, 1.0005  # likewise
BEST_SPEED = 20.0  # scikit-learn's time over fastkq's
LARGE_SPEED = {  # the peer's time over fastkq's, by k
    64: {"FASTOCTREE": 1.0, "imagequant": 30.0, "scikit-learn": 500.0},
    256: {"FASTOCTREE": 1.0, "imagequant": 30.0, "scikit-learn": 1000.0},
}
STARTUP = {"empty cache": 8.0, "warm cache": 0.8}  # seconds
SPEEDUP = 1.6  # time on one thread over time on two


def targets(run: Run) -> Iterator[Target]:
    """Yield all targets; the figure of what was not measured is nan."""
    for name in ("kodak", "gb82-photos"):
        yield from _fast(run, name)
        yield from _balanced(run, name)
        yield from _best(run, name)
    yield from _large(run)
    for name, limit in STARTUP.items():
        yield Target(f"start-up with {name}: seconds", run.startup[name], limit)
    for stage, (one, two) in run.speedups.items():
        yield Target(f"{stage}: time on one thread over time on two", one / two, SPEEDUP, at_least=True)


def _fast(run: Run, name: str) -> Iterator[Target]:
    reference = references(name)
    for k in KS:
        label = f"{name}, k = {k}, fast"
        ratio = run.ratio(name, k, "fastkq fast", to="FASTOCTREE")
        yield Target(f"{label}: time over FASTOCTREE's", ratio, FAST_TIME[k])
        rows = [row for row in run.of(name, k, "fastkq fast").values() if (row.image, k) in reference]
        single = mean(reference[row.image, k].mean for row in rows)
        ratio = mean(row.error for row in rows) / single
        yield Target(f"{label}: mean error over that of single scikit-learn runs", ratio, FAST_ERROR)


def _balanced(run: Run, name: str) -> Iterator[Target]:
    ratios = {k: run.ratio(name, k, "scikit-learn") for k in KS}
    words = "scikit-learn's time over balanced's"
    yield Target(f"{name}: {words}", geometric_mean(ratios.values()), BALANCED_SPEED, at_least=True)
    for k in KS:
        yield Target(f"{name}, k = {k}: {words}", ratios[k])
        yield from _errors(run, name, k, "balanced", BALANCED_ERROR, BALANCED_WORST)


def _best(run: Run, name: str) -> Iterator[Target]:
    for k in KS:
        yield from _errors(run, name, k, "best", BEST_ERROR[k], BEST_WORST)
        ratio = run.ratio(name, k, "scikit-learn", to="fastkq best")
        yield Target(f"{name}, k = {k}: scikit-learn's time over best's", ratio, BEST_SPEED, at_least=True)


def _errors(
    run: Run, name: str, k: int, effort: str, mean_limit: float, worst_limit: float
) -> Iterator[Target]:
    reference = references(name)
    method = {"balanced": "fastkq", "best": "fastkq best"}[effort]
    rows = [row for row in run.of(name, k, method).values() if (row.image, k) in reference]
    ratios = [row.error / reference[row.image, k].best for row in rows]
    runs = min((reference[row.image, k].runs for row in rows), default=10)
    words = f"{name}, k = {k}, {effort}: error over that of the best of {runs} scikit-learn runs"
    yield Target(f"{words}, mean of {len(ratios)} images", mean(ratios), mean_limit)
    yield Target(f"{words}, largest", max(ratios, default=math.nan), worst_limit)


def _large(run: Run) -> Iterator[Target]:
    for k, speeds in LARGE_SPEED.items():
        for peer, speed in speeds.items():
            ratio = run.ratio("large", k, peer)
            yield Target(f"large, k = {k}: {peer}'s time over balanced's", ratio, speed, at_least=True)
            ours, theirs = run.of("large", k, "fastkq"), run.of("large", k, peer)
            ratios = [ours[image].error / row.error for image, row in theirs.items()]
            words = f"large, k = {k}: balanced's error over {peer}'s, largest of {len(ratios)} images"
            yield Target(words, max(ratios, default=math.nan), 1.0)
