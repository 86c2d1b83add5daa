"""Array types that several packages of fastkq share."""

from typing import Any

import numpy as np
import numpy.typing as npt

ImageArray = npt.NDArray[
    np.bool_ | np.uint8 | np.uint16 | np.uint32 | np.int8 | np.int16 | np.int32 | np.float32 | np.float64
]
"""Pixels, colors or a palette, of a dtype that images have."""

Coordinates = npt.NDArray[np.floating[Any]]
"""(C, M): M points of C coordinates, at most 4; one plane per coordinate."""

Vectors = npt.NDArray[np.float64]
"""(n, d): vectors that stand for colors of any dtype and number of channels, or (d, k): their centroids."""

Samples = npt.NDArray[np.floating[Any]]
"""(n, d): the samples that the scikit-learn estimator clusters, float32 or float64."""

Weights = npt.NDArray[np.float64]
"""(n,): the weight of each vector."""

Labels = npt.NDArray[np.int32]
"""(n,): the index of the nearest centroid of each vector."""
