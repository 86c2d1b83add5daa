"""Fit a palette to counted colours: seed, Lloyd, then the integers that are stored."""

from fastkq.palette.fit import fit
from fastkq.palette.prepared import Prepared
from fastkq.palette.within import within

__all__ = ["Prepared", "fit", "within"]
