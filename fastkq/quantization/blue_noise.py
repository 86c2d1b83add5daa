"""Dithering with a blue-noise mask."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import counting
from fastkq.color.indexed_image import index_dtype
from fastkq.color.kinds import has_alpha
from fastkq.color.table import ColorTable
from fastkq.color.value_range import ValueRange
from fastkq.kmeans.points import MIN_CENTROIDS_FOR_GROUP
from fastkq.quantization import error_diffusion
from fastkq.quantization.coordinates import Coordinates
from fastkq.quantization.facets import facets
from fastkq.runtime.options import DitherSpace
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices

_PIXELS_PER_CHUNK = 1 << 16
_COLORS_PER_CHUNK = 1 << 10  # for up to 64 rows; fewer for larger palettes
_ROWS_PER_CALL = 1 << 9  # palette rows per kernel call, between two checkpoints

_GAP_OF_STIFFNESS = 7.0
"""Levels: with this median distance of the rows from their neighbors a squared error of the mean color counts
as much as variance, with larger distances proportionally more. Measured with fitted palettes on Kodak,
k = 16, 64 and 256: SSIMULACRA2 is 0.1 to 0.4 lower with 5, and differs by at most 0.3 with 10."""

_MAX_SHARE_OF_MEANS = 0.125
"""Largest share, in the squared error of the nearest rows, of the squared differences between rows and the
means of their pixels, for palettes that count as fitted. Measured: up to 0.1 for palettes fitted to the
image; 0.28 and more for those fitted to another one, k = 64; for palettes on a lattice 0.15 and more with
gradients, 0.4 and more with photographs."""

_LUMINANCE = {
    "rgb": (0.2126, 0.7152, 0.0722),  # of red, green and blue (ITU-R BT.709)
    "linear": (0.2126, 0.7152, 0.0722),
    "oklab": (1.0, 0.0, 0.0),  # of L, a and b
}


def ordered(
    image: npt.NDArray[Any],
    palette: npt.NDArray[Any],
    strength: float = 1.0,
    threads: int = 1,
    *,
    space: DitherSpace = "rgb",
    value_range: ValueRange | None = None,
) -> npt.NDArray[np.unsignedinteger]:
    """Dither an image with a blue-noise mask.

    The index of a pixel depends only on its color and position, so still parts of a video do not flicker. A
    color of the palette gets its row without noise. For a color at least 8 levels inside the convex hull of
    the palette, the mean color of a field is right. Near the surface of the hull and outside, rows that are
    far from the color are used less, so that they leave no specks.

    If the palette was fitted to the image, that is, if its rows are about the means of the pixels nearest to
    them, all colors are taken as near the surface: rows are near, and noise would look worse than a small
    error of the mean.

    Parameters
    ----------
    image : (H, W) or (H, W, C), C-contiguous, C = 1, 3 or 4
    palette : (k, C) of the dtype of the image
        At most 65,536 rows in any order; duplicates are allowed. While dithering, ties between rows go by
        their values: an image looks the same with a permuted palette.
    strength : float
        Share of the way from the nearest row to a color by which the mean color follows it, 0 to 1. With 0
        each pixel gets the index of its nearest row, the lowest index among equals.
    threads : int
        Number of threads. The result does not depend on it.
    space : {"rgb", "linear", "oklab"}
        Space in which means are right and distances are measured, see `fastkq.quantization.coordinates`.
    value_range : ValueRange, optional
        The values of black and white; needed unless the dtype is uint8 or uint16.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows

    Notes
    -----
    The methods and their sources are in `fastkq.kernels.quantization.blue_noise`.
    """
    if strength == 0:
        return error_diffusion.diffuse(image, palette, 0.0, threads, space=space, value_range=value_range)
    height, width = image.shape[:2]
    table = counting.count(image, threads)
    numbers = table.look_up(image, np.arange(len(table), dtype=np.int32), threads)
    with_alpha = table.with_alpha() if table.channels < palette.shape[1] else table
    plans = _plans(with_alpha, palette, strength, space, value_range, threads)
    indices = np.empty((height, width), index_dtype(len(palette)))

    def work(worker: int, start: int, stop: int) -> None:
        kernels.quantization.blue_noise.choose(numbers, start, stop, _mask(), *plans, indices)

    over_chunks(work, height, max(1, _PIXELS_PER_CHUNK // width), threads)
    return indices


@cache
def _mask() -> npt.NDArray[np.int32]:
    """Return the rank of each pixel of the mask; they are computed in 30 ms."""
    ranks = np.empty(kernels.quantization.blue_noise.RANKS, np.int32)
    kernels.quantization.blue_noise.void_and_cluster(ranks)
    return ranks


def _plans(
    table: ColorTable,
    palette: npt.NDArray[Any],
    strength: float,
    space: DitherSpace,
    value_range: ValueRange | None,
    threads: int,
) -> tuple[npt.NDArray[np.unsignedinteger], npt.NDArray[np.uint16]]:
    """Return the plan of each color, see `fastkq.kernels.quantization.blue_noise.find_plans`."""
    kernel, colors = kernels.quantization.blue_noise, table.colors
    coordinates = Coordinates(space, has_alpha(colors.dtype, colors.shape[1]), value_range)
    points = _points(colors, coordinates)
    plan_rows = np.empty((len(colors), kernel.MAX_ROWS), index_dtype(len(palette)))
    limits = np.empty((len(colors), kernel.MAX_ROWS - 1), np.uint16)
    chunk = max(16, _COLORS_PER_CHUNK * 64 // max(64, len(palette)))

    def find(group: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_], can_be_exact: bool) -> None:
        rows, surface = _rows(palette, allowed, coordinates)
        selected = points[group]
        if not can_be_exact or _is_fitted(selected, table.counts[group], rows, chunk, threads):
            surface = surface[:0]
        found_rows = np.empty((len(selected), plan_rows.shape[1]), plan_rows.dtype)
        found_limits = np.empty((len(selected), limits.shape[1]), limits.dtype)

        def work(worker: int, start: int, stop: int) -> None:
            kernel.find_plans(selected, start, stop, rows, surface, strength, found_rows, found_limits)

        over_chunks(work, len(selected), chunk, threads)
        plan_rows[group], limits[group] = found_rows, found_limits

    every, opaque, is_opaque = np.ones(len(palette), bool), _opaque(palette), _opaque(colors)
    if is_opaque.any():
        keeps_opaque = opaque.any() and len(palette) >= MIN_CENTROIDS_FOR_GROUP
        find(is_opaque, opaque if keeps_opaque else every, True)
    if not is_opaque.all():
        find(~is_opaque, every, False)
    return plan_rows, limits


def _opaque(colors: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which of the colors (n, C) are opaque, (n,)."""
    if not has_alpha(colors.dtype, colors.shape[1]):
        return np.ones(len(colors), bool)
    opaque: npt.NDArray[np.bool_] = colors[:, -1] == np.iinfo(colors.dtype).max
    return opaque


def _is_fitted(
    points: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], rows: Any, chunk: int, threads: int
) -> bool:
    """Tell whether rows are about the means of the pixels nearest to them, see `_MAX_SHARE_OF_MEANS`."""
    kernel = kernels.quantization.blue_noise
    nearest = np.empty(len(points), np.int32)

    def work(worker: int, start: int, stop: int) -> None:
        kernel.find_nearest(points, start, stop, rows, nearest)

    over_chunks(work, len(points), chunk, threads)
    sums = np.zeros((len(rows.names), 6), np.int64)
    kernel.sum_errors(points, counts, nearest, rows, sums)
    of_means = 0.0
    for number, *errors, _ in sums.tolist():
        for error in errors if number else ():
            of_means += float(error * error) / number
    of_rounding = 64 * int(counts.sum())  # 3 channels with a variance of 1/12 level^2
    return of_means - of_rounding <= _MAX_SHARE_OF_MEANS * int(sums[:, 5].sum())


def _rows(
    palette: npt.NDArray[Any], allowed: npt.NDArray[np.bool_], coordinates: Coordinates
) -> tuple[Any, npt.NDArray[np.float64]]:
    """Return the allowed (k,) rows of a palette, and the facets (f, 4) of their convex hull.

    The rows are a `fastkq.kernels.quantization.blue_noise.Rows`. Of rows with the same coordinates, the one
    with the smallest values is kept, and of equal rows the one with the lowest index.
    """
    points, luminance = _points(palette, coordinates), _LUMINANCE[coordinates.space]
    order = np.lexsort(palette.T[::-1])
    order = order[allowed[order]]
    _, first = np.unique(points[order], axis=0, return_index=True)
    order = order[np.sort(first)]
    distinct = np.ascontiguousarray(points[order].T)
    x, y, z = distinct[:3]
    luminances = luminance[0] * x + luminance[1] * y + luminance[2] * z
    surface = facets(np.ascontiguousarray(points[order, :3]))
    is_vertex = np.zeros(len(order), bool)
    for a, b, c, offset in surface:
        is_vertex |= a * x + b * y + c * z >= offset - 1e-6
    kernel = kernels.quantization.blue_noise
    rows = kernel.Rows(
        points=distinct,
        luminances=luminances,
        direction=np.array(luminance),
        costs=kernel.row_costs(distinct, luminances),
        names=order,
        is_vertex=is_vertex,
        stiffness=max(1.0, _median_gap(distinct) / _GAP_OF_STIFFNESS),
    )
    return rows, surface


def _points(colors: npt.NDArray[Any], coordinates: Coordinates) -> npt.NDArray[np.float64]:
    """Return the coordinates (n, 4) of colors (n, C), in levels."""
    points: npt.NDArray[np.float64] = coordinates.of(colors[np.newaxis])[0] / coordinates.level
    return points


def _median_gap(points: npt.NDArray[np.float64]) -> float:
    """Return the median distance of distinct points (4, n) from the nearest other one; 0 for one point."""
    number = points.shape[1]
    if number == 1:
        return 0.0
    ascending = np.ascontiguousarray(np.rint(points.T[np.argsort(points[0], kind="stable")] * 256), np.int64)
    gaps = np.empty(number, np.int64)
    for part in slices(number, _ROWS_PER_CALL):
        kernels.quantization.cell_index.measure_gaps(ascending, part.start, part.stop, gaps)
    return float(np.sqrt(np.sort(gaps)[number // 2])) / 256
