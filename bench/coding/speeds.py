"""Time of whole calls that encode and decode, with one thread and with two, beside PNG and WebP."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

import fastkq
from bench.cases import images, of_24_megapixels
from bench.coding import formats
from bench.coding.results import COLOURS_TIMED, OF_24_MEGAPIXELS, Timed
from bench.stages import stages

ROUNDS = 3
_ROUNDS_OF_PACKING = 15
_TILED = "china.jpg tiled"
_ONCE = ("encode", "webp", 1)  # 5 to 10 s a Kodak image, half a minute a camera photograph
_Call = Callable[[], object]
_Key = TypeVar("_Key")


class _Picture(NamedTuple):
    set: str
    image: str
    read: Callable[[], npt.NDArray[np.uint8]]
    threads: tuple[int, ...]
    rivals: tuple[str, ...] = ("png", "webp")


def measure(quick: bool) -> Iterator[Timed]:
    """Encoding and decoding on all pictures, and packing on 24 megapixels."""
    fastkq.decompress(fastkq.compress(np.eye(64, dtype=np.uint8), 2).to_bytes())  # compiles
    for picture in _pictures(quick):
        yield from _timings(picture)
    if not quick:
        yield from _packing()


def _pictures(quick: bool) -> Iterator[_Picture]:
    for case in images("kodak", quick):
        yield _Picture(case.set, case.image, case.read, (1,))
    if not quick:
        for case in images("large", quick):
            yield _Picture(case.set, case.image, case.read, (1, 2))
        # A WebP of its noise takes minutes.
        yield _Picture(OF_24_MEGAPIXELS, _TILED, of_24_megapixels, (1, 2), ("png",))


def _timings(picture: _Picture) -> Iterator[Timed]:
    compressed = fastkq.compress(picture.read(), COLOURS_TIMED)
    files: dict[str, bytes] = {}

    def encode(name: str, threads: int) -> None:
        files[name] = (
            compressed.to_bytes(threads=threads)
            if name == "context"
            else formats.FORMATS[name].encode(compressed)
        )

    def decode(name: str, threads: int) -> npt.NDArray[np.uint8]:
        if name == "context":
            return fastkq.decompress(files[name], threads=threads)
        return formats.decode(files[name])

    coders = [("context", threads) for threads in picture.threads] + [(name, 1) for name in picture.rivals]
    calls = {
        (call.__name__, *coder): partial(call, *coder)
        for coder in coders
        if coder[0] == "context" or formats.FORMATS[coder[0]].version()
        for call in (encode, decode)
    }
    for (call, name, threads), seconds in in_turn(calls, ROUNDS, once=_ONCE).items():
        row = (picture.set, picture.image, call, name, threads, compressed.indices.size, len(files[name]))
        yield Timed(*row, min(seconds), statistics.median(seconds))


def _packing() -> Iterator[Timed]:
    """Of arrays, on one thread; no file is made."""
    image = of_24_megapixels()
    calls = stages(image, COLOURS_TIMED)
    pixels = image.shape[0] * image.shape[1]
    packing = {stage: partial(calls[stage], 1) for stage in ("pack", "unpack")}
    for stage, seconds in in_turn(packing, _ROUNDS_OF_PACKING).items():
        row = (OF_24_MEGAPIXELS, _TILED, stage, "packed", 1, pixels, 0)
        yield Timed(*row, min(seconds), statistics.median(seconds))


def in_turn(calls: Mapping[_Key, _Call], rounds: int, once: _Key | None = None) -> dict[_Key, list[float]]:
    """Seconds of each call in each round: what drifts meanwhile drifts for all."""
    times: dict[_Key, list[float]] = {key: [] for key in calls}
    for _ in range(rounds):
        for key, call in calls.items():
            if key == once and times[key]:
                continue
            start = time.perf_counter()
            call()
            times[key].append(time.perf_counter() - start)
    return times
