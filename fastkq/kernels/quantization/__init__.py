"""Kernels that map and dither pixels to palette rows."""

from fastkq.kernels import import_on_first_use

__getattr__ = import_on_first_use(__name__)
