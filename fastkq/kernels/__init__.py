"""Compiled loops, all of Numba: a driver and its kernels have the same path but for `kernels/`.

`from fastkq import kernels` imports nothing more. A kernel's file, and Numba with it, is imported when an
attribute first names it, as in `kernels.kmeans.lloyd.move`: `import numba` takes 0.2 to 0.4 s and 70 MB.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def import_on_first_use(package: str) -> Callable[[str], ModuleType]:
    """Make the `__getattr__` of a package that imports its submodules when they are first named."""

    def __getattr__(name: str) -> ModuleType:  # noqa: N807
        path = f"{package}.{name}"
        if name.startswith("__") or find_spec(path) is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(path)

    return __getattr__


__getattr__ = import_on_first_use(__name__)
