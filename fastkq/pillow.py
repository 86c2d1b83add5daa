"""Once this is imported, Pillow reads and writes `.fkq` files, and so does all that goes through Pillow.

Reading: ``Image.open`` reads the head alone, ``load`` decodes. Modes: P for up to 256 colours of RGB or RGBA;
L, LA, RGB, RGBA, "1" (bool), I;16 and F else. What Pillow has no mode for, colours of 16 bits and float64, is
reduced with a `PrecisionWarning`; several channels of floats, and more than 4, are an OSError: `fastkq.load`
reads them. `info` holds icc_profile, exif, dpi, and transparency as of a PNG.

Writing: an image of mode P keeps its palette and indices. Others, and those of mode P for which there are
options on colours, are compressed: ``save`` takes the options of `fastkq.compress`, of which k, dither and
effort are the common ones, and passes over others as Pillow does. ICC profile, EXIF and DPI of the image go
with it, unless there are options icc_profile, exif or dpi; the rotation of EXIF is applied to the pixels.
Pillow empties a file before it is written: where that fails or is cancelled what was there is lost, as with
all of its formats. `CompressedImage.save` keeps it.

Damaged files raise what those of other formats do: `PIL.UnidentifiedImageError` from ``Image.open`` where the
head is damaged, and from ``load`` and ``verify`` an OSError, `fastkq.errors.DecodingError`. With
``PIL.ImageFile.LOAD_TRUNCATED_IMAGES`` what is intact is loaded, with a `DamageWarning`.

Examples
--------
>>> import io
>>> import fastkq.pillow
>>> from PIL import Image
>>> file = io.BytesIO()
>>> Image.linear_gradient("L").convert("RGB").save(file, "FKQ", k=16, dither=True)
>>> image = Image.open(file)
>>> image.format, image.mode, image.size, len(image.getpalette()) // 3
('FKQ', 'P', (256, 256), 16)
"""

import inspect
import warnings
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImagePalette

from fastkq.api.compress import compress
from fastkq.api.file import CompressedFile
from fastkq.api.image import CompressedImage
from fastkq.api.inputs import read_input
from fastkq.color.kinds import as_8bit
from fastkq.errors import DecodingError, FormatError, PrecisionWarning
from fastkq.formats import pil
from fastkq.formats.fkq import MAGIC

__all__ = ["FkqImageFile"]

_RAW = {"1": ("1;8", "u1"), "I;16": ("I;16", "<u2"), "F": ("F;32F", "<f4")}
_OPTIONS = frozenset(inspect.signature(compress).parameters) - {"image"}
_NOT_ON_COLOURS = frozenset({"coding", "effort", "progress", "threads"})


class FkqImageFile(ImageFile.ImageFile):
    """A `.fkq` file that Pillow has opened."""

    format = "FKQ"
    format_description = "fastkq palette image"

    def _open(self) -> None:
        assert self.fp is not None
        try:
            # Not strict: that pixels or metadata are damaged is for load to say, as with other formats.
            with CompressedFile(self.fp, strict=False) as file:
                palette, shape, metadata = file.palette, file.shape, file.metadata
        except FormatError as error:
            raise SyntaxError(str(error)) from error
        colours = _of_pillow(palette)
        self._size = shape[1], shape[0]
        self._mode = _mode(colours)
        if self._mode == "P":
            self.palette = ImagePalette.ImagePalette(*pil.palette_of_pil(colours))
            self.palette.dirty = 1
            self.info.update(pil.transparency_of(colours))
        self.info.update(pil.info_of(metadata, self._mode))
        self.tile = [ImageFile._Tile("fkq", (0, 0, *self.size), 0, ())]

    def load_seek(self, pos: int) -> None:
        """Go to a byte of the file; that this is here tells `ImageFile.Parser` to wait for the last one."""
        assert self.fp is not None
        self.fp.seek(pos)

    def verify(self) -> None:
        """Decode the file.

        Raises
        ------
        DecodingError
            When anything in it is damaged.
        """
        if self.fp is not None:
            self.fp.seek(0)
            _decoded(self.fp, strict=True)
        super().verify()


class _Decoder(ImageFile.PyDecoder):
    _pulls_fd = True

    def decode(self, buffer: Any) -> tuple[int, int]:
        assert self.fd is not None
        compressed = _decoded(self.fd, strict=not ImageFile.LOAD_TRUNCATED_IMAGES)
        colours = _of_pillow(compressed.palette)
        if not np.array_equal(colours, compressed.palette):
            message = f"{compressed.dtype} is reduced to what Pillow's mode {self.mode} holds"
            warnings.warn(message, PrecisionWarning, stacklevel=4)
        if self.mode == "P":
            self.set_as_raw(compressed.indices.tobytes())
        else:
            rawmode, dtype = _RAW.get(self.mode, (self.mode, "u1"))
            self.set_as_raw(colours.astype(dtype)[compressed.indices].tobytes(), rawmode)
        return -1, 0


def _decoded(file: IO[bytes], *, strict: bool) -> CompressedImage:
    try:
        with CompressedFile(file, strict=strict) as there:
            height, width = there.shape[:2]
            return there.load(max_pixels=height * width)  # Pillow has a bound of its own on them
    except FormatError as error:
        raise DecodingError(str(error)) from error


def _of_pillow(palette: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The colours in the nearest form that Pillow has modes for."""
    if palette.dtype == np.float64 and palette.shape[1] == 1:
        return palette.astype(np.float32)
    if palette.dtype == np.uint16 and palette.shape[1] in (2, 3, 4):
        return as_8bit(palette)
    return palette


def _mode(colours: npt.NDArray[Any]) -> str:
    k, channels = colours.shape
    if channels >= 3 and pil.has_palette(colours.dtype, channels, k):
        return "P"
    mode = pil.mode_of(colours.dtype, channels)
    if mode is None:
        raise DecodingError(
            f"expected colours that a mode of Pillow holds, got {colours.dtype} with {channels} channels: "
            "fastkq.load reads them"
        )
    return mode


def _save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    asked: dict[str, Any] = image.encoderinfo
    given = read_input(_with_metadata(image, asked))
    options = {name: value for name, value in asked.items() if name in _OPTIONS}
    if given.as_it_is is not None and options.keys() <= _NOT_ON_COLOURS:
        compressed = given.as_it_is()
    else:
        if image.mode == "1":
            given = given._replace(pixels=given.pixels > 0)
        compressed = compress(given, **options)
    how = {name: options[name] for name in ("coding", "threads") if name in options}
    file.write(compressed.to_bytes(**how))


def _with_metadata(image: Image.Image, asked: dict[str, Any]) -> Image.Image:
    """The image with what it is to be saved with in the place of its own."""
    told = {"icc_profile", "exif", "dpi"} & asked.keys()
    if not told:
        return image
    image = image.copy()
    for name in told:
        value = asked[name]
        image.info[name] = value.tobytes() if isinstance(value, Image.Exif) else value
    return image


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


Image.register_open(FkqImageFile.format, FkqImageFile, _accept)
Image.register_decoder("fkq", _Decoder)
Image.register_save(FkqImageFile.format, _save)
Image.register_extension(FkqImageFile.format, ".fkq")
Image.register_mime(FkqImageFile.format, "image/x-fkq")
