"""Error of a compressed image, as a whole and per color."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import IndexedImage, paint
from fastkq.color.kinds import canonical_colors
from fastkq.color.masking import filled
from fastkq.errors import ArgumentError
from fastkq.metrics import PEAKS
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import ImageArray
from fastkq.runtime.validation import check_image, check_threads

_PIXELS_PER_CHUNK = 1 << 17  # least number of pixels in a chunk
_PIXELS_PER_COLOR = 16
"""Chunks hold at least this many pixels per color: each chunk has its own sums for all colors, which then
take at most half a byte per pixel."""

_SSIM_WINDOW = 7  # pixels: side of the window of the structural similarity
_ROWS_PER_BAND = 128
_COLORS_PRINTED = 16  # colors in the printed table: those with the largest part of the squared error


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """Error of a compressed image against its original; printed, it is a table.

    Errors are in units of the image's dtype. Pixels of alpha 0 count as 0 in all channels of both images.
    Masked pixels do not count, except in `shares` and `ssim`; there they have no error.

    Attributes
    ----------
    mse : float
        Mean squared error over pixels and channels, as `fastkq.metrics.mse`.
    psnr : float
        10 log10(peak^2 / mse) in dB, infinite if the mse is 0. The peak is 255 for uint8, 65535 for uint16, 1
        for bool; for other dtypes, the maximum of the original minus its minimum.
    max_error : float
        Largest Euclidean distance between a pixel and its color, over the stored channels. For images with
        alpha this is not the distance that `compress` bounds by `max_error`, which is measured on
        backgrounds.
    worst_pixel : (int, int)
        Row and column of the first pixel with this distance.
    ssim : float or None
        Structural similarity by scikit-image, mean over channels. None if scikit-image is not installed, if
        it was not requested, or if the image is less than 7 pixels high or wide.
    palette : (k, C)
    shares : (k,) float64
        Fraction of the pixels that have each color, 0 to 1.
    errors : (k,) float64
        Mean squared error of the pixels of each color; 0 if no pixel has it.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> ramp = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> fastkq.compress(ramp, k=2).report(ramp, ssim=False)
    mse 85.5, PSNR 28.81 dB, largest error 16 at row 3, column 7
      index    share         mse   of all  color
          0   50.00%        85.5   50.00%  15
          1   50.00%        85.5   50.00%  47
    """

    mse: float
    psnr: float
    max_error: float
    worst_pixel: tuple[int, int]
    ssim: float | None
    palette: ImageArray
    shares: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]

    def __str__(self) -> str:
        similarity = "" if self.ssim is None else f", SSIM {self.ssim:.4f}"
        row, column = self.worst_pixel
        costs = self.shares * self.errors
        costliest = np.argsort(-costs, kind="stable")[:_COLORS_PRINTED]
        lines = [
            f"mse {self.mse:.6g}, PSNR {self.psnr:.2f} dB{similarity}, "
            f"largest error {self.max_error:.4g} at row {row}, column {column}",
            f"{'index':>7}  {'share':>7}  {'mse':>10}  {'of all':>7}  color",
        ]
        for j in costliest:
            of_all = costs[j] / self.mse if self.mse else 0.0
            color = " ".join(f"{value:g}" for value in self.palette[j].tolist())
            lines.append(f"{j:>7}  {self.shares[j]:>7.2%}  {self.errors[j]:>10.4g}  {of_all:>7.2%}  {color}")
        rest = len(costs) - len(costliest)
        return "\n".join([*lines, f"    ... {rest} more with less error"] if rest else lines)

    __repr__ = __str__


Report.__module__ = "fastkq"  # pickles name the public module


def report(
    image: npt.ArrayLike, compressed: IndexedImage, *, ssim: bool = True, threads: int | None = None
) -> Report:
    """Compute what `CompressedImage.report` returns for the original `image`."""
    mask = compressed.mask
    values = np.asarray(np.ma.getdata(image))
    if mask is not None and values.shape == compressed.shape:  # masked pixels have no error
        row = compressed.palette[compressed.masked_index]
        values = filled(values, mask, row if values.ndim == 3 else row[0])
    original = check_image(values)
    if original.shape != compressed.shape or original.dtype != compressed.dtype:
        raise ArgumentError(
            f"expected the image that was compressed, {compressed.shape} {compressed.dtype}, "
            f"got {original.shape} {original.dtype}"
        )
    workers, channels = check_threads(threads), compressed.palette.shape[1]
    pixels = canonical_colors(original.reshape(-1, channels), compressed.is_plain)
    palette = canonical_colors(compressed.palette, compressed.is_plain)
    canonical = IndexedImage.of(compressed, palette=palette, nodata=None)
    sums, counts, largest, position = _errors(pixels, canonical, workers)
    counted = len(pixels) - (0 if mask is None else int(counts[compressed.masked_index]))
    error = math.fsum(sums.tolist()) / (max(1, counted) * channels)
    peak = PEAKS.get(original.dtype.name) or _range(original if mask is None else original[~mask])
    return Report(
        mse=error,
        psnr=20 * _log10(peak) - 10 * _log10(error) if error else math.inf,
        max_error=math.sqrt(largest),
        worst_pixel=divmod(position, compressed.shape[1]),
        ssim=_ssim(pixels, canonical, peak, workers) if ssim else None,
        palette=compressed.palette,
        shares=counts / len(pixels),
        errors=sums / (np.maximum(counts, 1) * channels),
    )


def _errors(
    pixels: npt.NDArray[Any], image: IndexedImage, threads: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], float, int]:
    """Sum up the squared distances between pixels (N, C) and their colors in an indexed image of N pixels.

    Returns
    -------
    sums : (k,) float64
        Sum of squared distances per color; exact for 8 bits.
    counts : (k,) int64
        Number of pixels per color.
    largest : float
        The largest squared distance.
    position : int
        Index of the first pixel with it.
    """
    k, indices = image.k, image.indices.reshape(-1)
    chunk = max(_PIXELS_PER_CHUNK, _PIXELS_PER_COLOR * k)
    chunks = -(-len(pixels) // chunk)
    sums, counts = np.zeros((chunks, k)), np.zeros((threads, k), np.int64)
    largest, positions = np.zeros(chunks), np.zeros(chunks, np.int64)
    centroids = image.palette.astype(np.float64)

    def work(worker: int, start: int, stop: int) -> None:
        number = start // chunk
        largest[number], positions[number] = kernels.image_error.add_errors(
            pixels, indices, centroids, start, stop, sums[number], counts[worker]
        )

    over_chunks(work, len(pixels), chunk, threads)
    total = np.zeros(k)
    for row in sums:  # in the order of the chunks: float addition in another order gives other bits
        total += row
    worst = int(np.argmax(largest))
    return total, counts.sum(axis=0), float(largest[worst]), int(positions[worst])


def _range(values: npt.NDArray[Any]) -> float:
    return float(values.max()) - float(values.min()) if values.size else 0.0


def _log10(value: float) -> float:
    return math.log10(value) if value else -math.inf


def _ssim(pixels: npt.NDArray[Any], image: IndexedImage, peak: float, threads: int) -> float | None:
    """Compute the structural similarity in bands: scikit-image allocates about 10 float images per band."""
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return None
    height, width = image.indices.shape
    if min(height, width) < _SSIM_WINDOW:
        return None
    original = pixels.reshape(height, width, -1)
    rows = height - _SSIM_WINDOW + 1  # rows on which a window is centered
    sums = np.zeros(-(-rows // _ROWS_PER_BAND))

    def work(worker: int, start: int, stop: int) -> None:
        band = slice(start, stop + _SSIM_WINDOW - 1)
        painted = paint(IndexedImage.unchecked(image.palette, image.indices[band]))
        mean = structural_similarity(
            original[band], painted, win_size=_SSIM_WINDOW, data_range=peak, channel_axis=2
        )
        sums[start // _ROWS_PER_BAND] = mean * (stop - start)

    over_chunks(work, rows, _ROWS_PER_BAND, threads)
    return float(math.fsum(sums.tolist()) / rows)
