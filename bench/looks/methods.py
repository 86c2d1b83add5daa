"""The ways to reduce colours that are looked at: an image and k in, the image as it is shown out."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from PIL import Image

import fastkq
from bench import THREADS
from bench.peers import Pixels, image_of_imagequant, image_of_pillow
from fastkq.quantization import dither, spatial


class Method(NamedTuple):
    """What the tables call it, what is timed, and the image of that, which is not."""

    label: str
    run: Callable[[Pixels, int], object]
    image: Callable[[object, Pixels], Pixels]
    package: str = "fastkq"

    def is_installed(self) -> bool:
        return find_spec(self.package) is not None


def _plain(image: Pixels, k: int) -> object:
    compressed = fastkq.compress(image, k, threads=THREADS)
    return compressed.palette, compressed.indices


def _dithered(spread: Callable[..., object]) -> Callable[[Pixels, int], object]:
    def run(image: Pixels, k: int) -> object:
        palette = fastkq.compress(image, k, threads=THREADS).palette
        return palette, spread(image, palette, 1.0, THREADS)

    return run


def _visual(image: Pixels, k: int) -> object:
    return spatial.visual(image, k, threads=THREADS)


def _painted(result: object, _: Pixels) -> Pixels:
    palette, indices = result  # type: ignore[misc]
    return palette[indices]  # type: ignore[no-any-return]


def _imagequant(image: Pixels, k: int) -> object:
    from imagequant import quantize_raw_rgba_bytes

    height, width = image.shape[:2]
    rgba = Image.fromarray(image).convert("RGBA").tobytes()
    return quantize_raw_rgba_bytes(rgba, width, height, dithering_level=1.0, max_colors=k)


def _pillow(image: Pixels, k: int) -> object:
    # `quantize` dithers with a palette that is given only.
    picture = Image.fromarray(image)
    palette = picture.quantize(k, method=Image.Quantize.MEDIANCUT, kmeans=1)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


METHODS = {
    "plain": Method("fastkq", _plain, _painted),
    "diffused": Method("fastkq, error diffusion", _dithered(dither.diffuse), _painted),
    "ordered": Method("fastkq, blue noise", _dithered(dither.ordered), _painted),
    "visual": Method("fastkq, for looks", _visual, _painted),
    "imagequant": Method("imagequant, dithered", _imagequant, image_of_imagequant, "imagequant"),
    "pillow": Method("Pillow MEDIANCUT with kmeans, dithered", _pillow, image_of_pillow),
}


def shown(method: Method, image: Pixels, k: int) -> Pixels:
    """The image as a method shows it."""
    return np.ascontiguousarray(method.image(method.run(image, k), image))
