"""Compiler options and the compilation cache."""

import os
import shutil
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import fastkq
from tests.helpers.processes import run_python

SOURCE = Path(fastkq.__file__).parent


COMPRESS = """
import numpy as np, fastkq
image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
print(len(fastkq.compress(image, 4).to_bytes(coding='packed')))
"""


def assert_compresses(completed):
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "136\n", "")


@pytest.fixture
def package(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "fastkq", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_kernel_is_nopython_nogil_and_serial():
    from fastkq import kernels
    from fastkq.kernels import jit

    names = [info.name for info in walk_packages(kernels.__path__, "fastkq.kernels.") if not info.ispkg]
    assert len(names) > 20
    for name in set(names) - {"fastkq.kernels.jit"}:
        module = import_module(name)
        functions = [value for value in vars(module).values() if hasattr(value, "py_func")]
        assert functions
        for function in functions:
            options = function.targetoptions
            assert options["nopython"]
            assert options["nogil"]
            # Only this sum may be taken in any order: it gives bounds, and their margins cover the rounding.
            assert not options.get("fastmath") or function.py_func.__name__ == "approximate_squared_distance"
            assert not options.get("parallel")
            assert jit.FINGERPRINT in function.py_func.__qualname__


MAP = """
import numpy as np
from fastkq.color import packed_counting
from fastkq.quantization.nearest import label, map_colors
image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
palette = np.random.default_rng(1).integers(0, 256, (9, 3), dtype=np.uint8)
table = packed_counting.count(image)
indices = map_colors(image, table, label(table, palette).labels, len(palette))
print(np.bincount(indices.ravel()))
"""


@pytest.mark.slow
def test_editing_a_kernel_recompiles_its_callers(package):
    cache = str(package / "cache")
    before = run_python(MAP, package, NUMBA_CACHE_DIR=cache)
    assert before.stdout.startswith("["), before.stderr
    nearest = package / "fastkq" / "kernels" / "kmeans" / "nearest_centroid.py"
    text, status = nearest.read_text(), nearest.stat()
    edited = text.replace("best[i] = best[i] if best[i] <=", "best[i] = best[i] if best[i] >")
    assert edited != text
    nearest.write_text(edited)
    os.utime(nearest, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = run_python(MAP, package, NUMBA_CACHE_DIR=cache)
    assert after.stdout.startswith("["), after.stderr
    assert after.stdout != before.stdout


def test_fingerprint_covers_all_folders_of_kernels(tmp_path):
    from fastkq.kernels import jit

    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "top.py").write_bytes(b"1")
    (tmp_path / "a" / "b" / "deep.py").write_bytes(b"2")
    (tmp_path / "a" / "notes.txt").write_bytes(b"3")
    assert sorted(jit._sources(tmp_path)) == [("a/b/deep.py", b"2"), ("top.py", b"1")]
    names = [name for name, _ in jit._sources(SOURCE / "kernels")]
    assert sorted(names) == sorted(
        path.relative_to(SOURCE / "kernels").as_posix() for path in (SOURCE / "kernels").rglob("*.py")
    )


@pytest.mark.slow
def test_damaged_cache_files_are_recompiled(package):
    cache = package / "cache"
    assert_compresses(run_python(COMPRESS, package, NUMBA_CACHE_DIR=str(cache)))
    for suffix, damage in ((".nbi", b""), (".nbc", b"\x80\x05damaged")):
        for path in cache.rglob(f"*{suffix}"):
            path.write_bytes(damage)
        assert_compresses(run_python(COMPRESS, package, NUMBA_CACHE_DIR=str(cache)))
    assert all(path.stat().st_size > 8 for path in cache.rglob("*.nb?"))  # repaired


@pytest.mark.slow
def test_kernels_run_without_a_cache_folder(package):
    (package / "occupied").write_bytes(b"")
    # Without locators, Numba finds no folder for its cache.
    code = "import numba.core.caching as c; c.CacheImpl._locator_classes = []\n" + COMPRESS
    assert_compresses(run_python(code, package))


@pytest.mark.slow
def test_kernels_run_when_the_disk_of_the_cache_is_full(package):
    code = """
import numba.core.caching as caching, errno
def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")
caching.IndexDataCacheFile._save_data = full
caching.IndexDataCacheFile._save_index = full
"""
    assert_compresses(run_python(code + COMPRESS, package, NUMBA_CACHE_DIR=str(package / "cache")))
