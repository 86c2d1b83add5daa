"""Read arrays, PIL images, image files and `.fkq` files as pixels with metadata."""

import os
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.api.file import CompressedFile
from fastkq.api.image import CompressedImage
from fastkq.color.indexed_image import check_alpha
from fastkq.color.kinds import RGB, ImageKind, with_channels
from fastkq.color.masking import Mask, any_channel, filled, merged
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, FormatError
from fastkq.formats import fkq
from fastkq.formats.source import Source, is_binary_file, is_bytes, opened
from fastkq.runtime.options import MAX_PIXELS, Depth
from fastkq.runtime.validation import check_depth, check_image, check_mask, check_not_empty, check_weights


class Input(NamedTuple):
    """Pixels and metadata of an input image.

    Attributes
    ----------
    pixels : (H, W) or (H, W, C), as `fastkq.runtime.validation.check_image` returns it
    metadata : Metadata
    stored_image : callable or None
        Returns the palette and the indices of the input unchanged; None if it has no palette.
    is_plain : bool
        Whether the last of 2 or 4 channels is no alpha, see `fastkq.color.kinds`.
    mask : (H, W) bool or None
        True for pixels that do not count, which are zeros; None if all count.
    nodata : scalar of the dtype or None
        Value that the source has at pixels that do not count.
    """

    pixels: npt.NDArray[Any]
    metadata: Metadata
    stored_image: Callable[[], CompressedImage] | None = None
    is_plain: bool = False
    mask: npt.NDArray[np.bool_] | None = None
    nodata: np.generic | None = None

    @property
    def kind(self) -> ImageKind:
        """Dtype, number and meaning of the channels."""
        return ImageKind.of(self.pixels, self.is_plain)

    def with_meaning(self, alpha: bool | None, mask: npt.ArrayLike | None) -> "Input":
        """Return the input with the meaning of its last channel, and with masked pixels, from arguments."""
        changed = self if alpha is None else self._replace(is_plain=check_alpha(alpha, self.kind).is_plain)
        if mask is None:
            return changed
        both = merged(check_mask(mask, self.pixels.shape), self.mask)
        return changed._replace(pixels=filled(self.pixels, both), mask=both)

    def of_kind(self, kind: ImageKind) -> "Input":
        """Return the image widened to a kind, see `fastkq.color.kinds.with_channels`."""
        pixels, metadata = with_channels(self.pixels, kind.channels), self.metadata
        if pixels is self.pixels:
            return self
        if kind.channels >= RGB and metadata.icc and metadata.icc[16:20] == b"GRAY":
            metadata = metadata._replace(icc=None)
        return self._replace(pixels=pixels, metadata=metadata, stored_image=None)


if TYPE_CHECKING:
    from PIL import Image

    from fastkq.color.color_counts import ColorCounts

    ImageLike: TypeAlias = npt.ArrayLike | Image.Image | str | os.PathLike[str] | IO[bytes] | Input
    Images: TypeAlias = ImageLike | ColorCounts | Iterable[ImageLike | ColorCounts]


def read_input(
    image: Any,
    *,
    depth: Depth = None,
    alpha: bool | None = None,
    mask: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
) -> Input:
    """Read the pixels and the metadata of an array, a PIL image or a file.

    Of an `Input`, only the meaning of the last channel and the mask are changed, if they are given.

    Parameters
    ----------
    image : array, PIL image, or image file: its path, its bytes or a binary file object
    depth : {None, 8}
        8 reduces files and PIL images of 16 bits: image files to the high byte, `.fkq` files to the nearest
        value.
    alpha, mask : optional
        As in `fastkq.compress`.
    weights : (H, W) array_like, optional
        Floats of an array that are not finite are masked where the weight is 0.
    max_pixels : int
        Refuse to decode files of more pixels than this.
    threads : int, optional
    """
    if isinstance(image, Input):
        return image.with_meaning(alpha, mask)
    if isinstance(image, CompressedImage):
        return _from_compressed(image.with_metadata(None), threads).with_meaning(alpha, mask)
    if not formats.is_pil_image(image) and not is_file(image):
        return _from_array(image, mask, weights).with_meaning(alpha, None)
    return _read(image, depth, mask, weights, max_pixels, threads).with_meaning(alpha, None)


def _from_array(image: Any, mask: npt.ArrayLike | None, weights: npt.ArrayLike | None) -> Input:
    if not isinstance(image, np.ma.MaskedArray):
        return _masked(np.asarray(image), None, mask, weights)
    own = any_channel(np.ma.getmaskarray(image)) if np.ma.is_masked(image) else None
    return _masked(np.asarray(image.data), own, mask, weights)


def _masked(
    pixels: npt.NDArray[Any],
    missing: Mask | None,
    mask: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
) -> Input:
    """Return pixels without metadata, with zeros where a mask is True or no finite value has a weight."""
    masks = [missing, None if mask is None else check_mask(mask, pixels.shape)]
    if weights is not None and pixels.dtype.kind == "f":
        checked = check_weights(weights, pixels.shape)
        masks.append((checked == 0) & any_channel(~np.isfinite(pixels)))
    both = merged(*masks)
    return Input(check_image(filled(pixels, both)), Metadata(), mask=both)


def _read(
    image: Any,
    depth: Depth,
    mask: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    max_pixels: int,
    threads: int | None,
) -> Input:
    depth, name = check_depth(depth), None
    if formats.is_pil_image(image):
        check_not_empty((image.height, image.width))
        picture = formats.from_pil(image, depth)
    else:
        with opened(image) as stream:
            name = stream.name or "the data"
            if fkq.is_fkq(stream):
                return _from_fkq(stream, depth, max_pixels, threads).with_meaning(None, mask)
            picture = formats.decode(stream, max_pixels=max_pixels, depth=depth)
    stored_image = (lambda: CompressedImage.of(picture.indexed())) if picture.has_palette else None
    pixels = picture.pixels()
    missing, nodata, metadata = picture.missing(pixels)
    try:
        source = _masked(pixels, missing, mask, weights)
    except ArgumentError as error:
        if name is None or error.parameter != "image":
            raise
        raise FormatError(f"{name}: {error}") from error
    is_plain = ImageKind.of(source.pixels, picture.is_plain).is_plain
    return source._replace(metadata=metadata, stored_image=stored_image, is_plain=is_plain, nodata=nodata)


def is_file(image: Any) -> bool:
    """Return whether this is an image file: its path, its bytes or a binary file object."""
    return isinstance(image, str | os.PathLike | Source) or is_bytes(image) or is_binary_file(image)


def _from_fkq(source: Source, depth: Depth, max_pixels: int, threads: int | None) -> Input:
    with CompressedFile(source) as file:
        compressed = file.load(max_pixels=max_pixels, threads=threads)
    if depth is not None:
        compressed = compressed.to_8bit()
    return _from_compressed(compressed, threads)._replace(stored_image=lambda: compressed)


def _from_compressed(compressed: CompressedImage, threads: int | None) -> Input:
    # The pixels without their nodata value, which may be NaN.
    pixels = CompressedImage.of(compressed, nodata=None).decompress(threads=threads)
    return Input(
        filled(pixels, compressed.mask), compressed.metadata, None, compressed.is_plain, compressed.mask,
        compressed.nodata,
    )  # fmt: skip
