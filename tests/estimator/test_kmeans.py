"""`KMeans` as a replacement of scikit-learn's: properties that scikit-learn's own tests do not cover."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn import cluster
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fastkq.errors import ArgumentError
from fastkq.estimator import KMeans, checks, repeated_rows
from fastkq.kmeans import seeding
from tests.helpers.images import photograph_like


def blobs(samples, features, dtype=np.float64, seed=0):
    generator = np.random.default_rng(seed)
    centers = generator.normal(size=(12, features)) * 3
    return (centers[generator.integers(0, 12, samples)] + generator.normal(size=(samples, features))).astype(
        dtype
    )


@pytest.fixture(scope="module")
def pixels():
    """Return pixels (N, 3) of an image with few distinct colors, which `KMeans` counts."""
    return (photograph_like(120, 160) // 8 * 8).reshape(-1, 3)


def squared_error(X, kmeans, weights=1.0):
    differences = np.asarray(X, np.float64) - kmeans.cluster_centers_[kmeans.labels_]
    return ((differences**2).sum(axis=1) * weights).sum()


def test_kmeans_subclasses_scikit_learn_with_the_same_parameters():
    assert isinstance(KMeans(), cluster.KMeans)
    assert KMeans().get_params() == cluster.KMeans().get_params()


@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("features", [1, 3, 20])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_same_random_state_gives_the_clusters_of_scikit_learn(init, features, dtype, weighted):
    X = blobs(700, features, dtype)
    weights = np.random.default_rng(1).uniform(size=700) if weighted else None
    arguments = {"n_clusters": 9, "init": init, "n_init": 1, "random_state": 3}
    ours = KMeans(**arguments).fit(X, sample_weight=weights)
    theirs = cluster.KMeans(**arguments).fit(X, sample_weight=weights)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-3, atol=1e-3)
    assert ours.cluster_centers_.dtype == dtype
    assert ours.n_iter_ == theirs.n_iter_


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_counting_rows_does_not_change_the_clusters(pixels, dtype, weighted, monkeypatch):
    X = (pixels / 255).astype(dtype) if dtype != np.uint8 else pixels
    weights = np.random.default_rng(1).uniform(size=len(X)) if weighted else None
    kmeans = KMeans(n_clusters=10, init=X[:: len(X) // 9][:10], tol=0)
    counted = clone(kmeans).fit(X, sample_weight=weights)
    monkeypatch.setattr(repeated_rows, "_MIN_ROWS", 1 << 40)
    plain = clone(kmeans).fit(X, sample_weight=weights)
    assert counted.inertia_ == pytest.approx(plain.inertia_, rel=1e-5)
    assert counted.inertia_ == pytest.approx(squared_error(X, counted, 1.0 if weights is None else weights))
    np.testing.assert_allclose(counted.cluster_centers_, plain.cluster_centers_, rtol=1e-2)
    assert np.mean(counted.labels_ != plain.labels_) < 0.01


def assert_counted(X, rows):
    labels = np.arange(len(rows.vectors), dtype=np.int32)
    owners = rows.spread(labels, len(labels), 2)
    np.testing.assert_array_equal(rows.vectors[owners], X)
    np.testing.assert_array_equal(rows.counts, np.bincount(owners))
    assert len(rows.vectors) == len(np.unique(X, axis=0))
    return owners


@pytest.mark.parametrize("threads", [1, 2])
def test_repeated_rows_are_counted(pixels, threads):
    weights = np.random.default_rng(0).uniform(size=len(pixels))
    for scaled in (pixels * 1.0, pixels / 255, StandardScaler().fit_transform(pixels), pixels - 128.0):
        for dtype in (np.float32, np.float64):
            X = scaled.astype(dtype)
            rows = repeated_rows.count_rows(X, weights, threads)
            owners = assert_counted(X, rows)
            np.testing.assert_allclose(rows.weights, np.bincount(owners, weights))


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 70])
def test_up_to_three_varying_columns_are_counted(columns):
    X = np.full((9000, columns), 0.5)
    varying = np.random.default_rng(0).permutation(columns)[:3]
    X[:, varying] = np.random.default_rng(1).integers(-1, 2, (9000, len(varying))) * 0.1
    assert_counted(X, repeated_rows.count_rows(X, None))


def test_unsuitable_rows_are_not_counted(pixels):
    X = pixels / 255
    rarely = np.zeros((len(X), 1))
    rarely[5] = 1
    assert repeated_rows.count_rows(X[:1000].copy(), None).counts is None
    few = np.arange(20000)[:, None]
    for other in (
        X + np.random.default_rng(0).normal(size=X.shape),
        np.column_stack((X, X[::-1, :1])),
        np.column_stack((X, rarely)),
        few % 257 * np.ones(3),
        np.where(few > 19000, few, few % 7) * 1.0,
    ):
        rows = repeated_rows.count_rows(np.ascontiguousarray(other), None)
        assert rows.counts is None
        assert rows.vectors.shape == other.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_variance_of_counted_rows_is_that_of_all_samples(pixels, dtype):
    for data in (pixels / 255, blobs(40000, 5), blobs(100, 1) + 1000):
        X = data.astype(dtype)
        variance = X.var(axis=0, dtype=np.float64).mean()
        assert repeated_rows.count_rows(X, None).variance() == pytest.approx(variance)


@pytest.mark.parametrize("offset", [0, 100, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_iter", [2, 300])
def test_predict_reproduces_labels(offset, dtype, max_iter, pixels):
    for data in (pixels, blobs(5000, 3)):
        X = (data + offset).astype(dtype)
        kmeans = KMeans(n_clusters=30, max_iter=max_iter, random_state=0).fit(X)
        np.testing.assert_array_equal(kmeans.predict(X), kmeans.labels_)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(kmeans)).predict(X), kmeans.labels_)
        assert kmeans.inertia_ == pytest.approx(squared_error(X, kmeans), rel=1e-3)
        assert kmeans.score(X) == pytest.approx(-kmeans.inertia_)


def test_the_score_weighs_the_samples():
    X, weights = blobs(500, 4), np.random.default_rng(0).uniform(size=500)
    kmeans = KMeans(n_clusters=5, random_state=0).fit(X)
    assert kmeans.score(X, sample_weight=weights) == pytest.approx(-squared_error(X, kmeans, weights))
    assert KMeans(5, random_state=0).fit(X, sample_weight=weights).inertia_ <= squared_error(
        X, kmeans, weights
    )


def test_predict_accepts_another_dtype():
    X = blobs(500, 4)
    for fitted, given in ((np.float32, np.float64), (np.float64, np.float32)):
        kmeans = KMeans(n_clusters=5, random_state=0).fit(X.astype(fitted))
        np.testing.assert_array_equal(kmeans.predict(X.astype(given)), kmeans.labels_)


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_fewer_colors_than_clusters_are_kept_with_a_warning(init):
    X = np.array([[0, 0, 0], [255, 0, 0], [9, 9, 9]])[np.arange(30000) % 3]
    with pytest.warns(ConvergenceWarning, match=r"distinct clusters \(3\) .* n_clusters \(5\)"):
        kmeans = KMeans(n_clusters=5, init=init, n_init=1, random_state=0).fit(X)
    np.testing.assert_allclose(kmeans.cluster_centers_[kmeans.labels_], X, atol=1e-9)
    assert kmeans.cluster_centers_.shape == (5, 3)


def test_warnings_point_at_the_call():
    with pytest.warns(ConvergenceWarning) as caught:
        KMeans(n_clusters=3, random_state=0).fit(np.zeros((5, 2)))
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(RuntimeWarning, match="only one init") as caught:
        KMeans(n_clusters=1, init=[[0.0]], n_init=3).fit([[1.0]])
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_samples_of_weight_0_are_not_initial_centroids(init):
    X = blobs(400, 5)
    weights = np.arange(400) % 2 * 1.0
    for seed in range(10):
        state = np.random.RandomState(seed)
        chosen = {"random": seeding.at_random, "k-means++": seeding.plus_plus}[init](X, weights, 20, state)
        assert {tuple(row) for row in chosen} < {tuple(row) for row in X[1::2]}
        assert len(np.unique(chosen, axis=0)) == 20


def test_colors_of_weight_0_have_no_clusters(pixels):
    weights = (pixels[:, 0] > 128) * 1.0
    kmeans = KMeans(20, random_state=0).fit(pixels, sample_weight=weights)
    alone = KMeans(20, random_state=0).fit(pixels[weights > 0])
    np.testing.assert_allclose(kmeans.cluster_centers_, alone.cluster_centers_)
    few = np.zeros(len(pixels))
    few[:3] = 1
    with pytest.warns(ConvergenceWarning):
        assert KMeans(20, random_state=0).fit(pixels, sample_weight=few).inertia_ == pytest.approx(0)


def test_inertia_on_an_image_is_below_that_of_scikit_learn(china):
    X = china[::4, ::4].reshape(-1, 3) / 255
    ours, theirs = ([kind(24, random_state=seed).fit(X).inertia_ for seed in range(2)]
                    for kind in (KMeans, cluster.KMeans))  # fmt: skip
    assert ours[0] != ours[1]
    assert np.mean(ours) < 0.997 * np.mean(theirs)


def test_kmeans_plus_plus_is_better_than_random_seeding(pixels):
    X = pixels / 255
    errors = {
        init: np.mean([KMeans(40, init=init, n_init=1, max_iter=1, random_state=seed).fit(X).inertia_
                       for seed in range(3)])
        for init in ("random", "k-means++")
    }  # fmt: skip
    assert errors["k-means++"] < 0.9 * errors["random"]


def test_more_runs_never_raise_the_inertia():
    X = blobs(500, 3)
    inertias = [KMeans(9, init="random", n_init=n, random_state=0).fit(X).inertia_ for n in (1, 2, 5, 10)]
    assert inertias == sorted(inertias, reverse=True)
    assert inertias[-1] < inertias[0]


def test_init_callable_gets_and_returns_uncentered_data():
    X = blobs(500, 2) + 1000
    seen = []

    def choose(given, k, random_state):
        seen.append(np.array_equal(given, X))
        return X[:k]

    by_callable = KMeans(4, init=choose, n_init=1, max_iter=1).fit(X)
    by_array = KMeans(4, init=X[:4], max_iter=1).fit(X)
    assert seen == [True]
    np.testing.assert_array_equal(by_callable.cluster_centers_, by_array.cluster_centers_)


@pytest.mark.parametrize("copy_x", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
def test_fit_and_predict_leave_the_data_unchanged(pixels, copy_x, order):
    for data in (pixels / 255, blobs(300, 3)):
        X = np.asarray(data, order=order)
        X.flags.writeable = False
        before = X.copy()
        KMeans(3, copy_x=copy_x, random_state=0).fit(X).predict(X)
        np.testing.assert_array_equal(X, before)


def test_validated_read_only_data_are_writable():
    X = blobs(300, 3)
    X.flags.writeable = False
    # A read-only array would be another type: kernels would be compiled for it again.
    assert checks.validated(KMeans(), X, reset=True).flags.writeable


def test_same_clusters_on_any_thread_count(pixels):
    for data in (pixels / 255, blobs(40000, 6, np.float32)):
        results = []
        for threads in (1, 2, 3):
            with threadpool_limits(threads):
                results.append(KMeans(20, max_iter=5, random_state=0).fit(data))
        for other in results[1:]:
            np.testing.assert_array_equal(results[0].cluster_centers_, other.cluster_centers_)
            np.testing.assert_array_equal(results[0].labels_, other.labels_)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array])
def test_sparse_and_dense_data_have_equal_clusters(container):
    dense = np.where(np.random.default_rng(0).uniform(size=(300, 20)) < 0.8, 0, blobs(300, 20))
    of_sparse = KMeans(4, random_state=0).fit(container(dense))
    of_dense = KMeans(4, random_state=0).fit(dense)
    np.testing.assert_array_equal(of_sparse.labels_, of_dense.labels_)
    for kmeans in (of_sparse, of_dense):
        np.testing.assert_array_equal(kmeans.predict(container(dense)), of_dense.labels_)
        np.testing.assert_array_equal(kmeans.predict(dense), of_dense.labels_)
        assert kmeans.score(container(dense)) == pytest.approx(kmeans.score(dense))


@pytest.mark.parametrize("samples", [300, 9000])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_non_finite_data_are_refused_even_with_assume_finite(samples, value):
    X = blobs(samples, 3)
    kmeans = KMeans(3, random_state=0).fit(X)
    X[5, 1] = value
    with sklearn.config_context(assume_finite=True):
        for use in (kmeans.fit, kmeans.predict, kmeans.score):
            with pytest.raises(ValueError, match="Input X contains"):
                use(X)


def test_cluster_centers_may_be_assigned():
    kmeans = KMeans(2).fit([[0.0, 0.0], [1.0, 1.0]])
    kmeans.cluster_centers_ = np.array([[0, 0], [10, 10]])
    np.testing.assert_array_equal(kmeans.predict([[1.0, 2.0], [9.0, 9.0]]), [0, 1])


@pytest.mark.parametrize("weights", [[-1, 1, 1], [0, 0, 0]])
def test_negative_and_all_zero_weights_are_refused(weights):
    with pytest.raises(ValueError, match=r"(at least 0, not all 0|weights|zero)"):
        KMeans(2).fit([[0], [1], [2]], sample_weight=weights)


def test_fewer_samples_than_clusters_are_refused():
    with pytest.raises(ArgumentError, match=r"n_samples=1 should be >= n_clusters=2"):
        KMeans(2).fit([[0.0]])


def test_kmeans_works_in_pipelines_and_grid_searches():
    X = blobs(300, 4)
    pipeline = make_pipeline(StandardScaler(), KMeans(n_init=1, random_state=0, max_iter=20))
    search = GridSearchCV(pipeline, {"kmeans__n_clusters": [2, 12]}, cv=2).fit(X)
    assert search.best_params_ == {"kmeans__n_clusters": 12}
    assert search.best_estimator_.transform(X).shape == (300, 12)
    assert list(search.best_estimator_[-1].get_feature_names_out()[:2]) == ["kmeans0", "kmeans1"]


def test_weights_are_routed_as_metadata():
    X, weights = blobs(300, 4), np.random.default_rng(0).uniform(size=300)
    kmeans = KMeans(3, random_state=0)
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), clone(kmeans).set_fit_request(sample_weight=True))
        pipeline.named_steps["standardscaler"].set_fit_request(sample_weight=False)
        routed = pipeline.fit(X, sample_weight=weights)[-1]
    direct = kmeans.fit(StandardScaler().fit_transform(X), sample_weight=weights)
    np.testing.assert_array_equal(routed.labels_, direct.labels_)


def test_verbose_output_matches_scikit_learn(capsys):
    outputs = []
    for kind in (KMeans, cluster.KMeans):
        kind(3, verbose=1, random_state=0, tol=0).fit(blobs(300, 2))
        outputs.append(capsys.readouterr().out.splitlines())
    assert outputs[0][0] == "Initialization complete"
    assert outputs[0][-1] == outputs[1][-1]
    inertias = [[float(line.split()[-1].rstrip(".")) for line in lines[1:-1]] for lines in outputs]
    np.testing.assert_allclose(*inertias)


def test_without_scikit_learn_the_error_says_how_to_install_it(tmp_path):
    (tmp_path / "sklearn.py").write_text("raise ImportError('not here')")
    completed = subprocess.run(
        [sys.executable, "-c", "import fastkq.estimator"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 1
    assert "MissingExtraError" in completed.stderr
    assert "from a clone, pip install '.[sklearn]'" in completed.stderr.splitlines()[-1]
