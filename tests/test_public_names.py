"""Public names: modules and examples, no private module in pickles, and no heavy import with fastkq."""

import pickle
from importlib import import_module

import numpy as np
import pytest

import fastkq
import fastkq.errors
import fastkq.metrics
from tests.helpers.processes import run_python

MODULES = ("fastkq", "fastkq.errors", "fastkq.metrics", "fastkq.estimator")


def public_classes(module):
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    values = [getattr(module, name) for name in names]
    return [value for value in values if isinstance(value, type) and value.__module__.startswith("fastkq")]


@pytest.mark.parametrize("name", MODULES)
def test_public_classes_name_a_public_module(name):
    classes = public_classes(import_module(name))
    for kind in classes:
        assert kind.__module__ in MODULES
        assert getattr(import_module(kind.__module__), kind.__name__) is kind


def test_pickles_name_no_private_module():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    compressed = fastkq.compress(image, 4)
    damaged = fastkq.CompressedImage(
        compressed.palette,
        compressed.indices,
        damage=(fastkq.Damage(0, fastkq.Box(0, 0, 16, 16), 9, "lost"),),
    )
    values = [compressed, damaged, fastkq.count_colors(image), fastkq.curve(image, [2])[0]]
    values += [compressed.report(image), compressed.metadata, fastkq.Cancelled("while testing")]
    for value in values:
        data = pickle.dumps(value)
        assert b"fastkq." not in data.replace(b"fastkq.errors", b"")
        assert type(pickle.loads(data)) is type(value)


def test_importing_fastkq_imports_neither_numba_nor_numpy():
    code = "import sys, fastkq, fastkq.cli; print([m for m in ('numba', 'numpy', 'PIL') if m in sys.modules])"
    assert run_python(code).stdout == "[]\n"
    code = "import sys, fastkq; fastkq.compress, fastkq.load; print('numba' in sys.modules)"
    assert run_python(code).stdout == "False\n"


def test_public_names_exist_and_have_examples():
    assert sorted(fastkq.__all__) == [name for name in dir(fastkq) if name in fastkq.__all__]
    for name in fastkq.__all__:
        assert ">>> " in getattr(fastkq, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'k_means'"):
        fastkq.k_means  # noqa: B018
