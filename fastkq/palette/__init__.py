"""Fit a palette to counted colours: seed, Lloyd, then the integers that are stored."""

from fastkq.palette.fit import fit

__all__ = ["fit"]
