"""The methods that keep alpha, undithered, as far as they are installed."""

import numpy as np
from PIL.Image import Quantize

from bench import peers
from bench.methods import METHODS as OPAQUE_METHODS
from bench.methods import Method
from bench.peers import Pixels


def _of_imagequant(result: object, image: Pixels) -> Pixels:
    indices, palette = result  # type: ignore[misc]
    return np.array(palette, np.uint8).reshape(-1, 4)[np.frombuffer(indices, np.uint8)].reshape(image.shape)


def _of_pillow(result: object, _: Pixels) -> Pixels:
    return np.asarray(result.convert("RGBA"))  # type: ignore[attr-defined]


METHODS = {
    "fastkq": OPAQUE_METHODS["fastkq"],
    "fastkq best": OPAQUE_METHODS["fastkq best"],
    "imagequant": Method("imagequant", peers.imagequant, _of_imagequant, 1, package="imagequant"),
    "FASTOCTREE": Method("Pillow FASTOCTREE", peers.pillow(Quantize.FASTOCTREE), _of_pillow, 1),
}
