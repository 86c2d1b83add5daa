"""What the benchmark of looks says of itself."""

import numpy as np
import pytest

from bench.looks import tables
from bench.looks.methods import METHODS, shown
from bench.looks.results import REFERENCE, Look, Looks
from tests.conftest import noise


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.is_installed()])
def test_each_method_shows_an_image_of_at_most_k_colours(name: str) -> None:
    image = noise(40, 50, 3)
    colours = np.unique(shown(METHODS[name], image, 16).reshape(-1, 3), axis=0)
    assert 8 <= len(colours) <= 16


@pytest.mark.skipif(not REFERENCE.exists(), reason="no ../shared here")
def test_the_table_has_means_over_the_images_and_leaves_out_what_was_not_measured() -> None:
    scores = {"kodim01.png": 10.0, "kodim05.png": 30.0}
    rows = [
        Look(image, k, "visual", score, float("nan"), 0.002)._asdict()
        for image, score in scores.items()
        for k in (16, 64, 256)
    ]
    table = tables.markdown(Looks({"machine": {}, "rows": rows}))
    assert "| fastkq, for looks | 20.0, 2 ms |" in table
    assert "Pillow" not in table
    assert "| libimagequant 4.3, dithered | 36.3 | 69.0 | 83.1 |" in table
