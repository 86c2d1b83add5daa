"""Decorators that compile the kernels; no other module sets Numba's options."""

import hashlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numba
from numba.core.caching import FunctionCache

# fastmath is set only by `reassociated`: `contract` makes the lowest bits differ between CPUs.
# error_model="numpy": a division by zero gives inf. A branch to an exception would prevent vectorization.
# no_cfunc_wrapper: no kernel is called from C, and this entry point takes a seventh of the compile time.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def _fingerprint() -> str:
    """Return a short hash of the options and of the source of every kernel.

    Numba's own cache key covers neither the options nor a callee in another file. Without this hash, the
    cached callers of a function in another, upgraded file would continue to run its old version.
    """
    digest = hashlib.sha256(repr(sorted(OPTIONS.items())).encode())
    for name, source in sorted(_sources(resources.files("fastkq.kernels"))):
        digest.update(name.encode() + b"\0" + source)
    return digest.hexdigest()[:12]


def _sources(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of every Python source file in a folder and its subfolders.

    Paths are relative to `folder` and are preceded by `prefix`.
    """
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield prefix + entry.name, entry.read_bytes()


FINGERPRINT = _fingerprint()


class _FaultTolerantCache(FunctionCache):
    """Numba's disk cache; with a damaged file or a full disk, kernels are compiled without an error."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unpickling damaged bytes can raise any exception
            self._reset()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except Exception:
            self._reset()

    def _reset(self) -> None:
        try:
            self.flush()
        except OSError:
            self.disable()


def kernel(function: Any) -> Any:
    """Compile `function` in nopython mode, without the GIL; cache it on disk if a folder is writable."""
    compiled = _compile(function, OPTIONS)
    if not hasattr(compiled, "enable_caching"):  # NUMBA_DISABLE_JIT=1 returns the function itself
        return compiled
    try:
        compiled._cache = _FaultTolerantCache(compiled.py_func)
    except RuntimeError:  # no cache folder is writable
        pass
    return compiled


def inner_kernel(function: Any) -> Any:
    """Compile a function that only kernels call: it cannot be called from Python and has no cache file.

    Numba compiles it once per signature, and LLVM optimizes it again within each kernel that calls it.
    """
    return _compile(function, {**OPTIONS, "no_cpython_wrapper": True})


def inlined(function: Any) -> Any:
    """Compile a function as `inner_kernel` does, and inline it into every caller.

    By default, LLVM does not inline functions that it considers large; a call that passes arrays then costs
    about 5 ns.
    """
    return _compile(function, {**OPTIONS, "no_cpython_wrapper": True, "forceinline": True})


def reassociated(function: Any) -> Any:
    """Compile a function as `inlined` does, and let LLVM reorder its floating-point sums.

    The lowest bits of the function's results differ between CPUs. Use the decorator only for bounds whose
    margin covers the difference, so that no final result depends on it.
    """
    options = {**OPTIONS, "no_cpython_wrapper": True, "forceinline": True, "fastmath": {"reassoc"}}
    return _compile(function, options)


def _compile(function: Any, options: dict[str, Any]) -> Any:
    """Compile `function` with Numba's `options`; add the fingerprint to its name."""
    function.__qualname__ = f"{function.__qualname__}_{FINGERPRINT}"  # becomes part of the cache files' names
    return numba.njit(**options)(function)
