"""Validated options for fitting a palette and for choosing indices."""

from typing import Any, NamedTuple

import numpy.typing as npt

from fastkq.color.lattice import Lattice
from fastkq.color.value_range import ValueRange
from fastkq.runtime.options import DitherMethod, DitherSpace, Effort, Space


class FitOptions(NamedTuple):
    """Options for fitting a palette, without the number of colors.

    Attributes
    ----------
    fixed : (f, C) array or None
        Colors that the palette must hold, in the working form of the image (see `fastkq.color.kinds`).
    max_error : float or None
        Largest distance of a color from its palette row, see
        `fastkq.quantization.max_error.fit_within_max_error`.
    min_share : float
        Colors are exempt from `max_error` if at most this share of the pixels has them.
    lattice : Lattice or None
        Colors that rows other than fixed ones can have, in the working form of the image.
    keep_black_white : bool
        Whether black and white are fixed colors, too, if much of the image is near them, see
        `fastkq.quantization.black_white`.
    space : {"rgb", "oklab"}
        Space in which distances are measured.
    value_range : ValueRange or None
        Values of black and white; None if they are not known.
    effort : {"fast", "balanced", "best"}
        Amount of search.
    threads : int
        Number of threads.
    """

    fixed: npt.NDArray[Any] | None = None
    max_error: float | None = None
    min_share: float = 0.0
    lattice: Lattice | None = None
    keep_black_white: bool = False
    space: Space = "rgb"
    value_range: ValueRange | None = None
    effort: Effort = "balanced"
    threads: int = 1

    @property
    def is_plain(self) -> bool:
        """Whether the palette minimizes the squared error in RGB without constraints."""
        constraints = (self.fixed, self.max_error, self.lattice, self.keep_black_white or None)
        return all(constraint is None for constraint in constraints) and self.space == "rgb"

    @property
    def min_k(self) -> int:
        """Smallest k with which the palette can hold the fixed colors, at least 1."""
        return 1 if self.fixed is None else max(1, len(self.fixed))


class Dithering(NamedTuple):
    """Options for choosing indices: with strength 0 each pixel gets its nearest palette row.

    Attributes
    ----------
    strength : float
        0 to 1.
    method : {"diffusion", "atkinson", "blue-noise"}
        Error diffusion with the weights of Floyd and Steinberg or of Atkinson, or a blue-noise mask.
    space : {"rgb", "linear", "oklab"}
        Space of distances, errors and mean colors in error diffusion.
    value_range : ValueRange or None
        Values of black and white; None for bool.
    """

    strength: float
    method: DitherMethod
    space: DitherSpace = "rgb"
    value_range: ValueRange | None = None
