"""Palette and indices for the eye, which sees the mean of a few pixels."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_counting
from fastkq.color.indexed_image import index_dtype
from fastkq.quantization import cell_index, fit_packed, nearest_packed
from fastkq.quantization.rounding import in_order
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import stage
from fastkq.runtime.validation import Effort

_ROWS_PER_BAND = 16

_OWN = 2.2
"""What a pixel's own error counts, where 1 is what is seen of it: less gives rounder tones and coarser grain.
With 1.5, 1.84, 2.2, 2.6 and 3.2 SSIMULACRA2 is 44.5, 45.0, 44.9, 44.2 and 43.0 at k = 16 on the six images of
bench/looks, 72.1, 72.5, 72.6, 72.4 and 72.0 at k = 64; butteraugli prefers 2.2 to 2.6."""

_RESISTANCE = 3.5
"""How much of what is seen of a row's errors its pixels show themselves, so that it is moved by the right
length; 3 to 6 measured, the more the fewer rows there are."""

_MOST_BANDS = 32
"""So many of a large image say as well as all of them where the palette's rows should move."""


class _Plan(NamedTuple):
    """How much of each step.

    Attributes
    ----------
    start
        The effort of the palette to start from.
    moves
        How often its rows are moved.
    sparse
        One band in so many, or fewer, decides where to.
    passes
        How often the pixels settle on the last palette.
    """

    start: Effort
    moves: int
    sparse: int
    passes: int


_PLANS: dict[Effort, _Plan] = {
    "fast": _Plan("fast", 2, 2, 1),
    "balanced": _Plan("fast", 3, 2, 1),
    "best": _Plan("balanced", 10, 1, 3),
}


def visual(
    image: npt.NDArray[np.uint8], k: int, effort: Effort = "balanced", threads: int = 1
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.unsignedinteger]]:
    """Palette and indices of an image that looks like the one that is given.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
    k : int
        At most so many colours. An image that has no more comes back unchanged.

    Returns
    -------
    palette : (<= k, C) uint8
        Different colours in the order of `fastkq.quantization.rounding.in_order`, each used.
    indices : (H, W) uint8, uint16 when k is above 256

    Notes
    -----
    The squared error that is left when both images are blurred is brought down, and with a lower weight that
    of the single pixels: over and over each pixel takes the index that is best while the others stay as they
    are, and each row of the palette moves against what is seen of its pixels' errors. That is direct binary
    search [1]_ and spatial color quantization [2]_ with an exact search for the nearest row instead of tries.

    .. [1] M. Analoui and J. P. Allebach, "Model-based halftoning using direct binary search", Proc. SPIE
       1666, 1992.
    .. [2] J. Puzicha et al., "On spatial quantization of color images", IEEE Trans. Image Processing 9, 2000.
    """
    if image.shape[2:] == (4,) and packed_counting.is_opaque(image, threads):
        colours, indices = visual(np.ascontiguousarray(image[:, :, :3]), k, effort, threads)
        return np.column_stack((colours, np.full(len(colours), 255, np.uint8))), indices
    plan = _PLANS[effort]
    counted = packed_counting.count_up_to(image, packed_counting.MOST_RGBA_COLOURS, threads)
    start, labels = fit_packed.fit(
        counted or packed_counting.count_cells(image, threads), k, plan.start, threads
    )
    if counted is not None and len(start) == len(counted.keys):
        return start, nearest_packed.map_colours(image, counted, labels, len(start), threads)
    canvas = _Canvas(image, len(start), threads)
    levels = start.astype(np.float64)
    sparse = plan.sparse
    if sparse > 1:
        sparse = max(sparse, image.shape[0] // (_ROWS_PER_BAND * _MOST_BANDS))
    # Once more where most bands have not been settled before: those that have would show.
    passes = plan.passes + (sparse > plan.moves)
    left = 2.0 * passes + plan.moves * 2 / sparse
    for turn in range(plan.moves):
        with stage(None, 2 / sparse / left, each=0.5):
            levels = _moved(levels, canvas.settle(levels, turn % sparse, sparse))
        left -= 2 / sparse
    colours = in_order(np.rint(levels).astype(np.uint8))
    for turn in range(passes):
        with stage(None, 1 / (passes - turn), each=0.5):
            canvas.settle(colours, 0, 1)
    return _without_unused(colours, canvas.indices, threads)


class _Canvas:
    """An image, and by how much the colours that its pixels are given are off."""

    def __init__(self, image: npt.NDArray[np.uint8], k: int, threads: int) -> None:
        height, width = image.shape[:2]
        margin = kernels.quantization.spatial.MARGIN
        self._pixels, self._threads = image.reshape(height, width, -1), threads
        self._errors = np.zeros((height + 2 * margin, 3 * (width + 2 * margin)), np.float32)
        self.indices = np.zeros((height, width), index_dtype(k))

    def settle(self, levels: npt.NDArray[Any], first: int, sparse: int) -> npt.NDArray[np.int64]:
        """Give the pixels of one band in so many the best of the palette's rows (k, C), and sum up (k, 4)."""
        searched = cell_index.prepared(levels)
        memories = [cell_index.memory(searched) for _ in range(self._threads)]
        sums = np.zeros((self._threads, len(levels), 4), np.int64)
        # Bands side by side see each other, and which was first would show: every other one is done first.
        apart = max(sparse, 2) * _ROWS_PER_BAND
        for band in (first,) if sparse > 1 else (0, 1):

            def work(worker: int, start: int, stop: int, top: int = band * _ROWS_PER_BAND) -> None:
                kernels.quantization.spatial.settle(
                    self._pixels,
                    searched,
                    memories[worker],
                    _OWN * kernels.quantization.spatial.WHOLE,
                    top + 2 * start * apart,
                    apart,
                    _ROWS_PER_BAND,
                    self._errors,
                    self.indices,
                    sums[worker],
                )

            over_chunks(work, -(-len(self._pixels) // (2 * apart)), 1, self._threads)
        total: npt.NDArray[np.int64] = sums.sum(axis=0)
        return total


def _moved(levels: npt.NDArray[np.float64], sums: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The palette's rows (k, C), moved against what is seen of their errors."""
    channels = min(levels.shape[1], 3)
    opaque = levels[:, 3:] if levels.shape[1] == 4 else cell_index.OPAQUE
    shown = 2 * opaque * _RESISTANCE * kernels.quantization.spatial.WHOLE * sums[:, 3:]  # by a level
    moved = levels.copy()
    moved[:, :channels] -= sums[:, :channels] / np.maximum(shown, 1)
    return np.clip(moved, 0, 255)


def _without_unused(
    colours: npt.NDArray[np.uint8], indices: npt.NDArray[np.unsignedinteger], threads: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.unsignedinteger]]:
    used = nearest_packed.used_rows(indices, len(colours), threads)
    if used.all():
        return colours, indices
    kept = colours[used]
    return kept, (np.cumsum(used) - 1).astype(index_dtype(len(kept)))[indices]
