"""Array types that several rooms share."""

from typing import Any

import numpy as np
import numpy.typing as npt

ImageArray = npt.NDArray[np.bool_ | np.uint8 | np.uint16 | np.float32 | np.float64]
"""Pixels, colors or a palette, of a dtype that images have."""

Coordinates = npt.NDArray[np.floating[Any]]
"""(C, M): points of up to 4 coordinates, a plane per coordinate."""

Vectors = npt.NDArray[np.float64]
"""(n, d): colors of any dtype and number of channels as vectors, or (d, k): centroids of them."""

Samples = npt.NDArray[np.floating[Any]]
"""(n, d): the data of the estimator, float32 or float64."""

Weights = npt.NDArray[np.float64]
"""(n,): the weight of each vector."""

Labels = npt.NDArray[np.int32]
"""(n,): the index of the nearest centroid of each vector."""
