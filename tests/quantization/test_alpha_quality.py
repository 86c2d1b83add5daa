"""Images with alpha: the composited error is below that of imagequant and of Pillow."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from bench.suites.alpha import composited_error
from tests.helpers.images import SHARED, read_image

IMAGEQUANT = {
    "emoji_u1f35f.png": (15.0412, 2.6247, 0.1055),
    "emoji_u1f3c4_1f3fb_200d_2642.png": (180.6895, 23.9350, 4.7133),
    "emoji_u1f470_1f3fc.png": (41.9487, 4.3953, 0.5557),
    "explosion00.png": (32.4928, 2.4103, 0.5041),
    "explosion01.png": (32.6588, 2.2227, 0.4421),
}
"""Composited squared errors of imagequant 1.1.5, undithered, at k = 16, 64 and 256."""


@pytest.mark.skipif(not SHARED.exists(), reason="the shared images are not there")
@pytest.mark.parametrize("name", IMAGEQUANT)
def test_composited_error_is_below_imagequant_and_fastoctree(name):
    image = read_image(SHARED / "images" / "alpha" / name)
    for k, theirs in zip((16, 64, 256), IMAGEQUANT[name], strict=True):
        ours = composited_error(image, fastkq.compress(image, k).decompress())
        octree = Image.fromarray(image).quantize(
            k, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        assert ours < min(theirs, composited_error(image, np.asarray(octree.convert("RGBA"))))
