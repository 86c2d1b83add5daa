"""All Numba-compiled code.

The subpackages `color`, `kmeans` and `quantization` have the kernels of the packages with the same names;
`coding` has those of the `.fkq` format.

`from fastkq import kernels` imports nothing else. A kernel's module, and Numba with it, is imported when an
attribute is first accessed, as in `kernels.kmeans.lloyd.update_centroids`: `import numba` takes 0.2 to 0.4 s
and 70 MB.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def import_on_first_use(package: str) -> Callable[[str], ModuleType]:
    """Return a `__getattr__` for a package that imports its submodules on first access."""

    def __getattr__(name: str) -> ModuleType:  # noqa: N807
        """Import and return the submodule `name`; raise AttributeError if there is none."""
        path = f"{package}.{name}"
        if name.startswith("__") or find_spec(path) is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(path)

    return __getattr__


__getattr__ = import_on_first_use(__name__)
