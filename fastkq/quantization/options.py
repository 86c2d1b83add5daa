"""How a palette is fitted and how indices are chosen, as checked values."""

from typing import Any, Literal, NamedTuple

import numpy.typing as npt

from fastkq.color.spaces import Space
from fastkq.runtime.validation import Effort

DitherMethod = Literal["diffusion", "blue-noise"]


class FitOptions(NamedTuple):
    """How a palette is fitted, whatever its number of colours.

    Attributes
    ----------
    fixed : (f, C) array or None
        In the working form of the image.
    max_error, min_share : float
        See `compress`.
    """

    fixed: npt.NDArray[Any] | None
    max_error: float | None
    min_share: float
    space: Space
    effort: Effort
    threads: int

    @property
    def is_plain(self) -> bool:
        """Whether the palette is that of least squared error in R, G, B, without conditions."""
        return self.fixed is None and self.max_error is None and self.space == "rgb"

    @property
    def least(self) -> int:
        """The smallest k that has room for the fixed colours."""
        return 1 if self.fixed is None else max(1, len(self.fixed))


class Dithering(NamedTuple):
    """How indices are chosen: of strength 0 each is the nearest."""

    strength: float
    method: DitherMethod
