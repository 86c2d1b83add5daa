"""Hidden colors: the transparent row of a palette has the commonest color under alpha 0."""

import struct
import zlib
from collections import Counter
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import fastkq
from fastkq.color import hidden_colors
from fastkq.color.packed_counting import MAX_RGBA_COLORS
from fastkq.errors import FormatError
from tests.helpers.images import noise, visible_pixels

KINDS_WITH_ALPHA = [(np.uint8, 2), (np.uint8, 4), (np.uint16, 2), (np.uint16, 4)]


def image_with_hidden_colors(dtype, channels, seed=0, rows=40):
    """Return an image of few colors, of which a third are under alpha 0."""
    values = np.random.default_rng(seed).integers(0, 3, (rows, 20, channels))
    return (values * (np.iinfo(dtype).max // 2)).astype(dtype)


def hidden_pixels(image):
    pixels = image.reshape(-1, image.shape[-1])
    return [tuple(map(int, pixel)) for pixel in pixels if pixel[-1] == 0]


def commonest(image):
    """Return the commonest color under alpha 0; of equally common ones the smallest."""
    counted = Counter(hidden_pixels(image))
    return min(counted, key=lambda color: (-counted[color], color))


def transparent_rows(palette):
    return [tuple(row) for row in palette.tolist() if row[-1] == 0]


@pytest.mark.parametrize(("dtype", "channels"), KINDS_WITH_ALPHA)
@pytest.mark.parametrize("seed", range(4))
def test_transparent_row_is_the_commonest_hidden_color(dtype, channels, seed):
    image = image_with_hidden_colors(dtype, channels, seed)
    expected = [commonest(image)]
    for k in (3, 8, 100):
        assert transparent_rows(fastkq.compress(image, k).palette) == expected
        assert transparent_rows(fastkq.fit_palette(image, k)) == expected
    weights = np.random.default_rng(seed).random(image.shape[:2])
    assert transparent_rows(fastkq.compress(image, 8, weights=weights).palette) == expected
    assert transparent_rows(fastkq.compress(image, target_psnr=30).palette) == expected


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(
    "options",
    [
        {"dither": True},
        {"dither": True, "dither_method": "blue-noise"},
        {"preset": "visual"},
        {"space": "oklab"},
        {"max_error": 200},
    ],
)
def test_every_way_to_a_palette_keeps_the_hidden_color(channels, options):
    image = image_with_hidden_colors(np.uint8, channels, seed=5)
    compressed = fastkq.compress(image, 8, **options)
    assert transparent_rows(compressed.palette) == [commonest(image)]
    # Pixels get the same rows as if nothing were hidden.
    plain = image * (image[..., -1:] > 0)
    np.testing.assert_array_equal(compressed.indices, fastkq.compress(plain, 8, **options).indices)


@pytest.mark.parametrize("colors", [(7, 9), (9, 7)])
def test_ties_go_to_the_smallest_by_the_first_channel(colors):
    image = np.zeros((2, 2, 4), np.uint8)
    # By Morton codes, (0, 255, 255) is larger than (8, 0, 0).
    image[0], image[1] = (0, 255, 255, 0), (8, 0, 0, 0)
    assert fastkq.compress(image[::-1] if colors[0] > 8 else image, 4).palette.tolist() == [[0, 255, 255, 0]]


def test_only_hidden_colors_change_in_an_image_of_at_most_k_colors():
    image = image_with_hidden_colors(np.uint8, 4)
    result = fastkq.compress(image, 256).decompress()
    np.testing.assert_array_equal(visible_pixels(result), visible_pixels(image))
    assert set(hidden_pixels(result)) == {commonest(image)}


@pytest.mark.parametrize("preset", [None, "visual"])
def test_image_of_too_many_colors_for_a_table_keeps_its_hidden_color(preset):
    image = noise(700, 600, 4)
    image[:20, ..., 3] = 0
    image[:3] = 1, 2, 3, 0
    assert len(fastkq.count_colors(image)) > MAX_RGBA_COLORS
    assert transparent_rows(fastkq.compress(image, 4, effort="fast", preset=preset).palette) == [(1, 2, 3, 0)]


def test_given_and_fixed_rows_stay_as_they_are():
    image = image_with_hidden_colors(np.uint8, 4)
    given = [[1, 2, 3, 0], [4, 5, 6, 0], [0, 0, 0, 255]]
    assert fastkq.compress(image, palette=given).palette.tolist() == given
    assert fastkq.compress(image, 6, fixed=given).palette[:3].tolist() == given
    opaque = fastkq.compress(image, 6, fixed=given[2:]).palette
    assert opaque[0].tolist() == given[2]
    assert transparent_rows(opaque) == [commonest(image)]


def test_nothing_is_hidden_in_other_images():
    for image in (noise(4, 4), noise(4, 4, 3), noise(4, 4, 5), np.zeros((4, 4, 4), np.float32)):
        counted = fastkq.count_colors(image)
        channels = 1 if image.ndim == 2 else image.shape[2]
        assert counted.hidden_colors.shape == (0, channels)
        assert counted.hidden_counts.shape == (0,)
    assert len(fastkq.count_colors(noise(4, 4, 4) | 1).hidden_colors) == 0


@pytest.mark.parametrize(("dtype", "channels"), KINDS_WITH_ALPHA)
@pytest.mark.parametrize("threads", [1, 3])
def test_counts_of_hidden_colors_are_exact(dtype, channels, threads):
    image = np.random.default_rng(2).integers(0, 5, (800, 700, channels)).astype(dtype)
    expected = Counter(hidden_pixels(image))
    counted = fastkq.count_colors(image, threads=threads)
    colors = [tuple(color) for color in counted.hidden_colors.tolist()]
    assert dict(zip(colors, counted.hidden_counts.tolist(), strict=True)) == expected
    assert counted.hidden_counts.sum() == counted.counts[0]


@given(st.sampled_from(KINDS_WITH_ALPHA), st.integers(0, 99), st.integers(1, 9))
def test_added_counts_give_the_palette_of_all_pixels(kind, seed, split):
    image = image_with_hidden_colors(*kind, seed, rows=10)
    one, two = fastkq.count_colors(image[:split]), fastkq.count_colors(image[split:])
    two = fastkq.ColorCounts.from_bytes(two.to_bytes())
    whole = fastkq.count_colors(image)
    assert one + two == two + one == whole
    for counts in (one + two, two + one, whole, [image[:split], image[split:]]):
        assert transparent_rows(fastkq.fit_palette(counts, 5)) == [commonest(image)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("other", ["gray", "gray with alpha", "RGB"])
def test_hidden_colors_of_images_of_several_kinds_add_up(dtype, other):
    color, gray = image_with_hidden_colors(dtype, 4), image_with_hidden_colors(dtype, 2, seed=1)
    image = {"gray": gray[..., 0], "gray with alpha": gray, "RGB": color[..., :3]}[other]
    widened = {"gray": gray[..., [0, 0, 0, 1]], "gray with alpha": gray[..., [0, 0, 0, 1]], "RGB": color}[
        other
    ]
    widened = widened.copy()
    if other != "gray with alpha":
        widened[..., 3] = np.iinfo(dtype).max
    counts = fastkq.count_colors(color), fastkq.count_colors(image)
    whole = np.concatenate((color, widened))
    assert counts[0] + counts[1] == counts[1] + counts[0] == fastkq.count_colors(whole)
    assert transparent_rows(fastkq.fit_palette(counts, 5)) == [commonest(whole)]


def test_counts_that_differ_only_in_hidden_colors_are_not_equal():
    image = np.zeros((2, 2, 4), np.uint8)
    other = image.copy()
    other[0, 0] = 1, 2, 3, 0
    assert fastkq.count_colors(image) != fastkq.count_colors(other)


def arrays_of(counts):
    with np.load(BytesIO(counts.to_bytes())) as arrays:
        return dict(arrays)


def bytes_of(arrays):
    stream = BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_saved_counts_have_hidden_colors_only_if_they_are_not_zeros():
    image = image_with_hidden_colors(np.uint8, 4)
    assert {"hidden_colors", "hidden_counts"} <= arrays_of(fastkq.count_colors(image)).keys()
    plain = fastkq.count_colors(image * (image[..., 3:] > 0))
    arrays = arrays_of(plain)
    assert arrays.keys() == {"colors", "counts", "version"}
    read = fastkq.ColorCounts.from_bytes(bytes_of(arrays))
    assert read == plain
    assert read.hidden_colors.tolist() == [[0, 0, 0, 0]]
    assert read.hidden_counts.tolist() == [plain.counts[0]]


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_counts": lambda counts: counts[:-1]},
        {"hidden_counts": lambda counts: counts + 1},
        {"hidden_counts": lambda counts: counts.astype(np.int32)},
        {"hidden_counts": lambda counts: np.array([0, *counts[1:-1], counts[0] + counts[-1]])},
        {"hidden_colors": lambda colors: colors[::-1]},
        {"hidden_colors": lambda colors: colors.astype(np.uint16)},
        {"hidden_colors": lambda colors: colors[:, 1:]},
        {"hidden_colors": lambda colors: colors | 1},
        {"hidden_colors": lambda colors: colors[:0], "hidden_counts": lambda counts: counts[:0]},
    ],
)
def test_damaged_hidden_colors_raise_format_error(changes):
    arrays = arrays_of(fastkq.count_colors(image_with_hidden_colors(np.uint8, 4)))
    fastkq.ColorCounts.from_bytes(bytes_of(arrays))
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    with pytest.raises(FormatError, match=r"expected the bytes of counted colors: expected .*,"):
        fastkq.ColorCounts.from_bytes(bytes_of(arrays))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_color_key_of_a_png_file_is_kept(mode, tmp_path):
    pixels = np.random.default_rng(1).choice([20, 90, 200], (9, 9, 3)).astype(np.uint8)
    image = Image.fromarray(pixels if mode == "RGB" else pixels[..., 0])
    key = (90, 20, 200) if mode == "RGB" else 90
    image.save(tmp_path / "key.png", transparency=key)
    for source in (tmp_path / "key.png", Image.open(tmp_path / "key.png")):
        compressed = fastkq.compress(source, 64)
        assert transparent_rows(compressed.palette) == [(90, *(key[1:] if mode == "RGB" else (90, 90)), 0)]
        compressed.save(tmp_path / "palette.png")
        with Image.open(tmp_path / "palette.png") as read:
            np.testing.assert_array_equal(np.asarray(read.convert(mode)), np.asarray(image))


def gray_png(levels, depth, key):
    """Return a PNG with one row of gray levels of `depth` bits and a color key."""
    chunks = [
        (b"IHDR", struct.pack(">2I5B", len(levels), 1, depth, 0, 0, 0, 0)),
        (b"tRNS", struct.pack(">H", key)),
        (b"IDAT", zlib.compress(b"\0" + int("".join(f"{x:0{depth}b}" for x in levels), 2).to_bytes(8))),
        (b"IEND", b""),
    ]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_color_key_of_a_gray_png_of_few_bits_fits_its_pixels(depth):
    top = 2**depth - 1
    levels = [(step * 3) % (top + 1) for step in range(64 // depth)]
    for key in {0, 1, top // 2, top}:
        found = fastkq.compress(gray_png(levels, depth, key), 256)
        is_hidden = np.array(levels) == key
        if found.shape[2:] != (4,):
            assert not is_hidden.any()
            continue
        np.testing.assert_array_equal(found.decompress()[0, :, 3], np.where(is_hidden, 0, 255))
        np.testing.assert_array_equal(found.decompress()[0, :, 0], np.array(levels) * (255 // top))


@pytest.mark.parametrize("name", ["hidden_colors", "hidden_counts"])
def test_hidden_colors_without_counts_and_counts_without_colors_raise_format_error(name):
    arrays = arrays_of(fastkq.count_colors(image_with_hidden_colors(np.uint8, 4)))
    del arrays[name]
    with pytest.raises(FormatError, match="hidden colors with their counts"):
        fastkq.ColorCounts.from_bytes(bytes_of(arrays))


def test_selection_does_not_change_the_image():
    image = image_with_hidden_colors(np.uint16, 4)
    image.flags.writeable = False
    assert hidden_colors.count(image) is not None
