"""The README's picture of a photograph at k = 16, beside what others make of it."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.Image import Dither, Quantize

import fastkq
from bench import peers
from bench.cases import ROOT, scikit_learn_photograph
from bench.peers import Pixels
from fastkq import formats
from fastkq.formats.png import optimized

SIDE_BY_SIDE = ROOT / "bench" / "pictures" / "side-by-side.png"
PACKAGES = ("imagequant", "oxipng")
_K = 16
_CROP = np.s_[0:290, 60:290]  # sky, water, roofs and trees
_COLUMNS, _MARGIN, _TEXT_HEIGHT = 4, 8, 22
_INK, _PAPER = (40, 40, 40), (250, 250, 250)


def _pillow(method: Quantize) -> Callable[[Pixels], Pixels]:
    def run(image: Pixels) -> Pixels:
        picture = Image.fromarray(image)
        # Pillow dithers only towards a palette that is given.
        palette = picture.quantize(_K, method=method)
        return np.asarray(picture.quantize(palette=palette, dither=Dither.FLOYDSTEINBERG).convert("RGB"))

    return run


def _imagequant(image: Pixels) -> Pixels:
    return peers.image_of_imagequant(peers.imagequant(image, _K, dithering=1.0), image)


_PANELS: dict[str, Callable[[Pixels], Pixels]] = {
    "original": lambda image: image,
    "fastkq": lambda image: fastkq.compress(image, _K).decompress(),
    "fastkq, for looks": lambda image: fastkq.compress(image, _K, preset="visual").decompress(),
    "fastkq, dithered": lambda image: fastkq.compress(image, _K, dither=True).decompress(),
    "fastkq, blue noise": lambda image: fastkq.compress(
        image, _K, dither=True, dither_method="blue-noise"
    ).decompress(),
    "Pillow MEDIANCUT, dithered": _pillow(Quantize.MEDIANCUT),
    "Pillow FASTOCTREE, dithered": _pillow(Quantize.FASTOCTREE),
    "imagequant, dithered": _imagequant,
}


def draw() -> None:
    """The whole photograph is reduced by each, and the same part of it shown, pixel by pixel."""
    image = formats.read_image(scikit_learn_photograph("china.jpg"))
    tiles = [_tile(panel(image)[_CROP], label) for label, panel in _PANELS.items()]
    width, height = tiles[0].size
    rows = -(-len(tiles) // _COLUMNS)
    size = (_COLUMNS * (width + _MARGIN) + _MARGIN, rows * (height + _MARGIN) + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, _COLUMNS)
        sheet.paste(tile, (_MARGIN + column * (width + _MARGIN), _MARGIN + row * (height + _MARGIN)))
    SIDE_BY_SIDE.parent.mkdir(exist_ok=True)
    written = BytesIO()
    sheet.save(written, "PNG")
    SIDE_BY_SIDE.write_bytes(optimized(written.getvalue()))


def _tile(image: Pixels, label: str) -> Image.Image:
    tile = Image.new("RGB", (image.shape[1], image.shape[0] + _TEXT_HEIGHT), _PAPER)
    tile.paste(Image.fromarray(image), (0, 0))
    font = ImageFont.load_default(size=14)
    ImageDraw.Draw(tile).text((0, image.shape[0] + 3), label, fill=_INK, font=font)
    return tile
