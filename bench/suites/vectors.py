"""`fastkq.estimator.KMeans` on plain vectors beside scikit-learn's, from the same centroids.

Both run the same number of iterations, in turns in one process. Compared are the median times of `fit`, and
the inertia, which is computed for both in float64.
"""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

from bench import THREADS, results
from bench.results import collected, markdown_table, section
from bench.targets import Target
from bench.timing import medians

TITLE = "KMeans on vectors"
INTRODUCTION = (
    "`make bench-vectors` measures 20 iterations of `fastkq.estimator.KMeans` and of scikit-learn's `KMeans` "
    "on normal data, from the same centroids."
)
_PACKAGES = ("numpy", "numba", "scikit-learn")
_ITERATIONS = 20
_MILLION = 1_000_000
_QUICK = 10_000  # vectors: the most of a problem in a quick run


class Problem(NamedTuple):
    """Normal data, and the target: how many times as fast as scikit-learn fastkq is to be."""

    n: int
    dims: int
    k: int
    dtype: str = "float32"
    target: float | None = None


PROBLEMS = (
    Problem(_MILLION, 3, 64, target=8),
    Problem(_MILLION, 8, 64, target=3),
    Problem(_MILLION, 16, 64, target=2),
    Problem(_MILLION, 32, 64, target=1),
    Problem(_MILLION, 64, 64, target=1),
    Problem(_MILLION, 128, 64, target=1),
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


class Row(NamedTuple):
    """Seconds on a problem, and fastkq's inertia over scikit-learn's."""

    n: int
    dims: int
    k: int
    dtype: str
    target: float | None
    fastkq: float
    sklearn: float
    inertia: float

    @property
    def speed(self) -> float:
        """How many times as fast as scikit-learn."""
        return self.sklearn / self.fastkq


class Run(results.Run):
    """The rows."""

    suite = "vectors"
    row_type = Row


def measure(quick: bool) -> None:
    """Measure all problems; it takes minutes."""
    problems = [problem for problem in PROBLEMS if not quick or problem.n <= _QUICK]
    Run.write(_PACKAGES, quick, rows=collected(map(_row, problems)))


def _row(problem: Problem) -> Row:
    import sklearn.cluster

    import fastkq.estimator

    vectors = np.random.default_rng(0).standard_normal((problem.n, problem.dims), problem.dtype)
    start = vectors[: problem.k].copy()
    models = {
        "fastkq": _kmeans(fastkq.estimator.KMeans, start),
        "sklearn": _kmeans(sklearn.cluster.KMeans, start),
    }
    with threadpoolctl.threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it did not converge
        models["fastkq"].fit(vectors[: 1 << 14])  # compiles
        calls = {name: partial(model.fit, vectors) for name, model in models.items()}
        seconds = medians(calls, rounds=3 if vectors.size >= 1 << 24 else 7)
    inertia = {name: _inertia(vectors, model) for name, model in models.items()}
    return Row(*problem, **seconds, inertia=inertia["fastkq"] / inertia["sklearn"])


def _kmeans(estimator: Any, start: Any) -> Any:
    return estimator(len(start), init=start, n_init=1, tol=0, max_iter=_ITERATIONS)


def _inertia(vectors: Any, model: Any) -> float:
    centroids, total = model.cluster_centers_.astype(np.float64), 0.0
    for first in range(0, len(vectors), 1 << 16):
        part = slice(first, first + (1 << 16))
        total += float(((vectors[part] - centroids[model.labels_[part]]) ** 2).sum())
    return total


def table(run: Run) -> str:
    """Return the table."""
    names = (
        "vectors",
        "features",
        "k",
        "dtype",
        "fastkq",
        "scikit-learn",
        "times as fast",
        "target",
        "inertia ratio",
    )
    rows = [
        [
            f"{row.n:,}",
            row.dims,
            row.k,
            row.dtype,
            f"{row.fastkq:.3g} s",
            f"{row.sklearn:.3g} s",
            f"{row.speed:.2g}",
            "-" if row.target is None else f"{row.target:g}",
            f"{row.inertia:.6f}",
        ]
        for row in run.rows
    ]
    return section([markdown_table(names, rows)], run.machine)


def targets(run: Run) -> Iterator[Target]:
    """Yield how many times as fast as scikit-learn fastkq is, by problem."""
    for row in run.rows:
        words = f"{row.n} vectors of {row.dims} {row.dtype}, k = {row.k}: times as fast as scikit-learn"
        yield Target(words, row.speed, row.target, at_least=True)
