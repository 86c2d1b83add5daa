"""The pictures that are embedded in the page."""

import numpy as np
import pytest

from fastkq.color.metadata import Metadata
from fastkq.compare.html import pictures
from tests.compare.html.document import embedded, parsed, shown_rows
from tests.helpers.images import noise, read_image
from tests.helpers.metadata_tags import P3, exif


@pytest.mark.parametrize("shape", [(9, 13), (9, 13, 1), (9, 13, 3), (9, 13, 4)])
def test_pictures_have_the_pixels_of_the_source_and_of_each_k(shape):
    image = noise(*shape)
    rows, document = parsed(image, [2, 7, 300])
    source, *reduced = document.all("img")
    assert (read_image(embedded(source)).reshape(shape) == image).all()
    for row, picture in zip(rows, reduced, strict=True):
        back = read_image(embedded(picture))
        expected = row.compressed.decompress().reshape(9, 13, -1)
        assert (back.reshape(9, 13, -1)[..., : expected.shape[2]] == expected).all()
        assert (embedded(picture).mode == "P") == (row.compressed.k <= 256)


def test_16_bits_and_floats_are_shown_with_8_bits():
    image = noise(9, 13, 3)
    image[0, 0], image[0, 1] = 0, 255
    for wide, first in ((image * np.uint16(257), "#000000000000"), (image / 255.0, "0,0,0")):
        _, document = parsed(wide, [200])
        for picture in document.all("img"):
            assert (read_image(embedded(picture)) == image).all()
        (row,) = shown_rows(document)
        assert (row["colors"][0], row["names"][0]) == ("#000000", first)
        assert [found[2] for found in document.all("td")[1:3]] == ["-", "-"]


def test_gray_with_alpha_is_shown_as_rgba():
    image = noise(9, 13, 2)
    _, document = parsed(image, [200])
    for picture in document.all("img"):
        seen = read_image(embedded(picture))
        assert (seen[image[..., 1] > 0] == image[image[..., 1] > 0][:, [0, 0, 0, 1]]).all()


def test_large_images_are_subsampled_with_a_note(monkeypatch):
    monkeypatch.setattr(pictures, "_MAX_PIXELS", 50)
    image = noise(20, 31, 3)
    rows, document = parsed(image)
    source, reduced, _ = document.all("img")
    assert (read_image(embedded(source)) == image[::4, ::4]).all()
    assert (read_image(embedded(reduced)) == rows[0].compressed.decompress()[::4, ::4]).all()
    assert "31 \N{MULTIPLICATION SIGN} 20 pixels" in document.all("p")[0][2]
    assert "one of each 4 \N{MULTIPLICATION SIGN} 4 pixels is shown" in document.all("p")[0][2]
    assert (source[1]["width"], source[1]["height"]) == ("8", "5")


@pytest.mark.parametrize("shape", [(1, 1), (1, 51), (50, 1), (7, 7), (7, 8), (40, 41), (1000, 1)])
def test_step_is_the_least_within_the_pixel_limit(monkeypatch, shape):
    monkeypatch.setattr(pictures, "_MAX_PIXELS", 50)
    step = pictures.step_for(shape)
    height, width = pictures.size_on_page(shape, step)
    assert height * width <= 50
    assert (height, width) == np.empty(shape)[::step, ::step].shape
    if step > 1:
        height, width = pictures.size_on_page(shape, step - 1)
        assert height * width > 50


def test_pictures_have_the_color_profile_but_no_exif():
    metadata = Metadata(icc=P3, exif=exif())
    _, document = parsed(noise(9, 13, 3), metadata=metadata)
    for picture in document.all("img"):
        assert embedded(picture).info["icc_profile"] == P3
        assert not embedded(picture).getexif()
    _, document = parsed(noise(9, 13), metadata=metadata)
    assert not any("icc_profile" in embedded(picture).info for picture in document.all("img"))
