"""Kernels that code palette indices as bytes."""

from fastkq.kernels import import_on_first_use

__getattr__ = import_on_first_use(__name__)
