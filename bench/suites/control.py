"""Time of targets, curves, color spaces, dithering and dtypes; mostly as a ratio to plain `compress`.

Both sides of a ratio are timed in turns in one process, and their medians are divided.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

import fastkq
from bench import THREADS, results
from bench.cases import Pixels, images, of_24_megapixels, tiled
from bench.results import collected, markdown_table, section
from bench.targets import Target
from bench.timing import medians
from fastkq.quantization import blue_noise, error_diffusion

TITLE = "Time of targets, curves, color spaces, dithering and dtypes"
INTRODUCTION = (
    "`make bench-control` measures the time of these options, in most rows divided by the time of plain "
    "`compress`."
)
_PACKAGES = ("numpy", "numba")
_ROUNDS = 15  # with 7 the ratios of a few milliseconds differ by a quarter between runs
_PSNRS = (28, 32, 36, 40)
_KS = (2, 4, 8, 16, 32, 64, 128, 256)
_IMAGES = ("kodim05", "kodim13", "kodim23", "jon-tyson")
_QUICK_SIZE = 200  # pixels: height and width of the images of a quick run


class Run(results.Run):
    """The rows: a figure, and its limit if it has one."""

    suite = "control"
    row_type = Target


def measure(quick: bool) -> None:
    """Measure all rows; it takes minutes."""
    parts = (
        _rows_of_photographs(quick),
        _rows_of_dithering(quick),
        _rows_of_dtypes(quick),
        _rows_of_notebook(quick),
    )
    Run.write(_PACKAGES, quick, rows=collected((row for part in parts for row in part), str))


def _part(image: Pixels, quick: bool) -> Pixels:
    return np.ascontiguousarray(image[:_QUICK_SIZE, :_QUICK_SIZE]) if quick else image


def _rows_of_photographs(quick: bool) -> Iterator[Target]:
    photographs = {
        case.image.split("-unsplash")[0].split(".")[0]: _part(case.read(), quick)
        for folder in ("kodak", "large")
        for case in images(folder, quick)
        if case.image.startswith(_IMAGES)
    }
    for name, image in photographs.items():
        words = (
            f"{name}: target_psnr of {', '.join(map(str, _PSNRS))} dB over compress at that k, the largest"
        )
        yield Target(words, max(_ratio_of_psnr(image, psnr) for psnr in _PSNRS), 4.0)
    for name, image in photographs.items():
        ratio = _ratio(partial(fastkq.curve, image, _KS), partial(_compress_at_each_k, image))
        yield Target(f"{name}: curve at {len(_KS)} k over as many compress", ratio, 0.5)
    for name, image in photographs.items():
        ratio = _ratio(
            partial(fastkq.compress, image, 64, space="oklab"), partial(fastkq.compress, image, 64)
        )
        yield Target(f"{name}: compress in Oklab over that in RGB, k = 64", ratio)


def _ratio_of_psnr(image: Pixels, psnr: float) -> float:
    k = fastkq.compress(image, target_psnr=psnr).k
    return _ratio(partial(fastkq.compress, image, target_psnr=psnr), partial(fastkq.compress, image, k))


def _compress_at_each_k(image: Pixels) -> None:
    for k in _KS:
        fastkq.compress(image, k)


def _rows_of_dithering(quick: bool) -> Iterator[Target]:
    image = _part(of_24_megapixels(), quick)
    palette = fastkq.fit_palette(image, 256)
    for words, run, least in (
        ("error diffusion", error_diffusion.diffuse, 25.0),
        ("blue noise", blue_noise.ordered, 100.0),
    ):
        for threads in (1, THREADS):
            seconds = _seconds(partial(run, image, palette, 1.0, threads))
            yield Target(
                f"{words}, 24 megapixels, k = 256, {threads} threads: megapixels per second",
                image.shape[0] * image.shape[1] / 1e6 / seconds,
                least if threads == THREADS else None,
                at_least=True,
            )


def _rows_of_dtypes(quick: bool) -> Iterator[Target]:
    generator = np.random.default_rng(0)
    levels = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    for k in (256, 30_000):
        seconds = _seconds(partial(fastkq.compress, levels, k))
        yield Target(f"gray, 65,536 levels of 16 bits, k = {k:,}: seconds", seconds, 1.0)
    image = _part(tiled(1_000_000, 3), quick)
    deep = image.astype(np.uint16) * 257 + generator.integers(0, 257, image.shape, np.uint16) - 128
    for name, pixels in (
        ("uint8", image),
        ("uint16", deep),
        ("float32", deep.astype(np.float32) / 65535),
        ("float64", deep / 65535),
        ("float32 of 8 channels", np.tile(deep, (1, 1, 3))[:, :, :8].astype(np.float32)),
    ):
        yield Target(
            f"1 megapixel of {name}, k = 64: seconds", _seconds(partial(fastkq.compress, pixels, 64))
        )
    mask = image[:, :, 0] > 127
    yield Target("1 megapixel of bool, k = 2: seconds", _seconds(partial(fastkq.compress, mask, 2)))


def _rows_of_notebook(quick: bool) -> Iterator[Target]:
    compressed = fastkq.compress(_part(tiled(1_000_000, 3), quick), 64)
    for name, show in (("PNG", compressed._repr_png_), ("HTML", compressed._repr_html_)):
        yield Target(f"notebook {name} of 1 megapixel: seconds", _seconds(show), 0.1)


def _ratio(call: Callable[[], object], base: Callable[[], object]) -> float:
    seconds = medians({"base": base, "call": call}, _ROUNDS, warmup=1)
    return seconds["call"] / seconds["base"]


def _seconds(call: Callable[[], object]) -> float:
    return medians({"call": call}, _ROUNDS, warmup=1)["call"]


def table(run: Run) -> str:
    """Return the table."""
    rows = [[row.words, f"{row.figure:.3g}", row.bound or "-"] for row in run.rows]
    return section([markdown_table(["figure", "measured", "target"], rows)], run.machine)


def targets(run: Run) -> Iterator[Target]:
    """Yield the rows, which are targets."""
    yield from run.rows
