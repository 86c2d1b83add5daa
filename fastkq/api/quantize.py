"""A replacement for `PIL.Image.Image.quantize` with the palettes of fastkq."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.api import palettes
from fastkq.api.compress import compress
from fastkq.api.given_colors import GivenColors
from fastkq.api.inputs import read_input
from fastkq.color.indexed_image import IndexedImage
from fastkq.color.kinds import RGB, ImageKind, with_channels
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, ArgumentTypeError, for_parameter
from fastkq.formats import MAX_PALETTE, is_pil_image, pil
from fastkq.formats.picture import palette_of
from fastkq.runtime.options import DitherMethod, Effort, Range
from fastkq.runtime.progress import Progress

if TYPE_CHECKING:
    from PIL import Image

    from fastkq.api.given_colors import Colors


def quantize(
    im: Image.Image,
    colors: int = 256,
    method: int | None = None,
    kmeans: int = 0,
    palette: Colors | None = None,
    dither: Image.Dither | bool | float | None = None,
    *,
    effort: Effort = "balanced",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Image.Image:
    """Convert a PIL image to mode P. The arguments are those of ``im.quantize(...)``, which this replaces.

    Parameters
    ----------
    im : PIL.Image.Image
        Any mode with 8 or 16 bits per channel, with or without transparency; not only RGB and L. EXIF
        rotation is not applied: pixels keep their positions.
    colors : int
        Largest number of colors, 1 to 256. Without effect if a palette is given.
    method, kmeans
        A member of Pillow's `Image.Quantize`, or its value, and an integer of at least 0. They are accepted
        for compatibility and have no effect, because the palette is always that of `compress`.
    palette : PIL.Image.Image of mode P, or colors as in `apply_palette`, optional
        Colors to use, at most 256, in their order; numbers are R, G, B and alpha from 0 to 255. Pillow
        accepts only images, and only for RGB and L. As in Pillow, ``info["transparency"]`` of a palette image
        has no effect on an image without transparency.
    dither : PIL.Image.Dither, bool or float, optional
        NONE or False: no dithering. FLOYDSTEINBERG, True or a strength up to 1.0: error diffusion. ORDERED:
        dithering with a blue-noise mask. The integer 3 means FLOYDSTEINBERG, the integer 1 strength 1.0. The
        default is that of Pillow: FLOYDSTEINBERG with a palette, otherwise NONE. Pillow never dithers without
        a palette, even if asked to. RASTERIZE is accepted without a palette, and means NONE.
    effort, threads, progress
        As in `compress`.

    Returns
    -------
    PIL.Image.Image
        An image of mode P with the `info` of `im`, but with ``info["transparency"]`` as in
        `CompressedImage.to_pil`. If `im` has no pixels, neither has the result, and its palette is the given
        one or empty.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used; the message says what was expected.
    FormatError
        If `im` has 32 bits per channel.

    Examples
    --------
    >>> import fastkq
    >>> from PIL import Image
    >>> ramp = Image.linear_gradient("L").convert("RGB")
    >>> four = fastkq.quantize(ramp, 4)
    >>> four.mode, four.getpalette()
    ('P', [31, 31, 31, 95, 95, 95, 159, 159, 159, 223, 223, 223])
    >>> fastkq.quantize(ramp, palette=[[0, 0, 0], [255, 255, 255]], dither=False).getcolors()
    [(32768, 0), (32768, 1)]
    """
    if not is_pil_image(im):
        raise ArgumentTypeError(
            f"expected a PIL image, got {type(im).__name__}: compress takes arrays, to_pil() gives images",
            parameter="im",
        )
    number: int = Range(int, 1, MAX_PALETTE).check("colors", colors)
    _check_ignored(method, kmeans)
    strength, dither_method = _dithering(dither, palette)
    rows = None if palette is None else _check_palette(palette, im)
    if 0 in im.size:
        colors_or_none = np.empty((0, 3), np.uint8) if rows is None else rows
        return _with_info(IndexedImage.unchecked(colors_or_none, np.empty(im.size[::-1], np.uint8)), im)
    pixels = _pixels(im)
    if rows is None:
        compressed = compress(
            pixels, number, dither=strength, dither_method=dither_method, effort=effort, threads=threads,
            progress=progress,
        )  # fmt: skip
    else:
        channels = max(ImageKind.of(pixels).channels, rows.shape[1])
        pixels, rows = with_channels(pixels, channels), with_channels(rows[np.newaxis], channels)[0]
        compressed = palettes.apply_palette(
            pixels, rows, dither=strength, dither_method=dither_method, threads=threads, progress=progress
        )
    return _with_info(compressed, im)


def _with_info(image: IndexedImage, im: Image.Image) -> Image.Image:
    """Return an indexed image as a PIL image with the `info` of `im`, as far as it is true of a palette."""
    quantized = pil.paletted(image)
    profile = pil.info_of(Metadata(icc=im.info.get("icc_profile")), quantized.mode)
    replaced = ("transparency", "icc_profile")
    info = {name: value for name, value in im.info.items() if name not in replaced}
    quantized.info = info | profile | quantized.info
    return quantized


def _pixels(im: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the pixels (H, W), (H, W, 3) or (H, W, 4) as uint8, without EXIF rotation.

    The ICC profile is needed to convert CMYK.
    """
    copy = im.copy()
    copy.info = {name: value for name, value in im.info.items() if name in ("transparency", "icc_profile")}
    pixels: npt.NDArray[np.uint8] = read_input(copy, depth=8).pixels
    return pixels


def _dithering(dither: Any, palette: Any) -> tuple[bool | float, DitherMethod]:
    from PIL.Image import Dither

    if dither is None:
        return palette is not None, "diffusion"
    if np.ndim(dither) > 0:  # it cannot be compared with a member; compress refuses it
        return dither, "diffusion"
    if dither == Dither.RASTERIZE:  # callers may pass the value of a member, a plain int
        if palette is not None:
            message = "expected dither to be NONE, ORDERED or FLOYDSTEINBERG with a palette, got RASTERIZE"
            raise ArgumentError(message, parameter="dither")
        return False, "diffusion"
    if dither is Dither.NONE:
        return False, "diffusion"
    if dither is Dither.ORDERED:
        return True, "blue-noise"
    if dither == Dither.FLOYDSTEINBERG:
        return True, "diffusion"
    return dither, "diffusion"


def _check_ignored(method: Any, kmeans: Any) -> None:
    """Check the ignored arguments as Pillow does, so that a palette in their position is noticed."""
    from PIL.Image import Quantize

    members = f"one of PIL.Image.Quantize, {min(Quantize)} to {max(Quantize)}"
    try:
        is_known = method is None or operator.index(method) in list(Quantize)
    except TypeError:
        message = f"expected method to be None or {members}, got {method!r}"
        raise ArgumentTypeError(message, parameter="method") from None
    if not is_known:
        raise ArgumentError(f"expected method to be None or {members}, got {method!r}", parameter="method")
    Range(int, 0).check("kmeans", int(kmeans) if isinstance(kmeans, bool) else kmeans)


@for_parameter("palette")
def _check_palette(palette: Any, im: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the colors (k, 3) or (k, 4) of a given palette for an image."""
    if is_pil_image(palette):
        if palette.mode != "P":
            raise ArgumentError(f"expected palette to be an image of mode P, got mode {palette.mode}")
        if not palette.getpalette():
            raise ArgumentError(f"expected a palette of 1 to {MAX_PALETTE} colors, got an empty palette")
        if palette.palette.mode == "RGBA" or im.has_transparency_data:
            return palette_of(palette)
        # Pillow maps an opaque image to such a palette by red, green and blue alone.
        return np.array(palette.getpalette("RGB"), np.uint8).reshape(-1, 3)
    given = GivenColors.read(palette, "palette")
    assert given is not None
    colors: npt.NDArray[np.uint8] = given.rows(given.common_kind(ImageKind(np.dtype(np.uint8), RGB)))
    if len(colors) > MAX_PALETTE:
        raise ArgumentError(f"expected a palette of at most {MAX_PALETTE} colors, got {len(colors)}")
    return colors
