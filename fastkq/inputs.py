"""What the library is given: arrays, PIL images, image files and `.fkq` files."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import container, io
from fastkq.checks import MAX_PIXELS, check_image
from fastkq.errors import FormatError
from fastkq.image import CompressedImage
from fastkq.metadata import Metadata


class Input(NamedTuple):
    """What `compress` starts from.

    Attributes
    ----------
    pixels : (H, W) or (H, W, C) uint8
    metadata : Metadata
    as_it_is : callable or None
        Gives the palette and indices that the file has; None when it has none.
    """

    pixels: npt.NDArray[np.uint8]
    metadata: Metadata
    as_it_is: Callable[[], CompressedImage] | None = None


def read_input(image: Any, *, threads: int | None = None) -> Input:
    """The pixels that an array, a PIL image or a file holds, with what stands beside them."""
    if io.is_pil_image(image):
        picture = io.read(image)
    elif isinstance(image, str | os.PathLike):
        data, name = Path(image).read_bytes(), os.fspath(image)
        if data.startswith(container.MAGIC):
            compressed = from_bytes(data, name, MAX_PIXELS, threads)
            return Input(compressed.decompress(threads=threads), compressed.metadata, lambda: compressed)
        picture = io.decode(data, name)
    else:
        return Input(check_image(image), Metadata())
    as_it_is = partial(from_picture, picture) if picture.has_palette else None
    return Input(check_image(picture.pixels()), picture.metadata, as_it_is)


def from_bytes(data: bytes, name: str, max_pixels: int, threads: int | None) -> CompressedImage:
    """The image that the bytes of a `.fkq` file hold; errors begin with its name."""
    try:
        return CompressedImage.from_bytes(data, max_pixels=max_pixels, threads=threads)
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from None


def from_picture(picture: io.Picture) -> CompressedImage:
    """A picture that has a palette as it is."""
    return CompressedImage(*picture.indexed(), metadata=picture.metadata)
