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
    from fastkq.api.compress import compress, decompress
    from fastkq.api.counts import count_colours
    from fastkq.api.curve import CurvePoint, curve
    from fastkq.api.file import CompressedFile
    from fastkq.api.image import CompressedImage
    from fastkq.api.load import load, open  # noqa: A004
    from fastkq.api.palettes import apply_palette, fit_palette
    from fastkq.api.quality import Report
    from fastkq.api.quantize import quantize
    from fastkq.color.color_counts import ColourCounts
    from fastkq.color.indexed_image import Box, Damage
    from fastkq.color.metadata import Metadata
    from fastkq.errors import Cancelled

__version__ = "0.1.0"
__all__ = [
    "Box", "Cancelled", "ColourCounts", "CompressedFile", "CompressedImage", "CurvePoint", "Damage",
    "Metadata", "Report", "apply_palette", "compress", "count_colours", "curve", "decompress", "fit_palette",
    "load", "open", "quantize",
]  # fmt: skip

_HOMES = {
    "Box": "fastkq.color.indexed_image",
    "Cancelled": "fastkq.errors",
    "ColourCounts": "fastkq.color.color_counts",
    "CompressedFile": "fastkq.api.file",
    "CompressedImage": "fastkq.api.image",
    "CurvePoint": "fastkq.api.curve",
    "Damage": "fastkq.color.indexed_image",
    "Metadata": "fastkq.color.metadata",
    "Report": "fastkq.api.quality",
    "apply_palette": "fastkq.api.palettes",
    "compress": "fastkq.api.compress",
    "count_colours": "fastkq.api.counts",
    "curve": "fastkq.api.curve",
    "decompress": "fastkq.api.compress",
    "fit_palette": "fastkq.api.palettes",
    "load": "fastkq.api.load",
    "open": "fastkq.api.load",
    "quantize": "fastkq.api.quantize",
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
