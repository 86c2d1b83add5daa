"""Suite `looks`: the methods and the table."""

import numpy as np
import pytest

from bench.peers import LOOKS_METHODS, SIDE_BY_SIDE_METHODS, installed
from bench.suites import looks
from bench.suites.looks import REFERENCE, Row, Run
from tests.helpers.images import noise

METHODS = installed({**LOOKS_METHODS, **SIDE_BY_SIDE_METHODS})


@pytest.mark.parametrize("name", METHODS)
def test_each_method_gives_at_most_k_colors(name: str) -> None:
    image = noise(40, 50, 3)
    colors = np.unique(METHODS[name].reduced(image, 16).reshape(-1, 3), axis=0)
    assert 8 <= len(colors) <= 16


@pytest.mark.skipif(not REFERENCE.exists(), reason="no ../shared here")
def test_table_has_means_of_the_measured_methods() -> None:
    scores = {"kodim01.png": 10.0, "kodim05.png": 30.0}
    rows = [
        Row(image, k, "visual", score, float("nan"), 0.002)._asdict()
        for image, score in scores.items()
        for k in (16, 64, 256)
    ]
    table = looks.table(Run({"machine": {}, "rows": rows}))
    assert '| fastkq, preset="visual" | 20.0, 2 ms |' in table
    assert "Pillow" not in table
    assert "| libimagequant 4.3, dithered | 36.3 | 69.0 | 83.1 |" in table
