"""scikit-learn's own tests of its `KMeans`, run on that of fastkq.

The tests are loaded from the installed scikit-learn and not copied, so tests that a new version adds are run,
too. These are excluded:

test_minibatch_*
    test MiniBatchKMeans; parameters of other tests that name this class are excluded as well.
test_k_means_function, test_kmeans_plusplus_*
    test functions and not the class.
test_relocate_empty_clusters, test_euclidean_distance, test_inertia, test_is_same_clustering
    test helpers in Cython.
test_sample_weight_init, test_sample_weight_zero
    call the private method of scikit-learn that seeds; tests/estimator/test_kmeans.py tests our seeding.
"""

import importlib.util
import inspect

import numpy as np
import pytest
from sklearn import cluster
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastkq.estimator import KMeans

EXCLUDED = (
    "test_minibatch_", "test_k_means_function", "test_kmeans_plusplus_", "test_relocate_empty_clusters",
    "test_euclidean_distance", "test_inertia", "test_is_same_clustering", "test_sample_weight_init",
    "test_sample_weight_zero",
)  # fmt: skip


def load_suite():
    """Return scikit-learn's test module with our KMeans; None if scikit-learn is installed without tests."""
    spec = importlib.util.find_spec("sklearn.cluster.tests.test_k_means")
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "KMeans", KMeans)
        spec.loader.exec_module(module)
    return module


def selected_tests(module):
    for name, test in vars(module).items():
        if name.startswith("test_") and not name.startswith(EXCLUDED):
            test.pytestmark = [without_mini_batches(mark) for mark in getattr(test, "pytestmark", [])]
            yield name, test


def without_mini_batches(mark):
    if mark.name != "parametrize":
        return mark
    names, values, *others = mark.args
    kept = [value for value in values if not contains(value, cluster.MiniBatchKMeans)]
    return pytest.mark.parametrize(names, kept, *others, **mark.kwargs).mark


def contains(value, wanted):
    return value is wanted or (isinstance(value, tuple) and any(item is wanted for item in value))


suite = load_suite()
if suite is not None:
    globals().update(selected_tests(suite))


@pytest.fixture
def global_random_seed():
    return 42


@pytest.fixture(params=[np.float32, np.float64])
def global_dtype(request):
    return request.param


@pytest.mark.skipif(suite is None, reason="scikit-learn is installed without its tests")
def test_suite_runs_the_class_of_fastkq():
    assert suite.KMeans is KMeans
    assert test_transform.pytestmark[0].args == ("Estimator", [KMeans])  # noqa: F821


def checks():
    estimator = KMeans(n_clusters=2, n_init=2, max_iter=5)
    if "expected_failed_checks" in inspect.signature(parametrize_with_checks).parameters:
        decorator = parametrize_with_checks([estimator], expected_failed_checks=expected_failures)
    else:  # before 1.6 the class itself lists the checks that fail
        decorator = parametrize_with_checks([estimator])
    names, values = decorator.args
    return pytest.mark.parametrize(names, [with_lenient_xfail(value) for value in values], **decorator.kwargs)


def with_lenient_xfail(value):
    """Return a check whose xfail marks are not strict: with our class it may pass."""
    marks = [pytest.mark.xfail(**{**mark.kwargs, "strict": False}) for mark in getattr(value, "marks", ())]
    return pytest.param(*value.values, marks=marks) if marks else value


def expected_failures(estimator):
    from sklearn.utils._test_common.instance_generator import PER_ESTIMATOR_XFAIL_CHECKS

    return PER_ESTIMATOR_XFAIL_CHECKS[cluster.KMeans]


@checks()
def test_estimator_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)
