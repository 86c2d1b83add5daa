"""What the documentation shows is run."""

import doctest
import importlib
import pkgutil

import pytest

import fastkq

MODULES = [
    module.name
    for module in pkgutil.walk_packages(fastkq.__path__, "fastkq.")
    if ".kernels" not in module.name and not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", ["fastkq", *MODULES])
def test_docstrings_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_the_public_names_are_there_and_have_examples():
    assert sorted(fastkq.__all__) == [name for name in dir(fastkq) if name in fastkq.__all__]
    for name in fastkq.__all__:
        assert ">>> " in getattr(fastkq, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'kmeans'"):
        fastkq.kmeans  # noqa: B018
