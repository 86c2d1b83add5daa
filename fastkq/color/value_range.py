"""The values of black and white of an image, which decide what its numbers look like."""

from typing import Any, NamedTuple

import numpy as np


class ValueRange(NamedTuple):
    """Values of black and white; other values are between them or, for floats, beyond them."""

    low: float
    high: float

    @classmethod
    def of(cls, dtype: np.dtype[Any]) -> "ValueRange | None":
        """Return the range of uint8 and uint16; None for other dtypes, which have none."""
        return cls(0.0, float(np.iinfo(dtype).max)) if dtype in (np.uint8, np.uint16) else None
