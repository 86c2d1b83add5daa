"""scikit-learn's own tests of its KMeans, run on ours: nothing of them is copied here.

Whatever they hold is run, so what a new version adds is, too, but for:

test_minibatch_*
    are of MiniBatchKMeans, as are many parameters of the others, which are left out.
test_k_means_function, test_kmeans_plusplus_*
    are of functions, not of the class.
test_relocate_empty_clusters, test_euclidean_distance, test_inertia, test_is_same_clustering
    are of helpers in Cython.
test_sample_weight_init, test_sample_weight_zero
    call the private method that scikit-learn seeds by; tests/estimator/test_kmeans.py has the same of ours.
"""

import importlib.util
import inspect

import numpy as np
import pytest
from sklearn import cluster
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastkq.estimator import KMeans

OF_OTHERS = (
    "test_minibatch_", "test_k_means_function", "test_kmeans_plusplus_", "test_relocate_empty_clusters",
    "test_euclidean_distance", "test_inertia", "test_is_same_clustering", "test_sample_weight_init",
    "test_sample_weight_zero",
)  # fmt: skip


def load():
    """A module of their tests in which KMeans is ours; None where scikit-learn comes without them."""
    spec = importlib.util.find_spec("sklearn.cluster.tests.test_k_means")
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "KMeans", KMeans)
        spec.loader.exec_module(module)
    return module


def of_ours(module):
    for name, test in vars(module).items():
        if name.startswith("test_") and not name.startswith(OF_OTHERS):
            test.pytestmark = [without_mini_batches(mark) for mark in getattr(test, "pytestmark", [])]
            yield name, test


def without_mini_batches(mark):
    if mark.name != "parametrize":
        return mark
    names, values, *others = mark.args
    kept = [value for value in values if not holds(value, cluster.MiniBatchKMeans)]
    return pytest.mark.parametrize(names, kept, *others, **mark.kwargs).mark


def holds(value, wanted):
    return value is wanted or (isinstance(value, tuple) and any(item is wanted for item in value))


theirs = load()
if theirs is not None:
    globals().update(of_ours(theirs))


@pytest.fixture
def global_random_seed():
    return 42


@pytest.fixture(params=[np.float32, np.float64])
def global_dtype(request):
    return request.param


@pytest.mark.skipif(theirs is None, reason="scikit-learn is installed without its tests")
def test_the_class_in_their_tests_is_ours():
    assert theirs.KMeans is KMeans
    assert test_transform.pytestmark[0].args == ("Estimator", [KMeans])  # noqa: F821


def checks():
    estimator = KMeans(n_clusters=2, n_init=2, max_iter=5)
    if "expected_failed_checks" in inspect.signature(parametrize_with_checks).parameters:
        decorator = parametrize_with_checks([estimator], expected_failed_checks=failing_of_theirs)
    else:  # before 1.6 the class itself says what fails
        decorator = parametrize_with_checks([estimator])
    names, values = decorator.args
    return pytest.mark.parametrize(names, [leniently(value) for value in values], **decorator.kwargs)


def leniently(value):
    """What may fail need not."""
    marks = [pytest.mark.xfail(**{**mark.kwargs, "strict": False}) for mark in getattr(value, "marks", ())]
    return pytest.param(*value.values, marks=marks) if marks else value


def failing_of_theirs(estimator):
    from sklearn.utils._test_common.instance_generator import PER_ESTIMATOR_XFAIL_CHECKS

    return PER_ESTIMATOR_XFAIL_CHECKS[cluster.KMeans]


@checks()
def test_what_scikit_learn_asks_of_every_estimator_holds(estimator, check):
    check(estimator)
