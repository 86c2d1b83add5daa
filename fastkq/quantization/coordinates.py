"""Integer coordinates of colors in the space in which an image is dithered: sRGB, linear light or Oklab.

Each channel has a value from 0 to 1: of sRGB the level divided by the highest level; of linear light the
light of that level, 0 for black and 1 for white (IEC 61966-2-1); of Oklab L, and a and b plus 1/2. Gray has
three equal channels. The coordinate is `EXTENT` times the value.

With alpha from 0 to 1, the coordinate is `EXTENT_WITH_ALPHA * ((value - 1/2) * alpha + 1/2)`, and there is a
fourth one, a multiple of alpha. As in `fastkq.color.spaces`, distances are then those of the composites over
black, gray and white.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.oklab_embedding import linear_light
from fastkq.color.spaces import oklab, rgb
from fastkq.color.value_range import ValueRange
from fastkq.runtime.options import DitherSpace

BITS, BITS_WITH_ALPHA = 16, 17  # coordinates are below 2^BITS
EXTENT, EXTENT_WITH_ALPHA = 257 * 255, 2 * 255 * 255


class Coordinates(NamedTuple):
    """The coordinates of images of one dtype and number of channels in a space.

    Attributes
    ----------
    space : {"rgb", "linear", "oklab"}
    with_alpha : bool
        Whether the last of four channels is alpha.
    value_range : ValueRange or None
        The values of black and white; beyond them they are clipped, and NaN is black. None: those of uint8 or
        uint16. Values other than those of uint8 and uint16 are rounded to 65,536 levels.
    """

    space: DitherSpace
    with_alpha: bool
    value_range: ValueRange | None = None

    @property
    def bits(self) -> int:
        """Bits of a coordinate."""
        return BITS_WITH_ALPHA if self.with_alpha else BITS

    @property
    def extent(self) -> int:
        """The coordinate of white."""
        return EXTENT_WITH_ALPHA if self.with_alpha else EXTENT

    @property
    def full_alpha(self) -> int:
        """The fourth coordinate of opaque colors; 0 without alpha."""
        if not self.with_alpha:
            return 0
        share = (
            oklab.alpha_weight() * 255 / oklab.unit(4) if self.space == "oklab" else rgb.ALPHA_WEIGHT / 510
        )
        return round(share * self.extent)

    @property
    def level(self) -> float:
        """A level of 8 bits of an opaque color."""
        return self.extent / 255

    def of(self, colors: npt.NDArray[Any], points: npt.NDArray[np.int32] | None = None) -> Any:
        """Return the coordinates (H, W, 4) int32 of colors (H, W, C), C = 1, 3 or 4.

        They are written to `points` if it is given.
        """
        levels = self._levels(np.ascontiguousarray(colors))
        light = _light(255 if levels.dtype == np.uint8 else 65535, self.space != "rgb")
        out = np.empty((*colors.shape[:2], 4), np.int32) if points is None else points
        kernels.quantization.coordinates.convert(
            levels, light, self.space == "oklab", float(self.extent), float(self.full_alpha), out
        )
        return out

    def _levels(self, colors: npt.NDArray[Any]) -> npt.NDArray[np.unsignedinteger]:
        full_range = ValueRange.of(colors.dtype)
        value_range = self.value_range or full_range
        assert value_range is not None
        if colors.dtype in (np.uint8, np.uint16) and value_range == full_range:
            return colors
        low, high = np.full((2, colors.shape[2]), 1.0) * np.array(value_range)[:, None]
        if self.with_alpha:
            low[3], high[3] = 0, np.iinfo(colors.dtype).max
        with np.errstate(invalid="ignore", over="ignore"):
            shares = (colors.astype(np.float64) - low) / (high - low)
        levels = np.rint(np.clip(np.nan_to_num(shares, nan=0.0), 0.0, 1.0) * 65535)
        rounded: npt.NDArray[np.uint16] = levels.astype(np.uint16)
        return rounded


@cache
def _light(top: int, is_linear: bool) -> npt.NDArray[np.float64]:
    """Return the value of each level 0 .. top, from 0 to 1."""
    values = np.arange(top + 1) / top
    if not is_linear:
        return values
    if top == 255:
        return oklab.linear_light()
    return linear_light(np.arange(top + 1), ValueRange(0, top))
