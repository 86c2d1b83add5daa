"""A decoded image file: its pixels, its palette and indices if it has a palette, and its metadata."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import IndexedImage, nodata_of
from fastkq.color.kinds import ImageKind, high_byte
from fastkq.color.masking import Mask
from fastkq.color.metadata import Metadata
from fastkq.errors import FormatError
from fastkq.formats import geotiff, sixteen_bit
from fastkq.runtime.options import Depth
from fastkq.runtime.progress import bands

if TYPE_CHECKING:
    from PIL import Image

_MODE_NAMES = {"1": "black and white", "L": "gray", "LA": "gray with alpha"}


class Picture(NamedTuple):
    """An image file or PIL image, loaded, with its EXIF rotation applied.

    Attributes
    ----------
    image : PIL image or None
        None if the file was decoded without Pillow, into `deep`.
    name : str
        Name in error messages.
    metadata : Metadata
    deep : (H, W) or (H, W, C), or None
        The pixels, if Pillow has no mode for them or reduces them: of uint16, or of another dtype of
        `fastkq.runtime.validation.DTYPES`.
    depth : {None, 8}
        8 if `pixels` reduces 16 bits per channel to 8; None if it keeps them.
    format : str or None
        Pillow's name of the file format; None for a PIL image and for a file that imageio decoded.
    gif_colors : int
        Number of colors in the palette of a GIF, otherwise 0. Pillow reads a GIF whose palette is the ramp 0,
        1, 2, ... as gray.
    is_plain : bool
        Whether a TIFF says that the last of 2 or 4 channels is no alpha.
    """

    image: "Image.Image | None"
    name: str
    metadata: Metadata
    deep: npt.NDArray[Any] | None = None
    depth: Depth = None
    format: str | None = None
    gif_colors: int = 0
    is_plain: bool = False

    @property
    def has_palette(self) -> bool:
        """Whether the image has a palette, so that `indexed` can return it."""
        if self.image is None:
            return False
        return self.image.mode == "P" or (self.image.mode == "L" and self.gif_colors > 0)

    def pixels(self) -> npt.NDArray[Any]:
        """Return the pixels: (H, W) for 1-bit and gray, (H, W, 4) with transparency, otherwise (H, W, 3).

        The dtype is uint8, uint16 for 16 bits per channel, float32 for gray floats, int32 for mode I, and
        that of the file for files that were decoded without Pillow.

        Raises
        ------
        FormatError
            If `depth` is 8 and the values are neither of 8 nor of 16 bits.
        """
        image = self.image
        if self.deep is not None:
            return self.deep if self.depth is None else self._reduced(self.deep)
        assert image is not None
        if image.mode == "F" and self.depth is None:
            return np.array(image, np.float32, order="C")
        if image.mode == "F":
            raise FormatError(f"{self.name}: expected 8 or 16 bits per channel, got 32 (mode {image.mode})")
        if image.mode == "LA" and self.is_plain:
            return np.array(image, np.uint8, order="C")
        if image.mode == "La":
            image = image.convert("LA")  # Pillow cannot convert La to RGBA directly
        mode = pixel_mode(image)
        shape = (image.height, image.width, len(mode))[: 2 if mode == "L" else 3]
        pixels = np.empty(shape, np.uint8)
        for part in bands(pixels):
            pixels[part] = np.asarray(image.crop((0, part.start, image.width, part.stop)).convert(mode))
        return pixels

    def _reduced(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        if pixels.dtype not in (np.uint8, np.uint16):
            raise FormatError(f"{self.name}: expected 8 or 16 bits per channel, got {pixels.dtype}")
        return high_byte(pixels) if pixels.dtype == np.uint16 else pixels

    def indexed(self) -> IndexedImage:
        """Return the image with the palette and the indices exactly as they are in the file.

        The palette has all rows in their order: (k, 3) uint8, or (k, 4) if a color is not opaque.

        Raises
        ------
        FormatError
            If the image has no palette, or an index is not below the number of colors.
        """
        image = self.image
        if image is None or not self.has_palette:
            found = _MODE_NAMES.get(image.mode, image.mode) if image else "an array of"
            raise FormatError(
                f"{self.name}: expected a .fkq file or an image with a palette, "
                f"got {found} pixels: use compress, which makes a palette"
            )
        if image.mode == "P":
            palette = palette_of(image)
        else:
            ramp = np.repeat(np.arange(self.gif_colors, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
            palette = _with_transparency(ramp, image.info.get("transparency"))
        indices = np.array(image, np.uint8, order="C")
        if int(indices.max()) >= len(palette):
            raise FormatError(
                f"{self.name}: expected indices below the {len(palette)} colors of the palette, "
                f"got {int(indices.max())}"
            )
        masked_index = self._masked_index(indices)
        metadata = self.metadata._replace(geotiff=geotiff.with_nodata(self.metadata.geotiff, None))
        return IndexedImage.unchecked(palette, indices, metadata=metadata, masked_index=masked_index)

    def missing(self, pixels: npt.NDArray[Any]) -> tuple[Mask | None, np.generic | None, Metadata]:
        """Return the mask (H, W) of pixels without data and their value, or None for both, by GDAL_NODATA.

        With them comes the metadata without that tag, unless the tag has to be kept: its value is that of no
        pixel. If there is a palette, the value is an index, and the pixels have none.

        Parameters
        ----------
        pixels : (H, W) or (H, W, C)
            Result of `pixels`.
        """
        number = geotiff.nodata_value(self.metadata.geotiff)
        if number is None:
            return None, None, self.metadata
        mask, value = None, None
        if self.has_palette:
            indices = np.asarray(self.image)
            index = self._masked_index(indices)
            mask = None if index is None else indices == index
        else:
            values = pixels if self.deep is None else self.deep
            kind = ImageKind.of(values, self.is_plain)
            mask, value = geotiff.missing(values, number, has_alpha=kind.has_alpha)
            value = nodata_of(value, pixels.dtype) if values.dtype == pixels.dtype else None
            if mask is None:
                return None, None, self.metadata
        return mask, value, self.metadata._replace(geotiff=geotiff.with_nodata(self.metadata.geotiff, None))

    def _masked_index(self, indices: npt.NDArray[np.uint8]) -> int | None:
        """Return the index of pixels without data, or None if no pixel has it."""
        number = geotiff.nodata_value(self.metadata.geotiff)
        is_used = number is not None and number.is_integer() and bool((indices == number).any())
        return int(number) if number is not None and is_used else None


def pixel_mode(image: "Image.Image") -> str:
    """Return Pillow's mode of the pixels that an image is converted to: RGBA, L or RGB."""
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") or sixteen_bit.is_gray(image) else "RGB"


def palette_of(image: "Image.Image") -> npt.NDArray[np.uint8]:
    """Return the colors of an image of mode P: (k, 3), or (k, 4) if one is not opaque."""
    palette = np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)
    return _with_transparency(palette, image.info.get("transparency"))


def _with_transparency(palette: npt.NDArray[np.uint8], transparency: object) -> npt.NDArray[np.uint8]:
    """Apply Pillow's `info["transparency"]`, alphas as bytes or one index, to colors (k, 3) or (k, 4)."""
    k = len(palette)
    alphas = palette[:, 3] if palette.shape[1] == 4 else np.full(k, 255, np.uint8)
    if isinstance(transparency, bytes):
        stored = np.frombuffer(transparency, np.uint8)[:k]
        alphas[: len(stored)] = stored
    elif isinstance(transparency, int) and 0 <= transparency < k:
        alphas[transparency] = 0
    colors = palette[:, :3]
    return colors if (alphas == 255).all() else np.column_stack((colors, alphas))
