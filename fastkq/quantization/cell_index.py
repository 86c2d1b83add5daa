"""Palettes made ready for a search by cells of the colour space."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.spaces.rgb import ALPHA_WEIGHT
from fastkq.runtime.progress import slices

OPAQUE = 8
"""What stands for alpha where there is none, so that a coordinate is a sixteenth of a level."""

_ROWS_AT_ONCE = 1 << 9
_ROWS_LISTED = 1 << 18
"""Room for lists: of a photograph they need 60,000 rows at k = 256."""


def prepared(palette: npt.NDArray[Any]) -> Any:
    """A palette (k, C), of whole levels or not, as a `fastkq.kernels.quantization.cell_index.Palette`.

    Gray and RGB are in sixteenths of a level, RGBA is as `fastkq.color.spaces` has it, but for the origin.
    """
    values = palette.astype(np.float64)
    with_alpha = palette.shape[1] == 4
    opaque = 255 if with_alpha else OPAQUE
    alpha = values[:, 3:] if with_alpha else np.full((len(values), 1), OPAQUE, np.float64)
    colours = values[:, :3] if palette.shape[1] > 1 else np.repeat(values, 3, axis=1)
    planes = ((2 * colours - 255) * alpha + 255 * opaque, ALPHA_WEIGHT * alpha)
    coordinates = np.rint(np.concatenate(planes[: 1 + with_alpha], axis=1)).astype(np.int32)
    _, firsts = np.unique(coordinates, axis=0, return_index=True)
    numbers = np.sort(firsts).astype(np.int32)
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
    """Bits of a coordinate within a cell, and those that name the cell: the more rows, the smaller cells."""
    if with_alpha:
        return 13, 4
    if k <= 32:
        return 9, 3
    return (8, 4) if k <= 128 else (7, 5)


def _gaps(coordinates: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    order = numbers[np.argsort(coordinates[numbers, 0], kind="stable")]
    gaps = np.empty(len(coordinates), np.int64)
    of_different = np.empty(len(order), np.int64)
    rising = coordinates[order].astype(np.int64)
    for part in slices(len(order), _ROWS_AT_ONCE):
        kernels.quantization.cell_index.measure_gaps(rising, part.start, part.stop, of_different)
    gaps[order] = of_different
    return gaps


def memory(searched: Any) -> Any:
    """Room for one worker's lists, a `fastkq.kernels.quantization.cell_index.Memory`."""
    dims, k = searched.different.shape
    listed = max(_ROWS_LISTED, 4 * k)
    return kernels.quantization.cell_index.Memory(
        fine=np.zeros(1 << dims * searched.bits, np.int64),
        coarse=np.zeros(1 << dims * (searched.bits - kernels.quantization.cell_index.COARSER), np.int64),
        lists=np.empty((listed, dims + 1), np.int32),
        coarse_lists=np.empty(listed, np.int32),
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
