"""Preparation of a palette for the nearest-row search by cells of the color space."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.spaces.rgb import ALPHA_WEIGHT
from fastkq.runtime.progress import slices

PLAIN_ALPHA = 8
"""Alpha of the pixels of images without alpha: with it, coordinates are sixteenths of a level."""

_ROWS_PER_CALL = 1 << 9  # palette rows per kernel call, between two checkpoints
_LIST_CAPACITY = 1 << 18  # rows: capacity of the candidate lists; a photograph needs 60,000 at k = 256


def prepare(palette: npt.NDArray[Any], threads: int) -> list[Any]:
    """Return a `fastkq.kernels.quantization.cell_index.CellIndex` of a palette (k, C) for each thread.

    The values of the palette are levels from 0 to 255 and may have fractions. The coordinates of gray and RGB
    are sixteenths of a level. Those of RGBA are the ones of `fastkq.color.spaces.rgb` with the origin
    shifted, so that none is negative.
    """
    values = palette.astype(np.float64)
    with_alpha = palette.shape[1] == 4
    opaque = 255 if with_alpha else PLAIN_ALPHA
    alpha = values[:, 3:] if with_alpha else np.full((len(values), 1), PLAIN_ALPHA, np.float64)
    colors = values[:, :3] if palette.shape[1] > 1 else np.repeat(values, 3, axis=1)
    planes = ((2 * colors - 255) * alpha + 255 * opaque, ALPHA_WEIGHT * alpha)
    coordinates = np.rint(np.concatenate(planes[: 1 + with_alpha], axis=1)).astype(np.int32)
    return of_coordinates(coordinates, 17 if with_alpha else 12, threads, opaque)


def of_coordinates(
    coordinates: npt.NDArray[np.int32], coordinate_bits: int, threads: int, opaque: int = 0
) -> list[Any]:
    """Return a `fastkq.kernels.quantization.cell_index.CellIndex` of palette rows (k, C) for each thread.

    `coordinate_bits` is the number of bits of a coordinate.
    """
    _, first_places = np.unique(coordinates, axis=0, return_index=True)
    numbers = np.sort(first_places).astype(np.int32)
    different, gaps = np.ascontiguousarray(coordinates[numbers].T, np.float64), _gaps(coordinates, numbers)
    dims, distinct = different.shape
    bits = _cell_bits(len(coordinates), dims == 4)
    kernel = kernels.quantization.cell_index
    capacity = max(_LIST_CAPACITY, 4 * distinct)
    prepared = kernel.Palette(
        coordinates=coordinates,
        different=different,
        numbers=numbers,
        shift=coordinate_bits - bits,
        bits=bits,
        opaque=opaque,
        alpha_weight=ALPHA_WEIGHT,
        gaps=gaps,
    )
    return [
        kernel.CellIndex(
            prepared,
            kernel.CandidateLists(
                fine=np.zeros(1 << dims * bits, np.int64),
                coarse=np.zeros(1 << dims * (bits - kernel.COARSER), np.int64),
                lists=np.empty((capacity, dims + 1), np.int32),
                coarse_lists=np.empty(capacity, np.int32),
                used=np.zeros(2, np.int64),
                low=np.empty(dims),
                high=np.empty(dims),
                scratch=np.empty(distinct),
                places=np.arange(distinct, dtype=np.int32),
                group=np.empty((dims, distinct)),
                group_places=np.empty(distinct, np.int32),
                few=np.empty((dims, distinct)),
                few_places=np.empty(distinct, np.int32),
            ),
        )
        for _ in range(threads)
    ]


def _cell_bits(k: int, with_alpha: bool) -> int:
    """Return the number of high bits of a coordinate, which number the cell along a dimension.

    More rows need smaller cells, so that the candidate lists stay short.
    """
    if with_alpha:
        return 4
    if k <= 32:
        return 3
    return 4 if k <= 128 else 5


def _gaps(coordinates: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return the squared distance (k,) of each row from the nearest other one; `numbers` excludes duplicates.

    Entries of duplicate rows are undefined: no pixel is mapped to them.
    """
    order = numbers[np.argsort(coordinates[numbers, 0], kind="stable")]
    gaps = np.empty(len(coordinates), np.int64)
    distinct_gaps = np.empty(len(order), np.int64)
    sorted_rows = coordinates[order].astype(np.int64)
    for part in slices(len(order), _ROWS_PER_CALL):
        kernels.quantization.cell_index.measure_gaps(sorted_rows, part.start, part.stop, distinct_gaps)
    gaps[order] = distinct_gaps
    return gaps
