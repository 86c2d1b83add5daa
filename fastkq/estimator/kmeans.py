"""`sklearn.cluster.KMeans` on the kernels of fastkq."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import cluster
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils.validation import check_is_fitted

from fastkq.errors import ArgumentError
from fastkq.estimator.checks import validated, weights_of
from fastkq.estimator.repeated_rows import Rows, rows_of
from fastkq.kmeans import accelerated_lloyd, hamerly, seeding

_RUNS = 10
"""Of n_init="auto" where the initial centroids are not chosen well."""


class KMeans(cluster.KMeans):  # type: ignore[misc]
    """K-means clustering: `sklearn.cluster.KMeans`, faster.

    Parameters, attributes, methods, warnings and errors are those of scikit-learn's class, of which this is a
    subclass; change the import and nothing else. Data whose rows repeat, as the pixels of an image do, are
    counted first, and all the work is done on the distinct rows.

    Parameters
    ----------
    n_clusters : int, default=8
    init : {"k-means++", "random"}, callable or (n_clusters, n_features), default="k-means++"
        A callable is called with X as it is, `n_clusters` and `random_state`.
    n_init : "auto" or int, default="auto"
        Runs, the best of which is kept: "auto" stands for 1 with "k-means++" or an array, 10 else.
    max_iter : int, default=300
    tol : float, default=1e-4
        A run ends when the sum of the squared moves of the centroids is at most so many times the mean
        variance of the features, or when no label changes.
    verbose : int, default=0
    random_state : int, RandomState instance or None, default=None
        Where rows are not counted, the initial centroids are those that scikit-learn draws with the same
        one, but for the rounding of sums. Where they are, those of k-means++ are improved by swaps.
    copy_x : bool, default=True
        Accepted; the data are never changed.
    algorithm : {"lloyd", "elkan"}, default="lloyd"
        Accepted; both are Lloyd's algorithm and give the same.

    Attributes
    ----------
    cluster_centers_ : (n_clusters, n_features) float32 or float64
        float32 for float32 data.
    labels_ : (n_samples,) int32
        What `predict` gives for the data.
    inertia_ : float
    n_iter_, n_features_in_ : int
    feature_names_in_ : (n_features_in_,) str
        Only where X has names for all its features.

    Notes
    -----
    The result does not depend on the number of threads, which is that of scikit-learn: `OMP_NUM_THREADS` and
    `threadpoolctl` bound it. What k-means++ draws may depend on how the BLAS of NumPy rounds. Sparse data are
    left to scikit-learn. Negative weights are refused, and X has to be finite even with ``assume_finite``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.estimator import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> kmeans = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> kmeans.labels_
    array([1, 1, 1, 0, 0, 0], dtype=int32)
    >>> kmeans.predict([[0, 0], [12, 3]])
    array([1, 0], dtype=int32)
    >>> kmeans.cluster_centers_
    array([[10.,  2.], [ 1.,  2.]])
    """

    if TYPE_CHECKING:  # scikit-learn says no types

        def __init__(
            self,
            n_clusters: int = 8,
            *,
            init: str | npt.ArrayLike | Callable[..., Any] = "k-means++",
            n_init: Literal["auto"] | int = "auto",
            max_iter: int = 300,
            tol: float = 1e-4,
            verbose: int = 0,
            random_state: int | np.random.RandomState | None = None,
            copy_x: bool = True,
            algorithm: Literal["lloyd", "elkan"] = "lloyd",
        ) -> None: ...
        def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> npt.NDArray[np.int32]: ...
        def transform(self, X: Any) -> npt.NDArray[Any]: ...
        def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> npt.NDArray[Any]: ...

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> "KMeans":
        """Find the clusters of X (n_samples, n_features), with weights (n_samples,) or all of one."""
        X = validated(self, X, reset=True)
        if sparse.issparse(X):
            super().fit(X, sample_weight=sample_weight)
            return self
        self._n_init = self._runs(len(X))
        self._n_threads = _openmp_effective_n_threads()
        rows = rows_of(X, weights_of(sample_weight, X), self._n_threads)
        tolerance = self.tol * rows.variance() if self.tol else 0.0
        random_state = check_random_state(self.random_state)
        draw = self._drawing(X, rows)
        best: tuple[float, int, accelerated_lloyd.Lloyd] | None = None
        for _ in range(self._n_init):
            lloyd = accelerated_lloyd.Lloyd(rows.vectors, rows.weights, draw(random_state), self._n_threads)
            if self.verbose:
                print("Initialization complete")
            iterations = self._iterate(lloyd, tolerance)
            lloyd.settle()
            inertia = lloyd.inertia()
            if best is None or inertia < best[0]:
                best = inertia, iterations, lloyd
        assert best is not None
        self.inertia_, self.n_iter_, lloyd = best
        self.cluster_centers_, labels = lloyd.centroids, lloyd.labels
        self._n_features_out = self.n_clusters
        self.labels_ = rows.spread(labels, self.n_clusters, self._n_threads)
        self._warn_of_unused(labels)
        return self

    def predict(self, X: Any) -> npt.NDArray[np.int32]:
        """The nearest cluster (n_samples,) of each row of X (n_samples, n_features), the first of equals."""
        check_is_fitted(self)
        X = validated(self, X, reset=False)
        if sparse.issparse(X):
            labels: npt.NDArray[np.int32] = super().predict(X)
            return labels
        rows, centroids, threads = self._beside(X, None)
        return rows.spread(hamerly.nearest(rows.vectors, centroids, threads), len(centroids), threads)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the weighted sum of the squared distances of X (n_samples, n_features) from the clusters."""
        check_is_fitted(self)
        X = validated(self, X, reset=False)
        if sparse.issparse(X):
            return float(super().score(X, sample_weight=sample_weight))
        rows, centroids, threads = self._beside(X, weights_of(sample_weight, X))
        settled = accelerated_lloyd.Lloyd(rows.vectors, rows.weights, centroids, threads)
        settled.settle()
        return -settled.inertia()

    def _runs(self, samples: int) -> int:
        if samples < self.n_clusters:
            raise ArgumentError(f"n_samples={samples} should be >= n_clusters={self.n_clusters}.")
        if self.algorithm == "elkan" and self.n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=4,
            )
        if not isinstance(self.init, str) and not callable(self.init):
            if self.n_init not in ("auto", 1):
                warnings.warn(
                    "Explicit initial center position passed: performing only one init in "
                    f"{type(self).__name__} instead of n_init={self.n_init}.",
                    RuntimeWarning,
                    stacklevel=4,
                )
            return 1
        if self.n_init == "auto":
            return 1 if isinstance(self.init, str) and self.init == "k-means++" else _RUNS
        return int(self.n_init)

    def _drawing(self, X: npt.NDArray[Any], rows: Rows) -> Callable[[Any], npt.NDArray[Any]]:
        """What gives initial centroids for a random state."""
        vectors, weights, k = rows.vectors, rows.weights, self.n_clusters
        if not isinstance(self.init, str):
            return partial(self._given, X)
        if len(vectors) < k:  # distinct ones: all of them, and some twice
            return lambda random_state: vectors[np.arange(k) % len(vectors)]
        if self.init == "random":
            return partial(seeding.at_random, vectors, weights, k)
        if rows.counts is not None and weights is not None and np.count_nonzero(weights) >= k:
            return seeding.Swapping(vectors, weights, k, self._n_threads).draw
        return partial(seeding.plus_plus, vectors, weights, k, threads=self._n_threads)

    def _given(self, X: npt.NDArray[Any], random_state: Any) -> npt.NDArray[Any]:
        init = self.init(X, self.n_clusters, random_state=random_state) if callable(self.init) else self.init
        return self._checked(check_array(init, dtype=X.dtype), X)

    def _checked(self, init: npt.NDArray[Any], X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        expected = {"number of clusters": self.n_clusters, "number of features of the data": X.shape[1]}
        for (name, number), length in zip(expected.items(), init.shape, strict=True):
            if length != number:
                raise ArgumentError(
                    f"The shape of the initial centers {init.shape} does not match the {name} {number}."
                )
        return init

    def _iterate(self, lloyd: accelerated_lloyd.Lloyd, tolerance: float) -> int:
        """Lloyd's algorithm until it has converged; returns the number of iterations."""
        for iteration in range(self.max_iter):
            before = lloyd.centroids.copy()
            shift, changed = lloyd.step()
            if self.verbose:
                print(f"Iteration {iteration}, inertia {lloyd.inertia(before)}.")
            if not changed:
                reason = "strict convergence"
            elif shift <= tolerance:
                reason = f"center shift {shift} within tolerance {tolerance}"
            else:
                continue
            if self.verbose:
                print(f"Converged at iteration {iteration}: {reason}.")
            break
        return iteration + 1

    def _warn_of_unused(self, labels: npt.NDArray[np.int32]) -> None:
        used = np.count_nonzero(np.bincount(labels, minlength=self.n_clusters))
        if used < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({used}) found smaller than n_clusters ({self.n_clusters}). "
                "Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _beside(
        self, X: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None
    ) -> tuple[Rows, npt.NDArray[Any], int]:
        """The rows of X and the centroids, of one dtype, and the number of threads."""
        centroids = np.array(self.cluster_centers_, order="C")  # kernels are compiled for what may be written
        if centroids.dtype.kind != "f":  # set by hand
            centroids = centroids.astype(X.dtype)
        threads = _openmp_effective_n_threads()
        return rows_of(X.astype(centroids.dtype, copy=False), weights, threads), centroids, threads


KMeans.__module__ = "fastkq.estimator"  # pickles name the public module
