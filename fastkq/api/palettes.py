"""Fit a palette to one or many images, and map an image to a given palette."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from fastkq.api.counts import count_colors
from fastkq.api.image import CompressedImage
from fastkq.api.inputs import Input, read_input
from fastkq.api.options import check_arguments, check_dithering, check_fit, check_palette_of, check_space
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import ImageKind, stored_palette, to_working_form, working_palette
from fastkq.quantization.fit import fit
from fastkq.quantization.nearest import indices_for, mapping_stage
from fastkq.quantization.options import FitOptions
from fastkq.runtime.options import DitherMethod, Effort, Space
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.typing import ImageArray

if TYPE_CHECKING:
    from fastkq.api.inputs import ImageLike, Images

_SHARE_OF_COUNTING = 0.5  # progress: share of the whole work


def fit_palette(
    images: Images,
    k: int = 64,
    *,
    fixed: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    max_error: float | None = None,
    min_share: float = 0.0,
    space: Space = "rgb",
    effort: Effort = "balanced",
    threads: int | None = None,
    progress: Progress | None = None,
) -> ImageArray:
    """Fit one palette of at most k colors to one or many images together.

    Parameters
    ----------
    images : image, ColorCounts or iterable of these
        As in `count_colors`, or its result.
    k : int
        Number of colors, 1 to 65536.
    fixed, max_error, min_share, space, effort, threads, progress
        As in `compress`.
    weights : (H, W) array_like, or iterable with one array or None per image, optional
        Weight of each pixel's squared error, as in `compress`.

    Returns
    -------
    (min(k, distinct colors), C) array of the images' dtype
        For one image, the palette that `compress` gives.

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
    >>> fastkq.apply_palette(light, palette).indices.max()
    np.uint8(1)
    """
    options = check_arguments(
        k=k, fixed=fixed, max_error=max_error, min_share=min_share, space=space, effort=effort,
        threads=threads,
    )  # fmt: skip
    with watched(progress):
        counts, fit_options = count_for_fit(images, weights, options)
        with stage("fitting", each=0.2):
            fitted = fit(counts, options["k"], fit_options)
        return stored_palette(fitted.palette, counts.dtype, counts.channels)


def count_for_fit(
    images: Images, weights: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None, options: Mapping[str, Any]
) -> tuple[ColorCounts, FitOptions]:
    """Count the colors of images; return the counts and the options for fitting a palette to them."""
    with stage(None, _SHARE_OF_COUNTING):
        counts = count_colors(images, weights=weights, threads=options["threads"])
    return counts, check_fit(options, ImageKind(counts.dtype, counts.channels))


def apply_palette(
    image: ImageLike,
    palette: npt.ArrayLike,
    *,
    dither: bool | float = False,
    dither_method: DitherMethod = "diffusion",
    space: Space = "rgb",
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Map every pixel of an image to a color of a palette: the nearest, or a dithered one.

    Parameters
    ----------
    image : array, PIL image, path, bytes or binary file object
        As in `compress`.
    palette : (k, C) array_like
        1 to 65536 rows with the dtype and the number of channels of the image. It is kept as it is, including
        its order, unused rows and equal rows.
    dither, dither_method, space, threads, progress
        As in `compress`.

    Returns
    -------
    CompressedImage
        It has the given palette. Undithered, each index names the nearest row, the lowest of equally near
        ones. An opaque pixel of 8 bits gets the nearest opaque row, if the palette has 3 or more rows and an
        opaque one among them.

    Raises
    ------
    ArgumentError
        If the dtype or the number of channels of the palette is not that of the image.
    ArgumentTypeError, FormatError, OSError
        As in `compress`.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> gray = np.full((8, 8), 85, np.uint8)
    >>> black_and_white = [[0], [255]]
    >>> fastkq.apply_palette(gray, black_and_white).indices.max()
    np.uint8(0)
    >>> float(fastkq.apply_palette(gray, black_and_white, dither=True).decompress().mean().round(-1))
    80.0
    """
    options = check_arguments(dither=dither, dither_method=dither_method, space=space, threads=threads)
    with watched(progress):
        return map_to_palette(read_stage(image, options["threads"]), palette, options)


def read_stage(image: ImageLike, threads: int) -> Input:
    """Read an image with `fastkq.api.inputs.read_input` as the first stage of a call."""
    with stage("reading", 0.1):
        return read_input(image, threads=threads)


def map_to_palette(source: Input, palette: npt.ArrayLike, options: Mapping[str, Any]) -> CompressedImage:
    """Apply a palette to an image that has been read, as `apply_palette` does."""
    kind = ImageKind.of(source.pixels)
    dithering, space = check_dithering(options, kind), check_space(options["space"], kind)
    rows = check_palette_of(palette, kind)
    with mapping_stage(dithering):
        indices = indices_for(
            to_working_form(source.pixels), working_palette(rows), dithering, space, options["threads"]
        )
    return CompressedImage.unchecked(rows, indices, source.pixels.shape, source.metadata)
