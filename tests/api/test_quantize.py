"""`fastkq.quantize` as a replacement of Pillow's `Image.quantize`."""

import inspect

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Dither, Quantize

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, ColorSpaceWarning, FormatError
from tests.helpers.images import noise, photograph_like
from tests.helpers.metadata_tags import exif, profile

PHOTO = Image.fromarray(photograph_like(40, 60))
BLACK_AND_WHITE = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)


def palette_image(colors):
    image = Image.new("P", (1, 1))
    image.putpalette(np.asarray(colors, np.uint8).tobytes(), "RGBA" if len(colors[0]) == 4 else "RGB")
    return image


def error_of(quantized, image=PHOTO):
    return (np.subtract(quantized.convert("RGB"), image, dtype=float) ** 2).mean()


def test_signature_follows_pillow():
    ours = list(inspect.signature(fastkq.quantize).parameters.values())
    theirs = list(inspect.signature(Image.Image.quantize).parameters.values())
    assert [one.name for one in ours[1:6]] == [one.name for one in theirs[1:]]
    assert [one.default for one in ours[1:5]] == [one.default for one in theirs[1:5]]
    assert all(one.kind is one.KEYWORD_ONLY for one in ours[6:])


@pytest.mark.parametrize("colors", [1, 2, 16, 256])
def test_palette_and_indices_equal_those_of_compress(colors):
    quantized = fastkq.quantize(PHOTO, colors, Quantize.MEDIANCUT, 3)
    compressed = fastkq.compress(PHOTO, colors)
    assert (quantized.mode, quantized.size) == ("P", PHOTO.size)
    np.testing.assert_array_equal(np.asarray(quantized), compressed.indices)
    assert quantized.getpalette() == compressed.palette.ravel().tolist()
    assert error_of(quantized) <= error_of(PHOTO.quantize(colors, kmeans=1))


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "RGB", "RGBA", "RGBa", "PA", "P", "CMYK", "HSV", "I;16"]
)
def test_every_mode_of_8_or_16_bits_is_accepted(mode):
    source = PHOTO.convert("L" if mode in ("1", "La", "I;16") else "RGB")
    image = source.convert("LA").convert("La") if mode == "La" else source.convert(mode)
    quantized = fastkq.quantize(image, 8)
    assert (quantized.mode, quantized.size) == ("P", PHOTO.size)
    assert len(quantized.getcolors()) == (2 if mode == "1" else 1 if mode == "I;16" else 8)


def test_default_dithers_only_with_a_palette():
    undithered, palette = fastkq.quantize(PHOTO, 4), palette_image(BLACK_AND_WHITE)
    assert undithered == fastkq.quantize(PHOTO, 4, dither=Dither.NONE)
    assert undithered != fastkq.quantize(PHOTO, 4, dither=Dither.FLOYDSTEINBERG)
    dithered = fastkq.quantize(PHOTO, palette=palette)
    assert dithered == fastkq.quantize(PHOTO, palette=palette, dither=Dither.FLOYDSTEINBERG)
    assert dithered != fastkq.quantize(PHOTO, palette=palette, dither=Dither.NONE)


@pytest.mark.parametrize(
    ("dither", "options"),
    [
        (Dither.NONE, {}),
        (0, {}),
        (False, {}),
        (Dither.FLOYDSTEINBERG, {"dither": True}),
        (Image.FLOYDSTEINBERG, {"dither": True}),
        (True, {"dither": True}),
        (1, {"dither": True}),
        (0.5, {"dither": 0.5}),
        (Dither.ORDERED, {"dither": True, "dither_method": "blue-noise"}),
    ],
)
def test_dither_takes_pillow_constants_and_strengths(dither, options):
    expected = fastkq.compress(PHOTO, 4, **options)
    assert fastkq.quantize(PHOTO, 4, dither=dither) == expected.to_pil()


@pytest.mark.parametrize("kmeans", [np.int64(2), np.uint8(0), True])
@pytest.mark.parametrize("method", [np.int64(1), *Quantize, int(Quantize.FASTOCTREE), False])
def test_method_and_kmeans_are_any_integers_of_their_range(method, kmeans):
    assert fastkq.quantize(PHOTO, 4, method, kmeans) == fastkq.quantize(PHOTO, 4)


@pytest.mark.parametrize("dither", [Dither.RASTERIZE, 2, np.int64(2)])
def test_rasterize_without_a_palette_is_no_dithering(dither):
    assert fastkq.quantize(PHOTO, 4, dither=dither) == fastkq.quantize(PHOTO, 4, dither=Dither.NONE)


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 128])])
def test_transparency_of_a_palette_image_counts_only_for_images_with_transparency(transparency):
    palette = palette_image([[0, 0, 0], [255, 255, 255], [255, 0, 0]])
    palette.info["transparency"] = transparency
    opaque = fastkq.quantize(PHOTO, palette=palette, dither=Dither.NONE)
    theirs = PHOTO.quantize(palette=palette, dither=Dither.NONE)
    assert opaque.getpalette("RGBA") == theirs.getpalette("RGBA")
    assert (opaque.palette.mode, opaque.info) == (theirs.palette.mode, theirs.info)
    pixels = np.asarray(PHOTO).reshape(-1, 1, 3).astype(int)
    rows = np.array(palette.getpalette()).reshape(-1, 3)
    nearest = ((pixels - rows) ** 2).sum(axis=2).argmin(axis=1)
    assert set(nearest) == {0, 1, 2}
    np.testing.assert_array_equal(np.asarray(opaque).ravel(), nearest)
    image = PHOTO.convert("RGBA")
    image.putalpha(0)
    assert fastkq.quantize(image, palette=palette, dither=Dither.NONE).getcolors() == [(2400, 1)]


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_color_key_is_the_transparent_row(mode):
    image = PHOTO.quantize(5).convert(mode)
    key = image.getpixel((7, 7))
    image.info["transparency"] = key
    quantized = fastkq.quantize(image)
    row = quantized.info["transparency"]
    np.testing.assert_array_equal(np.asarray(quantized.convert(mode)), np.asarray(image))
    np.testing.assert_array_equal(
        np.asarray(quantized) == row, np.asarray(image.convert("RGBA"))[..., 3] == 0
    )


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "PA", "CMYK", "I;16", "I", "F"])
def test_image_without_pixels_gives_one_as_with_pillow(mode, size):
    image = Image.new(mode, size)
    image.info["dpi"] = (72, 72)
    quantized, theirs = fastkq.quantize(image), image.quantize()
    assert (quantized.mode, quantized.size, quantized.info) == ("P", size, theirs.info)
    assert quantized.getpalette() == theirs.getpalette() == []
    quantized = fastkq.quantize(image, palette=BLACK_AND_WHITE)
    assert (quantized.size, quantized.getpalette()) == (size, [0, 0, 0, 255, 255, 255])
    for arguments in ({"colors": 0}, {"method": 9}, {"palette": PHOTO}):
        with pytest.raises(ArgumentError):
            fastkq.quantize(image, **arguments)


@pytest.mark.parametrize("given", [palette_image(noise(9, 3)), noise(9, 3), noise(9, 3).tolist()])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_a_given_palette_is_kept_in_its_order(given, mode):
    image = PHOTO.convert(mode)
    quantized = fastkq.quantize(image, palette=given, dither=Dither.NONE)
    assert quantized.getpalette() == noise(9, 3).ravel().tolist()
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 1, 3).astype(int)
    nearest = ((pixels - noise(9, 3)) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(np.asarray(quantized).ravel(), nearest)
    if mode in ("RGB", "L"):
        theirs = image.quantize(palette=palette_image(noise(9, 3)), dither=Dither.NONE)
        assert quantized.getpalette() == theirs.getpalette()


@pytest.mark.parametrize("width", [3, 4])
def test_gray_image_3_or_4_pixels_wide_stays_gray(width):
    image = Image.fromarray(np.full((5, width), 200, np.uint8))
    assert fastkq.quantize(image, palette=BLACK_AND_WHITE, dither=0).getcolors() == [(5 * width, 1)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("black,#fff", [0, 0, 0, 255, 255, 255]),
        (["red", (0, 0, 0)], [255, 0, 0, 0, 0, 0]),
        ([[0], [9]], [0, 0, 0, 9, 9, 9]),
        (fastkq.compress(np.array([[3, 7]], np.uint8), 2), [3, 3, 3, 7, 7, 7]),
    ],
)
def test_colors_are_given_as_for_compress(given, expected):
    assert fastkq.quantize(PHOTO, palette=given, dither=Dither.NONE).getpalette() == expected


def test_gray_colors_with_alpha_are_given_as_css_colors():
    quantized = fastkq.quantize(PHOTO, palette="#0000,white", dither=Dither.NONE)
    assert quantized.getpalette("RGBA") == [0, 0, 0, 0, 255, 255, 255, 255]


def test_palette_and_image_may_differ_in_alpha():
    clear = np.array([[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]], np.uint8)
    opaque = fastkq.quantize(PHOTO, palette=clear, dither=0)
    assert {index for _, index in opaque.getcolors()} == {1, 2}
    seen_through = PHOTO.convert("RGBA")
    seen_through.putalpha(Image.linear_gradient("L").resize(PHOTO.size).point(lambda v: 255 * (v > 99)))
    quantized = fastkq.quantize(seen_through, palette=palette_image(clear), dither=0)
    assert quantized.info["transparency"] == 0
    np.testing.assert_array_equal(np.asarray(quantized) == 0, np.asarray(seen_through)[:, :, 3] == 0)
    assert fastkq.quantize(seen_through, palette=BLACK_AND_WHITE).mode == "P"


def test_transparency_is_kept():
    image = Image.fromarray(noise(20, 30, 4))
    quantized = fastkq.quantize(image, 16)
    np.testing.assert_array_equal(
        np.asarray(quantized.convert("RGBA")), fastkq.compress(image, 16).decompress()
    )


def test_pixels_are_not_rotated_and_info_is_kept():
    image = PHOTO.copy()
    image.info = {
        "exif": exif(6),
        "icc_profile": profile(),
        "dpi": (72, 72),
        "comment": "own",
        "transparency": (1, 2, 3),
    }
    quantized = fastkq.quantize(image, 8)
    assert quantized.size == image.size
    assert quantized.info == {name: value for name, value in image.info.items() if name != "transparency"}
    assert image.info["transparency"] == (1, 2, 3)
    image.info["icc_profile"] = profile(b"CMYK")
    with pytest.warns(ColorSpaceWarning, match="it is for CMYK, the image is RGB"):
        assert "icc_profile" not in fastkq.quantize(image, 8).info


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"colors": 0}, ArgumentError, "expected colors from 1 to 256, got 0"),
        ({"colors": 257}, ArgumentError, "expected colors from 1 to 256, got 257"),
        ({"colors": 2.5}, ArgumentTypeError, "expected colors to be an integer, got 2.5"),
        ({"method": PHOTO}, ArgumentTypeError, "expected method to be None or one of PIL.Image.Quantize"),
        ({"method": 2.0}, ArgumentTypeError, "Quantize, 0 to 3, got 2.0"),
        ({"method": 4}, ArgumentError, "Quantize, 0 to 3, got 4"),
        ({"method": -1}, ArgumentError, "Quantize, 0 to 3, got -1"),
        ({"kmeans": -1}, ArgumentError, "expected kmeans to be at least 0, got -1"),
        ({"kmeans": PHOTO}, ArgumentTypeError, "expected kmeans to be an integer"),
        ({"palette": PHOTO}, ArgumentError, "expected palette to be an image of mode P, got mode RGB"),
        ({"dither": np.zeros(2)}, ArgumentTypeError, "expected dither to be a number"),
        ({"palette": [[0, 0], [1, 1]]}, ArgumentError, r"palette to be \(k, 3\) of uint8"),
        ({"palette": [[0, 0, 0], [1, 1]]}, ArgumentError, r"palette to be \(k, 3\), got rows of unequal"),
        ({"palette": noise(257, 3)}, ArgumentError, "palette of at most 256 colors, got 257"),
        (
            {"dither": Dither.RASTERIZE, "palette": BLACK_AND_WHITE},
            ArgumentError,
            "NONE, ORDERED or FLOYDSTEINBERG with a palette, got RASTERIZE",
        ),
        ({"palette": Image.new("P", (1, 1))}, ArgumentError, "of 1 to 256 colors, got an empty palette"),
        ({"dither": 7}, ArgumentError, "expected dither from 0 to 1, got 7"),
        ({"dither": "yes"}, ArgumentTypeError, "expected dither to be a number, got 'yes'"),
        ({"effort": "most"}, ArgumentError, "expected effort to be one of"),
    ],
)  # fmt: skip
def test_invalid_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        fastkq.quantize(PHOTO, **arguments)


def test_arrays_and_32_bit_modes_are_refused():
    with pytest.raises(ArgumentTypeError, match="expected a PIL image, got ndarray: compress takes arrays"):
        fastkq.quantize(noise(4, 4, 3))
    for mode, found in (("I", "int32"), ("F", "32 .mode F.")):
        with pytest.raises(FormatError, match=f"expected 8 or 16 bits per channel, got {found}$"):
            fastkq.quantize(Image.new(mode, (4, 4)))
