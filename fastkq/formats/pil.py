"""Indexed images and pixels as PIL images, as far as Pillow has a mode that holds them without loss."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import IndexedImage, paint, shown_palette
from fastkq.color.kinds import has_alpha
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError
from fastkq.formats.exif import HEADER
from fastkq.formats.pil_metadata import supported_metadata
from fastkq.formats.registry import MAX_PALETTE
from fastkq.runtime.progress import checkpoint

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from PIL import Image

_MODES = {
    ("bool", 1): "1",
    ("uint8", 1): "L",
    ("uint8", 2): "LA",
    ("uint8", 3): "RGB",
    ("uint8", 4): "RGBA",
    ("uint16", 1): "I;16",
    ("int8", 1): "I",
    ("int16", 1): "I",
    ("int32", 1): "I",
    ("float32", 1): "F",
}

DEFAULT_PIXEL_LIMIT = (
    (1 << 30) // 4 // 3
)  # pixels: the value of `PIL.Image.MAX_IMAGE_PIXELS` that Pillow sets


def to_pil(image: IndexedImage) -> "Image.Image":
    """Convert an indexed image to what `fastkq.CompressedImage.to_pil` returns."""
    channels = image.palette.shape[1]
    image = IndexedImage.of(image, palette=shown_palette(image))
    if image.is_plain:
        raise ArgumentError(
            f"expected gray or RGB, with or without alpha, for a mode of Pillow, got {image.kind}: "
            "use the array from decompress()"
        )
    if has_palette(image.dtype, channels, image.k):
        picture = paletted(image)
    else:
        if mode_of(image.dtype, channels) is None:
            raise ArgumentError(
                f"expected colors that a mode of Pillow holds, got {image.kind}: "
                "reduce 16 bits with to_8bit(), give value_range=(black, white) to scale them to 8 bits, "
                "or use the array from decompress()"
            )
        picture = from_pixels(paint(image))
    picture.info.update(info_of(image.metadata, picture.mode))
    return picture


def has_palette(dtype: np.dtype[Any], channels: int, k: int) -> bool:
    """Return whether mode P can hold a palette of k colors with this dtype and number of channels."""
    return dtype == np.uint8 and channels <= 4 and k <= MAX_PALETTE


def mode_of(dtype: np.dtype[Any], channels: int) -> str | None:
    """Return Pillow's mode for pixels of a dtype and a number of channels; None if it has none."""
    return _MODES.get((dtype.name, channels))


def paletted(image: IndexedImage) -> "Image.Image":
    """Return an image of mode P with the palette (k, C), k <= 256 and C <= 4, and the indices."""
    from PIL import Image

    picture = Image.fromarray(image.indices)
    mode, colors = palette_for_pil(image.palette)
    picture.putpalette(colors, mode)  # makes it mode P
    # Other alphas are only in the palette, as in the images that `Image.quantize` returns; Pillow writes them
    # from there into PNG and WebP files. With alphas as bytes in `info`, Pillow fails to write a GIF.
    transparency = transparency_of(image.palette)
    if isinstance(transparency.get("transparency"), int):
        picture.info.update(transparency)
    return picture


def palette_for_pil(palette: npt.NDArray[Any]) -> tuple[str, bytes]:
    """Return the mode and the bytes of a palette for Pillow: RGB, or RGBA if a color is not opaque."""
    colors = np.repeat(palette[:, :1], 3, axis=1) if palette.shape[1] < 3 else palette[:, :3]
    if transparency_of(palette):
        return "RGBA", np.column_stack((colors, palette[:, -1])).tobytes()
    return "RGB", colors.tobytes()


def transparency_of(palette: npt.NDArray[Any]) -> dict[str, int | bytes]:
    """Return the transparency of a palette as a PNG states it; an empty dict if all colors are opaque.

    The transparency is the index of the one color of alpha 0 if all others are opaque, otherwise the alphas
    up to the last one below 255. Images read from a file have it in `info`: when Pillow pickles an image,
    `info` keeps it, but the palette loses its alphas.
    """
    alphas = palette[:, -1] if has_alpha(palette.dtype, palette.shape[1]) else palette[:0, 0]
    translucent = np.flatnonzero(alphas < 255)
    if len(translucent) == 0:
        return {}
    is_single = len(translucent) == 1 and alphas[translucent[0]] == 0
    return {"transparency": int(translucent[0]) if is_single else alphas[: translucent[-1] + 1].tobytes()}


def info_of(metadata: Metadata, mode: str) -> dict[str, Any]:
    """Return the metadata as entries of `Image.info`, as far as pixels of this mode can have it."""
    info = supported_metadata(metadata, mode)
    return info | {"exif": HEADER + info["exif"]} if "exif" in info else info


def average(pixels: npt.NDArray[np.uint8], step: int) -> npt.NDArray[np.uint8]:
    """Reduce an image (H, W) or (H, W, C) to the means of step x step pixels, weighted by opacity.

    Blocks at the right and lower edge can be smaller.
    """
    return pixels if step == 1 else np.asarray(from_pixels(pixels).reduce(step))


def from_pixels(pixels: npt.NDArray[Any]) -> "Image.Image":
    """Return pixels (H, W) or (H, W, C) for which there is a mode as an image."""
    from PIL import Image

    if pixels.dtype.kind == "i":
        pixels = pixels.astype(np.int32)  # mode I; Pillow misreads int8
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels))


def tolerates_truncation() -> bool:
    """Return whether Pillow is told to read truncated files, with zeros or gray in place of the rest."""
    from PIL import ImageFile

    return ImageFile.LOAD_TRUNCATED_IMAGES


def pixel_limit() -> int | None:
    """Return PIL.Image.MAX_IMAGE_PIXELS where the user has set a limit; None for Pillow's default."""
    from PIL import Image

    return None if Image.MAX_IMAGE_PIXELS == DEFAULT_PIXEL_LIMIT else Image.MAX_IMAGE_PIXELS


def from_plain_pixels(pixels: npt.NDArray[np.uint8]) -> "Image.Image":
    """Return pixels (H, W, 4) of which the last channel is no alpha as an image of mode RGBX."""
    from PIL import Image

    return Image.frombytes("RGBX", pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes())


class Interruptible(BytesIO):
    """A buffer with a checkpoint at each read by a decoder and each write by an encoder."""

    def read(self, size: int | None = -1, /) -> bytes:
        checkpoint()
        return super().read(size)

    def write(self, data: "ReadableBuffer", /) -> int:
        checkpoint()
        return super().write(data)
