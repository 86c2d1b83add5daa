"""Kernels that count, sort and convert colors."""

from fastkq.kernels import import_on_first_use

__getattr__ = import_on_first_use(__name__)
