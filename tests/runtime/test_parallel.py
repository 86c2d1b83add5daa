"""Work in chunks and bands on several threads."""

import os
import subprocess
import sys
import threading

import pytest

import fastkq
from fastkq.runtime import parallel
from tests.helpers.images import noise


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_compresses():
    code = """
import os, warnings
import numpy as np, fastkq
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns about fork in a process with threads
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


def test_many_threads_compress_at_once():
    from concurrent.futures import ThreadPoolExecutor

    image = noise(300, 300, 3)
    expected = fastkq.compress(image, 16)
    with ThreadPoolExecutor(8) as pool:
        assert all(
            c == expected for c in pool.map(lambda _: fastkq.compress(image, 16, threads=3), range(16))
        )


def test_error_in_any_chunk_reaches_the_caller():
    from fastkq.runtime.parallel import over_chunks

    for bad in (0, 30, 99):

        def work(worker, start, stop, bad=bad):
            if start == bad:
                raise KeyError(bad)

        with pytest.raises(KeyError):
            over_chunks(work, 100, 1, 4)


def test_each_chunk_is_done_once_and_workers_do_one_at_a_time():
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


def test_blocks_start_after_the_blocks_they_depend_on():
    order, begun = [], []

    def work(worker, band, block):
        assert (worker, band) in begun
        order.append((band, block))

    parallel.over_dependent_blocks(lambda worker, band: begun.append((worker, band)), work, 5, 4, 3)
    assert sorted(band for _, band in begun) == list(range(5))
    assert sorted(order) == [(band, block) for band in range(5) for block in range(4)]
    places = {job: place for place, job in enumerate(order)}
    for band, block in order:
        if block > 0:
            assert places[band, block - 1] < places[band, block]
        if band > 0:
            assert places[band - 1, min(block + 1, 3)] < places[band, block]


def test_error_in_any_band_reaches_the_caller():
    def work(worker, band, block):
        if (band, block) == (1, 1):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        parallel.over_dependent_blocks(lambda worker, band: None, work, 6, 5, 3)


def test_bands_begin_before_the_blocks_they_depend_on_are_done():
    has_begun = threading.Event()

    def begin(worker, band):
        if band == 1:
            has_begun.set()

    def work(worker, band, block):
        if band == 0:
            assert has_begun.wait(10)

    parallel.over_dependent_blocks(begin, work, 2, 3, 2)
