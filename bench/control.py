"""What control over the colours costs: targets, curves, spaces and dtypes, each as a ratio to `compress`.

Both sides of a ratio are timed in turns in one process, and their medians divided.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import fastkq
from bench import THREADS
from bench.cases import images, of_24_megapixels
from bench.machine import machine
from bench.scaling import tiled
from bench.targets import Target
from fastkq import formats
from fastkq.quantization import dither

_PACKAGES = ("numpy", "numba")
_ROUNDS = 15  # with 7 the ratios of a few milliseconds differ by a quarter between runs
_PSNRS = (28, 32, 36, 40)
_KS = (2, 4, 8, 16, 32, 64, 128, 256)
_IMAGES = ("kodim05", "kodim13", "kodim23", "jon-tyson")


class Row(NamedTuple):
    """One figure: its unit is in its words."""

    words: str
    figure: float
    limit: float | None = None
    at_least: bool = False


def measure() -> list[Row]:
    """All rows, printed as they come: minutes."""
    rows = []
    for row in (*_rows_of_photographs(), *_rows_of_dithering(), *_rows_of_dtypes()):
        print(Target(*row), flush=True)
        rows.append(row)
    return rows


def markdown(rows: list[Row]) -> str:
    """The README's table."""
    lines = ["| what | measured | aim |", "| --- | --- | --- |"]
    for row in rows:
        bound = "at least" if row.at_least else "at most"
        aim = "-" if row.limit is None else f"{bound} {row.limit:g}"
        lines.append(f"| {row.words} | {row.figure:.3g} | {aim} |")
    return "\n".join([*lines, "", "Measured on " + "; ".join(machine(_PACKAGES).values()) + ".", ""])


def _rows_of_photographs() -> Iterator[Row]:
    chosen = [
        case for folder in ("kodak", "large") for case in images(folder) if case.image.startswith(_IMAGES)
    ]
    pictures = {
        case.image.split("-unsplash")[0].split(".")[0]: formats.read_image(case.path) for case in chosen
    }
    for name, image in pictures.items():
        ratios = [_of_psnr(image, target) for target in _PSNRS]
        words = (
            f"{name}: target_psnr of {', '.join(map(str, _PSNRS))} dB over compress at that k, the largest"
        )
        yield Row(words, max(ratios), 4.0)
    for name, image in pictures.items():
        separate, together = _medians(
            partial(_separately, image),
            partial(fastkq.curve, image, _KS),
        )
        yield Row(f"{name}: curve at {len(_KS)} k over as many compress", together / separate, 0.5)
    for name, image in pictures.items():
        plain, oklab = _medians(
            partial(fastkq.compress, image, 64),
            partial(fastkq.compress, image, 64, space="oklab"),
        )
        yield Row(f"{name}: compress in Oklab over that in RGB, k = 64", oklab / plain)


def _separately(image: Any) -> None:
    for k in _KS:
        fastkq.compress(image, k)


def _of_psnr(image: Any, target: float) -> float:
    k = fastkq.compress(image, target_psnr=target).k
    plain, targeted = _medians(
        lambda: fastkq.compress(image, k), lambda: fastkq.compress(image, target_psnr=target)
    )
    return targeted / plain


def _rows_of_dithering() -> Iterator[Row]:
    image = of_24_megapixels()
    palette = fastkq.fit_palette(image, 256)
    for words, run, aim in (("error diffusion", dither.diffuse, 25.0), ("blue noise", dither.ordered, 100.0)):
        for threads in (1, THREADS):
            seconds = _seconds(partial(run, image, palette, 1.0, threads))
            speed = image.shape[0] * image.shape[1] / 1e6 / seconds
            limit = aim if threads == THREADS else None
            yield Row(
                f"{words}, 24 megapixels, k = 256, {threads} threads: megapixels a second", speed, limit, True
            )


def _rows_of_dtypes() -> Iterator[Row]:
    generator = np.random.default_rng(0)
    levels = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    yield Row(
        "gray, 65,536 levels of 16 bits, k = 256: seconds",
        _seconds(lambda: fastkq.compress(levels, 256)),
        1.0,
    )
    large = tiled(1_000_000, 3)
    deep = large.astype(np.uint16) * 257 + generator.integers(0, 257, large.shape, np.uint16) - 128
    for name, image in (
        ("uint8", large),
        ("uint16", deep),
        ("float32", deep.astype(np.float32) / 65535),
        ("float64", deep / 65535),
        ("float32 of 8 channels", np.tile(deep, (1, 1, 3))[:, :, :8].astype(np.float32)),
    ):
        seconds = _seconds(partial(fastkq.compress, image, 64))
        yield Row(f"1 megapixel of {name}, k = 64: seconds", seconds)
    mask = large[:, :, 0] > 127
    yield Row("1 megapixel of bool, k = 2: seconds", _seconds(lambda: fastkq.compress(mask, 2)))


def _medians(*calls: Callable[[], Any]) -> list[float]:
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(_ROUNDS):
        for call, taken in zip(calls, times, strict=True):
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
    return list(map(statistics.median, times))


def _seconds(call: Callable[[], Any]) -> float:
    return _medians(call)[0]
