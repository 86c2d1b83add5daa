"""Recorded squared errors of fastkq: they are deterministic and must not rise."""

from importlib import resources

import pytest

import fastkq
from tests.helpers.images import read_image
from tests.reference import kmeans as reference

EFFORTS = ("fast", "balanced", "best")
ERRORS = {
    ("china.jpg", 8): (633.4858, 632.0924, 631.7457),
    ("china.jpg", 16): (348.9571, 343.7316, 343.5708),
    ("china.jpg", 64): (114.3840, 112.2138, 111.8705),
    ("china.jpg", 256): (44.2506, 43.0993, 42.5886),
    ("china.jpg", 1024): (17.6534, 17.2782, 16.9138),
    ("flower.jpg", 8): (438.3572, 434.2999, 434.3034),
    ("flower.jpg", 16): (220.6635, 216.0275, 215.9298),
    ("flower.jpg", 64): (75.3239, 74.8853, 73.9888),
    ("flower.jpg", 256): (28.0619, 27.3094, 26.9416),
    ("flower.jpg", 1024): (10.4384, 10.2398, 9.9956),
}
"""Squared error, summed over channels, mean over pixels, at each effort; record a lower one here."""


@pytest.fixture(scope="module")
def photographs():
    folder = resources.files("sklearn.datasets.images")
    return {name: read_image(str(folder / name)) for name in ("china.jpg", "flower.jpg")}


@pytest.mark.parametrize(("name", "k"), ERRORS)
@pytest.mark.parametrize("effort", EFFORTS)
def test_error_does_not_rise(photographs, name, k, effort):
    image = photographs[name]
    compressed = fastkq.compress(image, k, effort=effort)
    error = reference.squared_error(image, compressed.decompress())
    assert error <= ERRORS[name, k][EFFORTS.index(effort)] + 5e-5


@pytest.mark.parametrize(("name", "k"), ERRORS)
def test_more_effort_gives_less_error(name, k):
    fast, balanced, best = ERRORS[name, k]
    assert balanced < fast
    assert best < 1.0001 * balanced  # both may end near the same local optimum
