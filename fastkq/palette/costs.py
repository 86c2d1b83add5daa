"""The points that cost most."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.runtime.progress import slices

_POINTS_AT_ONCE = 1 << 18


def costliest(
    distances: npt.NDArray[Any], weights: npt.NDArray[np.float64], number: int
) -> npt.NDArray[np.intp]:
    """So many points of the largest distance times weight, both (M,), falling, the first of equals first."""
    chosen: list[npt.NDArray[np.intp]] = []
    for part in slices(len(weights), _POINTS_AT_ONCE):
        costs = -distances[part] * weights[part]
        chosen.append(part.start + np.sort(np.argsort(costs, kind="stable")[:number]))
    places = np.concatenate(chosen)
    order = np.argsort(-distances[places] * weights[places], kind="stable")
    return places[order[:number]]
