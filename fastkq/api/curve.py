"""What each number of colours costs and is worth."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy.typing as npt

from fastkq.api.options import check_ks
from fastkq.api.palettes import counted_for_fit
from fastkq.color.color_counts import ColourCounts
from fastkq.color.spaces import Space
from fastkq.formats import fkq
from fastkq.quantization.fit import distortion, fit, prepared
from fastkq.quantization.options import FitOptions
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import Effort

if TYPE_CHECKING:
    from fastkq.api.counts import Images


class CurvePoint(NamedTuple):
    """One number of colours.

    Attributes
    ----------
    k : int
        As asked for; an image of fewer colours has those.
    mse : float
        Mean squared difference over pixels and channels, undithered.
    psnr : float
        In dB; infinite when nothing was lost.
    nbytes : int
        Size of the `.fkq` file in the coding "packed"; of several images, as if they were one.

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
    image: "Images",
    ks: Sequence[int],
    *,
    fixed: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    space: Space = "rgb",
    effort: Effort = "balanced",
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[CurvePoint]:
    """Distortion and packed size at every k of a list, as `compress` would reach them.

    The colours are counted once, no pixel is mapped, and the fits run side by side.

    Parameters
    ----------
    image
        As `fit_palette` takes them.
    ks : sequence of int
        1 to 65536 each.
    fixed, weights, space, effort, threads, progress
        As in `compress`.

    Returns
    -------
    list of CurvePoint
        In the order of `ks`.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> [(point.k, point.nbytes, point.mse) for point in fastkq.curve(ramp, [16, 256])]
    [(16, 168, 21.5), (256, 536, 0.0)]
    """
    numbers = check_ks(ks)
    with watched(progress):
        counts, options = counted_for_fit(
            image, min(numbers), fixed=fixed, weights=weights, space=space, effort=effort, threads=threads
        )
        with stage("fitting"):
            return _points(counts, numbers, options)


def _points(counts: ColourCounts, numbers: list[int], options: FitOptions) -> list[CurvePoint]:
    pixels = int(counts.counts.sum())
    points: list[CurvePoint | None] = [None] * len(numbers)
    alone, shared = options._replace(threads=1), prepared(counts, options)

    def work(worker: int, start: int, stop: int) -> None:
        # Largest first: they take longest.
        place = order[start]
        fitted = fit(counts, numbers[place], alone, shared)
        error = distortion(counts, fitted, alone.threads)
        nbytes = fkq.encoded_size(pixels, len(fitted.palette), counts.channels, counts.dtype.itemsize)
        points[place] = CurvePoint(numbers[place], *error, nbytes)

    order = sorted(range(len(numbers)), key=lambda place: -numbers[place])
    over_chunks(work, len(numbers), 1, options.threads)
    return [point for point in points if point is not None]
