"""The points that cost most."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.threads import over_chunks

_POINTS_PER_CHUNK = 1 << 18


def costliest(
    distances: npt.NDArray[Any], weights: npt.NDArray[np.float64], number: int
) -> npt.NDArray[np.intp]:
    """So many points of the largest distance times weight, both (M,), falling, the first of equals first."""
    chosen: list[npt.NDArray[np.intp]] = []

    def work(worker: int, start: int, stop: int) -> None:
        costs = -distances[start:stop] * weights[start:stop]
        chosen.append(start + np.sort(np.argsort(costs, kind="stable")[:number]))

    over_chunks(work, len(weights), _POINTS_PER_CHUNK, 1)
    places = np.concatenate(chosen)
    order = np.argsort(-distances[places] * weights[places], kind="stable")
    return places[order[:number]]
