"""Images with masked pixels: the pixels that count, and a palette with a row for the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.api.image import CompressedImage
from fastkq.api.inputs import Input
from fastkq.color.indexed_image import index_dtype
from fastkq.color.masking import filled
from fastkq.errors import ArgumentError
from fastkq.runtime.options import MAX_COLORS, term


def counted_pixels(source: Input) -> npt.NDArray[Any]:
    """Return the pixels that count: the image, or the others than the masked ones as an image of one row."""
    return source.pixels if source.mask is None else source.pixels[~source.mask][np.newaxis]


def counted_weights(weights: npt.NDArray[np.float64] | None, source: Input) -> npt.NDArray[np.float64] | None:
    """Return the weights of `counted_pixels`."""
    if weights is None or source.mask is None:
        return weights
    counted = weights[~source.mask][np.newaxis]
    if counted.size and not counted.max() > 0:
        message = "expected {} that are not all 0 where no pixel is masked, got only zeros"
        raise ArgumentError(message, term("weights"))
    return counted


def pixels_to_dither(source: Input, palette: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the image with the first color of a palette (k, C) at masked pixels, which adds no error."""
    return filled(source.pixels, source.mask, palette[0] if source.pixels.ndim == 3 else palette[0, 0])


def compressed_image(
    source: Input, palette: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger]
) -> CompressedImage:
    """Return the result of a compression; if pixels are masked, with a row of zeros for them at the end.

    Parameters
    ----------
    source : Input
    palette : (k, C)
        Of the dtype and the channels of the source.
    indices : (H, W), or the shape of `counted_pixels`
        The indices of masked pixels do not count.
    """
    pixels, mask, masked_index = source.pixels, source.mask, None
    if mask is not None:
        masked_index = len(palette)
        if masked_index == MAX_COLORS:
            raise ArgumentError(
                f"expected at most {MAX_COLORS - 1} colors beside the one of masked pixels, got {MAX_COLORS}"
            )
        chosen = indices[~mask] if indices.shape == mask.shape else indices.reshape(-1)
        indices = np.full(mask.shape, masked_index, index_dtype(masked_index + 1))
        indices[~mask] = chosen
        palette = np.concatenate((palette, np.zeros_like(palette, shape=(1, palette.shape[1]))))
    return CompressedImage.unchecked(
        palette, indices, pixels.shape, source.metadata, (), source.is_plain, masked_index,
        None if mask is None else source.nodata,
    )  # fmt: skip
