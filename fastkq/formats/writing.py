"""Encode images in the format of a suffix: as `.fkq` or as an image file. No pixel is lost.

==============  ====================================================  ===========================
suffix          contents                                              metadata
==============  ====================================================  ===========================
`.fkq`          palette and indices, any number of colors             all
`.png`          palette and indices, at most 256 colors               ICC, chunks, EXIF, XMP, DPI
`.gif`          as `.png`, but opaque except one color of alpha 0     none
`.tif` `.tiff`  as `.png` if all colors are opaque; else RGB or RGBA  ICC, tags, XMP, DPI
`.bmp`          as `.png`, opaque colors only; RGB above 256 colors   DPI
`.webp`         lossless RGB or RGBA, any number of colors            ICC, EXIF, XMP
==============  ====================================================  ===========================

All formats but `.fkq` hold values of 8 bits; `.tif` also holds gray of 16 bits, of signed integers (as int32)
and of float32, and 4 channels of 8 bits without alpha, as pixels. False and True become black and white; gray
with alpha becomes RGBA. `CompressedImage.to_8bit` reduces 16 bits to 8.

Palettes keep their order; GIF pads them to a power of two, TIFF to 256 colors. Their colors are R, G, B, so
the ICC profile of a gray image, which is for gray, becomes an equal one for RGB. TIFF holds the GeoTIFF
tags and the texts of the EXIF: description, make, model, software, date, artist, host computer, copyright.

"Chunks" are those of PNG that define colors: cICP, sRGB, gAMA and cHRM. In a PNG, the chunk sRGB replaces an
ICC profile that is sRGB. If a file gets no definition of its colors although they are not sRGB,
`fastkq.CompressedImage.save` and the command issue a `fastkq.errors.ColorSpaceWarning`.

Masked pixels have their nodata value, in palettes too. TIFF says which it is, by the tag GDAL_NODATA: the
index in a palette, otherwise the value. In other formats they are pixels as all others.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import IndexedImage, paint, shown_palette
from fastkq.color.kinds import RGBA, SCALE_TO_8BIT, ImageKind, as_8bit, has_alpha, has_fixed_range
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, Term
from fastkq.formats import fkq, geotiff, pil
from fastkq.formats.color_space import warn_of_loss
from fastkq.formats.pil import Interruptible, paletted, transparency_of
from fastkq.formats.pil_metadata import keeps_color_space, save_options
from fastkq.formats.png import encode_png_16bit, optimized, require_optimizer, with_palette_of
from fastkq.formats.registry import FORMATS, MAX_PALETTE, ImageFormat
from fastkq.runtime.options import Coding, term

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".fkq", *FORMATS)

_COLOR_16BIT = {("uint16", 3): "RGB;16", ("uint16", 4): "RGBA;16"}
"""Kinds of pixels for which Pillow has no mode, by dtype and number of channels."""


def check_target(path: str | os.PathLike[str], *, optimize: bool = False) -> str:
    """Return the suffix of a path in lower case; check before any work that it can be written.

    Raises
    ------
    ArgumentError
        If the suffix is not one of `SUFFIXES`, or `optimize` is set and it is not `.png`.
    MissingExtraError
        If `optimize` needs a package that is not installed.
    """
    suffix = Path(path).suffix.lower()
    if optimize and suffix != ".png":
        raise ArgumentError("expected the format png with {}, got {!r}", term("optimize"), suffix)
    if suffix not in SUFFIXES:
        raise ArgumentError(f"expected a path that ends in {', '.join(SUFFIXES)}, got {os.fspath(path)!r}")
    if optimize:
        require_optimizer()
    return suffix


def encode(
    image: IndexedImage,
    suffix: str,
    *,
    coding: Coding = "context",
    whole: bool = False,
    optimize: bool = False,
    options: Mapping[str, Any] | None = None,
    threads: int = 1,
    name: str | None = None,
) -> bytes:
    """Encode an indexed image in the format of a suffix, with its palette if the format has palettes.

    Parameters
    ----------
    image : IndexedImage
        Except in `.fkq`, gray becomes equal red, green and blue, gray with alpha becomes RGBA, and bool
        becomes black and white. Metadata that the format cannot hold is left out.
    suffix : str
        One of `SUFFIXES`.
    coding : {"context", "packed"}
        Coding of `.fkq`.
    whole : bool
        If the palette does not fit, write pixels without a palette even where
        `ImageFormat.allows_pixels` is False, as for PNG.
    optimize : bool
        Take seconds to make a palette PNG smaller (needs the extra `png`). This can change the order of the
        palette. Only for `.png`.
    options : mapping, optional
        Options of Pillow's `save` in place of `ImageFormat.options`.
    threads : int
        Number of threads, which do not change the bytes.
    name : str, optional
        Name of the file in the `ColorSpaceWarning` that its format has no place for the color space of the
        image; without a name, there is no warning.

    Raises
    ------
    ArgumentError
        If the format cannot hold the image; the message names formats that can.
    """
    if suffix == ".fkq":
        if name is not None and coding == "packed":
            warn_of_loss(image.metadata, "the coding packed", name, "use the coding context")
        return fkq.encode(image, coding, threads)
    form = FORMATS[suffix]
    palette = _expand(shown_palette(image), image.is_plain)
    stored = IndexedImage.of(image, palette=palette, shape=None)
    check_values(suffix, *stored.kind, whole=whole)
    if form.palette and stored.dtype == np.uint8 and not stored.is_plain:
        misfit = _misfit(form, stored.palette)
        if misfit is None:
            index = None if image.masked_index is None else str(image.masked_index)
            data = _encode_palette(_with_nodata(stored, index), form, options, name)
            return optimized(data) if optimize else data
        if not (form.pixels and (whole or form.allows_pixels)):
            raise misfit
    if image.masked_index is not None:
        stored = _with_nodata(stored, None if image.nodata is None else geotiff.nodata_text(image.nodata))
    return encode_image(
        paint(stored, threads), suffix, stored.metadata, options, name, is_plain=stored.is_plain
    )


def _with_nodata(image: IndexedImage, text: str | None) -> IndexedImage:
    """Return the image with this text as GDAL_NODATA, or without that tag."""
    tags = geotiff.with_nodata(image.metadata.geotiff, text)
    return IndexedImage.of(image, metadata=image.metadata._replace(geotiff=tags))


def check_values(
    suffix: str, dtype: np.dtype[Any], channels: int, is_plain: bool = False, *, whole: bool = False
) -> None:
    """Check that a format can hold images of a kind, see `ImageKind`, whatever the palette will be.

    Raises
    ------
    ArgumentError
        If it cannot; the message says what to do.
    """
    if suffix == ".fkq":
        return
    form = FORMATS[suffix]
    mode = mode_of(dtype, channels, is_plain)
    if mode in ("L", "RGB", "RGBA") or (mode in form.pixels and (whole or form.allows_pixels)):
        return
    what = f"a palette {form.name}" if form.palette else form.name
    if channels > 4:
        raise ArgumentError(f"expected 1 to 4 channels for {form.name}, got {channels}: save as .fkq")
    if is_plain:
        kind = ImageKind(dtype, channels, is_plain)
        rgbx = " or .tif" * (mode == "RGBX")
        raise ArgumentError(
            f"expected gray or RGB, with or without alpha, for {form.name}, got {kind}: save as .fkq{rgbx}"
        )
    others = " or .tif" if mode in FORMATS[".tif"].pixels else ""
    remedy = Term("reduce them with to_8bit()", "reduce them with --depth 8")
    message = "expected values of 8 bits for {}, got {}: {}, or save as .fkq{}"
    raise ArgumentError(message, what, dtype, remedy if has_fixed_range(dtype) else SCALE_TO_8BIT, others)


def mode_of(dtype: np.dtype[Any], channels: int, is_plain: bool = False) -> str | None:
    """Return the kind of pixels, named as in `ImageFormat.pixels`; None if no format holds them."""
    if is_plain:
        return "RGBX" if dtype == np.uint8 and channels == RGBA else None
    if dtype == np.bool_:
        return "L"
    stored_channels = 4 if has_alpha(dtype, channels) else channels
    return _COLOR_16BIT.get((dtype.name, stored_channels)) or pil.mode_of(dtype, stored_channels)


def encode_image(
    image: npt.NDArray[Any],
    suffix: str,
    metadata: Metadata | None = None,
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
    *,
    is_plain: bool = False,
) -> bytes:
    """Encode an image (H, W) or (H, W, C) in the format of a suffix, one of `FORMATS`, without a palette.

    `metadata`, `options` and `name` are as for `encode`.

    Raises
    ------
    ArgumentError
        If the format cannot hold the image; the message names formats that can.
    """
    form, metadata = FORMATS[suffix], metadata or Metadata()
    flat = _expand(image if image.ndim == 3 else image[:, :, np.newaxis], is_plain)
    check_values(suffix, flat.dtype, flat.shape[2], is_plain, whole=True)
    if is_plain:
        return _encode_picture(pil.from_plain_pixels(flat), form, metadata, options, name)
    if flat.shape[2] == 4 and "RGBA" not in form.pixels and (flat[:, :, 3] == 255).all():
        flat = flat[:, :, :3]
    mode = mode_of(flat.dtype, flat.shape[2])
    if mode in ("RGB;16", "RGBA;16"):
        return encode_png_16bit(flat, _carried(metadata, form, mode, name))
    picture = pil.from_pixels(flat)
    if picture.mode == "L" and "L" not in form.pixels and form.pixels:
        picture = picture.convert("RGB")
    if picture.mode not in form.pixels:
        raise ArgumentError(
            f"expected {' or '.join(form.pixels) or 'a palette'} for {form.name}, got {picture.mode} pixels: "
            "save as .png, .webp, .tif or .fkq"
        )
    return _encode_picture(picture, form, metadata, options, name)


def _expand(values: npt.NDArray[Any], is_plain: bool) -> npt.NDArray[Any]:
    """Return values (..., C) with bool as 0 and 255, and gray with alpha as RGBA."""
    if values.dtype == np.bool_:
        values = as_8bit(values)
    if has_alpha(values.dtype, values.shape[-1]) and values.shape[-1] == 2 and not is_plain:
        values = values[..., [0, 0, 0, 1]]
    return values


def _misfit(form: ImageFormat, palette: npt.NDArray[Any]) -> ArgumentError | None:
    """Return the error that says why a format cannot hold this palette, and which can; None if it can."""
    if len(palette) > MAX_PALETTE:
        return ArgumentError(
            "expected at most {} colors for a palette {}, got {}: "
            "save as .fkq, .webp or .tif, or compress with {} or less",
            MAX_PALETTE, form.name, len(palette), Term(f"k={MAX_PALETTE}", f"-k {MAX_PALETTE}"),
        )  # fmt: skip
    translucent = palette[:, 3][palette[:, 3] < 255] if palette.shape[1] == 4 else palette[:0, 0]
    if form.palette == "opaque" and len(translucent):
        return ArgumentError(
            f"expected opaque colors for a palette {form.name}, got {len(translucent)} with alpha below 255: "
            "save as .png, .webp or .fkq"
        )
    if form.palette == "one transparent" and (len(translucent) > 1 or translucent.any()):
        return ArgumentError(
            f"expected opaque colors, except at most one of alpha 0, for {form.name}, "
            f"got {len(translucent)} that are not opaque, "
            f"with alphas from {translucent.min()} to {translucent.max()}: save as .png, .webp or .fkq"
        )
    return None


def _encode_palette(
    image: IndexedImage, form: ImageFormat, options: Mapping[str, Any] | None, name: str | None
) -> bytes:
    if form.name == "PNG":
        bits = next(bits for bits in (1, 2, 4, 8) if image.k <= 1 << bits)
        options = {"bits": bits, **transparency_of(image.palette), **(options or {})}
    data = _encode_picture(paletted(image), form, image.metadata, options, name)
    return with_palette_of(data, image.k) if form.name == "PNG" else data


def _encode_picture(
    picture: "Image.Image",
    form: ImageFormat,
    metadata: Metadata,
    options: Mapping[str, Any] | None,
    name: str | None,
) -> bytes:
    from PIL import features

    if max(picture.size) > form.max_side:
        raise ArgumentError(
            f"expected at most {form.max_side} pixels per side for {form.name}, "
            f"got {picture.height} x {picture.width}: save as .png, .tif or .fkq"
        )
    if form.name == "WEBP" and not features.check("webp"):
        raise ArgumentError("expected a Pillow with libwebp, got one without: save as .png, .tif or .fkq")
    carried = _carried(metadata, form, picture.mode, name)
    buffer = Interruptible()
    picture.save(buffer, form.name, **{**form.options, **(options or {}), **carried})
    return buffer.getvalue()


def _carried(metadata: Metadata, form: ImageFormat, mode: str, name: str | None) -> dict[str, Any]:
    """Return the options of Pillow's `save` for metadata, and warn if a color space is lost."""
    if name is not None and not keeps_color_space(metadata, form, mode):
        remedy = f"save as {'.fkq' if form.name == 'PNG' else '.png or .fkq'}"
        warn_of_loss(metadata, form.name, name, remedy)
    return save_options(metadata, form, mode)
