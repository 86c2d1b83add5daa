"""Contact sheets of what shows first: gradients, skin and skies, each as every method shows it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from bench.cases import COLOURS, ROOT
from bench.cases import images as cases
from bench.looks.methods import METHODS, shown
from bench.peers import Pixels

FOLDER = ROOT / "build" / "looks"
_SCALE = 2
_ACROSS = 3
_CAPTION = 16


class _Crop(NamedTuple):
    """A part of an image of a set."""

    set: str
    image: str
    top: int
    left: int


_HEIGHT, _WIDTH = 200, 300
_CROPS = (
    _Crop("kodak", "kodim04.png", 230, 190),  # skin
    _Crop("kodak", "kodim09.png", 150, 100),
    _Crop("kodak", "kodim21.png", 0, 200),
    _Crop("kodak", "kodim23.png", 30, 380),
)


def draw() -> None:
    """Write them to build/looks/."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    methods = {name: method for name, method in METHODS.items() if method.is_installed()}
    for name, image, top, left in _subjects():
        for k in COLOURS:
            tiles = {"original": image} | {m.label: shown(m, image, k) for m in methods.values()}
            crops = {label: tile[top : top + _HEIGHT, left : left + _WIDTH] for label, tile in tiles.items()}
            _sheet(crops).save(FOLDER / f"{name}-{k}.png")


def _subjects() -> Iterator[tuple[str, Pixels, int, int]]:
    ramp = np.linspace(0, 255, _WIDTH)[None, :] * np.linspace(0.2, 1, _HEIGHT)[:, None]
    colours = np.array([[0.3, 0.5, 1.0], [1.0, 1.0, 1.0], [0.9, 0.7, 0.55]])
    gradients = [np.rint(ramp[..., None] * colour).astype(np.uint8) for colour in colours]
    for name, gradient in zip(("blue", "gray", "skin"), gradients, strict=True):
        yield f"gradient-{name}", gradient, 0, 0
    for crop in _CROPS:
        for case in cases(crop.set):
            if case.image == crop.image:
                yield crop.image.partition(".")[0], case.read()[..., :3], crop.top, crop.left


def _sheet(tiles: dict[str, Pixels]) -> Image.Image:
    height, width = _SCALE * _HEIGHT + _CAPTION, _SCALE * _WIDTH
    sheet = Image.new("RGB", (width * _ACROSS, height * -(-len(tiles) // _ACROSS)), "white")
    for number, (label, tile) in enumerate(tiles.items()):
        x, y = number % _ACROSS * width, number // _ACROSS * height
        picture = Image.fromarray(tile)
        larger = picture.resize((_SCALE * picture.width, _SCALE * picture.height), Image.Resampling.NEAREST)
        sheet.paste(larger, (x, y + _CAPTION))
        ImageDraw.Draw(sheet).text((x + 4, y + 2), label, fill="black")
    return sheet
