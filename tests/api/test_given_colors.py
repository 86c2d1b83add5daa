"""Colors of `palette` and `fixed` as numbers, CSS colors, files and images, for images of any kind."""

import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, FormatError
from tests.helpers.images import noise, of_few_values, photograph_like
from tests.helpers.metadata_tags import profile

COLORS = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 128, 64]], np.uint8)
GRAYS = np.array([[0], [90], [255]], np.uint8)
TRANSLUCENT = np.array([[0, 0, 0, 0], [9, 9, 9, 255], [250, 250, 250, 255], [255, 0, 0, 128]], np.uint8)


def as_rgb(image):
    """Return a gray image as RGB, gray with alpha as RGBA."""
    rows = image.reshape(*image.shape[:2], -1)
    alpha = rows.shape[2] in (2, 4) and image.dtype.kind == "u"
    colors = rows[:, :, : rows.shape[2] - alpha]
    shown = np.repeat(colors, 3, axis=2) if colors.shape[2] == 1 else colors
    return np.dstack((shown, rows[:, :, -1])) if alpha else shown


def as_rgba(values):
    """Return colors (..., C) or a gray image as RGBA."""
    shown = as_rgb(values if values.ndim == 3 else values[:, :, None])
    return (
        shown
        if shown.shape[2] == 4
        else np.dstack((shown, np.full(shown.shape[:2], np.iinfo(values.dtype).max)))
    )


def rgba_rows(rows):
    return as_rgba(rows[None])[0].astype(rows.dtype)


def same(result, expected):
    return result == expected and result.shape == expected.shape


@pytest.mark.parametrize(
    ("scale", "options"), [(1, {}), (1, {"dither": True}), (1, {"space": "oklab"}), (257, {})]
)
def test_a_gray_image_gets_a_color_palette_as_rgb(scale, options):
    dtype = np.uint8 if scale == 1 else np.uint16
    gray, palette = (
        photograph_like(30, 40)[:, :, 0].astype(dtype) * dtype(scale),
        COLORS.astype(dtype) * dtype(scale),
    )
    for image in (gray, gray[:, :, None]):
        result = fastkq.apply_palette(image, palette, **options)
        assert same(result, fastkq.apply_palette(as_rgb(gray), palette, **options))
        assert result.decompress().shape == (30, 40, 3)
        assert fastkq.compress(image, palette=palette, **options) == result


@pytest.mark.parametrize("options", [{}, {"dither": True}, {"space": "oklab"}])
def test_an_opaque_rgba_image_with_an_rgb_palette_stays_rgba(options):
    image = np.dstack((photograph_like(30, 40), np.full((30, 40), 255, np.uint8)))
    result = fastkq.apply_palette(image, COLORS, **options)
    assert result.decompress().shape == image.shape
    assert result.palette.tolist() == rgba_rows(COLORS).tolist()
    if not options:
        np.testing.assert_array_equal(result.indices, fastkq.apply_palette(image[:, :, :3], COLORS).indices)


@pytest.mark.parametrize("shape", [(20, 30, 4), (20, 30, 2)])
def test_a_palette_without_alpha_is_opaque_for_an_image_with_alpha(shape):
    image = noise(*shape)
    for palette in (COLORS, GRAYS):
        expected = as_rgba(image) if palette is COLORS or shape[2] == 4 else image
        rows = rgba_rows(palette) if expected.shape[2] == 4 else np.column_stack((palette, [255] * 3))
        assert same(fastkq.apply_palette(image, palette), fastkq.apply_palette(expected, rows))


@pytest.mark.parametrize("axes", [(), (1,), (3,)])
def test_an_opaque_image_with_a_palette_with_alpha_becomes_rgba(axes):
    image = noise(20, 30, *axes)
    result = fastkq.compress(image, palette=TRANSLUCENT)
    assert same(result, fastkq.apply_palette(as_rgba(image).astype(np.uint8), TRANSLUCENT))
    assert set(np.unique(result.indices)) == {1, 2}, "an opaque pixel gets an opaque row"


def test_gray_rows_are_widened_for_a_color_image():
    for image in (noise(9, 9, 3), noise(9, 9, 4), noise(9, 9, 3).astype(np.float32)):
        rows = GRAYS.astype(image.dtype)
        wide = rgba_rows(rows) if image.shape[2] == 4 else np.repeat(rows, 3, axis=1)
        assert same(fastkq.apply_palette(image, rows), fastkq.apply_palette(image, wide))
    gray = noise(9, 9).astype(np.float32)
    colors = COLORS.astype(np.float32)
    assert same(fastkq.apply_palette(gray, colors), fastkq.apply_palette(as_rgb(gray), colors))


def test_floats_and_channels_that_mean_nothing_in_common_are_refused():
    for image, rows in (
        (noise(9, 9, 4).astype(np.float32), COLORS.astype(np.float32)),
        (noise(9, 9, 6), COLORS),
        (noise(9, 9) > 99, COLORS),
        (noise(9, 9, 2).astype(np.float64), GRAYS.astype(np.float64)),
    ):
        with pytest.raises(ArgumentError, match=r"expected palette to (be|hold)"):
            fastkq.apply_palette(image, rows)


@pytest.mark.parametrize("function", [fastkq.compress, fastkq.fit_palette])
def test_fixed_colors_widen_the_image(function):
    def colors(image, fixed, k=6):
        result = function(image, k, fixed=fixed)
        return result.tolist() if isinstance(result, np.ndarray) else result.palette.tolist()

    gray, alpha = noise(20, 20), noise(20, 20, 4)
    assert colors(gray, COLORS) == colors(as_rgb(gray), COLORS)
    assert colors(gray, TRANSLUCENT) == colors(as_rgba(gray).astype(np.uint8), TRANSLUCENT)
    assert colors(alpha, COLORS) == colors(alpha, rgba_rows(COLORS))
    assert colors(alpha, GRAYS) == colors(alpha, rgba_rows(GRAYS))
    assert colors(noise(20, 20, 2), COLORS) == colors(as_rgb(noise(20, 20, 2)), COLORS)
    opaque = as_rgba(noise(20, 20, 3)).astype(np.uint8)
    assert colors(opaque, COLORS) == rgba_rows(np.array(colors(opaque[:, :, :3], COLORS), np.uint8)).tolist()


def test_curve_and_targets_widen_the_image():
    gray = photograph_like(30, 30)[:, :, 0]
    assert fastkq.curve(gray, [5, 9], fixed=COLORS) == fastkq.curve(as_rgb(gray), [5, 9], fixed=COLORS)
    for target in ({"target_psnr": 33}, {"target_bytes": 700}, {"k": 9, "max_error": 40}):
        expected = fastkq.compress(as_rgb(gray), fixed=COLORS, **target)
        assert same(fastkq.compress(gray, fixed=COLORS, **target), expected)


def test_a_gray_profile_is_dropped_with_the_gray(tmp_path):
    Image.fromarray(noise(9, 9)).save(tmp_path / "a.png", icc_profile=profile(b"GRAY"))
    assert fastkq.compress(tmp_path / "a.png", palette=GRAYS).metadata.icc
    assert fastkq.compress(tmp_path / "a.png", palette=COLORS).metadata.icc is None


INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint16, np.uint32, np.uint64, ">i4", object]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_of_any_dtype_are_taken_if_they_fit(dtype):
    image, rows = noise(9, 9, 3), COLORS // 3
    given = rows.astype(dtype) if dtype is not object else rows.tolist()
    assert fastkq.apply_palette(image, given) == fastkq.apply_palette(image, rows)
    assert fastkq.compress(image, 6, fixed=given) == fastkq.compress(image, 6, fixed=rows)
    assert np.array_equal(fastkq.fit_palette(image, 6, fixed=given), fastkq.fit_palette(image, 6, fixed=rows))


def test_integers_are_taken_for_other_dtypes_of_images():
    for image, rows in (
        (noise(9, 9, 3).astype(np.uint16), np.array([[0, 0, 0], [65535, 9, 9]])),
        (noise(9, 9, 3).astype(np.float32), np.array([[0, 0, 0], [-9, 9, 1000]])),
        (noise(9, 9) > 99, np.array([[0], [1]])),
    ):
        assert fastkq.apply_palette(image, rows) == fastkq.apply_palette(image, rows.astype(image.dtype))


@pytest.mark.parametrize(
    ("image", "rows", "message"),
    [
        (noise(9, 9, 3), np.array([[0, 0, 256]]), "hold values of uint8 as the image, got 0 to 256"),
        (noise(9, 9, 3), np.array([[0, 0, -1]], np.int8), "hold values of uint8 as the image, got -1 to 0"),
        (noise(9, 9) > 9, np.array([[2]]), "hold values of bool as the image, got 2 to 2"),
        (
            noise(9, 9, 3).astype(np.uint16),
            COLORS,
            r"be \(k, 3\) of uint16 as the image, got .4, 3. of uint8",
        ),
        (noise(9, 9, 3), COLORS / 1.0, r"be \(k, 3\) of uint8 as the image, got .4, 3. of float64"),
    ],
)
def test_values_of_another_range_or_scale_are_refused(image, rows, message):
    with pytest.raises(ArgumentError, match=f"expected palette to {message}"):
        fastkq.compress(image, palette=rows)
    with pytest.raises(ArgumentError, match=f"expected fixed to {message}"):
        fastkq.compress(image, 9, fixed=rows)


def test_css_colors_are_taken():
    image, rows = noise(9, 9, 3), [[0, 0, 0], [255, 255, 255], [255, 0, 0], [102, 51, 153]]
    names = ["#000", "rgb(255 255 255)", "RED", "rebeccapurple"]
    for given in (
        names,
        tuple(names),
        np.array(names),
        ",".join(names),
        ["#000", (255, 255, 255), [255, 0, 0], names[3]],
    ):
        assert fastkq.apply_palette(image, given) == fastkq.apply_palette(image, rows)
        assert fastkq.compress(image, palette=given) == fastkq.apply_palette(image, rows)
        assert fastkq.compress(image, 6, fixed=given) == fastkq.compress(image, 6, fixed=rows)
    assert fastkq.compress(image, 6, fixed="red").palette[0].tolist() == [255, 0, 0]


def test_named_colors_have_as_few_channels_as_hold_them():
    gray = noise(9, 9)
    assert fastkq.compress(gray, 6, fixed=["black", "white"]).palette.shape == (6, 1)
    assert fastkq.compress(gray, 6, fixed=["black", "red"]).palette.shape == (6, 3)
    assert fastkq.compress(gray, 6, fixed=["black", "transparent"]).palette.shape == (6, 2)
    assert fastkq.compress(gray, 6, fixed=["red", "#0008"]).palette.shape == (6, 4)
    assert fastkq.compress(noise(9, 9, 4), 6, fixed="red").palette[0].tolist() == [255, 0, 0, 255]
    assert fastkq.apply_palette(gray > 99, ["black", "white"]).palette.tolist() == [[False], [True]]


def test_named_colors_are_scaled_for_16_bits():
    image = noise(9, 9, 3).astype(np.uint16) * 257
    expected = np.array([[0, 0, 0], [65535, 128 * 257, 0]], np.uint16)
    assert fastkq.apply_palette(image, "black,#ff8000") == fastkq.apply_palette(image, expected)


@pytest.mark.parametrize(
    ("image", "given", "message"),
    [
        (noise(9, 9, 3), ["red", "no-color"], "palette to hold colors such as .*, got 'no-color'"),
        (noise(9, 9, 3), ["red", [0, 0]], r"palette to hold colors such as .*, got \[0, 0\]"),
        (noise(9, 9, 3), ["red", [0, 0, 256]], r"palette to hold colors such as .*, got \[0, 0, 256\]"),
        (noise(9, 9, 3), ["red", None], "palette to hold colors such as .*, got None"),
        (
            noise(9, 9, 3),
            "#000,no-color",
            "palette to be colors such as .*, got '#000,no-color': .* 'no-color'",
        ),
        (noise(9, 9, 3), "a\0.gpl", "palette to be colors such as .*, or a file, got"),
        (noise(9, 9, 3), "#12345", "palette to be colors such as .*, or a file, got '#12345'"),
        (noise(9, 9, 3), "", "palette to be colors such as .*, or a file, got ''"),
        (noise(9, 9, 3) / 255, "red", "palette to be numbers, not 8-bit colors, for an image of float64"),
        (noise(9, 9, 6), "red", "palette to be numbers, not 8-bit colors, for an image of uint8 with 6"),
        (noise(9, 9) > 9, "red,black", "palette to be black and white for an image of bool"),
        (noise(9, 9) > 9, "#777,black", "palette to be black and white for an image of bool"),
        (noise(9, 9, 3), Image.new("RGB", (2, 2)), "palette to be an image of mode P, got mode RGB"),
    ],
)
def test_texts_that_are_no_colors_are_refused(image, given, message):
    with pytest.raises(ArgumentError, match=f"expected {message}") as e:
        fastkq.apply_palette(image, given)
    assert e.value.parameter == "palette"


def test_palettes_come_from_files_and_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = noise(9, 9, 3)
    expected = fastkq.apply_palette(image, COLORS)
    expected.save("a.fkq")
    expected.save("a.png")
    Path("a.hex").write_text("000000\nffffff\nff0000\n008040\n")
    for given in (
        "a.fkq",
        "a.png",
        Path("a.png"),
        "a.hex",
        Path("a.hex").absolute(),
        expected,
        expected.to_pil(),
    ):
        assert fastkq.apply_palette(image, given) == expected
        assert fastkq.compress(image, 7, fixed=given) == fastkq.compress(image, 7, fixed=COLORS)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.gpl"):
        fastkq.apply_palette(image, "nowhere.gpl")
    Image.fromarray(image).save("rgb.png")
    with pytest.raises(
        FormatError, match=r"expected a \.fkq file or an image with a palette, got RGB pixels"
    ):
        fastkq.apply_palette(image, "rgb.png")


def test_an_existing_file_is_not_a_color(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastkq.apply_palette(noise(4, 4, 3), [[1, 2, 3]]).save("a.png")
    Path("a.png").rename("red")
    assert fastkq.apply_palette(noise(4, 4, 3), "red").palette.tolist() == [[1, 2, 3]]


def test_a_folder_is_not_a_palette(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("red").mkdir()
    Path("photos").mkdir()
    assert fastkq.apply_palette(noise(4, 4, 3), "red").palette.tolist() == [[255, 0, 0]]
    with pytest.raises(OSError, match="photos"):
        fastkq.apply_palette(noise(4, 4, 3), "photos")


def test_a_palette_is_needed():
    with pytest.raises(ArgumentTypeError, match="expected palette to be colors, got None"):
        fastkq.apply_palette(noise(4, 4, 3), None)


def test_given_arrays_of_any_layout_are_not_changed():
    image, rows = noise(9, 9), noise(12, 6)[::2, ::-2]
    assert not rows.flags.c_contiguous
    before = rows.copy()
    rows.flags.writeable = False
    expected = fastkq.apply_palette(image, before)
    for given in (rows, np.asfortranarray(before), before.astype(">i8")):
        assert fastkq.apply_palette(image, given) == expected
        assert fastkq.compress(image, 9, fixed=given) == fastkq.compress(image, 9, fixed=before)
        assert fastkq.compress(image, 2, palette=given) == fastkq.compress(image, 2, palette=before)
    assert np.array_equal(rows, before)


def test_palettes_of_files_of_16_bits_and_floats_are_values(tmp_path):
    for dtype in (np.uint16, np.float32):
        image, rows = noise(9, 9, 3).astype(dtype), (COLORS.astype(np.uint32) * 200).astype(dtype)
        expected = fastkq.apply_palette(image, rows)
        expected.save(tmp_path / "a.fkq")
        assert fastkq.apply_palette(image, tmp_path / "a.fkq") == expected
        with pytest.raises(ArgumentError, match="expected palette to"):
            fastkq.apply_palette(noise(9, 9, 3), tmp_path / "a.fkq")


# One palette for images of mixed kinds.

KINDS = [(np.uint8, axes) for axes in ((), (1,), (2,), (3,), (4,))] + [
    (np.uint16, axes) for axes in ((), (2,), (3,), (4,))
]


def opaque(image):
    image = image.copy()
    image[..., -1] = np.iinfo(image.dtype).max
    return image


@pytest.mark.parametrize("is_opaque", [False, True])
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize(
    ("first", "second"), [pair for pair in itertools.product(KINDS, KINDS) if pair[0][0] == pair[1][0]]
)
def test_counts_of_mixed_kinds_are_those_of_the_widened_images(first, second, is_weighted, is_opaque):
    images = [of_few_values(*first, seed=1), of_few_values(*second, seed=2)]
    if is_opaque:
        images = [opaque(image) if image.shape[2:] in ((2,), (4,)) else image for image in images]
    weights = [np.arange(42.0).reshape(6, 7), None] if is_weighted else None
    counts = fastkq.count_colors(images, weights=weights)
    is_color = any(image.shape[2:] in ((3,), (4,)) for image in images)
    has_alpha = any(image.shape[2:] in ((2,), (4,)) for image in images)
    widened = [as_rgb(image) if is_color else image.reshape(6, 7, -1) for image in images]
    if has_alpha:
        channels = 4 if is_color else 2
        top = np.full((6, 7), np.iinfo(first[0]).max, first[0])
        widened = [image if image.shape[2] == channels else np.dstack((image, top)) for image in widened]
    expected = fastkq.count_colors(widened, weights=weights)
    assert counts == expected
    assert fastkq.ColorCounts.from_bytes(counts.to_bytes()) == counts == pickle.loads(pickle.dumps(counts))
    for k in (2, 5):
        np.testing.assert_array_equal(
            fastkq.fit_palette(images, k, weights=weights), fastkq.fit_palette(widened, k, weights=weights)
        )


def test_a_palette_of_mixed_images_is_applied_to_each():
    images = [photograph_like(20, 20), photograph_like(20, 20, seed=1)[:, :, 0], noise(9, 9, 4)]
    palette = fastkq.fit_palette(images, 12)
    assert palette.shape == (12, 4)
    for image in images:
        assert same(
            fastkq.apply_palette(image, palette),
            fastkq.apply_palette(as_rgba(image).astype(np.uint8), palette),
        )
    assert fastkq.fit_palette(
        [noise(4, 4).astype(np.float32), noise(4, 4, 3).astype(np.float32)], 5
    ).shape == (5, 3)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("last", [7, 255])
@pytest.mark.parametrize("as_file", [False, True])
def test_palettes_whose_last_channel_is_no_alpha_keep_it(tmp_path, channels, last, as_file):
    image = np.full((4, 4, channels), 9, np.uint8)
    image[:2], image[..., -1] = 30, last
    compressed = fastkq.compress(image, 2, alpha=False)
    compressed.save(tmp_path / "a.fkq")
    given = tmp_path / "a.fkq" if as_file else compressed
    assert fastkq.apply_palette(image, given, alpha=False) == compressed
