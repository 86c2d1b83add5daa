"""Pillow plugin: importing this module lets Pillow read and write `.fkq` files.

Libraries that use Pillow, such as imageio, matplotlib and web frameworks, then read and write `.fkq` files
too. Without this module, `fastkq.quantize` replaces ``Image.quantize`` with the same arguments, takes images
of any mode with 8 or 16 bits per channel, dithers when asked, and keeps the order of a given palette;
`CompressedImage.to_pil` gives a palette image.

**Reading.** ``Image.open`` reads only the head; ``load`` decodes the pixels. The mode is P for up to 256
colors of RGB or RGBA; otherwise L, LA, RGB, RGBA, "1" (bool), I;16, I (signed integers) or F. Pillow has no
mode for uint16 with 2 to 4 channels and for gray float64: they are reduced to uint8 and float32, with a
`PrecisionWarning`. Images of uint32, floats or signed integers of several channels, images of 2 or 4 channels
without alpha, and images of more than 4 channels raise an OSError; `fastkq.load` reads them.
`info` holds icc_profile, exif, xmp, dpi, srgb, gamma, chromaticity, cicp, and transparency as for a PNG file.

**Writing.** An image of mode P keeps its palette and indices. Images of other modes, and those of mode P with
options on colors, are compressed. ``save`` takes the options of `fastkq.compress`, such as k, dither and
effort. It ignores quality and other options that programs pass to every format; unknown ones are an error.
Color space, EXIF, XMP and DPI of the image are written unless the options icc_profile, exif, xmp or dpi
replace them; EXIF rotation is applied to the pixels. Errors are those of `fastkq.compress`, and OSErrors too,
for example `fastkq.errors.EncodingError`. Pillow empties a file before it is written: if writing fails or is
cancelled, the old content is lost, as with all of Pillow's formats. `CompressedImage.save` keeps the old
content.

**Damaged files** raise the same exceptions as other formats: `PIL.UnidentifiedImageError` from ``Image.open``
if the head is damaged, and an OSError, `fastkq.errors.DecodingError`, from ``load`` and ``verify``. With
``PIL.ImageFile.LOAD_TRUNCATED_IMAGES``, intact parts are loaded with a `DamageWarning`.

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

import contextlib
import inspect
import warnings
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImagePalette

from fastkq.api.compress import compress
from fastkq.api.file import CompressedFile
from fastkq.api.image import CompressedImage
from fastkq.api.inputs import read_input
from fastkq.color.indexed_image import IndexedImage, paint
from fastkq.color.kinds import ImageKind, as_8bit
from fastkq.errors import (
    ArgumentError,
    ArgumentTypeError,
    DecodingError,
    EncodingError,
    EncodingTypeError,
    FastKQError,
    FormatError,
    PrecisionWarning,
    UnreachableEncodingError,
    UnreachableError,
)
from fastkq.formats import pil
from fastkq.formats.fkq import MAGIC
from fastkq.runtime.options import OPTIONS

__all__ = ["FkqImageFile"]

_RAW = {"1": ("1;8", "u1"), "I;16": ("I;16", "<u2"), "I": ("I;32S", "<i4"), "F": ("F;32F", "<f4")}
"""For each mode the raw mode and the dtype of its bytes; other modes are their own raw mode, of uint8."""
_OPTIONS = frozenset(inspect.signature(compress).parameters) - {"image", "format", "optimize"}
"""Save options that are passed on to `compress`."""
_METADATA_OPTIONS = frozenset({"icc_profile", "exif", "xmp", "dpi"})
_OPTIONS_OF_OTHER_FORMATS = frozenset(
    {
        "compress_level",
        "compression",
        "lossless",
        "method",
        "optimize",
        "progressive",
        "quality",
        "subsampling",
    }
)
"""Save options without effect, which programs pass to every format of Pillow."""
_AS_OS_ERROR: dict[type[FastKQError], type[Any]] = {
    ArgumentError: EncodingError,
    ArgumentTypeError: EncodingTypeError,
    UnreachableError: UnreachableEncodingError,
    FormatError: DecodingError,
}


class FkqImageFile(ImageFile.ImageFile):
    """A `.fkq` file opened by Pillow."""

    format = "FKQ"
    format_description = "fastkq palette image"

    def _open(self) -> None:
        assert self.fp is not None
        try:
            # Not strict: damaged pixels or metadata are reported by load, as with other formats.
            with CompressedFile(self.fp, strict=False) as file:
                palette, shape, metadata, kind = file.palette, file.shape, file.metadata, file.kind
        except FormatError as error:
            raise SyntaxError(str(error)) from error
        colors = _in_pillow_dtype(palette)
        self._size = shape[1], shape[0]
        self._mode = _mode(colors, kind)
        if self._mode == "P":
            self.palette = ImagePalette.ImagePalette(*pil.palette_for_pil(colors))
            self.palette.dirty = 1
            self.info.update(pil.transparency_of(colors))
        self.info.update(pil.info_of(metadata, self._mode))
        self.tile = [ImageFile._Tile("fkq", (0, 0, *self.size), 0, ())]

    def load_seek(self, pos: int) -> None:
        """Seek in the file.

        `ImageFile.Parser` waits for the whole file before it decodes if a plugin has this method.
        """
        assert self.fp is not None
        self.fp.seek(pos)

    def verify(self) -> None:
        """Decode the whole file and check it.

        Raises
        ------
        DecodingError
            When any byte of it is damaged.
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
        colors = _in_pillow_dtype(compressed.palette)
        if not np.array_equal(colors, compressed.palette):
            message = f"{compressed.dtype} is reduced to what Pillow's mode {self.mode} holds"
            warnings.warn(message, PrecisionWarning, stacklevel=4)
        if self.mode == "P":
            self.set_as_raw(compressed.indices.tobytes())
        else:
            rawmode, dtype = _RAW.get(self.mode, (self.mode, "u1"))
            shown = IndexedImage.of(compressed, palette=colors.astype(dtype))
            self.set_as_raw(paint(shown).tobytes(), rawmode)
        return -1, 0


def _decoded(file: IO[bytes], *, strict: bool) -> CompressedImage:
    try:
        with CompressedFile(file, strict=strict) as opened_file:
            height, width = opened_file.shape[:2]
            return opened_file.load(max_pixels=height * width)  # Pillow has its own limit on pixels
    except FormatError as error:
        raise DecodingError(str(error)) from error


def _in_pillow_dtype(palette: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the palette in the nearest dtype for which Pillow has a mode."""
    if palette.dtype == np.float64 and palette.shape[1] == 1:
        return palette.astype(np.float32)
    if palette.dtype == np.uint16 and palette.shape[1] in (2, 3, 4):
        return as_8bit(palette)
    return palette


def _mode(colors: npt.NDArray[Any], kind: ImageKind) -> str:
    k, channels = colors.shape
    if kind.is_plain:
        raise DecodingError(
            f"expected gray or RGB, with or without alpha, got {kind}: fastkq.load reads them"
        )
    if channels >= 3 and pil.has_palette(colors.dtype, channels, k):
        return "P"
    mode = pil.mode_of(colors.dtype, channels)
    if mode is None:
        raise DecodingError(
            f"expected colors that a mode of Pillow holds, got {kind}: fastkq.load reads them"
        )
    return mode


@contextlib.contextmanager
def _os_errors() -> Iterator[None]:
    """Raise errors of fastkq as errors of their type that are OSErrors too."""
    try:
        yield
    except tuple(_AS_OS_ERROR) as error:
        kind = _AS_OS_ERROR.get(type(error))
        if kind is None:
            raise
        # Attributes are copied after the constructor, of which only one has an argument without a default.
        raised = kind(str(error), **({"best": error.best} if isinstance(error, UnreachableError) else {}))
        vars(raised).update(vars(error))
        raise raised from error


def _check_save_options(save_options: dict[str, Any]) -> None:
    known = _OPTIONS | _METADATA_OPTIONS
    for name in sorted(save_options.keys() - known - _OPTIONS_OF_OTHER_FORMATS):
        raise ArgumentTypeError(
            f"expected the options of save to be among {', '.join(sorted(known))}, got {name}", parameter=name
        )


@_os_errors()
def _save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    save_options: dict[str, Any] = image.encoderinfo
    _check_save_options(save_options)
    source = read_input(_with_metadata(image, save_options))
    options = {name: value for name, value in save_options.items() if name in _OPTIONS}
    given = {name for name, value in options.items() if value is not None}
    chooses_colors = any(OPTIONS[name].chooses_colors for name in given & OPTIONS.keys())
    if source.stored_image is not None and not chooses_colors:
        compressed = source.stored_image()
    else:
        if image.mode == "1":
            source = source._replace(pixels=source.pixels > 0)
        compressed = compress(source, **options)
    encoding = {name: options[name] for name in ("coding", "threads") if name in options}
    file.write(compressed.to_bytes(**encoding))


def _with_metadata(image: Image.Image, save_options: dict[str, Any]) -> Image.Image:
    """Return the image with the metadata among the options of ``save`` in place of its own."""
    replaced = _METADATA_OPTIONS & save_options.keys()
    if not replaced:
        return image
    image = image.copy()
    for name in replaced:
        value = save_options[name]
        image.info[name] = value.tobytes() if isinstance(value, Image.Exif) else value
    return image


Image.register_open(FkqImageFile.format, FkqImageFile, lambda prefix: prefix.startswith(MAGIC))
Image.register_decoder("fkq", _Decoder)
Image.register_save(FkqImageFile.format, _save)
Image.register_extension(FkqImageFile.format, ".fkq")
Image.register_mime(FkqImageFile.format, "image/x-fkq")
