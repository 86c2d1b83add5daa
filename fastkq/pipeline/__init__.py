"""The whole way: images to palettes, an image to a CompressedImage, and back."""

from fastkq.pipeline.counting import count_colours
from fastkq.pipeline.palettes import apply_palette, fit_palette
from fastkq.pipeline.rate import CurvePoint, curve
from fastkq.pipeline.whole import compress, decompress

__all__ = [
    "CurvePoint", "apply_palette", "compress", "count_colours", "curve", "decompress", "fit_palette",
]  # fmt: skip
