"""Spatial color quantization: palette and indices are fitted together for the blurred image.

The blur models the eye, which sees the mean of a few pixels.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_counting
from fastkq.color.indexed_image import index_dtype
from fastkq.quantization import cell_index
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.nearest import map_colors
from fastkq.quantization.options import FitOptions
from fastkq.quantization.rounding import in_order, used_rows
from fastkq.runtime.options import Effort
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import stage

_ROWS_PER_BAND = 16

_OWN_ERROR_WEIGHT = 2.2
"""Weight of a pixel's own error, where 1 is its weight in the blurred image. Lower values give smoother tones
and coarser grain. Measured with 1.5, 1.84, 2.2, 2.6 and 3.2: SSIMULACRA2 is 44.5, 45.0, 44.9, 44.2 and 43.0
at k = 16, and 72.1, 72.5, 72.6, 72.4 and 72.0 at k = 64, on six images of the benchmark suite "looks";
butteraugli is best from 2.2 to 2.6."""

_STEP_DIVISOR = 3.5
"""Divisor of the step of a palette row. If the row moves by one level, the error that is summed for its
pixels changes by this factor times the direct effect of each pixel on itself, because of `_OWN_ERROR_WEIGHT`
and of nearby pixels with the same row. Measured: 3 to 6, larger for smaller palettes."""

_MAX_BANDS = 32
"""Number of bands of a large image from which the moves of the palette are computed: with all bands the
result is no better."""


class _Plan(NamedTuple):
    """Amount of work of an effort.

    Attributes
    ----------
    start
        Effort of the fit that gives the initial palette.
    moves
        Number of times the palette rows are moved.
    band_step
        A move is computed from at most one band in this many.
    passes
        Number of passes over all pixels with the final palette.
    """

    start: Effort
    moves: int
    band_step: int
    passes: int


_PLANS: dict[Effort, _Plan] = {
    "fast": _Plan("fast", 2, 2, 1),
    "balanced": _Plan("fast", 3, 2, 1),
    "best": _Plan("balanced", 10, 1, 3),
}


def visual(
    image: npt.NDArray[np.uint8], k: int, effort: Effort = "balanced", threads: int = 1
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.unsignedinteger]]:
    """Fit palette and indices together to the image as the eye sees it.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
    k : int
        Largest number of colors. An image of at most k colors comes back unchanged.
    effort : {"fast", "balanced", "best"}
        Amount of work.
    threads : int
        Number of threads. The result does not depend on it.

    Returns
    -------
    palette : (<= k, C) uint8
        Different colors in the order of `fastkq.quantization.rounding.in_order`, each used.
    indices : (H, W) uint8, or uint16 if the palette has more than 256 rows

    Notes
    -----
    The objective is the squared error between the two images after a blur, plus, with a lower weight, that of
    the single pixels. Two steps alternate. Each pixel takes the index that is best while all others stay.
    Each palette row moves against the mean blurred error of its pixels. This is direct binary search [1]_ and
    spatial color quantization [2]_, with an exact search for the nearest row in place of trial changes.

    .. [1] M. Analoui and J. P. Allebach, "Model-based halftoning using direct binary search", Proc. SPIE
       1666, 1992.
    .. [2] J. Puzicha et al., "On spatial quantization of color images", IEEE Trans. Image Processing 9, 2000.
    """
    if image.shape[2:] == (4,) and packed_counting.is_opaque(image, threads):
        colors, indices = visual(np.ascontiguousarray(image[:, :, :3]), k, effort, threads)
        return np.column_stack((colors, np.full(len(colors), 255, np.uint8))), indices
    plan = _PLANS[effort]
    counted = packed_counting.count_up_to(image, packed_counting.MAX_RGBA_COLORS, threads)
    table = packed_counting.count_cells(image, threads) if counted is None else counted
    start, labels = fit_table(table, k, FitOptions(effort=plan.start, threads=threads))
    if counted is not None and labels is not None and len(start) == len(counted):
        return start, map_colors(image, counted, labels, len(start), threads)
    canvas = _Canvas(image, len(start), threads)
    levels = start.astype(np.float64)
    band_step = plan.band_step
    if band_step > 1:
        band_step = max(band_step, image.shape[0] // (_ROWS_PER_BAND * _MAX_BANDS))
    # One more pass if some bands have had no pass yet: they would look different from the others.
    passes = plan.passes + (band_step > plan.moves)
    remaining = 2.0 * passes + plan.moves * 2 / band_step
    for iteration in range(plan.moves):
        with stage(None, 2 / band_step / remaining, each=0.5):
            levels = _move_rows(levels, canvas.settle(levels, iteration % band_step, band_step))
        remaining -= 2 / band_step
    colors = in_order(np.rint(levels).astype(np.uint8))
    for iteration in range(passes):
        with stage(None, 1 / (passes - iteration), each=0.5):
            canvas.settle(colors, 0, 1)
    return _drop_unused(colors, canvas.indices, threads)


class _Canvas:
    """The image and the current indices of its pixels.

    Attributes
    ----------
    indices : (H, W)
    """

    def __init__(self, image: npt.NDArray[np.uint8], k: int, threads: int) -> None:
        height, width = image.shape[:2]
        margin = kernels.quantization.visual_preset.MARGIN
        errors = np.zeros((height + 2 * margin, 3 * (width + 2 * margin)), np.float32)
        self._threads, self.indices = threads, np.zeros((height, width), index_dtype(k))
        self._canvas = kernels.quantization.visual_preset.Canvas(
            image.reshape(height, width, -1), errors, self.indices
        )

    def settle(self, levels: npt.NDArray[Any], first: int, band_step: int) -> npt.NDArray[np.int64]:
        """Choose the best row of a palette (k, C) for each pixel of every band `first` + n * `band_step`.

        Returns
        -------
        (k, 4) int64
            For each palette row the sums of the blurred errors of its pixels, their own errors weighted by
            `_OWN_ERROR_WEIGHT`, and the number of these pixels.
        """
        cells = cell_index.prepare(levels, self._threads)
        sums = np.zeros((self._threads, len(levels), 4), np.int64)
        # Neighboring bands depend on each other, so the result would depend on the order of the threads. With
        # all bands, the even ones are done first, then the odd ones.
        band_distance = max(band_step, 2) * _ROWS_PER_BAND
        for band in (first,) if band_step > 1 else (0, 1):

            def work(worker: int, start: int, stop: int, top: int = band * _ROWS_PER_BAND) -> None:
                kernels.quantization.visual_preset.update_indices(
                    self._canvas,
                    cells[worker],
                    _OWN_ERROR_WEIGHT * kernels.quantization.visual_preset.OWN_WEIGHT,
                    top + 2 * start * band_distance,
                    band_distance,
                    _ROWS_PER_BAND,
                    sums[worker],
                )

            over_chunks(work, -(-len(self.indices) // (2 * band_distance)), 1, self._threads)
        total: npt.NDArray[np.int64] = sums.sum(axis=0)
        return total


def _move_rows(levels: npt.NDArray[np.float64], sums: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the palette rows (k, C), moved against the mean blurred error of their pixels."""
    channels = min(levels.shape[1], 3)
    opaque = levels[:, 3:] if levels.shape[1] == 4 else cell_index.PLAIN_ALPHA
    # Change of the summed error for a step of one level, which is 2 * opaque coordinates.
    response = 2 * opaque * _STEP_DIVISOR * kernels.quantization.visual_preset.OWN_WEIGHT * sums[:, 3:]
    moved = levels.copy()
    moved[:, :channels] -= sums[:, :channels] / np.maximum(response, 1)
    return np.clip(moved, 0, 255)


def _drop_unused(
    colors: npt.NDArray[np.uint8], indices: npt.NDArray[np.unsignedinteger], threads: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.unsignedinteger]]:
    """Return the palette without unused rows, and the indices adapted to it."""
    used = used_rows(indices, len(colors), threads)
    if used.all():
        return colors, indices
    kept_rows = colors[used]
    return kept_rows, (np.cumsum(used) - 1).astype(index_dtype(len(kept_rows)))[indices]
