"""The compiler's options, its cache, and the threads that drive what it made."""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import fastkq
from tests.conftest import noise

SOURCE = Path(fastkq.__file__).parent
COMPRESS = """
import numpy as np, fastkq
image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
print(len(fastkq.compress(image, 4).to_bytes(coding='packed')))
"""


def run(code, folder=None, **environment):
    # A copy of the package runs from its folder, the installed one from anywhere.
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_compresses(completed):
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "136\n", "")


@pytest.fixture
def package(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "fastkq", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_loop_is_nopython_and_without_the_gil():
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
            # Sums of bounds alone may be taken in any order: that their margins cover it is tested elsewhere.
            assert not options.get("fastmath") or function.py_func.__name__ == "roughly_squared_distance"
            assert not options.get("parallel")
            assert jit.FINGERPRINT in function.py_func.__qualname__


def test_importing_fastkq_imports_neither_numba_nor_numpy():
    code = "import sys, fastkq, fastkq.cli; print([m for m in ('numba', 'numpy', 'PIL') if m in sys.modules])"
    assert run(code).stdout == "[]\n"
    code = "import sys, fastkq; fastkq.compress, fastkq.load; print('numba' in sys.modules)"
    assert run(code).stdout == "False\n"


MAP = """
import numpy as np
from fastkq.color import packed_counting
from fastkq.quantization import nearest_packed
image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
palette = np.random.default_rng(1).integers(0, 256, (9, 3), dtype=np.uint8)
print(np.bincount(nearest_packed.map_image(image, packed_counting.count(image), palette).ravel()))
"""


def test_an_edit_of_a_kernel_is_seen_by_its_callers(package):
    cache = str(package / "cache")
    before = run(MAP, package, NUMBA_CACHE_DIR=cache)
    assert before.stdout.startswith("["), before.stderr
    nearest = package / "fastkq" / "kernels" / "kmeans" / "nearest.py"
    text, status = nearest.read_text(), nearest.stat()
    edited = text.replace("best[i] = best[i] if best[i] <=", "best[i] = best[i] if best[i] >")
    assert edited != text
    nearest.write_text(edited)
    os.utime(nearest, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = run(MAP, package, NUMBA_CACHE_DIR=cache)
    assert after.stdout.startswith("["), after.stderr
    assert after.stdout != before.stdout


def test_the_fingerprint_covers_every_folder_of_kernels(tmp_path):
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


def test_damaged_cache_files_mean_compiling_again(package):
    cache = package / "cache"
    assert_compresses(run(COMPRESS, package, NUMBA_CACHE_DIR=str(cache)))
    for suffix, damage in ((".nbi", b""), (".nbc", b"\x80\x05damaged")):
        for path in cache.rglob(f"*{suffix}"):
            path.write_bytes(damage)
        assert_compresses(run(COMPRESS, package, NUMBA_CACHE_DIR=str(cache)))
    assert all(path.stat().st_size > 8 for path in cache.rglob("*.nb?"))  # repaired


def test_without_a_writable_cache_folder_it_works_uncached(package):
    (package / "occupied").write_bytes(b"")
    # A folder cannot be made below a file, as whoever it is: no locator of numba's finds a place.
    code = "import numba.core.caching as c; c.CacheImpl._locator_classes = []\n" + COMPRESS
    assert_compresses(run(code, package))


def test_a_cache_that_cannot_be_written_is_done_without(package):
    code = """
import numba.core.caching as caching, errno
def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")
caching.IndexDataCacheFile._save_data = full
caching.IndexDataCacheFile._save_index = full
"""
    assert_compresses(run(code + COMPRESS, package, NUMBA_CACHE_DIR=str(package / "cache")))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_compresses():
    code = """
import os, warnings
import numpy as np, fastkq
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of a fork beside threads
image = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
expected = fastkq.compress(image, 16, threads=4).to_bytes()
child = os.fork()
same = fastkq.compress(image, 16, threads=4).to_bytes() == expected
if child == 0:
    os._exit(0 if same else 1)
print(same, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert completed.stdout == "True 0\n", completed.stderr


def test_many_threads_may_compress_at_once():
    from concurrent.futures import ThreadPoolExecutor

    image = noise(300, 300, 3)
    expected = fastkq.compress(image, 16)
    with ThreadPoolExecutor(8) as pool:
        assert all(
            c == expected for c in pool.map(lambda _: fastkq.compress(image, 16, threads=3), range(16))
        )


def test_an_error_in_any_chunk_reaches_the_caller():
    from fastkq.runtime.parallel import over_chunks

    for bad in (0, 30, 99):

        def work(worker, start, stop, bad=bad):
            if start == bad:
                raise KeyError(bad)

        with pytest.raises(KeyError):
            over_chunks(work, 100, 1, 4)


def test_every_chunk_is_worked_on_once_and_no_worker_twice_at_once():
    from fastkq.runtime.parallel import over_chunks

    done, busy = [], set()

    def work(worker, start, stop):
        assert 0 <= worker < 4
        assert worker not in busy
        busy.add(worker)
        done.append((start, stop))
        busy.remove(worker)

    over_chunks(work, 1003, 10, 4)
    assert sorted(done) == [(start, min(start + 10, 1003)) for start in range(0, 1003, 10)]


def test_global_state_is_left_alone():
    code = """
import warnings, random
import numpy as np
import PIL.Image
import numba
np.random.seed(3); random.seed(3)
def state():
    return (
        np.random.get_state()[1].tolist(), random.getstate(), np.geterr(), list(warnings.filters),
        numba.get_num_threads(), {n: getattr(numba.config, n) for n in dir(numba.config) if n.isupper()},
        sorted(PIL.Image.OPEN), sorted(PIL.Image.SAVE), dict(PIL.Image.EXTENSION), PIL.Image.MAX_IMAGE_PIXELS,
    )
PIL.Image.init()
before = state()
import fastkq, fastkq.cli
image = np.random.RandomState(1).randint(0, 256, (50, 50, 3)).astype(np.uint8)
c = fastkq.compress(image, 9)
fastkq.decompress(c.to_bytes())
print(state() == before)
"""
    completed = run(code)
    assert completed.stdout == "True\n", completed.stderr
