"""`fastkq.estimator.KMeans` on plain vectors beside scikit-learn's, from the same centroids.

Both run the same number of iterations in turns in one process. What counts is the median time, and the
inertia, which is computed for both in float64.
"""

import statistics
import time
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

from bench import THREADS
from bench.machine import machine
from bench.targets import Target

_PACKAGES = ("numpy", "numba", "scikit-learn")
_ITERATIONS = 20
_MILLION = 1_000_000


class Problem(NamedTuple):
    """Normal data, and how many times as fast as scikit-learn fastkq is to be."""

    n: int
    dims: int
    k: int
    dtype: str = "float32"
    aim: float | None = None


PROBLEMS = (
    Problem(_MILLION, 3, 64, aim=8),
    Problem(_MILLION, 8, 64, aim=3),
    Problem(_MILLION, 16, 64, aim=2),
    Problem(_MILLION, 32, 64, aim=1),
    Problem(_MILLION, 64, 64, aim=1),
    Problem(_MILLION, 128, 64, aim=1),
    Problem(_MILLION, 3, 64, "float64"),
    Problem(_MILLION, 16, 64, "float64"),
    Problem(_MILLION, 3, 8),
    Problem(_MILLION, 16, 8),
    Problem(_MILLION, 3, 256),
    Problem(100_000, 16, 256),
    Problem(100_000, 3, 1000),
    Problem(10_000, 3, 64),
    Problem(10_000, 16, 64),
)


class Fit(NamedTuple):
    """Centroids (k, d), labels (n,) and how long they took."""

    centroids: Any
    labels: Any
    seconds: float


class Row(NamedTuple):
    """What was measured of a problem; the inertia is a ratio to that of scikit-learn."""

    problem: Problem
    fastkq: float
    sklearn: float
    inertia: float

    @property
    def speed(self) -> float:
        """How many times as fast as scikit-learn."""
        return self.sklearn / self.fastkq


def measure() -> list[Row]:
    """All rows, printed as they come: minutes."""
    return list(_rows())


def markdown(rows: list[Row]) -> str:
    """The README's table."""
    lines = [
        "| vectors | features | k | dtype | fastkq | scikit-learn | times as fast | aim | inertia |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (n, dims, k, dtype, aim), fastkq, sklearn, inertia in rows:
        goal = "-" if aim is None else f"{aim:g}"
        lines.append(
            f"| {n:,} | {dims} | {k} | {dtype} | {fastkq:.3g} s | {sklearn:.3g} s | "
            f"{sklearn / fastkq:.2g} | {goal} | {inertia:.6f} |"
        )
    return "\n".join([*lines, "", "Measured on " + "; ".join(machine(_PACKAGES).values()) + ".", ""])


def _rows() -> Iterator[Row]:
    import sklearn.cluster

    import fastkq.estimator

    for problem in PROBLEMS:
        vectors = np.random.default_rng(0).standard_normal((problem.n, problem.dims), problem.dtype)
        start = vectors[: problem.k].copy()
        kinds = fastkq.estimator.KMeans, sklearn.cluster.KMeans
        _fit(kinds[0], vectors[: 1 << 14], start)  # compiles
        rounds = 3 if vectors.size >= 1 << 24 else 7
        ours, theirs = zip(
            *([_fit(kind, vectors, start) for kind in kinds] for _ in range(rounds)), strict=True
        )
        row = Row(
            problem,
            statistics.median(fit.seconds for fit in ours),
            statistics.median(fit.seconds for fit in theirs),
            _inertia(vectors, ours[0]) / _inertia(vectors, theirs[0]),
        )
        words = f"{problem.n} vectors of {problem.dims} {problem.dtype}, k = {problem.k}: times as fast"
        print(Target(words, row.speed, problem.aim, True), f"inertia {row.inertia:.7f}", flush=True)
        yield row


def _fit(kind: Any, vectors: Any, start: Any) -> Fit:
    kmeans = kind(len(start), init=start, n_init=1, tol=0, max_iter=_ITERATIONS)
    with threadpoolctl.threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it did not converge
        started = time.perf_counter()
        kmeans.fit(vectors)
        seconds = time.perf_counter() - started
    return Fit(kmeans.cluster_centers_, kmeans.labels_, seconds)


def _inertia(vectors: Any, fit: Fit) -> float:
    centroids, total = fit.centroids.astype(np.float64), 0.0
    for first in range(0, len(vectors), 1 << 16):
        part = slice(first, first + (1 << 16))
        total += float(((vectors[part] - centroids[fit.labels[part]]) ** 2).sum())
    return total
