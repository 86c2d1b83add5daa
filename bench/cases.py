"""Image sets and numbers of colors that the suites measure."""

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.inputs import read_input

Pixels = npt.NDArray[np.uint8]

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
KS = (16, 64, 256)
SETS = ("china.jpg", "kodak", "gb82-photos", "large")
QUICK = (  # the images of a quick run
    "kodim01.png",
    "kodim05.png",
    "kodim23.png",
    "graph.png",
    "windows95.png",
    "emoji_u1f35f.png",
    "explosion00.png",
)
_ROWS_PER_BLOCK = 64


class Case(NamedTuple):
    """One image, the set it belongs to, and its position in the set."""

    set: str
    image: str
    path: Path
    number: int

    def read(self) -> Pixels:
        """Return its pixels, (H, W, 3) or (H, W, 4); the caller must not write to them."""
        return _read(self.path)


@cache
def _read(path: Path) -> Pixels:
    return read_input(path).pixels


def photograph_path() -> Path:
    """Return the path of china.jpg, the photograph of the demo, which every checkout has."""
    return Path(__file__).with_name("figures") / "china.jpg"


def photograph() -> Pixels:
    """Return the pixels of china.jpg."""
    return _read(photograph_path())


def cases(quick: bool) -> Iterator[Case]:
    """Yield the images of all SETS that are present."""
    yield Case("china.jpg", "china.jpg", photograph_path(), 0)
    for name in SETS[1:]:
        yield from images(name, quick)


def images(name: str, quick: bool = False) -> Iterator[Case]:
    """Yield the images of a set in shared/images; none if the set is absent."""
    paths = (path for path in (SHARED / "images" / name).glob("*.*") if path.suffix != ".csv")
    for number, path in enumerate(sorted(paths)):
        if not quick or path.name in QUICK:
            yield Case(name, path.name, path, number)


def of_24_megapixels() -> Pixels:
    """Return china.jpg tiled to 6000 x 4000 with noise of up to 4 levels, so that no two tiles are equal."""
    tiles = np.tile(photograph(), (10, 10, 1))[:4000, :6000].astype(np.int16)
    tiles += np.random.default_rng(0).integers(-4, 5, tiles.shape, dtype=np.int16)
    return np.clip(tiles, 0, 255).astype(np.uint8)


def tiled(pixels: int, channels: int) -> Pixels:
    """Return china.jpg tiled to 3 : 2 with noise of up to 4 levels; alpha is a ramp from left to right.

    The image is made in blocks of rows, so that the process never holds a larger array.
    """
    tile = photograph()
    height = math.isqrt(2 * pixels // 3)
    width = pixels // height
    ramp = np.linspace(0, 255, width).astype(np.int16)
    generator = np.random.default_rng(0)
    image = np.empty((height, width, channels), np.uint8)
    for top in range(0, height, _ROWS_PER_BLOCK):
        rows = np.arange(top, min(top + _ROWS_PER_BLOCK, height))
        block = np.empty((len(rows), width, channels), np.int16)
        block[:, :, :3] = tile[rows % tile.shape[0]][:, np.arange(width) % tile.shape[1]]
        block[:, :, 3:] = ramp[:, None]
        block += generator.integers(-4, 5, block.shape, dtype=np.int8)
        image[rows] = np.clip(block, 0, 255)
    return image
