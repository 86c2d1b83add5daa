"""Count the colors of one or many images."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.api.inputs import is_file, read_input
from fastkq.api.masked import counted_pixels, counted_weights
from fastkq.color.color_counts import ColorCounts
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.runtime.options import MAX_PIXELS, check_option, term
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import check_max_pixels, check_threads, check_weights

if TYPE_CHECKING:
    from fastkq.api.inputs import ImageLike, Images

_SHARE_OF_AN_IMAGE = 0.2
"""Progress: share of the remaining work that one image gets if the number of images is unknown."""


def count_colors(
    images: Images,
    *,
    weights: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    alpha: bool | None = None,
    mask: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ColorCounts:
    """Count the distinct colors of one or many images, exactly.

    Parameters
    ----------
    images : image, ColorCounts or iterable of these
        One image as `compress` takes it, an iterable of images, or an array (n, H, W, C). Only one item of an
        iterable is in memory at a time. All images have the same dtype. Gray, RGB and images with alpha are
        counted together as RGB or RGBA; other numbers of channels have to be equal. Items may also be
        `ColorCounts` from earlier calls.
    weights : (H, W) array_like, or iterable with one array or None per image, optional
        Weight of each pixel when a palette is fitted, as in `compress`. None means 1 for each pixel. Counts
        from earlier calls take no weights.
    alpha : bool, optional
        Whether the last channel of the images is alpha, as in `compress`.
    mask : (H, W) bool array_like, or iterable with one array or None per image, optional
        True for pixels that are not counted, as in `compress`. Images whose pixels are all masked count
        nothing.
    max_pixels : int
        As in `compress`, for each image.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.
    progress : callable, optional
        As in `compress`. For an iterable without a length, the fraction only approaches 1 until it ends.

    Returns
    -------
    ColorCounts
        A value that can be added to others with ``+`` and stored.

    Raises
    ------
    ArgumentError, ArgumentTypeError, FormatError, OSError
        As in `compress`. ArgumentError also if there is no image, if the images differ in dtype or
        channels, or if there is not one array of weights per image.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> frames = (np.full((4, 4), level, np.uint8) for level in (0, 9, 9))
    >>> fastkq.count_colors(frames).counts.tolist()
    [16, 32]
    """
    workers, limit, alpha = check_threads(threads), check_max_pixels(max_pixels), check_option("alpha", alpha)
    total: ColorCounts | None = None
    number = 0
    with watched(progress):
        left = 1 if _is_image(images) else operator.length_hint(images, 0)
        images_with_arrays = _with_arrays(images, {"weights": weights, "mask": mask})
        while True:
            with stage(None, 1 / left if left > 0 else _SHARE_OF_AN_IMAGE):
                # An iterable may call fastkq to make its next image; that work gets this share.
                with stage("reading", 0.3):
                    item = next(images_with_arrays, None)
                if item is None:
                    break
                image, arrays = item
                counts = _count(image, alpha, limit, workers, **arrays)
                number += 1
                if counts is not None:
                    total = counts if total is None else total + counts
            left -= 1
    if total is None:
        got = "only masked pixels" if number else "none"
        raise ArgumentError(f"expected at least one image, got {got}", parameter="images")
    return total


def _count(
    image: ImageLike | ColorCounts,
    alpha: bool | None,
    max_pixels: int,
    threads: int,
    weights: npt.ArrayLike | None,
    mask: npt.ArrayLike | None,
) -> ColorCounts | None:
    """Return the counts of one image, or None if all its pixels are masked."""
    if isinstance(image, ColorCounts):
        for name, value in (("weights", weights), ("mask", mask)):
            if value is not None:
                message = "expected no {} for colors that are counted already, got some: count with them"
                raise ArgumentError(message, term(name))
        return image
    with stage("reading", 0.3):
        source = read_input(
            image, alpha=alpha, mask=mask, weights=weights, max_pixels=max_pixels, threads=threads
        )
        checked = counted_weights(check_weights(weights, source.pixels.shape), source)
    pixels = counted_pixels(source)
    if not pixels.size:
        return None
    with stage("counting", each=0.5):
        return ColorCounts.of(pixels, checked, threads, is_plain=source.is_plain)


def _with_arrays(images: Any, arrays: Mapping[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each image with its item of each of the arrays, or None."""
    if _is_image(images):
        yield images, dict(arrays)
        return
    missing = object()
    given = {name: iter(values) for name, values in arrays.items() if values is not None}
    nothing = dict.fromkeys(arrays)
    for number, image in enumerate(images):
        items = {name: next(values, missing) for name, values in given.items()}
        for name, item in items.items():
            if item is missing:
                raise ArgumentError("expected {} for each image, got {}", term(name), number)
        yield image, nothing | items
    for name, values in given.items():
        if next(values, missing) is not missing:
            raise ArgumentError("expected {} for each of {} images, got more", term(name), number + 1)


def _is_image(images: Any) -> bool:
    """Return whether `images` is one image and not an iterable of images; a list of numbers is an image."""
    if isinstance(images, ColorCounts) or is_file(images) or formats.is_pil_image(images):
        return True
    if isinstance(images, list | tuple):
        return bool(images) and not _is_image_item(images[0])
    if isinstance(images, np.ndarray):
        return images.ndim != 4
    if hasattr(images, "__array__"):
        return True
    if isinstance(images, Iterable):
        return False
    raise ArgumentTypeError(f"expected an image or an iterable of images, got {images!r}", parameter="images")


def _is_image_item(first: Any) -> bool:
    """Return whether a list with this first item is a list of images."""
    is_image = isinstance(first, np.ndarray) and first.ndim > 1
    return is_image or isinstance(first, ColorCounts) or is_file(first) or formats.is_pil_image(first)
