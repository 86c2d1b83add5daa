"""Array types that several packages share."""

from typing import Any

import numpy as np
import numpy.typing as npt

Coordinates = npt.NDArray[np.floating[Any]]

Vectors = npt.NDArray[np.float64]

Samples = npt.NDArray[np.floating[Any]]
Weights = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
