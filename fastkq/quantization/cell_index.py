"""Preparation of a palette for the nearest-row search by cells of the color space."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.spaces.rgb import ALPHA_WEIGHT
from fastkq.runtime.progress import slices

OPAQUE = 8
"""Value used for alpha of gray and RGB images: with it, coordinates are sixteenths of a level."""

_ROWS_PER_CALL = 1 << 9  # palette rows per kernel call, between two checkpoints
_LIST_CAPACITY = 1 << 18  # rows: capacity of the candidate lists; a photograph needs 60,000 at k = 256


def prepare_palette(palette: npt.NDArray[Any]) -> Any:
    """Return a palette (k, C) as a `fastkq.kernels.quantization.cell_index.Palette`.

    Its values are levels from 0 to 255 and may have fractions. The coordinates of gray and RGB are sixteenths
    of a level. Those of RGBA are the ones of `fastkq.color.spaces.rgb` with the origin shifted, so that none
    is negative.
    """
    values = palette.astype(np.float64)
    with_alpha = palette.shape[1] == 4
    opaque = 255 if with_alpha else OPAQUE
    alpha = values[:, 3:] if with_alpha else np.full((len(values), 1), OPAQUE, np.float64)
    colors = values[:, :3] if palette.shape[1] > 1 else np.repeat(values, 3, axis=1)
    planes = ((2 * colors - 255) * alpha + 255 * opaque, ALPHA_WEIGHT * alpha)
    coordinates = np.rint(np.concatenate(planes[: 1 + with_alpha], axis=1)).astype(np.int32)
    _, first_places = np.unique(coordinates, axis=0, return_index=True)
    numbers = np.sort(first_places).astype(np.int32)
    shift, bits = _cell_size(len(palette), with_alpha)
    return kernels.quantization.cell_index.Palette(
        coordinates=coordinates,
        different=np.ascontiguousarray(coordinates[numbers].T, np.float64),
        numbers=numbers,
        shift=shift,
        bits=bits,
        opaque=opaque,
        alpha_weight=ALPHA_WEIGHT,
        gaps=_gaps(coordinates, numbers),
    )


def _cell_size(k: int, with_alpha: bool) -> tuple[int, int]:
    """Return the number of low bits of a coordinate, within a cell, and of high bits, which number the cell.

    More rows need smaller cells, so that the candidate lists stay short.
    """
    if with_alpha:
        return 13, 4
    if k <= 32:
        return 9, 3
    return (8, 4) if k <= 128 else (7, 5)


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


def candidate_lists(prepared_palette: Any) -> Any:
    """Return the buffers of one worker for candidate lists, the `CandidateLists` of its kernels."""
    dims, k = prepared_palette.different.shape
    capacity = max(_LIST_CAPACITY, 4 * k)
    return kernels.quantization.cell_index.CandidateLists(
        fine=np.zeros(1 << dims * prepared_palette.bits, np.int64),
        coarse=np.zeros(
            1 << dims * (prepared_palette.bits - kernels.quantization.cell_index.COARSER), np.int64
        ),
        lists=np.empty((capacity, dims + 1), np.int32),
        coarse_lists=np.empty(capacity, np.int32),
        used=np.zeros(2, np.int64),
        low=np.empty(dims),
        high=np.empty(dims),
        scratch=np.empty(k),
        places=np.arange(k, dtype=np.int32),
        group=np.empty((dims, k)),
        group_places=np.empty(k, np.int32),
        few=np.empty((dims, k)),
        few_places=np.empty(k, np.int32),
    )
