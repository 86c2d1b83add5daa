"""How far two images are apart."""

import math

import numpy.typing as npt

from fastkq import kernels
from fastkq.checks import check_image, check_threads
from fastkq.errors import ArgumentError
from fastkq.threads import over_chunks

_VALUES_PER_CHUNK = 1 << 19


def mse(image: npt.ArrayLike, other: npt.ArrayLike, *, threads: int | None = None) -> float:
    """Mean squared difference over all pixels and channels.

    Multiply by the number of channels for the sum over channels that the literature on colour
    quantization gives ("SE/px").

    Parameters
    ----------
    image, other : (H, W) or (H, W, C) uint8
        Of the same shape.
    threads : int, optional
        Number of threads; all cores if None.

    Raises
    ------
    ArgumentError
        When the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.metrics import mse
    >>> mse(np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8))
    9.0
    """
    a, b = check_image(image), check_image(other)
    if a.shape != b.shape:
        raise ArgumentError(f"expected two images of the same shape, got {a.shape} and {b.shape}")
    workers = check_threads(threads)
    totals = [0] * workers
    flat_a, flat_b = a.reshape(-1), b.reshape(-1)

    def work(worker: int, start: int, stop: int) -> None:
        totals[worker] += int(kernels.metrics.squared_error(flat_a, flat_b, start, stop))

    over_chunks(work, len(flat_a), _VALUES_PER_CHUNK, workers)
    return sum(totals) / len(flat_a)


def psnr(image: npt.ArrayLike, other: npt.ArrayLike, *, threads: int | None = None) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(255^2 / mse); infinite for equal images.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.metrics import psnr
    >>> round(psnr(np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8)), 2)
    38.59
    """
    error = mse(image, other, threads=threads)
    return 10 * math.log10(255**2 / error) if error else math.inf
