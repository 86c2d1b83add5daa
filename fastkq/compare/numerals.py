"""Formatting of numbers; small numbers do not appear as zero."""

import numpy as np

_MIN_PERCENT = 0.005  # percent: smaller values would be rounded to 0.00


def decimal(value: float, decimals: int = 2) -> str:
    """Format a number of at least 0 with `decimals` decimals; below 1, at least as many significant digits.

    Examples
    --------
    >>> decimal(3.14159), decimal(0.000161234)
    ('3.14', '0.00016')
    """
    if value >= 1 or value == 0:
        return f"{value:.{decimals}f}"
    return max(
        f"{value:.{decimals}f}",
        np.format_float_positional(value, precision=decimals, fractional=False, trim="-"),
        key=len,
    )


def percent(fraction: float) -> str:
    """Format a fraction as percent with two decimals; a positive one never appears as 0.00.

    Examples
    --------
    >>> percent(0.25), percent(1e-7)
    ('25.00', '<0.01')
    """
    return "<0.01" if 0 < 100 * fraction < _MIN_PERCENT else f"{100 * fraction:.2f}"
