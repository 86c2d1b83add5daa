"""Lloyd's iterations on plain vectors: the machinery behind `fastkq.estimator`.

There are two ways to find the nearest centroids, which give the same labels: `leaves` for few dimensions,
`bounds` for any.
"""

from fastkq.clustering.bounds import nearest
from fastkq.clustering.lloyd import Lloyd, Step

__all__ = ["Lloyd", "Step", "nearest"]
