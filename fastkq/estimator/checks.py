"""Validation of data and sample weights by scikit-learn."""

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
    """Validate data for an estimator.

    Parameters
    ----------
    estimator : BaseEstimator
    X : (n, d) array-like or sparse matrix
    reset : bool
        True in ``fit``: the estimator stores the number and names of the features. False: they must be those
        of the data that were fitted.

    Returns
    -------
    (n, d) array or sparse matrix
        Of float32 or float64. Arrays are finite, C-contiguous and writable.

    Raises
    ------
    ValueError
        From scikit-learn, when X is invalid.
    """
    dtypes = [np.float64, np.float32]
    X = validate_data(
        estimator, X, reset=reset, accept_sparse="csr", dtype=dtypes, order="C", accept_large_sparse=False
    )
    if sparse.issparse(X):
        return X
    if get_config()["assume_finite"]:  # validate_data did not check, but NaN has no nearest centroid
        with config_context(assume_finite=False):
            assert_all_finite(X, estimator_name=type(estimator).__name__, input_name="X")
    # Numba has another type for read-only arrays: kernels would be compiled again for it.
    return X if X.flags.writeable else X.copy()


def weights_of(sample_weight: Any, X: Any) -> npt.NDArray[np.float64] | None:
    """Validate sample weights.

    Returns
    -------
    (n,) float64 or None
        Weights of the rows of X, at least 0 and not all 0; None if `sample_weight` is None.

    Raises
    ------
    ArgumentError
        When a weight is negative or all are 0.
    """
    if sample_weight is None:
        return None
    weights: npt.NDArray[np.float64] = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if weights.min() < 0 or weights.max() == 0:
        raise ArgumentError(
            f"expected sample weights of at least 0, not all 0, got {weights.min()} to {weights.max()}"
        )
    return weights
