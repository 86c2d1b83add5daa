"""What is measured: image sets and numbers of colours."""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import formats

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
RESULTS = ROOT / "build" / "bench"
COLOURS = (16, 64, 256)
SETS = ("china.jpg", "kodak", "gb82-photos", "large")
QUICK = ("kodim01.png", "kodim05.png", "kodim23.png", "graph.png", "windows95.png")


class Case(NamedTuple):
    """One image, the set it is counted with, and its place in the set."""

    set: str
    image: str
    path: Path
    number: int

    def read(self) -> npt.NDArray[np.uint8]:
        """Its pixels, RGB or RGBA."""
        return _read(self.path)


@cache
def _read(path: Path) -> npt.NDArray[np.uint8]:
    return formats.read_image(path)


def scikit_learn_photograph(name: str) -> Path:
    """china.jpg or flower.jpg, which scikit-learn ships: there wherever the benchmark is."""
    return Path(str(resources.files("sklearn.datasets.images") / name))


def cases(quick: bool) -> Iterator[Case]:
    """The sets that are present."""
    yield Case("china.jpg", "china.jpg", scikit_learn_photograph("china.jpg"), 0)
    for name in SETS[1:]:
        yield from images(name, quick)


def images(name: str, quick: bool = False) -> Iterator[Case]:
    """A set of shared/images; nothing where it is absent."""
    for number, path in enumerate(sorted((SHARED / "images" / name).glob("*.*"))):
        if not quick or path.name in QUICK:
            yield Case(name, path.name, path, number)


def of_24_megapixels() -> npt.NDArray[np.uint8]:
    """china.jpg tiled to 6000 x 4000 with noise of up to 4 levels, so that no two tiles are alike."""
    photograph = _read(scikit_learn_photograph("china.jpg"))
    tiled = np.tile(photograph, (10, 10, 1))[:4000, :6000].astype(np.int16)
    tiled += np.random.default_rng(0).integers(-4, 5, tiled.shape, dtype=np.int16)
    return np.clip(tiled, 0, 255).astype(np.uint8)
