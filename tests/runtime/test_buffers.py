"""Buffers that are kept between calls."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import fastkq
from fastkq.color import packed_counting, packed_table
from fastkq.runtime import buffers
from tests.helpers.images import noise


def new_pool(max_idle=2):
    return buffers.Pool(lambda: np.zeros(8, np.uint8), max_idle)


def test_two_users_have_two_buffers():
    pool = new_pool()
    assert pool.take() is not pool.take()


def test_a_buffer_given_back_is_taken_again():
    pool = new_pool()
    buffer = pool.take()
    pool.give_back(buffer)
    assert pool.take() is buffer
    assert pool.take() is not buffer


def test_at_most_max_idle_buffers_are_kept():
    pool = new_pool(max_idle=2)
    used = [pool.take() for _ in range(3)]
    for buffer in used:
        pool.give_back(buffer)
    taken = [pool.take() for _ in range(3)]
    assert sum(any(buffer is old for old in used) for buffer in taken) == 2


def test_clear_drops_the_kept_buffers_of_all_pools():
    pools = [new_pool(), new_pool()]
    kept = [pool.take() for pool in pools]
    for pool, buffer in zip(pools, kept, strict=True):
        pool.give_back(buffer)
    buffers.clear()
    assert all(pool.take() is not buffer for pool, buffer in zip(pools, kept, strict=True))


def test_a_buffer_in_use_survives_clear():
    pool = new_pool()
    buffer = pool.take()
    buffers.clear()
    pool.give_back(buffer)
    assert pool.take() is buffer


def test_no_buffer_has_two_users_at_once():
    pool = new_pool(max_idle=4)
    together = threading.Barrier(4)

    def use(user):
        is_own = []
        for _ in range(100):
            buffer = pool.take()
            buffer[0] = user
            together.wait()  # all four have taken and written a buffer
            is_own.append(buffer[0] == user)
            if user == 0:
                buffers.clear()
            pool.give_back(buffer)
            together.wait()
        return all(is_own)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(use, range(4)))


def test_results_after_clear_are_the_same():
    image = noise(200, 200, 3)
    expected = fastkq.compress(image, 16)
    kept = packed_counting._counters.take(), packed_table._dense_tables.take()
    packed_counting._counters.give_back(kept[0])
    packed_table._dense_tables.give_back(kept[1])
    buffers.clear()
    assert fastkq.compress(image, 16) == expected
    assert packed_counting._counters.take() is not kept[0]
    assert packed_table._dense_tables.take() is not kept[1]


def test_images_are_compressed_while_another_thread_clears():
    image = noise(300, 300, 3)
    expected = fastkq.compress(image, 16)
    done = threading.Event()

    def clear_repeatedly():
        while not done.wait(0.001):
            buffers.clear()

    clearing = threading.Thread(target=clear_repeatedly)
    clearing.start()
    try:
        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(lambda _: fastkq.compress(image, 16), range(12)))
    finally:
        done.set()
        clearing.join()
    assert all(result == expected for result in results)
