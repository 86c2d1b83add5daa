"""Encode images as image files, by the table in `fastkq.formats.registry`. No pixel is lost."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import as_8bit, has_alpha
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError
from fastkq.formats.pil import Interruptible, paletted, transparency_of
from fastkq.formats.pil_metadata import save_options
from fastkq.formats.png import encode_png_16bit, optimized, with_palette_of
from fastkq.formats.registry import FORMATS, MAX_PALETTE, ImageFormat, format_for

if TYPE_CHECKING:
    from PIL import Image

_MODES = {
    ("uint8", 1): "L",
    ("uint8", 3): "RGB",
    ("uint8", 4): "RGBA",
    ("uint16", 1): "I;16",
    ("uint16", 3): "RGB;16",
    ("uint16", 4): "RGBA;16",
    ("float32", 1): "F",
}


def encode_indexed(
    palette: npt.NDArray[Any],
    indices: npt.NDArray[np.unsignedinteger],
    suffix: str,
    metadata: Metadata | None = None,
    *,
    whole: bool = False,
    optimize: bool = False,
) -> bytes:
    """Encode an indexed image in the format of a suffix, with its palette if the format has palettes.

    Parameters
    ----------
    palette : (k, C)
        Gray (C = 1) becomes equal red, green and blue; gray with alpha (C = 2) becomes RGBA; bool becomes
        black and white.
    indices : (H, W)
    suffix : str
        One of `FORMATS`.
    metadata : Metadata, optional
        What the format cannot hold is left out.
    whole : bool
        If the palette does not fit, write pixels without a palette even where
        `ImageFormat.allows_pixels` is False, as for PNG.
    optimize : bool
        Take seconds to make a palette PNG smaller (needs the extra `png`). This can change the order of the
        palette.

    Raises
    ------
    ArgumentError
        If the format cannot hold the image; the message names formats that can.
    """
    form = format_for(suffix)
    if optimize and form.name != "PNG":
        raise ArgumentError(f"expected a path that ends in .png to optimize, got {suffix!r}")
    palette = _expand(palette)
    check_values(suffix, palette.dtype, palette.shape[1], whole=whole)
    misfit = _misfit(form, palette)
    if misfit is None:
        data = _encode_palette(palette, indices, form, metadata)
        return optimized(data) if optimize else data
    if form.pixels and (whole or form.allows_pixels):
        return encode_image(palette[indices], suffix, metadata)
    raise ArgumentError(misfit)


def check_values(suffix: str, dtype: np.dtype[Any], channels: int, *, whole: bool = False) -> None:
    """Check that a format can hold a dtype and a number of channels, before any work is done for it.

    Raises
    ------
    ArgumentError
        If it cannot; the message says what to do.
    """
    form = format_for(suffix)
    mode = mode_of(dtype, channels)
    if mode in ("L", "RGB", "RGBA") or (mode in form.pixels and (whole or form.allows_pixels)):
        return
    what = f"a palette {form.name}" if form.palette else form.name
    if channels > 4:
        raise ArgumentError(f"expected 1 to 4 channels for {form.name}, got {channels}: save as .fkq")
    others = " or .tif" if mode in FORMATS[".tif"].pixels else ""
    remedy = "reduce them with to_8bit() (--depth 8)"
    if dtype.kind == "f":
        remedy = "scale to 0..255 and convert with .astype(np.uint8)"
    raise ArgumentError(
        f"expected values of 8 bits for {what}, got {dtype}: {remedy}, or save as .fkq{others}"
    )


def mode_of(dtype: np.dtype[Any], channels: int) -> str | None:
    """Return the kind of pixels, named as in `ImageFormat.pixels`; None if no format holds them."""
    stored_channels = 4 if has_alpha(dtype, channels) else channels
    return _MODES.get(("uint8" if dtype == np.bool_ else dtype.name, stored_channels))


def encode_image(image: npt.NDArray[Any], suffix: str, metadata: Metadata | None = None) -> bytes:
    """Encode an image (H, W) or (H, W, C) in the format of a suffix, without a palette.

    Raises
    ------
    ArgumentError
        If the format cannot hold the image; the message names formats that can.
    """
    from PIL import Image

    form = format_for(suffix)
    flat = _expand(image if image.ndim == 3 else image[:, :, np.newaxis])
    check_values(suffix, flat.dtype, flat.shape[2], whole=True)
    if flat.shape[2] == 4 and "RGBA" not in form.pixels and (flat[:, :, 3] == 255).all():
        flat = flat[:, :, :3]
    mode = mode_of(flat.dtype, flat.shape[2])
    if mode in ("RGB;16", "RGBA;16"):
        return encode_png_16bit(flat, save_options(metadata or Metadata(), form, mode))
    picture = Image.fromarray(np.ascontiguousarray(flat[:, :, 0] if flat.shape[2] == 1 else flat))
    if picture.mode == "L" and "L" not in form.pixels and form.pixels:
        picture = picture.convert("RGB")
    if picture.mode not in form.pixels:
        raise ArgumentError(
            f"expected {' or '.join(form.pixels) or 'a palette'} for {form.name}, got {picture.mode} pixels: "
            "save as .png, .webp, .tif or .fkq"
        )
    return _encode_picture(picture, form, {}, metadata)


def _expand(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values (..., C) with bool as 0 and 255, and gray with alpha as RGBA."""
    if values.dtype == np.bool_:
        values = as_8bit(values)
    if has_alpha(values.dtype, values.shape[-1]) and values.shape[-1] == 2:
        values = values[..., [0, 0, 0, 1]]
    return values


def _misfit(form: ImageFormat, palette: npt.NDArray[Any]) -> str | None:
    """Return why a format cannot hold this palette, and which can; None if it can."""
    if form.palette is None or palette.dtype != np.uint8:
        return f"expected a format with palettes of {palette.dtype}, got {form.name}"
    if len(palette) > MAX_PALETTE:
        return (
            f"expected at most {MAX_PALETTE} colors for a palette {form.name}, got {len(palette)}: "
            f"save as .fkq, .webp or .tif, or compress with k={MAX_PALETTE} or less"
        )
    translucent = palette[:, 3][palette[:, 3] < 255] if palette.shape[1] == 4 else palette[:0, 0]
    if form.palette == "opaque" and len(translucent):
        return (
            f"expected opaque colors for a palette {form.name}, got {len(translucent)} with alpha below 255: "
            "save as .png, .webp or .fkq"
        )
    if form.palette == "one transparent" and (len(translucent) > 1 or translucent.any()):
        return (
            f"expected opaque colors, except at most one of alpha 0, for {form.name}, "
            f"got {len(translucent)} that are not opaque, "
            f"with alphas from {translucent.min()} to {translucent.max()}: save as .png, .webp or .fkq"
        )
    return None


def _encode_palette(
    palette: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.unsignedinteger],
    form: ImageFormat,
    metadata: Metadata | None,
) -> bytes:
    k = len(palette)
    picture = paletted(palette, indices)
    options: dict[str, Any] = {}
    if form.name == "PNG":
        options = {"bits": next(bits for bits in (1, 2, 4, 8) if k <= 1 << bits), **transparency_of(palette)}
    data = _encode_picture(picture, form, options, metadata)
    return with_palette_of(data, k) if form.name == "PNG" else data


def _encode_picture(
    picture: "Image.Image", form: ImageFormat, options: dict[str, Any], metadata: Metadata | None
) -> bytes:
    if max(picture.size) > form.max_side:
        raise ArgumentError(
            f"expected at most {form.max_side} pixels per side for {form.name}, "
            f"got {picture.height} x {picture.width}: save as .png, .tif or .fkq"
        )
    carried = save_options(metadata or Metadata(), form, picture.mode)
    buffer = Interruptible()
    picture.save(buffer, form.name, **{**form.options, **options, **carried})
    return buffer.getvalue()
