"""Dithering with a blue-noise mask."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import counting
from fastkq.color.indexed_image import index_dtype
from fastkq.color.kinds import OPAQUE_ALPHA, RGBA
from fastkq.color.spaces.rgb import ALPHA_WEIGHT
from fastkq.kmeans.points import MIN_CENTROIDS_FOR_GROUP
from fastkq.quantization import error_diffusion
from fastkq.quantization.facets import facets
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices

_PIXELS_PER_CHUNK = 1 << 16
_COLORS_PER_CHUNK = 1 << 10  # for up to 64 rows; fewer for larger palettes
_ROWS_PER_CALL = 1 << 9  # palette rows per kernel call, between two checkpoints

_GAP_OF_STIFFNESS = 7.0
"""Levels: with this median distance of the rows from their neighbors a squared error of the mean color counts
as much as variance, with larger distances proportionally more. Measured with fitted palettes, k = 16, 64 and
256: SSIMULACRA2 is highest with 7 to 10 on Kodak, with 5 to 7 on CQ100."""

_LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue (ITU-R BT.709)


def ordered(
    image: npt.NDArray[np.uint8],
    palette: npt.NDArray[np.uint8],
    strength: float = 1.0,
    threads: int = 1,
    *,
    is_fitted: bool = False,
) -> npt.NDArray[np.unsignedinteger]:
    """Dither an image with a blue-noise mask.

    The index of a pixel depends only on its color and position, so still parts of a video do not flicker. A
    color of the palette gets its row without noise. For a color at least 8 levels inside the convex hull of
    the palette, the mean color of a field is right. Near the surface of the hull and outside, rows that are
    far from the color are used less, so that they leave no specks.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
    palette : (k, C) uint8
        At most 65,536 rows in any order; duplicates are allowed. While dithering, ties between rows go by
        their values: an image looks the same with a permuted palette.
    strength : float
        Share of the way from the nearest row to a color by which the mean color follows it, 0 to 1. With 0
        each pixel gets the index of its nearest row, the lowest index among equals.
    threads : int
        Number of threads. The result does not depend on it.
    is_fitted : bool
        Whether the palette was fitted to the colors of the image. Then no color counts as inside the hull:
        rows are near all colors, and noise would be worse than the small error of the mean.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows

    Notes
    -----
    The methods and their sources are in `fastkq.kernels.quantization.blue_noise`.
    """
    if strength == 0:
        return error_diffusion.diffuse(image, palette, 0.0, threads)
    height, width = image.shape[:2]
    table = counting.count(image, threads)
    numbers = table.look_up(image, np.arange(len(table), dtype=np.int32), threads)
    plans = _plans(table.colors, palette, strength, is_fitted, threads)
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
    colors: npt.NDArray[np.uint8],
    palette: npt.NDArray[np.uint8],
    strength: float,
    is_fitted: bool,
    threads: int,
) -> tuple[npt.NDArray[np.unsignedinteger], npt.NDArray[np.uint16]]:
    """Return the plan of each color, see `fastkq.kernels.quantization.blue_noise.find_plans`."""
    kernel = kernels.quantization.blue_noise
    points, row_points = _coordinates(colors), _coordinates(palette)
    plan_rows = np.empty((len(colors), kernel.MAX_ROWS), index_dtype(len(palette)))
    limits = np.empty((len(colors), kernel.MAX_ROWS - 1), np.uint16)
    chunk = max(16, _COLORS_PER_CHUNK * 64 // max(64, len(palette)))

    def find(selection: npt.NDArray[np.intp], names: npt.NDArray[np.intp], has_exact_means: bool) -> None:
        rows = _rows(palette[names], row_points[names], names, has_exact_means)
        selected = points[selection]
        found_rows, found_limits = plan_rows[: len(selected)], limits[: len(selected)]
        if len(selected) < len(points):
            found_rows, found_limits = found_rows.copy(), found_limits.copy()

        def work(worker: int, start: int, stop: int) -> None:
            kernel.find_plans(selected, start, stop, rows, strength, found_rows, found_limits)

        over_chunks(work, len(selected), chunk, threads)
        plan_rows[selection], limits[selection] = found_rows, found_limits

    names = np.arange(len(palette))
    opaque_rows = names if palette.shape[1] < RGBA else names[palette[:, 3] == OPAQUE_ALPHA]
    is_opaque = np.ones(len(colors), bool) if colors.shape[1] < RGBA else colors[:, 3] == OPAQUE_ALPHA
    if len(opaque_rows) == 0 or len(names) < MIN_CENTROIDS_FOR_GROUP:
        opaque_rows = names
    if is_opaque.any():
        find(np.flatnonzero(is_opaque), opaque_rows, not is_fitted)
    if not is_opaque.all():
        find(np.flatnonzero(~is_opaque), names, False)
    return plan_rows, limits


def _rows(
    palette: npt.NDArray[np.uint8],
    points: npt.NDArray[np.float64],
    names: npt.NDArray[np.intp],
    has_exact_means: bool,
) -> Any:
    """Return the `fastkq.kernels.quantization.blue_noise.Rows` of palette rows (n, C) and their coordinates.

    Of rows with the same coordinates, the one with the smallest values is kept, and of equal rows the one
    with the lowest index.
    """
    order = np.lexsort(palette.T[::-1])
    _, first = np.unique(points[order], axis=0, return_index=True)
    order = order[np.sort(first)]
    distinct = np.ascontiguousarray(points[order].T)
    x, y, z = distinct[:3]
    luminances = _LUMINANCE[0] * x + _LUMINANCE[1] * y + _LUMINANCE[2] * z
    surface = facets(distinct[:3].T) if has_exact_means else np.empty((0, 4))
    is_vertex = np.zeros(len(order), bool)
    for a, b, c, offset in surface:
        is_vertex |= a * x + b * y + c * z >= offset - 1e-6
    kernel = kernels.quantization.blue_noise
    return kernel.Rows(
        points=distinct,
        luminances=luminances,
        direction=np.array(_LUMINANCE),
        costs=kernel.row_costs(distinct, luminances),
        names=names[order],
        is_vertex=is_vertex,
        facets=surface,
        stiffness=max(1.0, _median_gap(distinct) / _GAP_OF_STIFFNESS),
    )


def _coordinates(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the coordinates (n, 4) of colors (n, C), in levels; see `fastkq.color.spaces.rgb` for RGBA."""
    values = colors.astype(np.float64)
    if values.shape[1] < RGBA:
        return np.column_stack((np.broadcast_to(values, (len(values), 3)), np.zeros(len(values))))
    alpha = values[:, 3:] / OPAQUE_ALPHA
    return np.column_stack(((values[:, :3] - 127.5) * alpha, ALPHA_WEIGHT / 2 * alpha))


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
