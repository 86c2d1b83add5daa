"""The contents of the page, without a browser."""

import base64
import hashlib
from collections import Counter

import numpy as np
import pytest

from fastkq.compare.comparison import Original, compare
from fastkq.compare.html import page
from tests.compare.html.document import Parsed, parsed, shown_rows
from tests.helpers.images import noise, photograph_like


def test_file_names_are_escaped():
    name = "</title><script>alert('1')</script>&amp; \" $name \udcff.jpg"
    _, document = parsed(noise(4, 5, 3), name=name)
    seen = name.replace("\udcff", "?")
    assert document.all("h1")[0][2] == seen
    assert document.all("title")[0][2].startswith(seen)
    assert document.all("img")[0][1]["alt"] == seen
    assert len(document.all("script")) == 2


def test_policy_allows_only_the_own_style_and_script():
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


def test_page_is_accessible_html():
    _, document = parsed(noise(4, 5, 3))
    ids = Counter(found[1]["id"] for found in document.elements if "id" in found[1])
    assert set(ids.values()) == {1}
    assert document.all("html")[0][1] == {"lang": "en"}
    assert len(document.all("h1")) == len(document.all("main")) == 1
    assert [found[1]["alt"] for found in document.all("img")] == [
        "photo.jpg",
        "photo.jpg in 2 colors",
        "photo.jpg in 5 colors",
    ]
    assert document.all("input", type="range")[0][1]["aria-label"]
    assert document.all("legend")[0][2] == "Colors"
    addresses = [
        value for found in document.elements for value in (found[1].get("href"), found[1].get("src"))
    ]
    assert all(value.startswith(("data:", "#")) for value in addresses if value)


def test_table_has_sizes_and_their_share_of_the_source():
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
def test_shares_of_the_source_below_10_percent_have_a_decimal(nbytes, part):
    (row,) = compare(noise(9, 9, 3), [2])
    rows = [row._replace(fkq_bytes=nbytes)]
    document = Parsed(page(Original("a.png", noise(9, 9, 3), 1000), rows).decode())
    assert f"as .fkq, {part} of the source" in shown_rows(document)[0]["caption"]
    assert part in {found[2] for found in document.all("small")}


def test_ssim_is_a_column_only_where_known():
    rows = compare(noise(9, 9, 3), [2, 3])
    for known in (0.5, None):
        changed = [row._replace(ssim=known) for row in rows]
        document = Parsed(page(Original("a.png", noise(9, 9, 3), 1000), changed).decode())
        heads = [found[2].strip() for found in document.all("th", scope="col")]
        assert ("SSIM" in heads) == (known is not None)
        assert ("SSIM 0.5000" in shown_rows(document)[0]["caption"]) == (known is not None)


def test_plot_has_a_point_per_k_by_size_and_psnr():
    rows, document = parsed(photograph_like(60, 80), [2, 4, 16, 64], nbytes=9000)
    links = [found[1]["href"] for found in document.all("a")]
    assert links == 2 * [f"#k={row.k}" for row in rows]
    titles = {found[2] for found in document.all("title")}
    assert {f"{row.k} colors: {row.fkq_bytes:,} bytes as .fkq, {row.psnr:.2f} dB" for row in rows} < titles
    assert "source: 9,000 bytes" in titles
    points = document.all("circle", **{"class": "reach"})
    x, y = ([float(point[1][name]) for point in points] for name in ("cx", "cy"))
    assert x == sorted(x)
    assert y == sorted(y, reverse=True)


@pytest.mark.parametrize("ks", [[3], [400], [1, 400], list(range(1, 30))])
def test_plot_holds_one_k_many_k_and_lossless_rows(ks):
    _, document = parsed(noise(9, 13, 3), ks)
    points = document.all("circle", **{"class": "reach"})
    assert len(points) == len(ks)
    assert all(0 <= float(point[1]["cx"]) <= 480 and 0 <= float(point[1]["cy"]) <= 360 for point in points)
    assert ("∞" in {found[2] for found in document.all("text")}) == (400 in ks)


def test_image_of_fewer_colors_than_k_is_titled_all_colors():
    rows, document = parsed(noise(3, 4, 3), [16])
    (row,) = shown_rows(document)
    assert row["title"] == f"all {rows[0].compressed.k} colors"
    assert row["caption"].endswith("lossless")


def test_lossless_row_is_named_by_its_number_of_colors():
    image = np.arange(14, dtype=np.uint8)[None, :, None] * np.full((9, 14, 3), 17, np.uint8)
    rows, document = parsed(image, [4, 16, 64])
    assert [row.k for row in rows] == [4, 14]
    assert [found[1]["value"] for found in document.all("input", name="k")] == ["4", "14"]
    assert {"4", "14 (all)"} < {found[2] for found in document.all("span")}
    assert {found[1]["href"] for found in document.all("a")} == {"#k=4", "#k=14"}
    assert "14" in {found[2] for found in document.all("text")}


def test_the_legend_stands_above_the_axes():
    _, document = parsed(photograph_like(30, 40), [2, 4], nbytes=9000)
    labels = {found[2]: float(found[1]["y"]) for found in document.all("text") if "y" in found[1]}
    points = document.all("circle", **{"class": "reach"})
    assert max(labels[name] for name in (".fkq", "PNG", "WebP", "source")) < 44
    assert min(float(point[1]["cy"]) for point in points) >= 44


def test_swatches_follow_the_order_of_the_palette():
    rows, document = parsed(noise(20, 20, 4), [7])
    (row,) = shown_rows(document)
    palette = rows[0].compressed.palette
    assert (
        row["colors"]
        == row["names"]
        == [f"#{bytes(color).hex()}" if color[3] < 255 else f"#{bytes(color[:3]).hex()}" for color in palette]
    )
    counts = np.bincount(rows[0].compressed.indices.reshape(-1))
    assert row["shares"] == pytest.approx((counts / 400).tolist(), abs=1e-6)
    assert row["more"] == 0


def test_large_palettes_list_the_most_used_colors(monkeypatch):
    from fastkq.compare.html import swatches

    monkeypatch.setattr(swatches, "_MAX_COLORS", 3)
    image = np.repeat(np.arange(6, dtype=np.uint8) * 40, [1, 9, 2, 8, 3, 7])[None]
    _, document = parsed(image, [6])
    (row,) = shown_rows(document)
    assert row["colors"] == ["#282828", "#787878", "#c8c8c8"]
    assert row["more"] == 3
