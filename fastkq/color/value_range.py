"""The values of black and white of an image, which decide what its numbers look like."""

from typing import Any, NamedTuple

import numpy as np


class ValueRange(NamedTuple):
    """Values of black and white; other values are between them or, for floats, beyond them."""

    low: float
    high: float

    @classmethod
    def of(cls, dtype: np.dtype[Any]) -> "ValueRange | None":
        """Return the range of unsigned integers; None for floats and signed integers, which have none."""
        return cls(0.0, float(np.iinfo(dtype).max)) if dtype.kind == "u" else None
