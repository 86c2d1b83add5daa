"""Test images: random arrays, hypothesis strategies and photographs."""

from importlib import resources
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastkq.api.inputs import read_input

SHARED = Path(__file__).parents[3] / "shared"  # test images beside the repository; not part of it


def noise(*shape, seed=0):
    """Return uniform random uint8 values of this shape."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def photograph_like(height, width, seed=0):
    """Return a smooth uint8 image (height, width, 3) with slight noise.

    Its squared error falls with k as that of a photograph does.
    """
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [
        np.sin(6 * generator.random() * x + 5 * generator.random() * y + channel) for channel in range(3)
    ]
    smooth = 120 + 90 * np.stack(waves, axis=2)
    return np.clip(smooth + generator.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


def read_image(source, depth=None):
    """Return the pixels of an image file or a PIL image."""
    return read_input(source, depth=depth).pixels


def photograph(name):
    """Read a photograph that scikit-learn ships."""
    with resources.as_file(resources.files("sklearn.datasets.images") / name) as path:
        return read_image(path)


@st.composite
def images(draw, channels=(0, 1, 3, 4), side=24):
    """Draw a uint8 image with sides of 1 to `side` pixels and few or many colors; 0 channels means (H, W)."""
    height, width = draw(st.integers(1, side)), draw(st.integers(1, side))
    channel_count = draw(st.sampled_from(channels))
    shape = (height, width) if channel_count == 0 else (height, width, channel_count)
    values = draw(st.sampled_from([2, 5, 40, 256]))
    if draw(st.booleans()):
        return draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, values - 1)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return (generator.integers(0, values, shape) * (255 // (values - 1))).astype(np.uint8)


# 0 channels means shape (H, W).
CHANNELS_BY_DTYPE = [
    (np.bool_, (0, 1)), (np.uint8, (0, 1, 2, 3, 4, 5, 9)), (np.uint16, (0, 1, 2, 3, 4, 5)),
    (np.float32, (0, 1, 2, 3, 4, 7)), (np.float64, (0, 1, 2, 3, 4, 64)),
    (np.int8, (0, 1, 2, 3)), (np.int16, (0, 1, 2, 4, 5)), (np.int32, (0, 1, 3, 4)), (np.uint32, (0, 2, 3, 4)),
]  # fmt: skip


@st.composite
def images_of_any_kind(draw):
    """Draw a small image of any dtype and number of channels."""
    dtype, channel_counts = draw(st.sampled_from(CHANNELS_BY_DTYPE))
    channels = draw(st.sampled_from(channel_counts))
    shape = (draw(st.integers(1, 9)), draw(st.integers(1, 9)), *(() if channels == 0 else (channels,)))
    levels = draw(st.sampled_from([2, 3, 200]))
    values = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(0, levels, shape)
    if dtype == np.bool_:
        return values == 0
    if dtype in (np.uint8, np.uint16):
        return (values * (np.iinfo(dtype).max // (levels - 1))).astype(dtype)
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        return (limits.min + values * ((limits.max - limits.min) // (levels - 1))).astype(dtype)
    return ((values - 1.5) * draw(st.sampled_from([1.0, 1e-30, 1e30]))).astype(dtype)


def visible_pixels(image):
    """Return the pixels (N, C); those of alpha 0 are set to 0 in all channels."""
    pixels = image.reshape(image.shape[0] * image.shape[1], -1).copy()
    if image.dtype in (np.uint8, np.uint16) and pixels.shape[1] in (2, 4):
        pixels[pixels[:, -1] == 0] = 0
    return pixels


# Pairs of a dtype and the axes of a shape after (H, W).
KINDS = [
    (np.uint8, ()), (np.uint8, (1,)), (np.uint8, (2,)), (np.uint8, (3,)), (np.uint8, (4,)), (np.uint8, (6,)),
    (np.uint16, ()), (np.uint16, (3,)), (np.uint16, (4,)), (np.float32, (3,)), (np.float64, (2,)), (bool, ()),
    (np.int8, ()), (np.int16, ()), (np.int16, (4,)), (np.int32, ()), (np.int32, (3,)), (np.uint32, (2,)),
]  # fmt: skip


def of_few_values(dtype, channels, *, seed=0, rows=6):
    """Return an image (rows, 7, *channels) of at most three values per channel, so that colors repeat."""
    values = np.random.default_rng(seed).integers(0, 3, (rows, 7, *channels))
    return (values * {"b": 1, "u": 85, "f": 0.5, "i": -43}[np.dtype(dtype).kind]).astype(dtype)
