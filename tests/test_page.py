"""What the page holds; how it behaves in a browser is in test_page_in_browser.py."""

import base64
import hashlib
import json
from collections import Counter
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fastkq.io import read_image
from fastkq.metadata import Metadata
from fastkq.report.comparison import Original, compare
from fastkq.report.page import page, pictures
from tests.conftest import noise, photograph_like
from tests.tags import SRGB, exif

VOID = {"meta", "link", "input", "img"}
SHAPES_OF_SVG = {"path", "circle", "polyline"}


class Parsed(HTMLParser):
    """Elements in order, each with its attributes and text; refuses what is not nested."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes)
        self.elements.append([tag, dict(attributes), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        assert tag in SHAPES_OF_SVG
        self.elements.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def all(self, tag, **attributes):
        wanted = attributes.items()
        return [found for found in self.elements if found[0] == tag and wanted <= found[1].items()]


def parsed(image, ks=(2, 5), name="photo.jpg", nbytes=1000, metadata=None, **options):
    rows = compare(image, ks, **options)
    return rows, Parsed(page(Original(name, image, nbytes, metadata or Metadata()), rows).decode())


def embedded(element):
    kind, data = element[1]["src"].split(",")
    assert kind == "data:image/png;base64"
    return Image.open(BytesIO(base64.b64decode(data)))


def shown_rows(document):
    return json.loads(document.all("script", id="rows")[0][2])


@pytest.mark.parametrize("shape", [(9, 13), (9, 13, 1), (9, 13, 3), (9, 13, 4)])
def test_the_pictures_are_the_source_and_each_k_pixel_by_pixel(shape):
    image = noise(*shape)
    rows, document = parsed(image, [2, 7, 300])
    source, *reduced = document.all("img")
    assert (read_image(embedded(source)).reshape(shape) == image).all()
    for row, picture in zip(rows, reduced, strict=True):
        back = read_image(embedded(picture))
        expected = row.compressed.decompress().reshape(9, 13, -1)
        assert (back.reshape(9, 13, -1)[..., : expected.shape[2]] == expected).all()
        assert (embedded(picture).mode == "P") == (row.compressed.k <= 256)


def test_what_has_more_than_8_bits_is_shown_by_8():
    image = noise(9, 13, 3)
    image[0, 0], image[0, 1] = 0, 255
    for wide, first in ((image * np.uint16(257), "000000000000"), (image / 255.0, "0,0,0")):
        _, document = parsed(wide, [200])
        for picture in document.all("img"):
            assert (read_image(embedded(picture)) == image).all()
        (row,) = shown_rows(document)
        assert (row["colours"][0], row["names"][0]) == ("#000000", first)
        assert [found[2] for found in document.all("td")[1:3]] == ["-", "-"]


def test_gray_with_alpha_is_shown_as_rgba():
    image = noise(9, 13, 2)
    _, document = parsed(image, [200])
    for picture in document.all("img"):
        seen = read_image(embedded(picture))
        assert (seen[image[..., 1] > 0] == image[image[..., 1] > 0][:, [0, 0, 0, 1]]).all()


def test_of_a_giant_image_every_nth_pixel_is_shown_and_that_is_said(monkeypatch):
    monkeypatch.setattr(pictures, "_MOST_PIXELS", 50)
    image = noise(20, 31, 3)
    rows, document = parsed(image)
    source, reduced, _ = document.all("img")
    assert (read_image(embedded(source)) == image[::4, ::4]).all()
    assert (read_image(embedded(reduced)) == rows[0].compressed.decompress()[::4, ::4]).all()
    assert "31 \N{MULTIPLICATION SIGN} 20 pixels" in document.all("p")[0][2]
    assert "of each 4 \N{MULTIPLICATION SIGN} 4 pixels one is shown" in document.all("p")[0][2]
    assert (source[1]["width"], source[1]["height"]) == ("8", "5")


@pytest.mark.parametrize("shape", [(1, 1), (1, 51), (50, 1), (7, 7), (7, 8), (40, 41), (1000, 1)])
def test_no_more_pixels_are_shown_than_the_bound_allows_and_all_if_it_does(monkeypatch, shape):
    monkeypatch.setattr(pictures, "_MOST_PIXELS", 50)
    step = pictures.step_for(shape)
    height, width = pictures.size_on_page(shape, step)
    assert height * width <= 50
    assert (height, width) == np.empty(shape)[::step, ::step].shape
    if step > 1:
        height, width = pictures.size_on_page(shape, step - 1)
        assert height * width > 50


def test_the_colour_profile_goes_into_each_picture_and_no_exif():
    metadata = Metadata(icc=SRGB, exif=exif())
    _, document = parsed(noise(9, 13, 3), metadata=metadata)
    for picture in document.all("img"):
        assert embedded(picture).info["icc_profile"] == SRGB
        assert not embedded(picture).getexif()
    _, document = parsed(noise(9, 13), metadata=metadata)
    assert not any("icc_profile" in embedded(picture).info for picture in document.all("img"))


def test_names_of_files_are_text_and_nothing_else():
    name = "</title><script>alert('1')</script>&amp; \" $name \udcff.jpg"
    _, document = parsed(noise(4, 5, 3), name=name)
    seen = name.replace("\udcff", "?")
    assert document.all("h1")[0][2] == seen
    assert document.all("title")[0][2].startswith(seen)
    assert document.all("img")[0][1]["alt"] == seen
    assert len(document.all("script")) == 2


def test_the_policy_allows_its_own_style_and_script_alone():
    _, document = parsed(noise(4, 5, 3))
    policy = document.all("meta", **{"http-equiv": "Content-Security-Policy"})[0][1]["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    own = {
        kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for kind, text in (
            ("style-src", document.all("style")[0][2]),
            ("script-src", document.all("script")[-1][2]),
        )
    }
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        **{kind: f"'sha256-{digest}'" for kind, digest in own.items()},
    }
    assert not any("style" in found[1] or "onclick" in found[1] for found in document.elements)


def test_it_is_html_for_all():
    _, document = parsed(noise(4, 5, 3))
    ids = Counter(found[1]["id"] for found in document.elements if "id" in found[1])
    assert set(ids.values()) == {1}
    assert document.all("html")[0][1] == {"lang": "en"}
    assert len(document.all("h1")) == len(document.all("main")) == 1
    assert [found[1]["alt"] for found in document.all("img")] == [
        "photo.jpg",
        "photo.jpg in 2 colours",
        "photo.jpg in 5 colours",
    ]
    assert document.all("input", type="range")[0][1]["aria-label"]
    assert document.all("legend")[0][2] == "Colours"
    addresses = [
        value for found in document.elements for value in (found[1].get("href"), found[1].get("src"))
    ]
    assert all(value.startswith(("data:", "#")) for value in addresses if value)


def test_the_table_has_the_sizes_and_what_part_of_the_source_they_are():
    rows, document = parsed(photograph_like(30, 40), [2, 300], nbytes=400)
    texts = [found[2].strip() for found in document.all("td")]
    width = len(texts) // 2
    for row, cells in zip(rows, (texts[:width], texts[width:]), strict=True):
        sizes = ["-" if size is None else f"{size:,}" for size in row.sizes.values()]
        assert cells[:4] == [*sizes, f"{row.bits_per_pixel:.2f}"]
        assert f"{row.psnr:.2f}" in cells
    parts = {found[2]: found[1].get("class") for found in document.all("small") if found[2].endswith("%")}
    assert parts[f"{rows[0].fkq_bytes / 400:.0%}"] is None
    assert parts[f"{rows[1].fkq_bytes / 400:.0%}"] == "larger"


@pytest.mark.parametrize(("nbytes", "part"), [(7, "0.7%"), (98, "9.8%"), (104, "10%"), (1310, "131%")])
def test_small_parts_of_the_source_have_a_decimal(nbytes, part):
    (row,) = compare(noise(9, 9, 3), [2])
    told = [row._replace(fkq_bytes=nbytes)]
    document = Parsed(page(Original("a.png", noise(9, 9, 3), 1000), told).decode())
    assert f"as .fkq, {part} of the source" in shown_rows(document)[0]["caption"]
    assert part in {found[2] for found in document.all("small")}


def test_ssim_is_a_column_where_it_is_known():
    rows = compare(noise(9, 9, 3), [2, 3])
    for known in (0.5, None):
        told = [row._replace(ssim=known) for row in rows]
        document = Parsed(page(Original("a.png", noise(9, 9, 3), 1000), told).decode())
        heads = [found[2].strip() for found in document.all("th", scope="col")]
        assert ("SSIM" in heads) == (known is not None)
        assert ("SSIM 0.5000" in shown_rows(document)[0]["caption"]) == (known is not None)


def test_the_plot_has_a_point_a_k_further_right_the_larger_and_further_up_the_better():
    rows, document = parsed(photograph_like(60, 80), [2, 4, 16, 64], nbytes=9000)
    links = [found[1]["href"] for found in document.all("a")]
    assert links == 2 * [f"#k={row.k}" for row in rows]
    titles = {found[2] for found in document.all("title")}
    assert {f"{row.k} colours: {row.fkq_bytes:,} bytes as .fkq, {row.psnr:.2f} dB" for row in rows} < titles
    assert "source: 9,000 bytes" in titles
    points = document.all("circle", **{"class": "reach"})
    x, y = ([float(point[1][name]) for point in points] for name in ("cx", "cy"))
    assert x == sorted(x)
    assert y == sorted(y, reverse=True)


@pytest.mark.parametrize("ks", [[3], [400], [1, 400], list(range(1, 30))])
def test_one_k_no_loss_and_many_k_have_a_plot_too(ks):
    _, document = parsed(noise(9, 13, 3), ks)
    points = document.all("circle", **{"class": "reach"})
    assert len(points) == len(ks)
    assert all(0 <= float(point[1]["cx"]) <= 480 and 0 <= float(point[1]["cy"]) <= 360 for point in points)
    assert ("∞" in {found[2] for found in document.all("text")}) == (400 in ks)


def test_fewer_colours_than_k_are_said_to_be_all():
    rows, document = parsed(noise(3, 4, 3), [16])
    (row,) = shown_rows(document)
    assert row["title"] == f"all {rows[0].compressed.k} colours"
    assert row["caption"].endswith("nothing lost")


def test_colours_stand_in_the_order_of_the_palette_with_their_shares():
    rows, document = parsed(noise(20, 20, 4), [7])
    (row,) = shown_rows(document)
    palette = rows[0].compressed.palette
    assert (
        row["colours"]
        == row["names"]
        == [
            f"#{bytes(colour).hex()}" if colour[3] < 255 else f"#{bytes(colour[:3]).hex()}"
            for colour in palette
        ]
    )
    counts = np.bincount(rows[0].compressed.indices.reshape(-1))
    assert row["shares"] == pytest.approx((counts / 400).tolist(), abs=1e-6)
    assert row["more"] == 0


def test_of_a_giant_palette_the_most_used_colours_are_listed(monkeypatch):
    from fastkq.report.page import palette

    monkeypatch.setattr(palette, "_MOST_COLOURS", 3)
    image = np.repeat(np.arange(6, dtype=np.uint8) * 40, [1, 9, 2, 8, 3, 7])[None]
    _, document = parsed(image, [6])
    (row,) = shown_rows(document)
    assert row["colours"] == ["#282828", "#787878", "#c8c8c8"]
    assert row["more"] == 3
