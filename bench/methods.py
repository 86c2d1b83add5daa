"""fastkq and its rivals, each as its own users call it: an image and k in, the image of k colours out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

import fastkq

Pixels = npt.NDArray[np.uint8]


class Method(NamedTuple):
    """A way to reduce colours.

    Attributes
    ----------
    run
        What is timed: (image, k) to a result of the method's own kind.
    image
        The image of k colours that a result stands for; not timed.
    rounds
        How often it is timed.
    """

    run: Callable[[Pixels, int], object]
    image: Callable[[object, Pixels], Pixels]
    rounds: int


def _scikit_learn(image: Pixels, k: int) -> object:
    from sklearn.cluster import KMeans

    pixels = image.reshape(-1, image.shape[2])
    return KMeans(k, n_init=1, random_state=0).fit(pixels.astype(np.float64))


def _image_of_scikit_learn(model: object, image: Pixels) -> Pixels:
    palette = np.clip(np.rint(model.cluster_centers_), 0, 255).astype(np.uint8)  # type: ignore[attr-defined]
    return palette[model.labels_].reshape(image.shape)  # type: ignore[attr-defined,no-any-return]


def _pillow(method: Image.Quantize) -> Callable[[Pixels, int], object]:
    def run(image: Pixels, k: int) -> object:
        return Image.fromarray(image).quantize(k, method=method, dither=Image.Dither.NONE)

    return run


def _image_of_pillow(result: object, _: Pixels) -> Pixels:
    return np.asarray(result.convert("RGB"))  # type: ignore[attr-defined]


def _copy(image: Pixels, _: int) -> object:
    target = np.empty_like(image)
    np.copyto(target, image)
    return target


def _image_of_fastkq(result: object, _: Pixels) -> Pixels:
    return np.asarray(result)


_FASTKQ = Method(fastkq.compress, _image_of_fastkq, 7)

METHODS = {
    "fastkq": _FASTKQ,
    "copy": Method(_copy, lambda result, _: np.asarray(result), 7),
    "scikit-learn": Method(_scikit_learn, _image_of_scikit_learn, 1),
    "FASTOCTREE": Method(_pillow(Image.Quantize.FASTOCTREE), _image_of_pillow, 5),
    "MEDIANCUT": Method(_pillow(Image.Quantize.MEDIANCUT), _image_of_pillow, 5),
    # Again behind the rivals: what the two differ by is the noise that a ratio has to exceed.
    "fastkq again": _FASTKQ,
}
"""In the order in which they are timed on one image, side by side."""
