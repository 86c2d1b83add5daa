"""Saving in each format, and reading the same pixels back."""

import pickle
import sys
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import fastkq
from fastkq import CompressedImage, formats
from fastkq.errors import ArgumentError, MissingExtraError
from tests.helpers.images import noise, read_image

SUFFIXES = sorted(formats.FORMATS)
WITH_PALETTES = [suffix for suffix in SUFFIXES if formats.FORMATS[suffix].palette]


def compressed_of(k, channels, seed=0, shape=(13, 11), transparent=None):
    """Return an image of random colors, some of them equal or unused.

    With 4 channels all colors are opaque (None), one has alpha 0 ("one"), or all alphas are random ("any").
    """
    generator = np.random.default_rng(seed)
    palette = generator.integers(0, 256, (k, channels), dtype=np.uint8)
    if channels == 4 and transparent != "any":
        palette[:, 3] = 255
        if transparent == "one":
            palette[generator.integers(k), 3] = 0
    return CompressedImage(palette, generator.integers(0, k, shape))


def rgba(image):
    return np.asarray(
        Image.fromarray(image.squeeze(axis=2) if image.shape[2:] == (1,) else image).convert("RGBA")
    )


def fits(compressed, suffix):
    """Tell whether a format can hold the image: an independent restatement of the specification."""
    alphas = compressed.palette[:, 3] if compressed.shape[-1] == 4 else np.full(compressed.k, 255)
    translucent = alphas[alphas < 255]
    few = compressed.k <= 256
    return {
        ".png": few,
        ".gif": few and (len(translucent) == 0 or (len(translucent) == 1 and translucent[0] == 0)),
        ".bmp": (alphas[compressed.indices] == 255).all(),
    }.get(suffix, True)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(
    k=st.sampled_from([1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 1000]),
    channels=st.sampled_from([1, 3, 4]),
    transparent=st.sampled_from([None, "one", "any"]),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 1000),
)
def test_saved_files_read_back_the_same_pixels_or_are_refused(
    tmp_path_factory, suffix, k, channels, transparent, shape, seed
):
    compressed = compressed_of(k, channels, seed, shape, transparent)
    path = tmp_path_factory.mktemp("saved") / f"image{suffix}"
    if fits(compressed, suffix):
        compressed.save(path)
        np.testing.assert_array_equal(rgba(read_image(path)), rgba(compressed.decompress()))
    else:
        with pytest.raises(ArgumentError, match=r"^expected .* got .*: save as \.\w+"):
            compressed.save(path)
        assert not path.exists()


@pytest.mark.parametrize("suffix", WITH_PALETTES)
@pytest.mark.parametrize("k", [1, 2, 3, 7, 16, 100, 256])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_palettes_keep_their_order_and_indices(tmp_path, suffix, k, channels):
    compressed = compressed_of(k, channels, seed=k)
    path = tmp_path / f"image{suffix}"
    compressed.save(path)
    loaded = fastkq.load(path)
    np.testing.assert_array_equal(loaded.indices, compressed.indices)
    rgb = np.repeat(compressed.palette, 3, axis=1) if channels == 1 else compressed.palette[:, :3]
    np.testing.assert_array_equal(loaded.palette[:k], rgb)
    filled = {".gif": max(4, 1 << (k - 1).bit_length()), ".tif": 256, ".tiff": 256}.get(suffix, k)
    assert loaded.k == filled
    assert not loaded.palette[k:].any()


@pytest.mark.parametrize(("suffix", "transparent"), [(".png", "any"), (".png", "one"), (".gif", "one")])
@pytest.mark.parametrize("k", [1, 2, 17, 256])
def test_palettes_keep_their_transparency(tmp_path, suffix, transparent, k):
    compressed = compressed_of(k, 4, seed=k, transparent=transparent)
    compressed.save(tmp_path / f"image{suffix}")
    loaded = fastkq.load(tmp_path / f"image{suffix}")
    np.testing.assert_array_equal(loaded.indices, compressed.indices)
    np.testing.assert_array_equal(loaded.palette[:k], compressed.palette)


@pytest.mark.parametrize(
    ("suffix", "mode"), [(".png", "P"), (".gif", "P"), (".tif", "P"), (".tiff", "P"), (".bmp", "P")]
)
def test_few_colors_are_stored_as_a_palette(tmp_path, suffix, mode):
    compressed_of(9, 3).save(tmp_path / f"image{suffix}")
    with Image.open(tmp_path / f"image{suffix}") as image:
        assert image.mode == mode


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_more_than_256_colors_are_stored_as_pixels(tmp_path, channels, mode):
    compressed = compressed_of(300, channels, transparent="any")
    compressed.save(tmp_path / "image.tif")
    with Image.open(tmp_path / "image.tif") as image:
        assert image.mode == mode


@pytest.mark.parametrize(
    ("suffix", "k", "transparent", "message"),
    [
        (".png", 257, None, r"at most 256 colors for a palette PNG, got 257: save as \.fkq"),
        (".gif", 257, None, r"at most 256 colors for a palette GIF, got 257: save as \.fkq"),
        (
            ".gif",
            5,
            "any",
            r"except at most one of alpha 0, for GIF, got 5 that are not opaque, with alphas from",
        ),
        (".bmp", 5, "one", r"expected L or RGB for BMP, got RGBA pixels: save as \.png"),
    ],
)
def test_lossy_saves_are_refused_with_alternatives(tmp_path, suffix, k, transparent, message):
    with pytest.raises(ArgumentError, match=message):
        compressed_of(k, 4, transparent=transparent).save(tmp_path / f"image{suffix}")
    assert not list(tmp_path.iterdir())


def test_more_pixels_per_side_than_the_format_allows_are_refused(tmp_path):
    wide = CompressedImage(noise(2, 3), np.zeros((1, 20000), int))
    with pytest.raises(
        ArgumentError, match=r"at most 16383 pixels per side for WEBP, got 1 x 20000: save as"
    ):
        wide.save(tmp_path / "wide.webp")


@pytest.mark.parametrize("name", ["image.jpg", "image", "image.fkq.gz"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(
        ArgumentError, match=r"a path that ends in \.fkq, \.png, \.webp, \.gif, \.tif, \.tiff"
    ):
        compressed_of(2, 3).save(tmp_path / name)


def test_suffixes_ignore_case(tmp_path):
    compressed_of(2, 3).save(tmp_path / "IMAGE.GIF")
    with Image.open(tmp_path / "IMAGE.GIF") as image:
        assert image.format == "GIF"


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_optimized_png_is_a_palette_of_the_same_pixels(tmp_path, channels):
    ramp = np.add.outer(np.arange(60), np.arange(70)) // 8
    compressed = CompressedImage(compressed_of(20, channels, transparent="any").palette, ramp % 20)
    compressed.save(tmp_path / "plain.png")
    compressed.save(tmp_path / "small.png", optimize=True)
    with Image.open(tmp_path / "small.png") as image:
        assert image.mode == "P"
    np.testing.assert_array_equal(rgba(read_image(tmp_path / "small.png")), rgba(compressed.decompress()))
    assert (tmp_path / "small.png").stat().st_size < (tmp_path / "plain.png").stat().st_size


def test_optimizing_without_the_extra_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "oxipng", None)
    with pytest.raises(
        MissingExtraError, match=r"expected pyoxipng .* from a clone, pip install '\.\[png\]'"
    ):
        compressed_of(2, 3).save(tmp_path / "image.png", optimize=True)
    assert issubclass(MissingExtraError, ImportError)
    error = MissingExtraError("a smaller PNG", "pyoxipng", "png")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".fkq", ".webp", ".gif"])
def test_only_png_is_optimized(tmp_path, suffix):
    with pytest.raises(ArgumentError, match="the format png with optimize, got"):
        compressed_of(2, 3).save(tmp_path / f"image{suffix}", optimize=True)


def test_webp_without_libwebp_names_other_formats(tmp_path, monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda feature: feature != "webp")
    with pytest.raises(ArgumentError, match=r"a Pillow with libwebp, .* save as \.png"):
        compressed_of(2, 3).save(tmp_path / "image.webp")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("coding", ["packed", "context"])
def test_bytes_for_a_suffix_are_those_of_the_file(tmp_path, coding):
    compressed = compressed_of(5, 3)
    for suffix in formats.SUFFIXES:
        compressed.save(tmp_path / f"image{suffix}", coding=coding)
        assert formats.encode(compressed, suffix, coding=coding) == (tmp_path / f"image{suffix}").read_bytes()
    assert formats.encode(compressed, ".fkq", coding=coding) == compressed.to_bytes(coding=coding)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".webp"])
@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 1), (9, 8, 3), (9, 8, 4)])
def test_encode_image_is_lossless(suffix, shape):
    pixels = noise(*shape)
    with Image.open(BytesIO(formats.encode_image(pixels, suffix))) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), rgba(pixels))
