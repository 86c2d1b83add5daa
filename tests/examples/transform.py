"""A transform for torchvision's `transforms.Compose` and for data loaders; it does not need torch."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import fastkq


class ReduceColors:
    """Reduce an image to the k colors that fit it best, as augmentation or denoising.

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
        """Return a PIL image of 8 bits per channel in the same mode, or an array of the same dtype."""
        if isinstance(image, Image.Image):
            return self._reduce_pil(image)
        return self._reduce_array(image)

    def _reduce_pil(self, image: Image.Image) -> Image.Image:
        return fastkq.quantize(image, self.k, dither=self.dither).convert(image.mode)

    def _reduce_array(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        # One thread: data loaders already run one process per core.
        return fastkq.compress(np.asarray(image), self.k, dither=self.dither, threads=1).decompress(threads=1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(k={self.k}, dither={self.dither})"
