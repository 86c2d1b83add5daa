"""Lattices of colors with few bits per channel, as display hardware stores palettes (RGB565, RGB555, RGB332).

A value v of b bits stands for the level v * peak / (2^b - 1), rounded, where the peak is 255 or 65535: the
usual expansion, with which 0 stays 0 and the largest value becomes the peak.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.descent import descend, squared_distances
from fastkq.color.embedding import Embedding
from fastkq.color.kinds import has_alpha
from fastkq.color.oklab_embedding import OklabEmbedding
from fastkq.color.spaces import SpaceMetric
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates, Vectors

_MAX_LISTED = 1 << 10
"""Lattices of at most this many colors are searched in full where distances are those of Oklab."""
_DISTANCES_AT_ONCE = 1 << 20
_COLORS_AT_ONCE = 1 << 12
_COLORS_WITH_ALPHA_AT_ONCE = 1 << 14

PlainMetric = SpaceMetric | Embedding | OklabEmbedding


class Lattice(NamedTuple):
    """Colors whose channels hold few bits.

    Attributes
    ----------
    bits : tuple of int
        Bits of each channel, in the working form of the image (see `fastkq.color.kinds`).
    dtype : numpy.dtype
        uint8 or uint16.
    """

    bits: tuple[int, ...]
    dtype: np.dtype[Any]

    def levels(self, channel: int) -> npt.NDArray[np.float64]:
        """Return the levels (2^bits,) of a channel, ascending."""
        return _levels(self.bits[channel], int(np.iinfo(self.dtype).max))

    def of_channels(self, channels: int) -> "Lattice":
        """Return the lattice of the first channels."""
        return self._replace(bits=self.bits[:channels])

    def round(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the colors (M, C) of the lattice nearest to values (M, C), channel by channel.

        Of two equally near levels the lower one is taken.
        """
        return self._colors(self._places(values))

    def _places(self, values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        places = np.empty(values.shape, np.int64)
        for channel in range(values.shape[1]):
            levels = self.levels(channel)
            places[:, channel] = np.searchsorted((levels[1:] + levels[:-1]) / 2, values[:, channel])
        return places

    def _colors(self, places: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return the colors (..., C) with the given numbers of levels."""
        colors = np.empty(places.shape, self.dtype)
        for channel in range(places.shape[-1]):
            colors[..., channel] = self.levels(channel)[places[..., channel]]
        return colors

    def list_colors(self) -> npt.NDArray[Any]:
        """Return all colors of the lattice."""
        axes = [np.arange(1 << bits) for bits in self.bits]
        return self._colors(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes)))

    def around(self, colors: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return each color (M, C), then those that differ from it by one level per channel: (3^C, M, C)."""
        steps = np.stack(np.meshgrid(*[[0, -1, 1]] * len(self.bits), indexing="ij"), axis=-1)
        places = self._places(colors) + steps.reshape(-1, 1, len(self.bits))
        return self._colors(np.clip(places, 0, np.array([(1 << bits) - 1 for bits in self.bits])))


@cache
def _levels(bits: int, peak: int) -> npt.NDArray[np.float64]:
    return np.floor(np.arange(1 << bits) * peak / ((1 << bits) - 1) + 0.5)


class LatticeMetric(NamedTuple):
    """A metric whose coordinates are converted to colors of a lattice.

    Its methods are those of `fastkq.color.spaces.SpaceMetric` and `fastkq.color.embedding.Embedding`.
    """

    metric: PlainMetric
    lattice: Lattice

    def to_coordinates(self, colors: npt.NDArray[Any]) -> Coordinates:
        """Convert colors (M, C), of the lattice or not, to coordinates (C, M)."""
        return self.metric.to_coordinates(colors)

    def embed(self, colors: npt.NDArray[Any]) -> Vectors:
        """Return the vectors (M, C) of colors (M, C)."""
        assert not isinstance(self.metric, SpaceMetric)
        return self.metric.embed(colors)

    @property
    def channels(self) -> int:
        """Number of channels of the colors."""
        return self.metric.channels

    @property
    def unit(self) -> float:
        """Difference of coordinates that is one unit of distance."""
        assert isinstance(self.metric, SpaceMetric)
        return self.metric.unit

    @property
    def opacity(self) -> float:
        """Last coordinate of opaque colors."""
        return self.metric.opacity

    def to_colors(self, coordinates: Coordinates) -> npt.NDArray[Any]:
        """Return the nearest colors (M, C) of the lattice to coordinates (C, M).

        They are exact in RGB and for 16 bits. In Oklab, lattices of more than 2^10 colors are searched by
        descent, as in `fastkq.color.spaces.oklab.to_colors`. Coordinates of opaque colors get opaque colors.
        """
        if not has_alpha(self.lattice.dtype, self.channels):
            return _nearest(self.metric, self.lattice, coordinates.astype(np.float64))
        targets = coordinates.astype(np.float64)
        colors = np.empty((targets.shape[1], self.channels), self.lattice.dtype)
        for part in slices(targets.shape[1], _COLORS_WITH_ALPHA_AT_ONCE):
            colors[part] = self._with_alpha(targets[:, part])
        return colors

    def nearest(self, colors: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """Return the nearest color of the lattice of each color (M, C), and its squared distance (M,)."""
        coordinates = self.to_coordinates(colors)
        rounded = self.to_colors(coordinates)
        return rounded, squared_distances(self.to_coordinates(rounded), coordinates)

    def _with_alpha(self, targets: Coordinates) -> npt.NDArray[Any]:
        """Return the nearest colors with alpha: the best color for each alpha, and of these the nearest.

        The levels of alpha are tried from the nearest on, until alpha alone is farther away than the best
        color so far.
        """
        alphas = self.lattice.levels(self.channels - 1)
        weight = self.opacity / float(np.iinfo(self.lattice.dtype).max)
        plain, plain_lattice = self.metric.of_opaque(), self.lattice.of_channels(self.channels - 1)
        best = np.full(targets.shape[1], np.inf)
        colors = np.zeros((targets.shape[1], self.channels), self.lattice.dtype)
        order = np.argsort(np.abs(alphas[:, None] * weight - targets[-1]), axis=0, kind="stable")
        is_opaque = targets[-1] == self.opacity
        for places in order:
            alpha = alphas[places]
            pending = np.flatnonzero((alpha * weight - targets[-1]) ** 2 < best)
            if len(pending) == 0:
                break
            alpha, part = alpha[pending], targets[:, pending]
            visible = self.metric.seen_at(part[:-1], np.maximum(alpha, 1))
            tried = np.empty((len(pending), self.channels), self.lattice.dtype)
            tried[:, :-1] = _nearest(plain, plain_lattice, visible)
            tried[:, -1] = alpha
            tried[alpha == 0] = 0
            distances = squared_distances(self.metric.to_coordinates(tried), part)
            is_nearer = distances < best[pending]
            nearer = pending[is_nearer]
            best[nearer], colors[nearer] = distances[is_nearer], tried[is_nearer]
            best[nearer[is_opaque[nearer]]] = 0.0  # an opaque color stays opaque
        return colors


Metric = PlainMetric | LatticeMetric
"""Metrics of colors: what converts them to coordinates, and coordinates to colors that may be stored."""


def _nearest(metric: PlainMetric, lattice: Lattice, targets: Coordinates) -> npt.NDArray[Any]:
    """Return the nearest colors (M, C) without alpha to coordinates (C, M)."""
    if isinstance(metric, Embedding) or metric.space == "rgb":
        return lattice.round(targets.T)
    if sum(lattice.bits) <= _MAX_LISTED.bit_length() - 1:
        listed = lattice.list_colors()
        places = metric.to_coordinates(listed)[:, :, None]
        nearest = np.empty(targets.shape[1], np.intp)
        for part in slices(targets.shape[1], _DISTANCES_AT_ONCE // len(listed)):
            nearest[part] = np.argmin(squared_distances(places, targets[:, None, part]), axis=0)
        chosen: npt.NDArray[Any] = listed[nearest]
        return chosen
    colors = np.empty((targets.shape[1], metric.channels), lattice.dtype)
    for part in slices(targets.shape[1], _COLORS_AT_ONCE):
        starts = lattice.round(metric.to_colors(targets[:, part]).astype(np.float64))
        colors[part] = descend(starts, targets[:, part], lattice.around, metric.to_coordinates)
    return colors
