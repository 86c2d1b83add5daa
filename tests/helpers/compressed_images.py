"""Palettes and compressed images of any dtype and number of channels."""

import numpy as np
from hypothesis import strategies as st

from fastkq import CompressedImage

DTYPES = ["bool", "uint8", "uint16", "float32", "float64", "uint32", "int8", "int16", "int32"]


def palette_of(dtype, k, channels, seed=0):
    """Return a random palette (k, C); a bool palette has one channel and at most 2 rows.

    Integers cover the whole range of the dtype. Floats have many magnitudes, and both 0.0 and -0.0 occur.
    """
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        return generator.integers(0, 2, (min(k, 2), 1)).astype(bool)
    if "int" in dtype:
        limits = np.iinfo(dtype)
        return generator.integers(limits.min, limits.max + 1, (k, channels)).astype(dtype)
    powers = generator.integers(-40, generator.integers(-39, 40), (k, channels))
    values = generator.choice([-1.5, -1, -0.0, 0, 0.3, 1, 1.9], (k, channels)) * 2.0**powers
    return values.astype(dtype)


@st.composite
def palettes(draw):
    dtype = draw(st.sampled_from(DTYPES))
    k, channels = draw(st.sampled_from([1, 2, 3, 5, 17, 300])), draw(st.sampled_from([1, 2, 3, 4, 5, 64]))
    return palette_of(dtype, k, channels, draw(st.integers(0, 1 << 20)))


@st.composite
def compressed_images(draw):
    palette = draw(palettes())
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    indices = np.random.default_rng(draw(st.integers(0, 1 << 20))).integers(0, len(palette), (height, width))
    flat = palette.shape[1] == 1 and draw(st.booleans())
    return CompressedImage(palette, indices, (height, width) if flat else None)


def assert_same(found, expected):
    """Check that two compressed images are equal, also in dtype, shape and bytes of the palette."""
    assert found == expected
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.palette.tobytes() == expected.palette.tobytes()  # 0.0 is not -0.0
