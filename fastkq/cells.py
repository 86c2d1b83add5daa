"""Palettes made ready for a search by cells of the colour space."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.spaces import ALPHA_WEIGHT

_ROWS_LISTED = 1 << 18
"""Room for lists: of a photograph they need 60,000 rows at k = 256."""


def prepared(palette: npt.NDArray[np.uint8]) -> Any:
    """A palette (k, C) as a `fastkq.kernels.cells.Palette`.

    Gray and RGB are in sixteenths of a level, RGBA is as `fastkq.spaces` has it, but for the origin.
    """
    values = palette.astype(np.int32)
    with_alpha = palette.shape[1] == 4
    opaque = 255 if with_alpha else 8
    alpha = values[:, 3:] if with_alpha else opaque
    colours = values[:, :3] if palette.shape[1] > 1 else np.repeat(values, 3, axis=1)
    coordinates = (2 * colours - 255) * alpha + 255 * opaque
    if with_alpha:
        coordinates = np.concatenate((coordinates, ALPHA_WEIGHT * alpha), axis=1)
    _, firsts = np.unique(coordinates, axis=0, return_index=True)
    numbers = np.sort(firsts).astype(np.int32)
    shift, bits = (13, 4) if with_alpha else (7, 5)
    return kernels.cells.Palette(
        coordinates=np.ascontiguousarray(coordinates),
        different=np.ascontiguousarray(coordinates[numbers].T, np.float64),
        numbers=numbers,
        shift=shift,
        bits=bits,
        opaque=opaque,
        alpha_weight=ALPHA_WEIGHT,
    )


def memory(searched: Any) -> Any:
    """Room for one worker's lists, a `fastkq.kernels.cells.Memory`."""
    dims, k = searched.different.shape
    listed = max(_ROWS_LISTED, 4 * k)
    return kernels.cells.Memory(
        fine=np.zeros(1 << dims * searched.bits, np.int64),
        coarse=np.zeros(1 << dims * (searched.bits - kernels.cells.COARSER), np.int64),
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
