"""Progress reporting and cooperative cancellation of all calls that take long."""

import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.errors import ArgumentTypeError, Cancelled, FastKQError
from fastkq.runtime.parallel import over_chunks, over_dependent_blocks
from fastkq.runtime.progress import REPORT_INTERVAL, checkpoint, stage, watched

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
DEEP = IMAGE.astype(np.uint16) * 257
TRANSLUCENT = np.random.default_rng(1).integers(0, 256, (700, 500, 4), np.uint8)
COMPRESSED = fastkq.compress(IMAGE, 40)
DATA = COMPRESSED.to_bytes()

CALLS = {
    "compress": lambda tell: fastkq.compress(IMAGE, 8, progress=tell),
    "compress, dithered": lambda tell: fastkq.compress(IMAGE, 8, dither=True, progress=tell),
    "compress, blue noise": lambda tell: fastkq.compress(
        IMAGE, 8, dither=True, dither_method="blue-noise", progress=tell
    ),
    "compress, for looks": lambda tell: fastkq.compress(IMAGE, 8, preset="visual", progress=tell),
    "compress, 16 bits": lambda tell: fastkq.compress(DEEP, 8, progress=tell),
    "compress, gray": lambda tell: fastkq.compress(IMAGE[:, :, 0], 8, progress=tell),
    "compress, too many colors": lambda tell: fastkq.compress(TRANSLUCENT, 8, progress=tell),
    "compress, to a PSNR": lambda tell: fastkq.compress(IMAGE, target_psnr=20, progress=tell),
    "compress, to a size": lambda tell: fastkq.compress(IMAGE, target_bytes=2500, progress=tell),
    "compress, within an error": lambda tell: fastkq.compress(IMAGE, 400, max_error=60, progress=tell),
    "compress, to a palette": lambda tell: fastkq.compress(IMAGE, palette=COMPRESSED.palette, progress=tell),
    "fit_palette": lambda tell: fastkq.fit_palette([IMAGE, IMAGE[:9]], 8, progress=tell),
    "quantize": lambda tell: fastkq.quantize(Image.fromarray(IMAGE), 8, progress=tell),
    "quantize, to a palette": lambda tell: fastkq.quantize(
        Image.fromarray(IMAGE), palette=COMPRESSED.palette, progress=tell
    ),
    "apply_palette": lambda tell: fastkq.apply_palette(IMAGE, COMPRESSED.palette, progress=tell),
    "count_colors": lambda tell: fastkq.count_colors((IMAGE, IMAGE[:9]), progress=tell),
    "count_colors, of who knows how many": lambda tell: fastkq.count_colors(
        (IMAGE[:rows] for rows in (1, 2, 3)), progress=tell
    ),
    "curve": lambda tell: fastkq.curve(IMAGE, [2, 8, 32], progress=tell),
    "decompress": lambda tell: fastkq.decompress(DATA, progress=tell),
    "load": lambda tell: fastkq.load(DATA, progress=tell),
    "CompressedFile.load": lambda tell: fastkq.open(DATA).load(progress=tell),
    "CompressedImage.to_bytes": lambda tell: COMPRESSED.to_bytes(progress=tell),
    "CompressedImage.from_bytes": lambda tell: fastkq.CompressedImage.from_bytes(DATA, progress=tell),
    "CompressedImage.decompress": lambda tell: COMPRESSED.decompress(progress=tell),
}
STAGES = {
    "reading", "counting", "fitting", "mapping", "dithering", "coding", "decoding", "painting", "writing",
}  # fmt: skip
calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Report progress at every checkpoint."""
    monkeypatch.setattr("fastkq.runtime.progress.REPORT_INTERVAL", 0.0)


def alike(one, other):
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


@calls
def test_the_fraction_rises_to_1_in_few_words_and_the_result_is_the_same(call):
    told = []
    result = call(lambda fraction, stage: told.append((fraction, stage, threading.current_thread())))
    fractions, stages, threads = zip(*told, strict=True)
    assert fractions[0] == 0.0
    assert all(type(fraction) is float for fraction in fractions)
    assert list(fractions) == sorted(fractions)
    assert fractions.count(1.0) == 1
    assert fractions[-1] == 1.0
    assert set(stages) <= STAGES
    assert set(threads) == {threading.current_thread()}
    assert alike(result, call(None))


@calls
def test_false_at_any_call_raises_cancelled_and_nothing_else_ends_the_work(call):
    for enough in (0.0, 0.4, 0.8, 1.0):
        told = []
        with pytest.raises(Cancelled, match="progress returned False"):
            call(lambda done, _, told=told, enough=enough: told.append(done) or done < enough)
        assert told[-1] >= enough
        assert all(done < enough for done in told[:-1])
    for answer in (0, [], True):
        assert call(lambda *_, answer=answer: answer) is not None


@calls
def test_what_the_callable_raises_passes_through_as_it_is(call):
    for kind in (ValueError, IndexError, KeyboardInterrupt, fastkq.errors.FormatError):
        raised = kind("mine")

        def stop(fraction, stage, raised=raised):
            if fraction > 0:
                raise raised

        with pytest.raises(kind, match=r"^mine$") as caught:
            call(stop)
        assert caught.value is raised


def test_a_false_of_numpy_counts_as_one():
    with pytest.raises(Cancelled):
        fastkq.compress(IMAGE, 4, progress=lambda *_: np.False_)


def test_cancelled_says_how_far_it_came_and_is_public():
    assert fastkq.Cancelled is Cancelled
    assert issubclass(Cancelled, FastKQError)
    assert not issubclass(Cancelled, ValueError)
    with pytest.raises(Cancelled, match=r"cancelled while fitting, \d+% done"):
        fastkq.compress(IMAGE, 4, progress=lambda _, stage: stage != "fitting")


def test_what_cannot_be_called_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"expected progress to be callable or None, got 3"):
        fastkq.compress(IMAGE, 4, progress=3)


@pytest.mark.parametrize("suffix", ["fkq", "png", "webp"])
def test_a_cancelled_save_leaves_the_folder_as_it_was(tmp_path, suffix):
    path, told = tmp_path / f"a.{suffix}", []
    COMPRESSED.save(path, progress=lambda *call: told.append(call))
    assert told[-1] == (1.0, "writing")
    for old in (None, b"old"):
        path.unlink() if old is None else path.write_bytes(old)
        for last in (1, len(told)):
            seen = []
            with pytest.raises(Cancelled):
                COMPRESSED.save(path, progress=lambda *_, s=seen, last=last: s.append(0) or len(s) < last)
            assert [file.read_bytes() for file in tmp_path.iterdir()] == ([] if old is None else [old])


def test_an_image_file_is_decoded_under_watch(tmp_path):
    COMPRESSED.save(tmp_path / "a.png")
    told = []
    fastkq.compress(tmp_path / "a.png", 4, progress=lambda *call: told.append(call))
    assert sum(stage == "reading" for _, stage in told) > 3
    for kind in (
        OSError,
        SyntaxError,
        IndexError,
        StopIteration,
    ):  # Pillow catches these: damage or end of data
        raised = kind("mine")

        def stop(fraction, stage, raised=raised, seen=told):
            seen.append(stage)
            if len(seen) > 3:
                raise raised

        told.clear()
        with pytest.raises(kind) as caught:
            fastkq.load(tmp_path / "a.png", progress=stop)
        assert caught.value is raised


def test_a_callable_that_uses_the_library_tells_nobody():
    told = []

    def nosy(fraction, stage):
        told.append(fraction)
        fastkq.compress(IMAGE[:8], 2)
        fastkq.compress(IMAGE[:8], 2, progress=lambda *_: None)

    assert fastkq.compress(IMAGE, 8, progress=nosy) == fastkq.compress(IMAGE, 8)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_iterable_that_uses_the_library_can_be_ended_in_it():
    def frames():
        for rows in (20, 30):
            yield fastkq.decompress(fastkq.compress(IMAGE[:rows], 8).to_bytes())

    told = []
    fastkq.count_colors(frames(), progress=lambda *call: told.append(call))
    fractions, stages = zip(*told, strict=True)
    assert list(fractions) == sorted(fractions)
    assert "painting" in stages
    with pytest.raises(Cancelled, match="painting"):
        fastkq.count_colors(frames(), progress=lambda _, stage: stage != "painting")


def test_two_threads_are_told_each_of_its_own():
    told = {name: [] for name in "ab"}

    def run(name, **options):
        fastkq.compress(IMAGE, 8, **options, progress=lambda *call: told[name].append(call))

    threads = [
        threading.Thread(target=run, args=("a",)),
        threading.Thread(target=run, args=("b",), kwargs={"dither": True}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for calls_of_one in told.values():
        fractions = [fraction for fraction, _ in calls_of_one]
        assert fractions == sorted(fractions)
        assert fractions.count(1.0) == 1
    assert {stage for _, stage in told["a"]}.isdisjoint({"dithering"})
    assert {stage for _, stage in told["b"]}.isdisjoint({"mapping"})


def test_calls_come_no_more_often_than_an_eye_can_see(monkeypatch):
    monkeypatch.setattr("fastkq.runtime.progress.REPORT_INTERVAL", REPORT_INTERVAL)
    told = []
    start = time.perf_counter()
    with watched(lambda *_: told.append(time.perf_counter())):
        while time.perf_counter() < start + 5 * REPORT_INTERVAL:
            checkpoint()
    assert told[0] - start < REPORT_INTERVAL
    assert len(told) <= 7
    assert all(later - earlier >= REPORT_INTERVAL for earlier, later in pairwise(told[:-1]))


@pytest.mark.parametrize("over", ["chunks", "bands"])
def test_no_helper_goes_on_after_the_raise(over):
    stop, running = threading.Event(), []

    def work(worker, *_):
        running.append(worker)
        try:
            if worker > 0:
                stop.set()
                for _ in range(10_000):  # 10 s, unless a checkpoint ends the loop
                    time.sleep(0.001)
                    checkpoint()
            else:
                stop.wait(0.01)
        finally:
            running.remove(worker)

    run = (
        (lambda: over_chunks(work, 100, 1, 3))
        if over == "chunks"
        else (lambda: over_dependent_blocks(work, 100, 3, 3))
    )
    start = time.perf_counter()
    with pytest.raises(Cancelled), watched(lambda *_: not stop.is_set()):
        run()
    assert not running
    assert time.perf_counter() - start < 5


def test_an_exception_of_the_work_ends_the_helpers_too():
    is_running = threading.Event()

    def work(worker, start, stop):
        if worker == 0:
            is_running.wait(5)
            raise KeyboardInterrupt
        is_running.set()
        for _ in range(10_000):
            time.sleep(0.001)
            checkpoint()

    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        over_chunks(work, 10, 1, 2)
    assert time.perf_counter() - start < 5


def test_the_calling_thread_is_told_while_it_waits_for_a_helper():
    is_running, told = threading.Event(), []

    def work(worker, start, stop):
        if worker == 0:
            is_running.wait(5)
        else:
            is_running.set()
            while len(told) < 8:
                time.sleep(0.001)

    with watched(lambda *_: told.append(None)):
        over_chunks(work, 2, 1, 2)
    assert len(told) >= 8


def test_stages_share_what_is_left_of_the_work_around_them():
    told = []
    with watched(lambda *call: told.append(call)):
        with stage("counting", 0.5):
            over_chunks(lambda *_: None, 2, 1, 1)
        with stage("fitting", 0.5, each=0.5):
            over_chunks(lambda *_: None, 1, 1, 1)
            over_chunks(lambda *_: None, 1, 1, 1)
        with stage("mapping"), stage(None, 0.5):
            over_chunks(lambda *_: over_chunks(lambda *_: None, 2, 1, 1), 2, 1, 1)
    assert list(dict.fromkeys(told)) == [
        (0.0, "reading"), (0.0, "counting"), (0.25, "counting"), (0.5, "fitting"), (0.625, "fitting"),
        (0.75, "mapping"), (0.78125, "mapping"), (0.8125, "mapping"), (0.84375, "mapping"), (1.0, "mapping"),
    ]  # fmt: skip
