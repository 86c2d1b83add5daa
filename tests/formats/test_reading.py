"""Image files and PIL images as input: modes, transparency, rotation, invalid data; PNG with a palette."""

import re
import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import formats
from fastkq.errors import ArgumentError, FormatError
from tests.helpers.command_line import run
from tests.helpers.images import noise, read_image

END = b"\0\0\0\0IEND\xaeB`\x82"


def saved(tmp_path, image, name="image.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


@pytest.mark.parametrize(("mode", "shape"), [("L", ()), ("RGB", (3,)), ("RGBA", (4,))])
def test_l_rgb_and_rgba_are_read_unchanged(tmp_path, mode, shape):
    pixels = noise(5, 7, *shape)
    image = Image.fromarray(pixels)
    assert image.mode == mode
    np.testing.assert_array_equal(read_image(saved(tmp_path, image)), pixels)
    np.testing.assert_array_equal(read_image(image), pixels)


def test_one_bit_is_black_and_white(tmp_path):
    pixels = noise(5, 7) > 127
    read = read_image(saved(tmp_path, Image.fromarray(pixels)))
    np.testing.assert_array_equal(read, np.where(pixels, 255, 0))


def test_gray_with_alpha_keeps_its_alpha(tmp_path):
    pixels = noise(5, 7, 2)
    read = read_image(saved(tmp_path, gray_with_alpha(pixels)))
    np.testing.assert_array_equal(read, pixels[:, :, [0, 0, 0, 1]])


def test_premultiplied_gray_is_gray_with_alpha():
    image = gray_with_alpha(noise(5, 7, 2)).convert("La")
    np.testing.assert_array_equal(read_image(image), np.asarray(image.convert("LA"))[:, :, [0, 0, 0, 1]])


def gray_with_alpha(pixels):
    gray, alpha = (Image.fromarray(np.ascontiguousarray(pixels[:, :, c])) for c in (0, 1))
    return Image.merge("LA", (gray, alpha))


def palette_image(transparency):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


def test_palette_images_are_read_as_their_colors(tmp_path):
    read = read_image(saved(tmp_path, palette_image(None)))
    np.testing.assert_array_equal(read, [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]])


@pytest.mark.parametrize(
    ("transparency", "alphas"), [(1, [255, 0, 255]), (b"\x07\x80", [7, 128, 255]), (b"\x00", [0, 255, 255])]
)
def test_a_palette_keeps_its_transparency(tmp_path, transparency, alphas):
    path = saved(tmp_path, palette_image(None), transparency=transparency)
    read = read_image(path)
    assert read.shape == (1, 3, 4)
    np.testing.assert_array_equal(read[0, :, 3], alphas)
    np.testing.assert_array_equal(read_image(palette_image(transparency))[0, :, 3], alphas)


def test_a_transparent_color_is_transparent(tmp_path):
    pixels = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    read = read_image(saved(tmp_path, Image.fromarray(pixels), transparency=(4, 5, 6)))
    np.testing.assert_array_equal(read[0, :, 3], [255, 0])
    gray = saved(tmp_path, Image.fromarray(pixels[:, :, 0]), transparency=1)
    np.testing.assert_array_equal(read_image(gray)[0, :, 3], [0, 255])


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "LAB"])
def test_other_color_modes_become_rgb(mode):
    red = Image.new("RGB", (4, 4), (200, 30, 60))
    image = Image.new("LAB", (4, 4), (128, 128, 128)) if mode == "LAB" else red.convert(mode)
    read = read_image(image)
    assert read.shape == (4, 4, 3)
    np.testing.assert_array_equal(read, np.asarray(image.convert("RGB")))


def test_cmyk_jpeg_is_not_inverted(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (16, 16), (250, 10, 20)).convert("CMYK"), "print.jpg")
    assert np.abs(read_image(path).astype(int) - [250, 10, 20]).max() < 10


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path, orientation):
    upright = np.zeros((8, 16), np.uint8)
    upright[:, 8:], upright[:4] = 200, upright[:4] + 50
    undo = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.T,
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),
    }.get(orientation, lambda a: a)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(np.ascontiguousarray(undo(upright))), exif=exif)
    np.testing.assert_array_equal(read_image(path), upright)


def test_32_bit_integers_are_read_but_not_reduced(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.full((3, 3), -7, np.int32)), "deep.tif")
    assert read_image(path).dtype == np.int32
    assert (read_image(path) == -7).all()
    with pytest.raises(FormatError, match=r"deep\.tif: expected 8 or 16 bits per channel, got int32"):
        read_image(path, 8)


@pytest.mark.parametrize("data", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n", bytes(1000)])
def test_other_data_are_refused(tmp_path, data):
    path = tmp_path / "image.png"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"image\.png: expected an image file"):
        read_image(path)


@pytest.mark.parametrize(
    ("name", "shape"), [("a.png", (64, 64, 3)), ("a.jpg", (64, 64, 3)), ("a.tif", (64, 64))]
)
def test_truncated_images_are_refused(tmp_path, name, shape):
    path = saved(tmp_path, Image.fromarray(noise(*shape)), name)
    data = path.read_bytes()
    for share in (0.3, 0.6, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(FormatError, match="expected an image file"):
            read_image(path)


def test_compress_takes_paths_and_pil_images(tmp_path):
    pixels = noise(20, 20, 3)
    path = saved(tmp_path, Image.fromarray(pixels))
    expected = fastkq.compress(pixels, 9)
    assert fastkq.compress(path, 9) == expected
    assert fastkq.compress(str(path), 9) == expected
    assert fastkq.compress(Image.fromarray(pixels), 9) == expected


def test_compress_takes_fkq_files(tmp_path):
    compressed = fastkq.compress(noise(20, 20, 3), 30)
    compressed.save(tmp_path / "many.fkq")
    assert fastkq.compress(tmp_path / "many.fkq", 9) == fastkq.compress(compressed.decompress(), 9)
    (tmp_path / "many.fkq").write_bytes(compressed.to_bytes()[:-1])
    with pytest.raises(FormatError, match=r"many\.fkq: "):
        fastkq.compress(tmp_path / "many.fkq", 9)


def decoded(data):
    with Image.open(BytesIO(data)) as image:
        return image.mode, data[24], image.info.get("transparency"), np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize(("k", "bits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_uses_the_fewest_bits_per_index(k, bits, channels):
    palette = noise(k, channels, seed=k)
    indices = np.random.default_rng(k).integers(0, k, (13, 11)).astype(np.uint8)
    mode, depth, transparency, pixels = decoded(
        formats.encode(fastkq.CompressedImage(palette, indices), ".png")
    )
    assert (mode, depth) == ("P", bits)
    expected = palette[indices][..., [0, 0, 0]] if channels == 1 else palette[indices][..., :3]
    np.testing.assert_array_equal(pixels[..., :3], expected)
    if channels == 4:
        np.testing.assert_array_equal(pixels[..., 3], palette[indices][..., 3])
    else:
        assert transparency is None


def test_opaque_rgba_needs_no_transparency_in_png():
    palette = np.array([[1, 2, 3, 255], [4, 5, 6, 255]], np.uint8)
    assert decoded(formats.encode(fastkq.CompressedImage(palette, [[0, 1]]), ".png"))[2] is None


def test_png_of_more_than_256_colors_is_refused_with_alternatives(tmp_path):
    compressed = fastkq.compress(noise(40, 40, 3), 300)
    with pytest.raises(
        ArgumentError,
        match=r"at most 256 colors .* got 300: save as \.fkq, \.webp or \.tif, or compress with k=256",
    ):
        compressed.save(tmp_path / "image.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"", "an empty one"),
        (b"\xff\xd8\xff", "a damaged JPEG"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\1\7\0\0\0\xaa\xb9\xc1\x9d" + END, "a damaged PNG"),
        (b"GIF89a", "a damaged GIF"),
        (b"hello", "data of no known image format"),
    ],
    ids=["empty", "jpeg", "png", "gif", "text"],
)
def test_error_names_the_kind_of_data_and_libraries_print_nothing(tmp_path, capfd, data, got):
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(FormatError, match=f"a.jpg: expected an image file, got {got}$"):
        read_image(tmp_path / "a.jpg")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "RGB", "RGBA", "P", "PA", "CMYK", "YCbCr", "I;16", "I", "F"]
)
def test_pil_image_without_pixels_is_an_argument_error(mode, size):
    image = Image.new(mode, size)
    message = re.escape(f"expected an image of at least one pixel, got shape {size[::-1]}")
    for use in (
        lambda: fastkq.compress(image, 4),
        lambda: fastkq.count_colors([image]),
        lambda: fastkq.apply_palette(image, [[0, 0, 0]]),
    ):
        with pytest.raises(ArgumentError, match=message) as caught:
            use()
        assert caught.value.parameter == "image"


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_file_without_pixels_is_a_format_error(size, tmp_path, capsys):
    files = {
        "no.pgm": b"P5 %d %d 255\n" % size,
        "no.bmp": b"BM" + struct.pack("<6I2H6I", 54, 0, 54, 40, *size, 1, 24, 0, 0, 0, 0, 0, 0),
        "no.gif": b"GIF89a" + struct.pack("<HHBBB", *size, 0, 0, 0) + b";",
    }
    for name, data in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        for read in (fastkq.compress, fastkq.load):
            with pytest.raises(FormatError, match=f"{name}: expected an image file, "):
                read(path)
        code, output, errors = run(capsys, "compress", path)
        assert (code, output) == (1, "")
        assert errors.startswith(f"fastkq: {path}: expected an image file, ")
