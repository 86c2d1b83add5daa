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
    "compress": lambda progress: fastkq.compress(IMAGE, 8, progress=progress),
    "compress, dithered": lambda progress: fastkq.compress(IMAGE, 8, dither=True, progress=progress),
    "compress, blue noise": lambda progress: fastkq.compress(
        IMAGE, 8, dither=True, dither_method="blue-noise", progress=progress
    ),
    "compress, for looks": lambda progress: fastkq.compress(IMAGE, 8, preset="visual", progress=progress),
    "compress, 16 bits": lambda progress: fastkq.compress(DEEP, 8, progress=progress),
    "compress, gray": lambda progress: fastkq.compress(IMAGE[:, :, 0], 8, progress=progress),
    "compress, too many colors": lambda progress: fastkq.compress(TRANSLUCENT, 8, progress=progress),
    "compress, to a PSNR": lambda progress: fastkq.compress(IMAGE, target_psnr=20, progress=progress),
    "compress, to a size": lambda progress: fastkq.compress(IMAGE, target_bytes=2500, progress=progress),
    "compress, within an error": lambda progress: fastkq.compress(
        IMAGE, 400, max_error=60, progress=progress
    ),
    "compress, to a palette": lambda progress: fastkq.compress(
        IMAGE, palette=COMPRESSED.palette, progress=progress
    ),
    "fit_palette": lambda progress: fastkq.fit_palette([IMAGE, IMAGE[:9]], 8, progress=progress),
    "quantize": lambda progress: fastkq.quantize(Image.fromarray(IMAGE), 8, progress=progress),
    "quantize, to a palette": lambda progress: fastkq.quantize(
        Image.fromarray(IMAGE), palette=COMPRESSED.palette, progress=progress
    ),
    "apply_palette": lambda progress: fastkq.apply_palette(IMAGE, COMPRESSED.palette, progress=progress),
    "count_colors": lambda progress: fastkq.count_colors((IMAGE, IMAGE[:9]), progress=progress),
    "count_colors, of an iterator": lambda progress: fastkq.count_colors(
        (IMAGE[:rows] for rows in (1, 2, 3)), progress=progress
    ),
    "curve": lambda progress: fastkq.curve(IMAGE, [2, 8, 32], progress=progress),
    "decompress": lambda progress: fastkq.decompress(DATA, progress=progress),
    "load": lambda progress: fastkq.load(DATA, progress=progress),
    "CompressedFile.load": lambda progress: fastkq.open(DATA).load(progress=progress),
    "CompressedImage.to_bytes": lambda progress: COMPRESSED.to_bytes(progress=progress),
    "CompressedImage.from_bytes": lambda progress: fastkq.CompressedImage.from_bytes(DATA, progress=progress),
    "CompressedImage.decompress": lambda progress: COMPRESSED.decompress(progress=progress),
}
STAGES = {
    "reading", "counting", "fitting", "mapping", "dithering", "coding", "decoding", "painting", "writing",
}  # fmt: skip
calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(autouse=True)
def report_at_every_checkpoint(monkeypatch):
    """Report progress at every checkpoint."""
    monkeypatch.setattr("fastkq.runtime.progress.REPORT_INTERVAL", 0.0)


def are_equal(one, other):
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


@calls
def test_fraction_rises_to_1_and_result_is_the_same(call):
    reports = []
    result = call(lambda fraction, stage: reports.append((fraction, stage, threading.current_thread())))
    fractions, stages, threads = zip(*reports, strict=True)
    assert fractions[0] == 0.0
    assert all(type(fraction) is float for fraction in fractions)
    assert list(fractions) == sorted(fractions)
    assert fractions.count(1.0) == 1
    assert fractions[-1] == 1.0
    assert set(stages) <= STAGES
    assert set(threads) == {threading.current_thread()}
    assert are_equal(result, call(None))


@calls
def test_only_false_cancels(call):
    for enough in (0.0, 0.4, 0.8, 1.0):
        reports = []
        with pytest.raises(Cancelled, match="progress returned False"):
            call(lambda done, _, reports=reports, enough=enough: reports.append(done) or done < enough)
        assert reports[-1] >= enough
        assert all(done < enough for done in reports[:-1])
    for answer in (0, [], True):
        assert call(lambda *_, answer=answer: answer) is not None


@calls
def test_exceptions_of_the_callable_pass_through(call):
    for kind in (ValueError, IndexError, KeyboardInterrupt, fastkq.errors.FormatError):
        raised = kind("mine")

        def stop(fraction, stage, raised=raised):
            if fraction > 0:
                raise raised

        with pytest.raises(kind, match=r"^mine$") as caught:
            call(stop)
        assert caught.value is raised


def test_numpy_false_cancels():
    with pytest.raises(Cancelled):
        fastkq.compress(IMAGE, 4, progress=lambda *_: np.False_)


def test_cancelled_is_public_and_states_stage_and_percentage():
    assert fastkq.Cancelled is Cancelled
    assert issubclass(Cancelled, FastKQError)
    assert not issubclass(Cancelled, ValueError)
    with pytest.raises(Cancelled, match=r"cancelled while fitting, \d+% done"):
        fastkq.compress(IMAGE, 4, progress=lambda _, stage: stage != "fitting")


def test_progress_must_be_callable():
    with pytest.raises(ArgumentTypeError, match=r"expected progress to be callable or None, got 3"):
        fastkq.compress(IMAGE, 4, progress=3)


@pytest.mark.parametrize("suffix", ["fkq", "png", "webp"])
def test_cancelled_save_leaves_folder_unchanged(tmp_path, suffix):
    path, reports = tmp_path / f"a.{suffix}", []
    COMPRESSED.save(path, progress=lambda *call: reports.append(call))
    assert reports[-1] == (1.0, "writing")
    for old in (None, b"old"):
        path.unlink() if old is None else path.write_bytes(old)
        for last in (1, len(reports)):
            seen = []
            with pytest.raises(Cancelled):
                COMPRESSED.save(path, progress=lambda *_, s=seen, last=last: s.append(0) or len(s) < last)
            assert [file.read_bytes() for file in tmp_path.iterdir()] == ([] if old is None else [old])


def test_reading_an_image_file_is_reported_and_can_be_stopped(tmp_path):
    COMPRESSED.save(tmp_path / "a.png")
    reports = []
    fastkq.compress(tmp_path / "a.png", 4, progress=lambda *call: reports.append(call))
    assert sum(stage == "reading" for _, stage in reports) > 3
    # Pillow catches these exceptions of a decoder: they mean damage or the end of the data.
    for kind in (OSError, SyntaxError, IndexError, StopIteration):
        raised = kind("mine")

        def stop(fraction, stage, raised=raised, seen=reports):
            seen.append(stage)
            if len(seen) > 3:
                raise raised

        reports.clear()
        with pytest.raises(kind) as caught:
            fastkq.load(tmp_path / "a.png", progress=stop)
        assert caught.value is raised


def test_calls_made_by_the_callable_are_not_reported():
    reports = []

    def use_library(fraction, stage):
        reports.append(fraction)
        fastkq.compress(IMAGE[:8], 2)
        fastkq.compress(IMAGE[:8], 2, progress=lambda *_: None)

    assert fastkq.compress(IMAGE, 8, progress=use_library) == fastkq.compress(IMAGE, 8)
    assert reports == sorted(reports)
    assert reports[-1] == 1.0


def test_calls_made_by_an_input_iterator_are_reported_and_cancelled():
    def frames():
        for rows in (20, 30):
            yield fastkq.decompress(fastkq.compress(IMAGE[:rows], 8).to_bytes())

    reports = []
    fastkq.count_colors(frames(), progress=lambda *call: reports.append(call))
    fractions, stages = zip(*reports, strict=True)
    assert list(fractions) == sorted(fractions)
    assert "painting" in stages
    with pytest.raises(Cancelled, match="painting"):
        fastkq.count_colors(frames(), progress=lambda _, stage: stage != "painting")


def test_each_thread_reports_its_own_progress():
    reports = {name: [] for name in "ab"}

    def run(name, **options):
        fastkq.compress(IMAGE, 8, **options, progress=lambda *call: reports[name].append(call))

    threads = [
        threading.Thread(target=run, args=("a",)),
        threading.Thread(target=run, args=("b",), kwargs={"dither": True}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own_reports in reports.values():
        fractions = [fraction for fraction, _ in own_reports]
        assert fractions == sorted(fractions)
        assert fractions.count(1.0) == 1
    assert {stage for _, stage in reports["a"]}.isdisjoint({"dithering"})
    assert {stage for _, stage in reports["b"]}.isdisjoint({"mapping"})


def test_reports_are_at_least_the_interval_apart(monkeypatch):
    monkeypatch.setattr("fastkq.runtime.progress.REPORT_INTERVAL", REPORT_INTERVAL)
    reports = []
    start = time.perf_counter()
    with watched(lambda *_: reports.append(time.perf_counter())):
        while time.perf_counter() < start + 5 * REPORT_INTERVAL:
            checkpoint()
    assert reports[0] - start < REPORT_INTERVAL
    assert len(reports) <= 7
    assert all(later - earlier >= REPORT_INTERVAL for earlier, later in pairwise(reports[:-1]))


@pytest.mark.parametrize("over", ["chunks", "bands"])
def test_no_helper_thread_continues_after_a_cancel(over):
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
        else (lambda: over_dependent_blocks(lambda *_: None, work, 100, 3, 3))
    )
    start = time.perf_counter()
    with pytest.raises(Cancelled), watched(lambda *_: not stop.is_set()):
        run()
    assert not running
    assert time.perf_counter() - start < 5


def test_exception_of_the_work_stops_the_helper_threads():
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


def test_progress_is_reported_while_the_caller_waits_for_a_helper_thread():
    is_running, reports = threading.Event(), []

    def work(worker, start, stop):
        if worker == 0:
            is_running.wait(5)
        else:
            is_running.set()
            while len(reports) < 8:
                time.sleep(0.001)

    with watched(lambda *_: reports.append(None)):
        over_chunks(work, 2, 1, 2)
    assert len(reports) >= 8


def test_nested_stages_divide_the_remaining_fraction():
    reports = []
    with watched(lambda *call: reports.append(call)):
        with stage("counting", 0.5):
            over_chunks(lambda *_: None, 2, 1, 1)
        with stage("fitting", 0.5, each=0.5):
            over_chunks(lambda *_: None, 1, 1, 1)
            over_chunks(lambda *_: None, 1, 1, 1)
        with stage("mapping"), stage(None, 0.5):
            over_chunks(lambda *_: over_chunks(lambda *_: None, 2, 1, 1), 2, 1, 1)
    assert list(dict.fromkeys(reports)) == [
        (0.0, "reading"), (0.0, "counting"), (0.25, "counting"), (0.5, "fitting"), (0.625, "fitting"),
        (0.75, "mapping"), (0.78125, "mapping"), (0.8125, "mapping"), (0.84375, "mapping"), (1.0, "mapping"),
    ]  # fmt: skip
