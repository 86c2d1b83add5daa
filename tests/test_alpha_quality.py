"""Images with alpha, as they are seen: fastkq below its rivals, and the benchmark that says so."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from bench import report
from bench.alpha import tables
from bench.alpha.composited import error
from bench.alpha.results import Alpha, Row, targets
from fastkq import formats
from tests.conftest import SHARED, noise

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
def test_the_error_as_it_is_seen_is_below_that_of_imagequant_and_of_fastoctree(name):
    image = formats.read_image(SHARED / "images" / "alpha" / name)
    for k, theirs in zip((16, 64, 256), IMAGEQUANT[name], strict=True):
        ours = error(image, fastkq.compress(image, k).decompress())
        octree = Image.fromarray(image).quantize(
            k, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        assert ours < min(theirs, error(image, np.asarray(octree.convert("RGBA"))))


def test_the_error_is_that_of_the_composites_over_black_gray_and_white():
    one, other = noise(9, 7, 4), noise(9, 7, 4, seed=1)
    expected = 0.0
    for background in (0, 127.5, 255):
        seen = [
            pixels[..., :3] * (pixels[..., 3:] / 255) + background * (1 - pixels[..., 3:] / 255)
            for pixels in (one, other)
        ]
        expected += ((seen[0] - seen[1]) ** 2).sum(axis=2).mean() / 3
    assert error(one, other) == pytest.approx(expected, rel=1e-12)


def test_what_nobody_sees_is_no_error():
    one, other = noise(5, 5, 4), noise(5, 5, 4, seed=1)
    one[..., 3] = other[..., 3] = 0
    assert error(one, other) == 0


def measured(*errors):
    rows = [
        Row(image, 16, method, value, 0.001)
        for image, (ours, theirs) in zip("abcde", errors, strict=False)
        for method, value in (("fastkq", ours), ("imagequant", theirs))
    ]
    return Alpha({"machine": {"processor": "a slide rule"}, "rows": [row._asdict() for row in rows]})


def test_files_that_both_keep_exactly_are_neither_won_nor_lost():
    alpha = measured((1, 2), (0, 0), (3, 3), (0, 5))
    assert alpha.verdicts(16, "imagequant") == (2, 1)
    assert alpha.verdicts(16, "imagequant").share_below == pytest.approx(2 / 3)


def test_what_was_not_measured_is_neither_reached_nor_missed_and_has_no_table():
    assert {target.verdict for target in targets(measured())} == {"not measured"}
    assert tables.markdown(measured()) == ""


def test_the_table_stands_between_its_markers_in_the_readme(tmp_path, monkeypatch):
    assert "<!-- alpha:start -->" in report.README.read_text()
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text("<!-- alpha:start -->\nold\n<!-- alpha:end -->\n")
    report.rewrite_readme("alpha", tables.markdown(measured((1.5, 2.25))))
    text = report.README.read_text()
    assert "| alpha (1 images) | imagequant | 2.25, 1 ms, 1 of 1 | - | - |" in text
    assert "old" not in text
