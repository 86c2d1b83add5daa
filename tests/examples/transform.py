"""A transform as torchvision's are, for `transforms.Compose` and data loaders; it needs no torch."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import fastkq


class ReduceColors:
    """Replace the colors of an image by the k that fit it best: an augmentation, or a denoising step.

    Parameters
    ----------
    k : int
        1 to 256 colors.
    dither : bool or float
        As in `fastkq.compress`.
    """

    def __init__(self, k: int, dither: bool | float = False) -> None:
        self.k, self.dither = k, dither

    def __call__(self, image: Any) -> Any:
        """The image reduced: a PIL image of the same mode, of 8 bits a channel, or an array of its dtype."""
        if isinstance(image, Image.Image):
            return self._of_pil(image)
        return self._of_array(image)

    def _of_pil(self, image: Image.Image) -> Image.Image:
        return fastkq.quantize(image, self.k, dither=self.dither).convert(image.mode)

    def _of_array(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        # One thread: data loaders have processes of their own, one for each core.
        return fastkq.compress(np.asarray(image), self.k, dither=self.dither, threads=1).decompress(threads=1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(k={self.k}, dither={self.dither})"
