"""Fit a palette to one or many images, and map an image to a given palette."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.api.counts import count_colors
from fastkq.api.image import CompressedImage
from fastkq.api.inputs import Input, read_input
from fastkq.api.masked import compressed_image, counted_pixels, counted_weights, pixels_to_dither
from fastkq.api.options import (
    check_arguments,
    check_dithering,
    check_fit,
    check_space,
    check_value_range,
    common_kind,
)
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import stored_palette, to_working_form, working_palette
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.quantization.fit import fit
from fastkq.quantization.nearest import indices_for, mapping_stage
from fastkq.quantization.options import FitOptions
from fastkq.runtime.options import DEFAULT_K, MAX_PIXELS, DitherMethod, DitherSpace, Effort, Space, term
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.typing import ImageArray
from fastkq.runtime.validation import check_weights

if TYPE_CHECKING:
    from fastkq.api.given_colors import Colors
    from fastkq.api.inputs import ImageLike, Images

_SHARE_OF_COUNTING = 0.5  # progress: share of the whole work


def fit_palette(
    images: Images,
    k: int | None = None,
    *,
    palette: Colors | None = None,
    fixed: Colors | None = None,
    bits: int | Sequence[int] | None = None,
    binary_alpha: bool = False,
    keep_black_white: bool = False,
    weights: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    alpha: bool | None = None,
    mask: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    max_error: float | None = None,
    min_share: float = 0.0,
    space: Space = "rgb",
    value_range: tuple[float, float] | None = None,
    effort: Effort = "balanced",
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ImageArray:
    """Fit one palette of at most k colors to one or many images together.

    Parameters
    ----------
    images : image, ColorCounts or iterable of these
        As in `count_colors`, or its result.
    k : int, optional
        Number of colors, 1 to 65536; 64 if None.
    palette : (n, C) array_like, CSS colors, path or PIL image, optional
        Colors to choose from, given as in `apply_palette`: the result is the k of them with the least squared
        error, as in `compress`. Not together with `fixed`, `bits`, `binary_alpha`, `keep_black_white` or
        `max_error`.
    fixed, bits, binary_alpha, keep_black_white
        As in `compress`.
    weights : (H, W) array_like, or iterable with one array or None per image, optional
        Weight of each pixel's squared error, as in `compress`.
    alpha
        As in `compress`, for all images.
    mask : (H, W) bool array_like, or iterable with one array or None per image, optional
        Pixels that do not count, as in `compress`.
    max_error, min_share, space, value_range, effort, max_pixels, threads, progress
        As in `compress`.

    Returns
    -------
    (min(k, distinct colors), C) array of the images' dtype
        For one image, the palette that `compress` gives. C is that of the images, or of images and fixed
        colors together, as in `apply_palette`. It has no row for masked pixels; `apply_palette` adds one.

    Raises
    ------
    ArgumentError, ArgumentTypeError, FormatError, OSError
        As in `count_colors`.
    UnreachableError
        If k colors cannot satisfy `max_error`; the message says what can.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> dark, light = np.zeros((4, 4), np.uint8), np.full((4, 4), 250, np.uint8)
    >>> palette = fastkq.fit_palette([dark, light], k=8)
    >>> palette.ravel().tolist()
    [0, 250]
    >>> fastkq.fit_palette([dark, light], k=2, palette=["red", "black", "navy", "white"]).tolist()
    [[0, 0, 0], [255, 255, 255]]
    >>> fastkq.apply_palette(light, palette).indices.max()
    np.uint8(1)
    """
    options = check_arguments(
        k=DEFAULT_K if k is None else k, palette=palette, fixed=fixed, bits=bits,
        binary_alpha=binary_alpha, keep_black_white=keep_black_white, max_error=max_error,
        min_share=min_share, space=space, value_range=value_range, effort=effort, alpha=alpha,
        max_pixels=max_pixels, threads=threads,
    )  # fmt: skip
    with watched(progress):
        counts, fit_options = count_for_fit(images, weights, options, mask)
        if palette is not None:
            return _best_rows(counts, options["palette"].rows(counts.kind), options["k"], fit_options)
        with stage("fitting", each=0.2):
            fitted = fit(counts, options["k"], fit_options)
        return stored_palette(fitted.palette, *counts.kind)


def count_for_fit(
    images: Images,
    weights: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None,
    options: Mapping[str, Any],
    mask: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
) -> tuple[ColorCounts, FitOptions]:
    """Count the colors of images; return the counts and the options for fitting a palette to them."""
    with stage(None, _SHARE_OF_COUNTING):
        reading = {name: options[name] for name in ("alpha", "max_pixels", "threads")}
        counts = count_colors(images, weights=weights, mask=mask, **reading)
        counts = counts.of_kind(common_kind(options, counts.kind))
    return counts, check_fit(options, counts.kind)


def _best_rows(counts: ColorCounts, rows: npt.NDArray[Any], k: int, options: FitOptions) -> npt.NDArray[Any]:
    """Return the k of the rows (n, C) that represent the images best, or all rows if k is not below n."""
    from fastkq.quantization.palette_subset import best_rows  # here, because few calls need it

    with stage("fitting", each=0.2):
        return rows[best_rows(counts, working_palette(rows, counts.kind.is_plain), k, options)]


def apply_palette(
    image: ImageLike,
    palette: Colors,
    *,
    dither: bool | float = False,
    dither_method: DitherMethod = "diffusion",
    dither_space: DitherSpace | None = None,
    space: Space = "rgb",
    value_range: tuple[float, float] | None = None,
    alpha: bool | None = None,
    mask: npt.ArrayLike | None = None,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Map every pixel of an image to a color of a palette: the nearest, or a dithered one.

    Parameters
    ----------
    image : array, PIL image, path, bytes or binary file object
        As in `compress`.
    palette : (k, C) array_like, CSS colors, path or PIL image
        1 to 65536 colors. They are kept as they are, including their order, unused rows and equal rows.
        Numbers are values of the image: lists and arrays of any integer dtype that fit, but not uint8 for an
        image of uint16, whose scale is not known. CSS colors are a list such as ``["#000", "red", (0, 128,
        255)]`` or a text such as "#000,red". Files are `.gpl`, `.hex`, `.pal`, `.act` and `.json` files (see
        `fastkq.formats.palette_files`), `.fkq` files and image files with a palette; an existing file comes
        before colors in a text. The row of masked pixels of a CompressedImage or a file is left out. CSS
        colors and 8-bit palettes of files, of PIL images of mode P and of a CompressedImage are scaled for an
        image of uint16 or bool.
    dither, dither_method, dither_space, space, value_range, alpha, mask, max_pixels, threads, progress
        As in `compress`.

    Returns
    -------
    CompressedImage
        It has the given palette, and the channels that image and palette need together. If pixels are masked,
        a row of zeros for them follows. A gray image becomes RGB if the palette has 3 channels. A palette
        without alpha gets full alpha for an image with alpha, even if the image is opaque, and an image
        without alpha gets full alpha for a palette with alpha. CSS colors and 8-bit palettes that are not
        numbers have 3 channels only if a color is not gray, and alpha only if a color is not opaque.
        Undithered, each index names the nearest row, the lowest of equally near ones. An opaque pixel of 8
        bits gets the nearest opaque row, if the palette has 3 or more rows and an opaque one among them.

    Raises
    ------
    ArgumentError
        If the image cannot have such colors: floats beside integers, for example.
    ArgumentTypeError, FormatError, OSError
        As in `compress`; also for the file of a palette.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> gray = np.full((8, 8), 85, np.uint8)
    >>> black_and_white = [[0], [255]]
    >>> fastkq.apply_palette(gray, black_and_white).indices.max()
    np.uint8(0)
    >>> float(fastkq.apply_palette(gray, black_and_white, dither=True).decompress().mean().round(-1))
    80.0
    >>> fastkq.apply_palette(gray, "navy,#ff8000").decompress()[0, 0]
    array([  0,   0, 128], dtype=uint8)
    """
    if palette is None:
        raise ArgumentTypeError("expected {} to be colors, got None", term("palette"))
    options = check_arguments(
        palette=palette, dither=dither, dither_method=dither_method, dither_space=dither_space,
        space=space, value_range=value_range, alpha=alpha, max_pixels=max_pixels, threads=threads,
    )  # fmt: skip
    with watched(progress):
        return map_to_palette(read_stage(image, options, mask), options)


def read_stage(image: ImageLike, options: Mapping[str, Any], mask: npt.ArrayLike | None) -> Input:
    """Read an image as the first stage of a call, and widen it if it gets colors with more channels."""
    names = ("alpha", "weights", "max_pixels", "threads")
    with stage("reading", 0.1):
        source = read_input(image, mask=mask, **{name: options[name] for name in names})
        return source.of_kind(common_kind(options, source.kind))


def map_to_palette(source: Input, options: Mapping[str, Any]) -> CompressedImage:
    """Apply the palette to an image that `read_stage` has read, as `apply_palette` does."""
    kind = source.kind
    dithering = check_dithering(options, kind)
    space = check_space(options["space"], kind, options["value_range"])
    value_range = check_value_range(options["value_range"], kind)
    rows, threads = options["palette"].rows(kind), options["threads"]
    if options["k"] is not None:
        rows = _chosen_rows(source, rows, options)
    with mapping_stage(dithering):
        pixels = pixels_to_dither(source, rows) if dithering.strength > 0 else counted_pixels(source)
        if not pixels.size:
            return compressed_image(source, rows, np.empty(0, np.uint8))
        working, palette = to_working_form(pixels, kind.is_plain), working_palette(rows, kind.is_plain)
        indices = indices_for(working, palette, dithering, space, threads, value_range)
    return compressed_image(source, rows, indices)


def _chosen_rows(source: Input, rows: npt.NDArray[Any], options: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Return the best k of the rows (n, C) for an image; the row for masked pixels counts among the k."""
    k = options["k"] - (source.mask is not None)
    if k < 1:
        message = "expected {} to be at least {}, with one for masked pixels, got {}"
        raise ArgumentError(message, term("k"), 2, options["k"], parameter="k")
    weights = counted_weights(check_weights(options["weights"], source.pixels.shape), source)
    pixels = counted_pixels(source)
    if k >= len(rows) or not pixels.size:
        return rows[:k]
    with stage("counting", _SHARE_OF_COUNTING, each=0.5):
        counts = ColorCounts.of(pixels, weights, options["threads"], is_plain=source.is_plain)
    return _best_rows(counts, rows, k, check_fit(options, source.kind))
