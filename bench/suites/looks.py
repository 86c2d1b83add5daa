"""Perceptual scores (SSIMULACRA2, butteraugli) and times of fastkq and its peers, dithered and not."""

import csv
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from bench import results
from bench.cases import KS, SHARED, Case, Pixels, images
from bench.peers import LOOKS_METHODS, Method, installed
from bench.results import FOLDER, collected, markdown_table, mean, paragraph, section
from bench.targets import Target
from bench.timing import in_turns

TITLE = "Perceptual quality"
INTRODUCTION = (
    "`make bench-looks` computes perceptual scores of images at few colors, with dithering and without, and "
    "draws contact sheets of gradients, skin and skies to `build/bench/looks/`."
)
REFERENCE = SHARED / "reference" / "looks_kodak.csv"
SHEETS = FOLDER / "looks"
_PACKAGES = ("numpy", "numba", "pillow", "imagequant", "ssimulacra2")
_ROUNDS = 7
_BUTTERAUGLI = "butteraugli_main"
_REFERENCE_COLUMNS = {
    "libimagequant43_dither": "libimagequant 4.3, dithered",
    "libimagequant43_plain": "libimagequant 4.3, plain",
}


class Row(NamedTuple):
    """Scores and least seconds of one method on one image at one k; a score is nan if its tool is missing."""

    image: str
    k: int
    method: str
    ssimulacra2: float
    butteraugli: float
    seconds: float


class Run(results.Run):
    """The rows."""

    suite = "looks"
    row_type = Row

    def of(self, method: str, k: int) -> list[Row]:
        """Return a method's rows at one k."""
        return [row for row in self.rows if (row.method, row.k) == (method, k)]

    def mean(self, method: str, k: int, column: str) -> float:
        """Return the mean over the images of a score or of the seconds."""
        return mean(getattr(row, column) for row in self.of(method, k))


def measure(quick: bool, sheets: bool = False) -> None:
    """Measure all methods, which takes two minutes; `sheets` draws the contact sheets, too."""
    Run.write(_PACKAGES, quick, rows=collected(_rows(quick)))
    if sheets:
        draw_sheets()


def _rows(quick: bool) -> Iterator[Row]:
    names = _reference_images()
    methods = installed(LOOKS_METHODS)
    for case in images("kodak", quick):
        if case.image in names:
            for k in KS:
                calls = {name: partial(method.run, case.read(), k) for name, method in methods.items()}
                seconds = in_turns(calls, _ROUNDS, warmup=1)  # the first round compiles
                for name, method in methods.items():
                    yield Row(case.image, k, name, *_scores(case, method, k), min(seconds[name]))


def _scores(case: Case, method: Method, k: int) -> tuple[float, float]:
    """Return SSIMULACRA2 and the 3-norm of butteraugli."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "reduced.png")
        Image.fromarray(method.reduced(case.read(), k)).save(path, compress_level=1)
        return _ssimulacra2(case.path, path), _butteraugli(case.path, path)


def _ssimulacra2(original: Path, reduced: Path) -> float:
    if find_spec("ssimulacra2") is None:
        return math.nan
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(str(original), str(reduced)))


def _butteraugli(original: Path, reduced: Path) -> float:
    if shutil.which(_BUTTERAUGLI) is None:
        return math.nan
    command = [_BUTTERAUGLI, str(original), str(reduced)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(output.splitlines()[-1].split()[-1])


def _reference_rows() -> list[dict[str, str]]:
    if not REFERENCE.exists():
        return []
    with REFERENCE.open() as file:
        return list(csv.DictReader(file))


def _reference_images() -> set[str]:
    return {row["image"] for row in _reference_rows()}


def table(run: Run) -> str:
    """Return the table, with the scores of libimagequant from the reference."""
    rows = [
        [method.label, *(_cell(run, name, k) for k in KS)]
        for name, method in LOOKS_METHODS.items()
        if run.of(name, KS[0])
    ]
    rows += [
        [label, *(f"{_reference_mean(column, k):.1f}" for k in KS)]
        for column, label in _REFERENCE_COLUMNS.items()
    ]
    caption = paragraph(
        "Each cell holds SSIMULACRA2 (higher is better, 100 is identical), in brackets the 3-norm of "
        "butteraugli (lower is better), and the least time of a call; all are means over "
        f"{len(_reference_images())} Kodak images:"
    )
    note = paragraph(
        "libimagequant 4.3 was measured in another run, in which it took 0.44 to 0.47 of the time of "
        "imagequant."
    )
    return section([caption, markdown_table(["method", *(f"k = {k}" for k in KS)], rows), note], run.machine)


def _cell(run: Run, name: str, k: int) -> str:
    score, distance = run.mean(name, k, "ssimulacra2"), run.mean(name, k, "butteraugli")
    bracket = "" if math.isnan(distance) else f" ({distance:.2f})"
    return f"{score:.1f}{bracket}, {1000 * run.mean(name, k, 'seconds'):.0f} ms"


def _reference_mean(column: str, k: int) -> float:
    return mean(float(row[column]) for row in _reference_rows() if int(row["k"]) == k)


def targets(run: Run) -> Iterator[Target]:
    """Yield no target: the scores are compared in the table."""
    yield from ()


class _Crop(NamedTuple):
    set: str
    image: str
    top: int
    left: int


_SCALE = 2
_COLUMNS = 3
_CAPTION_HEIGHT = 16  # pixels
_HEIGHT, _WIDTH = 200, 300  # pixels of a crop
_CROPS = (
    _Crop("kodak", "kodim04.png", 230, 190),  # skin
    _Crop("kodak", "kodim09.png", 150, 100),
    _Crop("kodak", "kodim21.png", 0, 200),
    _Crop("kodak", "kodim23.png", 30, 380),
)


def draw_sheets() -> None:
    """Draw gradients, skin and skies as each method shows them, one sheet per subject and k, to SHEETS."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    methods = installed(LOOKS_METHODS).values()
    for name, image, top, left in _subjects():
        for k in KS:
            tiles = {"original": image} | {method.label: method.reduced(image, k) for method in methods}
            crops = {label: tile[top : top + _HEIGHT, left : left + _WIDTH] for label, tile in tiles.items()}
            _sheet(crops).save(SHEETS / f"{name}-{k}.png")


def _subjects() -> Iterator[tuple[str, Pixels, int, int]]:
    ramp = np.linspace(0, 255, _WIDTH)[None, :] * np.linspace(0.2, 1, _HEIGHT)[:, None]
    colors = np.array([[0.3, 0.5, 1.0], [1.0, 1.0, 1.0], [0.9, 0.7, 0.55]])
    gradients = [np.rint(ramp[..., None] * color).astype(np.uint8) for color in colors]
    for name, gradient in zip(("blue", "gray", "skin"), gradients, strict=True):
        yield f"gradient-{name}", gradient, 0, 0
    for crop in _CROPS:
        for case in images(crop.set):
            if case.image == crop.image:
                yield crop.image.partition(".")[0], case.read()[..., :3], crop.top, crop.left


def _sheet(tiles: dict[str, Pixels]) -> Image.Image:
    height, width = _SCALE * _HEIGHT + _CAPTION_HEIGHT, _SCALE * _WIDTH
    sheet = Image.new("RGB", (width * _COLUMNS, height * -(-len(tiles) // _COLUMNS)), "white")
    for number, (label, tile) in enumerate(tiles.items()):
        x, y = number % _COLUMNS * width, number // _COLUMNS * height
        picture = Image.fromarray(tile)
        larger = picture.resize((_SCALE * picture.width, _SCALE * picture.height), Image.Resampling.NEAREST)
        sheet.paste(larger, (x, y + _CAPTION_HEIGHT))
        ImageDraw.Draw(sheet).text((x + 4, y + 2), label, fill="black")
    return sheet
