"""Dithering by error diffusion."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import index_dtype
from fastkq.color.value_range import ValueRange
from fastkq.kmeans.points import MIN_CENTROIDS_FOR_GROUP
from fastkq.quantization import cell_index, hull
from fastkq.quantization.coordinates import Coordinates
from fastkq.runtime.options import DitherSpace
from fastkq.runtime.parallel import over_dependent_blocks

_BAND, _BLOCK = 16, 256
"""Rows of a band, and columns of a block of it. A block is 0.1 ms of work."""
_SMALL_BAND, _SMALL_BLOCK = 8, 32
"""The same for palettes of more than `_LARGE_PALETTE` rows, for which it may take 0.6 ms to list the
candidates of one pixel."""
_LARGE_PALETTE = 1 << 11  # palette rows


class Weights(NamedTuple):
    """Sixteenths of the error of a pixel that other pixels receive.

    The next two in its row; in the row below the one to the left, the same column and the one to the right;
    in the second row below the same column.
    """

    right: int
    second_right: int
    below_left: int
    below: int
    below_right: int
    second_below: int


FLOYD_STEINBERG = Weights(7, 0, 3, 5, 1, 0)
ATKINSON = Weights(2, 2, 2, 2, 2, 2)
"""The weights of Bill Atkinson's MacPaint, 1984. A quarter of the error is dropped: contrast is higher, and
light and dark colors lose detail."""
WEIGHTS = {"diffusion": FLOYD_STEINBERG, "atkinson": ATKINSON}  # by method


def diffuse(
    image: npt.NDArray[Any],
    palette: npt.NDArray[Any],
    strength: float = 1.0,
    threads: int = 1,
    *,
    space: DitherSpace = "rgb",
    weights: Weights = FLOYD_STEINBERG,
    value_range: ValueRange | None = None,
) -> npt.NDArray[np.unsignedinteger]:
    """Dither an image by error diffusion.

    For a color in the convex hull of the palette the mean color over a field is right, in `space`. A color
    outside the hull is replaced by one near its nearest point of the hull.

    Parameters
    ----------
    image : (H, W) or (H, W, C) of integers or floats, C = 1, 3 or 4
        The fourth channel is alpha. The errors of pixels with alpha 0 are not diffused.
    palette : (k, C) of the same dtype
        At most 65,536 rows; duplicates are allowed. Among equally near rows the one is chosen whose values
        are smallest, compared channel by channel, so the order of the rows does not matter.
    strength : float
        Share of each error that is diffused, 0 to 1. With 0 each pixel gets the index of its nearest row, the
        lowest index among equals.
    threads : int
        Number of threads. The result does not depend on it.
    space : {"rgb", "linear", "oklab"}
        Space of distances, errors and means, see `fastkq.quantization.coordinates`.
    weights : Weights
        What other pixels receive of an error.
    value_range : ValueRange, optional
        The values of black and white; needed unless the dtype is uint8 or uint16.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows

    Notes
    -----
    The algorithm of R. W. Floyd and L. Steinberg, "An adaptive algorithm for spatial greyscale", Proc. SID
    17, 1976. Each row is scanned from left to right, in integer arithmetic. The error of alpha is not
    diffused, and the errors of translucent pixels are limited.
    """
    height, width = image.shape[:2]
    pixels = image.reshape(height, width, -1)
    coordinates = Coordinates(space, pixels.shape[2] == 4, value_range)
    order = np.arange(len(palette)) if strength == 0 else np.lexsort(palette.T[::-1])
    points = coordinates.of(np.ascontiguousarray(palette[order])[np.newaxis])[0]
    margin = 1 << coordinates.bits - 1  # on each side, for targets outside the range of colors
    shifted = points[:, : 4 if coordinates.with_alpha else 3].copy()
    shifted[:, :3] += margin
    cells = cell_index.of_coordinates(shifted, coordinates.bits + 1, threads)
    opaque = _opaque_rows(points, coordinates)
    in_hull = points[opaque] if len(opaque) else points
    hulls = hull.prepare(in_hull[:, :3], coordinates.bits, coordinates.level, threads)

    kernel = kernels.quantization.error_diffusion
    rows, columns = (_BAND, _BLOCK) if len(palette) <= _LARGE_PALETTE else (_SMALL_BAND, _SMALL_BLOCK)
    below, second_below = np.zeros((2, width, 3), np.int32)
    errors = [kernel.Errors(below, second_below, np.zeros((rows, 15), np.int32)) for _ in range(threads)]
    bands = [_Band.empty(rows, width) for _ in range(threads)]
    middle = coordinates.extent // 2 + margin
    selection = kernel.Rows(order.astype(np.int32), opaque, coordinates.full_alpha, middle)
    indices = np.empty((height, width), index_dtype(len(palette)))
    scaled_strength = round(strength * kernel.FULL_STRENGTH)
    kernel_weights = kernel.Weights(*weights)

    def begin(worker: int, band: int) -> None:
        errors[worker].sent[:] = 0
        lines = bands[worker].load(pixels, band * rows, coordinates)
        targets, limits = bands[worker].targets, bands[worker].limits
        kernels.quantization.hull.move_into_hull(
            lines, hulls[worker], strength, coordinates.full_alpha, targets, limits
        )

    def work(worker: int, band: int, block: int) -> None:
        top, left = band * rows, block * columns
        kernel.diffuse(
            bands[worker].targets,
            bands[worker].limits,
            cells[worker],
            selection,
            kernel_weights,
            scaled_strength,
            top,
            left,
            left + columns,
            errors[worker],
            indices,
        )

    # Blocks are slanted: each row begins one column left of the row above, so that all errors that a pixel
    # receives come from pixels that are done.
    blocks = -(-(width + rows - 1) // columns)
    over_dependent_blocks(begin, work, -(-height // rows), blocks, threads)
    return indices


class _Band(NamedTuple):
    """Buffers of one worker for the pixels of a band.

    Attributes
    ----------
    points : (rows + 1, W, 4) int32
        Coordinates of the row above the band, or of the first row if it is the first band, and of its rows.
    targets, limits
        See `fastkq.kernels.quantization.hull.move_into_hull`.
    """

    points: npt.NDArray[np.int32]
    targets: npt.NDArray[np.int32]
    limits: npt.NDArray[np.float32]

    @classmethod
    def empty(cls, rows: int, width: int) -> "_Band":
        points, targets = np.empty((rows + 1, width, 4), np.int32), np.empty((rows, width, 4), np.int32)
        return cls(points, targets, np.empty((rows, width), np.float32))

    def load(self, pixels: npt.NDArray[Any], top: int, coordinates: Coordinates) -> npt.NDArray[np.int32]:
        """Convert the pixels of the band whose first row is `top`; return the used part of `points`."""
        above = max(top - 1, 0)
        lines = pixels[above : top + len(self.targets)]
        points = self.points[above - top + 1 :][: len(lines)]
        coordinates.of(lines, points)
        if top == 0:
            self.points[0] = self.points[1]
        return self.points[: len(lines) + (top == 0)]


def _opaque_rows(points: npt.NDArray[np.int32], coordinates: Coordinates) -> npt.NDArray[np.int32]:
    """Return the rows of a palette that opaque pixels may get; none if they may get any.

    The rule is that of `fastkq.kmeans.points.centroids_for_group`.
    """
    opaque = np.flatnonzero(points[:, 3] == coordinates.full_alpha)
    is_bound = coordinates.with_alpha and len(points) >= MIN_CENTROIDS_FOR_GROUP
    return opaque.astype(np.int32) if is_bound else np.empty(0, np.int32)
