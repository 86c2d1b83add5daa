"""The examples in all docstrings run."""

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import fastkq

MODULES = [
    module.name
    for module in pkgutil.walk_packages(fastkq.__path__, "fastkq.")
    if ".kernels" not in module.name and not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", ["fastkq", *MODULES])
def test_docstring_examples_run(name):
    module = importlib.import_module(name)
    # Public names are imported lazily: doctest finds a name only after it has been accessed.
    for public in getattr(module, "__all__", ()):
        getattr(module, public)
    failed, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize(
    "function",
    [getattr(fastkq, name) for name in fastkq.__all__ if inspect.isfunction(getattr(fastkq, name))],
)
def test_parameters_are_documented_once_in_order(function):
    section = re.search(r"\nParameters\n-+\n(.*?)\n\n\w+\n---", inspect.getdoc(function), re.DOTALL)
    heads = re.findall(r"^\S.*", section[1], re.MULTILINE) if section else []
    documented = [name for head in heads for name in head.partition(" : ")[0].split(", ")]
    assert documented == list(inspect.signature(function).parameters)


def test_examples_of_all_public_classes_are_found():
    found = {test.name for test in doctest.DocTestFinder().find(fastkq) if test.examples}
    assert {
        f"fastkq.{name}" for name in fastkq.__all__ if isinstance(getattr(fastkq, name), type)
    } <= found | {"fastkq.Cancelled"}
