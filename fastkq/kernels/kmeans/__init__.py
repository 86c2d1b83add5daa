"""Kernels of weighted k-means on vectors; they do not depend on colors."""

from fastkq.kernels import import_on_first_use

__getattr__ = import_on_first_use(__name__)
