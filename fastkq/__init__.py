"""Palette image compression by k-means.

>>> import numpy as np, fastkq
>>> image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
>>> compressed = fastkq.compress(image, k=16)
>>> compressed.palette.shape, compressed.indices.shape
((16, 3), (48, 64))
>>> compressed.decompress().shape
(48, 64, 3)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastkq import errors as errors

if TYPE_CHECKING:
    from fastkq.color.color_counts import ColourCounts
    from fastkq.errors import Cancelled
    from fastkq.file import CompressedFile
    from fastkq.image import CompressedImage
    from fastkq.loading import load, open  # noqa: A004
    from fastkq.pipeline import (
        apply_palette,
        compress,
        count_colours,
        curve,
        decompress,
        fit_palette,
    )
    from fastkq.quantizing import quantize

__version__ = "0.1.0"
__all__ = [
    "Cancelled", "ColourCounts", "CompressedFile", "CompressedImage", "apply_palette", "compress",
    "count_colours", "curve", "decompress", "fit_palette", "load", "open", "quantize",
]  # fmt: skip

_HOMES = {
    "Cancelled": "fastkq.errors",
    "ColourCounts": "fastkq.color.color_counts",
    "CompressedFile": "fastkq.file",
    "CompressedImage": "fastkq.image",
    "apply_palette": "fastkq.pipeline",
    "compress": "fastkq.pipeline",
    "count_colours": "fastkq.pipeline",
    "curve": "fastkq.pipeline",
    "decompress": "fastkq.pipeline",
    "fit_palette": "fastkq.pipeline",
    "load": "fastkq.loading",
    "open": "fastkq.loading",
    "quantize": "fastkq.quantizing",
}


if not TYPE_CHECKING:  # to a type checker it would mean that there is every name

    def __getattr__(name: str) -> Any:
        # Deferred so that `fastkq --help` pays neither for numpy (0.1 s) nor for numba (0.3 s).
        if name not in _HOMES:
            raise AttributeError(f"module 'fastkq' has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
