"""K-means and colour quantization in the manner of scikit-learn: the extra `fastkq[sklearn]`.

>>> import numpy as np
>>> from fastkq.estimator import KMeans
>>> pixels = np.random.default_rng(0).integers(0, 256, (1000, 3))
>>> KMeans(n_clusters=16, random_state=0).fit(pixels).cluster_centers_.shape
(16, 3)
"""

from fastkq.errors import MissingExtraError

try:
    import sklearn  # noqa: F401
except ImportError:
    raise MissingExtraError("fastkq.estimator", "scikit-learn", "sklearn") from None

from fastkq.estimator.color_quantizer import ColorQuantizer
from fastkq.estimator.kmeans import KMeans

__all__ = ["ColorQuantizer", "KMeans"]
