"""`sklearn.cluster.KMeans` on the kernels of fastkq."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import cluster
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils.validation import check_is_fitted

from fastkq.errors import ArgumentError
from fastkq.estimator.checks import validated, weights_of
from fastkq.estimator.repeated_rows import Rows, count_rows
from fastkq.kmeans import accelerated_lloyd, hamerly, seeding

_DEFAULT_RUNS = 10
"""Number of runs with ``n_init="auto"`` if the initial centroids are random or come from a callable."""

if TYPE_CHECKING:  # scikit-learn has no type annotations
    Method = TypeVar("Method", bound=Callable[..., Any])

    def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]: ...

    MatrixLike: TypeAlias = npt.ArrayLike | sparse.spmatrix | sparse.sparray
else:
    from sklearn.base import _fit_context


class KMeans(cluster.KMeans):  # type: ignore[misc]
    """K-means clustering: a faster `sklearn.cluster.KMeans`.

    This subclass has the parameters, attributes, methods, warnings and errors of scikit-learn's class: change
    the import and nothing else. Repeated rows, as the pixels of an image are, are counted first, and k-means
    runs on the distinct rows with their counts.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {"k-means++", "random"}, callable or (n_clusters, n_features), default="k-means++"
        Initial centroids or the method that chooses them. A callable gets all rows of X, `n_clusters` and
        `random_state`.
    n_init : "auto" or int, default="auto"
        Number of runs, of which the run with the least inertia is kept. "auto" is 1 with "k-means++" or an
        array, else 10.
    max_iter : int, default=300
        Number of iterations of a run, at most.
    tol : float, default=1e-4
        A run ends when the sum of the centroids' squared shifts is at most `tol` times the mean variance of
        the features, or when no label changes.
    verbose : int, default=0
        Other than 0: print the inertia of each iteration.
    random_state : int, RandomState instance or None, default=None
        State of the random numbers. If rows are not counted, the initial centroids are those that
        scikit-learn draws with the same state, except for rounding of sums. If they are counted, the initial
        centroids of k-means++ are improved by swaps.
    copy_x : bool, default=True
        Accepted without effect; the data are never changed.
    algorithm : {"lloyd", "elkan"}, default="lloyd"
        Accepted without effect; both give the result of Lloyd's algorithm.

    Attributes
    ----------
    cluster_centers_ : (n_clusters, n_features) float32 or float64
        The centroids; float32 for float32 data.
    labels_ : (n_samples,) int32
        Cluster of each sample, as `predict` returns it.
    inertia_ : float
        Weighted sum of the squared distances of the samples to their centroids.
    n_iter_, n_features_in_ : int
        Number of iterations of the best run, and number of features.
    feature_names_in_ : (n_features_in_,) str
        Names of the features; only if X has names for all of them.

    Notes
    -----
    The number of threads is that of scikit-learn, limited by `OMP_NUM_THREADS` and `threadpoolctl`; the
    result does not depend on it. The centroids that k-means++ draws may depend on how NumPy's BLAS rounds.
    Sparse data are clustered by scikit-learn's own code. Unlike scikit-learn, this class refuses negative
    weights, and refuses X that is not finite even with ``assume_finite``.

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

    if TYPE_CHECKING:  # scikit-learn has no type annotations
        cluster_centers_: npt.NDArray[np.float32 | np.float64]
        labels_: npt.NDArray[np.int32]
        inertia_: float
        n_iter_: int
        n_features_in_: int
        feature_names_in_: npt.NDArray[np.object_]

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
        def fit_predict(
            self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None
        ) -> npt.NDArray[np.int32]: ...
        def transform(self, X: MatrixLike) -> npt.NDArray[np.float32 | np.float64]: ...
        def fit_transform(
            self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None
        ) -> npt.NDArray[np.float32 | np.float64]: ...

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit the centroids to data.

        Parameters
        ----------
        X : (n_samples, n_features) array-like or sparse matrix
        y
            Ignored.
        sample_weight : (n_samples,) array-like, optional
            Weights of the samples; 1 for each if None.

        Returns
        -------
        KMeans
            The estimator itself.

        Raises
        ------
        ValueError
            When X, the weights or a parameter are invalid; `fastkq.errors.ArgumentError` is a subclass.

        Warns
        -----
        ConvergenceWarning
            When fewer than `n_clusters` clusters are distinct.
        """
        X = validated(self, X, reset=True)
        if sparse.issparse(X):
            super().fit(X, sample_weight=sample_weight)
            return self
        self._n_init = self._number_of_runs(len(X))
        self._n_threads = _openmp_effective_n_threads()
        rows = count_rows(X, weights_of(sample_weight, X), self._n_threads)
        tolerance = self.tol * rows.variance() if self.tol else 0.0
        random_state = check_random_state(self.random_state)
        draw = self._initializer(X, rows)
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

    def predict(self, X: MatrixLike) -> npt.NDArray[np.int32]:
        """Return the index of the nearest centroid of each row of X, the lowest index if several are nearest.

        Parameters
        ----------
        X : (n_samples, n_features) array-like or sparse matrix

        Returns
        -------
        (n_samples,) int32

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        X = validated(self, X, reset=False)
        if sparse.issparse(X):
            labels: npt.NDArray[np.int32] = super().predict(X)
            return labels
        rows, centroids, threads = self._rows_and_centroids(X, None)
        return rows.spread(hamerly.nearest(rows.vectors, centroids, threads), len(centroids), threads)

    def score(self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return minus the inertia of X: the weighted sum of squared distances to the nearest centroids.

        Parameters
        ----------
        X : (n_samples, n_features) array-like or sparse matrix
        y
            Ignored.
        sample_weight : (n_samples,) array-like, optional
            Weights of the samples; 1 for each if None.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        X = validated(self, X, reset=False)
        if sparse.issparse(X):
            return float(super().score(X, sample_weight=sample_weight))
        rows, centroids, threads = self._rows_and_centroids(X, weights_of(sample_weight, X))
        lloyd = accelerated_lloyd.Lloyd(rows.vectors, rows.weights, centroids, threads)
        lloyd.settle()
        return -lloyd.inertia()

    def _number_of_runs(self, samples: int) -> int:
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
            return 1 if isinstance(self.init, str) and self.init == "k-means++" else _DEFAULT_RUNS
        return int(self.n_init)

    def _initializer(self, X: npt.NDArray[Any], rows: Rows) -> Callable[[Any], npt.NDArray[Any]]:
        """Return the function that draws initial centroids for a random state."""
        vectors, weights, k = rows.vectors, rows.weights, self.n_clusters
        if not isinstance(self.init, str):
            return partial(self._user_centroids, X)
        if len(vectors) < k:  # fewer distinct rows than clusters: all of them, some twice
            return lambda random_state: vectors[np.arange(k) % len(vectors)]
        if self.init == "random":
            return partial(seeding.at_random, vectors, weights, k)
        if rows.counts is not None and weights is not None and np.count_nonzero(weights) >= k:
            return seeding.SwapInitializer(vectors, weights, k, self._n_threads).draw
        return partial(seeding.plus_plus, vectors, weights, k, threads=self._n_threads)

    def _user_centroids(self, X: npt.NDArray[Any], random_state: Any) -> npt.NDArray[Any]:
        init = self.init(X, self.n_clusters, random_state=random_state) if callable(self.init) else self.init
        return self._checked_shape(check_array(init, dtype=X.dtype), X)

    def _checked_shape(self, init: npt.NDArray[Any], X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        expected = {"number of clusters": self.n_clusters, "number of features of the data": X.shape[1]}
        for (name, number), length in zip(expected.items(), init.shape, strict=True):
            if length != number:
                raise ArgumentError(
                    f"The shape of the initial centers {init.shape} does not match the {name} {number}."
                )
        return init

    def _iterate(self, lloyd: accelerated_lloyd.Lloyd, tolerance: float) -> int:
        """Run Lloyd's algorithm until convergence or `max_iter`; return the number of iterations."""
        for iteration in range(self.max_iter):
            previous = lloyd.centroids.copy()
            shift, changed = lloyd.step()
            if self.verbose:
                print(f"Iteration {iteration}, inertia {lloyd.inertia(previous)}.")
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

    def _rows_and_centroids(
        self, X: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None
    ) -> tuple[Rows, npt.NDArray[Any], int]:
        """Return the rows of X and the centroids, both of one dtype, and the number of threads."""
        centroids = np.array(self.cluster_centers_, order="C")  # a copy: kernels take writable arrays only
        if centroids.dtype.kind != "f":  # the user has set integers
            centroids = centroids.astype(X.dtype)
        threads = _openmp_effective_n_threads()
        return count_rows(X.astype(centroids.dtype, copy=False), weights, threads), centroids, threads


KMeans.__module__ = "fastkq.estimator"  # pickles name the public module
