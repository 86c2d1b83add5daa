from importlib import resources
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastkq import formats

SHARED = Path(__file__).parents[2] / "shared"

hypothesis.settings.register_profile("fastkq", deadline=None, max_examples=60, derandomize=True)
hypothesis.settings.load_profile("fastkq")


@st.composite
def images(draw, channels=(0, 1, 3, 4), side=24):
    """Small images of odd sizes, of few and of many colours; channels 0 stands for (H, W)."""
    height, width = draw(st.integers(1, side)), draw(st.integers(1, side))
    depth = draw(st.sampled_from(channels))
    shape = (height, width) if depth == 0 else (height, width, depth)
    values = draw(st.sampled_from([2, 5, 40, 256]))
    if draw(st.booleans()):
        return draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, values - 1)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return (generator.integers(0, values, shape) * (255 // (values - 1))).astype(np.uint8)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def photograph(name):
    with resources.as_file(resources.files("sklearn.datasets.images") / name) as path:
        return formats.read_image(path)


@pytest.fixture(scope="session")
def china():
    return photograph("china.jpg")


@pytest.fixture(scope="session")
def flower():
    return photograph("flower.jpg")


def photograph_like(height, width, seed=0):
    """Smooth colours with a little noise, (height, width, 3) uint8: errors fall with k as a photo's do."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [
        np.sin(6 * generator.random() * x + 5 * generator.random() * y + channel) for channel in range(3)
    ]
    smooth = 120 + 90 * np.stack(waves, axis=2)
    return np.clip(smooth + generator.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
