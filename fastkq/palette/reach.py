"""Which colours must be within a distance of a row, and rows that have them so."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels, mapping
from fastkq.color import packed_table
from fastkq.color.spaces import Space, are_opaque, opacity, to_coordinates, unit
from fastkq.runtime.progress import checkpoint, slices
from fastkq.runtime.validation import MAX_COLOURS

Colours = npt.NDArray[np.uint8]

_COLOURS_PER_CHUNK = 1 << 18
_COLOURS_AT_ONCE = 1 << 21


class Reach:
    """The colours that must be within a distance of a row, opaque ones of an opaque row."""

    def __init__(
        self, counted: packed_table.PackedTable, max_error: float, min_share: float, space: Space
    ) -> None:
        self.radius = (max_error * unit(counted.channels, space)) ** 2
        self.space, self._counted = space, counted
        self._coordinates = to_coordinates(counted.colours, space).astype(np.float64)
        self._opaque = are_opaque(self._coordinates, opacity(space))
        self._matters = counted.counts > min_share * counted.counts.sum()
        if self._opaque.any():
            # Opaque colours need a row of their own kind, however few they are.
            self._matters[np.argmax(np.where(self._opaque, counted.counts, 0))] = True

    def distances(self, palette: Colours, labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Squared distances (M,) of the colours from their rows; 0 for those that do not matter."""
        rows = to_coordinates(palette, self.space).astype(np.float64)
        distances = np.empty(len(labels))
        for part in slices(len(labels), _COLOURS_PER_CHUNK):
            distances[part] = _squared(self._coordinates[:, part] - rows[:, labels[part]])
            distances[part][~self._matters[part]] = 0.0
        return distances

    def labels(self, palette: Colours, threads: int = 1) -> npt.NDArray[Any]:
        """Nearest row of each colour, (M,)."""
        return mapping.label(self._counted, palette, threads, self.space).labels

    def with_transparent(self, rows: Colours) -> Colours:
        """The rows (f, C), and one for the transparent colour of RGBA, if there is any."""
        if self._counted.channels != 4 or self._counted.keys[0] != 0 or (rows[:, 3] == 0).any():
            return rows
        return np.concatenate((rows, np.zeros((1, 4), np.uint8)))

    def unreached(self, rows: Colours) -> npt.NDArray[np.bool_]:
        """Which of the colours that matter, (M,) bool, are within reach of none of the rows (f, C)."""
        far: npt.NDArray[np.bool_] = self._matters.copy()
        coordinates = to_coordinates(rows, self.space).astype(np.float64)
        opaque = are_opaque(coordinates, opacity(self.space))
        for own, seen in ((self._opaque, opaque), (~self._opaque, np.ones(len(rows), bool))):
            if own.any() and seen.any():
                part = self._counted._replace(keys=self._counted.keys[own], counts=self._counted.counts[own])
                labels = mapping.label(part, rows[seen], space=self.space).labels
                checkpoint()
                distances = _squared(self._coordinates[:, own] - coordinates[:, seen][:, labels])
                far[own] &= distances > self.radius
                checkpoint()
        return far

    def covered(self, rows: Colours, far: npt.NDArray[np.bool_]) -> Colours:
        """The rows (f, C), and others that have all colours that are far, (M,) bool, within reach."""
        opaque = far & self._opaque
        if opaque.any():
            rows = self._with(rows, self._cover(np.flatnonzero(opaque)))
            far = far & self.unreached(rows)
        return self._with(rows, self._cover(np.flatnonzero(far)))

    def _with(self, rows: Colours, colours: npt.NDArray[np.intp]) -> Colours:
        return np.concatenate((rows, packed_table.colours_of(self._counted.keys[colours], rows.shape[1])))

    def _cover(self, colours: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Few of the colours, within reach of all of them; all when they are too many for a palette."""
        if len(colours) == 0:
            return colours
        points = self._coordinates[:, colours]
        points = points[np.argsort(-np.ptp(points, axis=1), kind="stable")]
        order = np.argsort(points[0], kind="stable")
        chosen = np.empty(min(len(colours), MAX_COLOURS), np.int64)
        reach = self.radius**0.5 * (1 + 1e-9)
        points, is_covered, state = (
            np.ascontiguousarray(points[:, order]),
            np.zeros(len(colours), np.uint8),
            np.zeros(3, np.int64),
        )
        while state[0] < len(colours) and state[2] >= 0:
            checkpoint()
            kernels.kmeans.greedy_cover.cover(
                points, is_covered, reach, self.radius, chosen, state, _COLOURS_AT_ONCE
            )
        number = int(state[2])
        return colours if number < 0 else colours[order[chosen[:number]]]


def _squared(differences: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Squared lengths (M,) of vectors (C, M)."""
    total = np.zeros(differences.shape[1])
    for row in differences:
        total += row * row
    return total
