"""The one decorator of every kernel, and the only file that names numba's options."""

import hashlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numba
from numba.core.caching import FunctionCache

# No fastmath, but for `reordered`: `contract` makes bits differ between CPUs. error_model="numpy": a division
# by zero gives inf instead of a branch to an exception, which would keep a loop from vectorising.
# no_cfunc_wrapper: nobody calls them from C, and that entry is a seventh of the time to compile.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def _fingerprint() -> str:
    """Short hash of every kernel's source and of the options.

    numba's own cache key covers neither a callee in another file nor the options: without this an
    upgraded `nearest.py` would go on running as it was compiled into its callers.
    """
    digest = hashlib.sha256(repr(sorted(OPTIONS.items())).encode())
    for name, source in sorted(_sources(resources.files("fastkq.kernels"))):
        digest.update(name.encode() + b"\0" + source)
    return digest.hexdigest()[:12]


def _sources(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Name below the package, and text, of every source file in a folder and in its sub-folders."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield prefix + entry.name, entry.read_bytes()


FINGERPRINT = _fingerprint()


class _ForgivingCache(FunctionCache):
    """numba's cache on disk, but a damaged file or a full disk means compiling, never an error."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unpickling damaged bytes can raise anything
            self._start_afresh()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except Exception:
            self._start_afresh()

    def _start_afresh(self) -> None:
        try:
            self.flush()
        except OSError:
            self.disable()


def kernel(function: Any) -> Any:
    """Compile `function` in nopython mode without the GIL, cached where a folder is writable."""
    compiled = _compiled(function, OPTIONS)
    if not hasattr(compiled, "enable_caching"):  # NUMBA_DISABLE_JIT=1 gives the function itself
        return compiled
    try:
        compiled._cache = _ForgivingCache(compiled.py_func)
    except RuntimeError:  # no cache folder is writable
        pass
    return compiled


def part(function: Any) -> Any:
    """Compile what only kernels call: without an entry from Python and a place in the cache.

    numba compiles it once for each set of types, and optimises it again within each kernel that calls it.
    """
    return _compiled(function, {**OPTIONS, "no_cpython_wrapper": True})


def inlined(function: Any) -> Any:
    """Compile a `part` that is made one with each kernel that calls it.

    LLVM leaves alone what it thinks large, and a call that passes arrays costs some 5 ns.
    """
    return _compiled(function, {**OPTIONS, "no_cpython_wrapper": True, "forceinline": True})


def reordered(function: Any) -> Any:
    """Compile an `inlined` part whose sums may be taken in any order, as the CPU likes best.

    Its bits differ between CPUs: for bounds alone, where a margin covers that and no result depends on it.
    """
    options = {**OPTIONS, "no_cpython_wrapper": True, "forceinline": True, "fastmath": {"reassoc"}}
    return _compiled(function, options)


def _compiled(function: Any, options: dict[str, Any]) -> Any:
    function.__qualname__ = f"{function.__qualname__}_{FINGERPRINT}"  # names the cache's files
    return numba.njit(**options)(function)
