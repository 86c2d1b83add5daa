"""Read arrays, PIL images, image files and `.fkq` files as pixels with metadata."""

import os
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy.typing as npt

from fastkq import formats
from fastkq.api.file import CompressedFile
from fastkq.api.image import CompressedImage
from fastkq.color.kinds import RGB, ImageKind, with_channels
from fastkq.color.metadata import Metadata
from fastkq.formats import fkq
from fastkq.formats.source import Source, is_binary_file, is_bytes, opened
from fastkq.runtime.options import MAX_PIXELS, Depth
from fastkq.runtime.validation import check_depth, check_image, check_not_empty


class Input(NamedTuple):
    """Pixels and metadata of an input image.

    Attributes
    ----------
    pixels : (H, W) or (H, W, C), as `fastkq.runtime.validation.check_image` returns it
    metadata : Metadata
    stored_image : callable or None
        Returns the palette and the indices of the input unchanged; None if it has no palette.
    """

    pixels: npt.NDArray[Any]
    metadata: Metadata
    stored_image: Callable[[], CompressedImage] | None = None

    def of_kind(self, kind: ImageKind) -> "Input":
        """Return the image widened to a kind, see `fastkq.color.kinds.with_channels`."""
        pixels, metadata = with_channels(self.pixels, kind.channels), self.metadata
        if pixels is self.pixels:
            return self
        if kind.channels >= RGB and metadata.icc and metadata.icc[16:20] == b"GRAY":
            metadata = metadata._replace(icc=None)
        return Input(pixels, metadata)


if TYPE_CHECKING:
    from PIL import Image

    from fastkq.color.color_counts import ColorCounts

    ImageLike: TypeAlias = npt.ArrayLike | Image.Image | str | os.PathLike[str] | IO[bytes] | Input
    Images: TypeAlias = ImageLike | ColorCounts | Iterable[ImageLike | ColorCounts]


def read_input(
    image: Any, *, depth: Depth = None, max_pixels: int = MAX_PIXELS, threads: int | None = None
) -> Input:
    """Read the pixels and the metadata of an array, a PIL image or a file.

    An `Input` is returned unchanged.

    Parameters
    ----------
    image : array, PIL image, or image file: its path, its bytes or a binary file object
    depth : {None, 8}
        8 reduces files and PIL images of 16 bits: image files to the high byte, `.fkq` files to the nearest
        value.
    max_pixels : int
        Refuse to decode files of more pixels than this.
    threads : int, optional
    """
    if isinstance(image, Input):
        return image
    depth = check_depth(depth)
    if formats.is_pil_image(image):
        check_not_empty((image.height, image.width))
        picture = formats.from_pil(image, depth)
    elif is_file(image):
        with opened(image) as stream:
            if fkq.is_fkq(stream):
                return _from_fkq(stream, depth, max_pixels, threads)
            picture = formats.decode(stream, max_pixels=max_pixels, depth=depth)
    else:
        return Input(check_image(image), Metadata())
    stored_image = (lambda: CompressedImage.of(picture.indexed())) if picture.has_palette else None
    return Input(check_image(picture.pixels()), picture.metadata, stored_image)


def is_file(image: Any) -> bool:
    """Return whether this is an image file: its path, its bytes or a binary file object."""
    return isinstance(image, str | os.PathLike | Source) or is_bytes(image) or is_binary_file(image)


def _from_fkq(source: Source, depth: Depth, max_pixels: int, threads: int | None) -> Input:
    with CompressedFile(source) as file:
        compressed = file.load(max_pixels=max_pixels, threads=threads)
    if depth is not None:
        compressed = compressed.to_8bit()
    return Input(compressed.decompress(threads=threads), compressed.metadata, lambda: compressed)
