"""fastkq's own errors: deterministic, so they may only go down."""

from importlib import resources

import pytest

import fastkq
from fastkq import io
from tests import reference

EFFORTS = ("fast", "balanced", "best")
ERRORS = {
    ("china.jpg", 8): (632.9111, 631.7782, 631.7389),
    ("china.jpg", 16): (346.9371, 343.9776, 343.5789),
    ("china.jpg", 64): (115.0318, 112.7818, 111.7487),
    ("china.jpg", 256): (44.0062, 43.1638, 42.6289),
    ("china.jpg", 1024): (17.6224, 17.2560, 16.9299),
    ("flower.jpg", 8): (436.6312, 434.3233, 434.2838),
    ("flower.jpg", 16): (221.3507, 216.1492, 216.0940),
    ("flower.jpg", 64): (74.9609, 74.5667, 73.9288),
    ("flower.jpg", 256): (28.0989, 27.2862, 26.9014),
    ("flower.jpg", 1024): (10.5631, 10.3124, 9.9930),
}
"""SE/px with each of the efforts; whoever lowers one writes the new figure here."""


@pytest.fixture(scope="module")
def photographs():
    folder = resources.files("sklearn.datasets.images")
    return {name: io.read_image(str(folder / name)) for name in ("china.jpg", "flower.jpg")}


@pytest.mark.parametrize(("name", "k"), ERRORS)
@pytest.mark.parametrize("effort", EFFORTS)
def test_the_error_does_not_rise(photographs, name, k, effort):
    image = photographs[name]
    compressed = fastkq.compress(image, k, effort=effort)
    error = reference.squared_error(image, compressed.decompress())
    assert error <= ERRORS[name, k][EFFORTS.index(effort)] + 5e-5


@pytest.mark.parametrize(("name", "k"), ERRORS)
def test_more_effort_is_better(name, k):
    fast, balanced, best = ERRORS[name, k]
    assert best < balanced < fast
