"""What is fitted, as scikit-learn checks it."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import config_context, get_config
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import _check_sample_weight

from fastkq.errors import ArgumentError

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before scikit-learn 1.6

    def validate_data(estimator: Any, X: Any, **options: Any) -> Any:
        return estimator._validate_data(X, **options)


def validated(estimator: Any, X: Any, *, reset: bool) -> Any:
    """X (n, d), an array or a sparse matrix of float32 or float64, finite, C-contiguous and writable.

    `reset` makes its features those that the estimator knows; else they must be.
    """
    dtypes = [np.float64, np.float32]
    X = validate_data(
        estimator, X, reset=reset, accept_sparse="csr", dtype=dtypes, order="C", accept_large_sparse=False
    )
    if sparse.issparse(X):
        return X
    if get_config()["assume_finite"]:  # and was not looked at, but NaN is near to no centroid at all
        with config_context(assume_finite=False):
            assert_all_finite(X, estimator_name=type(estimator).__name__, input_name="X")
    # Kernels would be compiled again for what must not be written.
    return X if X.flags.writeable else X.copy()


def weights_of(sample_weight: Any, X: Any) -> npt.NDArray[np.float64] | None:
    """Weights (n,) of the rows of X, at least 0 and not all 0; None if there are none."""
    if sample_weight is None:
        return None
    weights: npt.NDArray[np.float64] = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if weights.min() < 0 or weights.max() == 0:
        raise ArgumentError(
            f"expected sample weights of at least 0, not all 0, got {weights.min()} to {weights.max()}"
        )
    return weights
