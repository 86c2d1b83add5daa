"""Distortion and file size as functions of k."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy.typing as npt

from fastkq.api.options import check_arguments, check_ks
from fastkq.api.palettes import count_for_fit
from fastkq.color.color_counts import ColorCounts
from fastkq.formats import fkq
from fastkq.quantization.fit import distortion, fit, prepare_colors
from fastkq.quantization.options import FitOptions
from fastkq.runtime.options import MAX_PIXELS, Effort, Space
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import Progress, stage, watched

if TYPE_CHECKING:
    from fastkq.api.given_colors import Colors
    from fastkq.api.inputs import Images


class CurvePoint(NamedTuple):
    """Distortion and packed file size at one k.

    Attributes
    ----------
    k : int
        The requested number of colors. The palette has fewer if the image has fewer distinct colors.
    mse : float
        Mean squared error over pixels and channels, undithered.
    psnr : float
        In dB; infinite if `mse` is 0.
    nbytes : int
        Size in bytes of the `.fkq` file in the coding "packed"; for several images, of one file that holds
        the pixels of all.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> (point,) = fastkq.curve(np.arange(64, dtype=np.uint8).reshape(8, 8), [64])
    >>> point.k, point.psnr
    (64, inf)
    """

    k: int
    mse: float
    psnr: float
    nbytes: int


CurvePoint.__module__ = "fastkq"  # pickles name the public module


def curve(
    image: Images,
    ks: Sequence[int],
    *,
    fixed: Colors | None = None,
    bits: int | Sequence[int] | None = None,
    binary_alpha: bool = False,
    keep_black_white: bool = False,
    weights: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    alpha: bool | None = None,
    mask: npt.ArrayLike | Iterable[npt.ArrayLike | None] | None = None,
    space: Space = "rgb",
    value_range: tuple[float, float] | None = None,
    effort: Effort = "balanced",
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[CurvePoint]:
    """Compute the distortion and the packed size of the result of `compress` for every k of a list.

    The colors are counted once, no pixel is mapped, and the fits run in parallel.

    Parameters
    ----------
    image : image, ColorCounts or iterable of these
        As in `fit_palette`.
    ks : sequence of int
        Numbers of colors, 1 to 65536 each, at least one.
    fixed, bits, binary_alpha, keep_black_white
        As in `compress`.
    weights, alpha, mask
        As in `fit_palette`. Masked pixels count for nothing, neither for the k nor for the error.
    space, value_range, effort, max_pixels, threads, progress
        As in `compress`.

    Returns
    -------
    list of CurvePoint
        In the order of `ks`.

    Raises
    ------
    ArgumentError, ArgumentTypeError, FormatError, OSError
        As in `fit_palette`.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> [(point.k, point.nbytes, point.mse) for point in fastkq.curve(ramp, [16, 256])]
    [(16, 168, 21.5), (256, 536, 0.0)]
    """
    numbers = check_ks(ks)
    options = check_arguments(
        k=min(numbers), fixed=fixed, bits=bits, binary_alpha=binary_alpha,
        keep_black_white=keep_black_white, space=space, value_range=value_range, effort=effort,
        alpha=alpha, max_pixels=max_pixels, threads=threads,
    )  # fmt: skip
    with watched(progress):
        counts, fit_options = count_for_fit(image, weights, options, mask)
        with stage("fitting"):
            return _points(counts, numbers, fit_options)


def _points(counts: ColorCounts, numbers: list[int], options: FitOptions) -> list[CurvePoint]:
    pixels = int(counts.counts.sum())
    points: list[CurvePoint | None] = [None] * len(numbers)
    single_thread, shared = options._replace(threads=1), prepare_colors(counts, options)

    def work(worker: int, start: int, stop: int) -> None:
        # The largest k come first because their fits take longest.
        position = order[start]
        fitted = fit(counts, numbers[position], single_thread, shared)
        error = distortion(counts, fitted, single_thread.threads)
        nbytes = fkq.encoded_size(pixels, len(fitted.palette), counts.channels, counts.dtype.itemsize)
        points[position] = CurvePoint(numbers[position], *error, nbytes)

    order = sorted(range(len(numbers)), key=lambda position: -numbers[position])
    over_chunks(work, len(numbers), 1, options.threads)
    return [point for point in points if point is not None]
