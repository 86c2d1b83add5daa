"""Kernels that encode palette indices as bytes and decode them."""

from fastkq.kernels import import_on_first_use

__getattr__ = import_on_first_use(__name__)
