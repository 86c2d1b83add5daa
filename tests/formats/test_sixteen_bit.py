"""Files of 16 bits per channel are read at 16 bits, or at 8 with a warning."""

import subprocess
import sys

import imagecodecs
import numpy as np
import PIL
import pytest
import tifffile
from PIL import Image

from fastkq import CompressedImage
from fastkq.api.inputs import read_input
from fastkq.errors import ArgumentError, FormatError, PrecisionWarning
from fastkq.runtime.validation import check_depth
from tests.helpers.images import SHARED, noise, read_image
from tests.helpers.metadata_tags import exif
from tests.helpers.sixteen_bit_files import deep_noise, png16, quietly, tiff16
from tests.reference.png import deep_png

SUITE = SHARED / "images" / "pngsuite"
COLORED = {2: (3,), 4: (2,), 6: (4,)}
TIFF_COMPRESSIONS = ["lzw", "deflate", "zstd"]
if int(PIL.__version__.split(".")[0]) < 12:  # its wheels bundle a libtiff without zstd
    TIFF_COMPRESSIONS.remove("zstd")


@pytest.fixture
def without_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)


@pytest.mark.skipif(not SUITE.is_dir(), reason="PngSuite is not here")
def test_pngsuite_at_16_bits_matches_the_reference():
    deep = [path for path in SUITE.glob("[!x]*.png") if path.read_bytes()[24] == 16]
    assert len(deep) == 33
    for path in deep:
        read = quietly(path)
        assert read.dtype == np.uint16
        np.testing.assert_array_equal(read, deep_png(path.read_bytes()), err_msg=path.name)
        np.testing.assert_array_equal(quietly(path, 8), read >> 8, err_msg=path.name)


@pytest.mark.parametrize("color_type", [0, 2, 4, 6])
def test_pngs_are_read_at_16_bits(tmp_path, color_type):
    values = deep_noise(4, 5, *COLORED.get(color_type, ()))
    read = quietly(png16(tmp_path / "deep.png", values, color_type))
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, values[:, :, [0, 0, 0, 1]] if color_type == 4 else values)


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3)])
def test_transparent_color_is_compared_at_16_bits(tmp_path, color_type, channels):
    values = np.array([[0x1234, 0x1235]], np.uint16)
    values = values if channels == 1 else np.repeat(values[..., np.newaxis], 3, axis=2)
    read = quietly(png16(tmp_path / "deep.png", values, color_type, transparency=b"\x12\x34" * channels))
    np.testing.assert_array_equal(read, [[[0x1234] * 3 + [0], [0x1235] * 3 + [65535]]])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize(("shape", "extra"), [((), None), ((3,), None), ((4,), 2)])
def test_tiffs_are_read_at_16_bits(tmp_path, order, planes, shape, extra):
    values = deep_noise(7, 6, *shape)
    path = tiff16(tmp_path / "deep.tif", values, order=order, planes=planes and len(shape) > 0, extra=extra)
    np.testing.assert_array_equal(quietly(path), values)
    np.testing.assert_array_equal(quietly(path, 8), values >> 8)


def test_fourth_tiff_channel_follows_its_tag(tmp_path):
    values = deep_noise(7, 6, 4)
    np.testing.assert_array_equal(quietly(tiff16(tmp_path / "x.tif", values, extra=0)), values[..., :3])
    alphas = values[..., 3:].astype(np.int64)
    premultiplied = (values * alphas // 65535).astype(np.uint16)
    premultiplied[..., 3] = values[..., 3]
    read = quietly(tiff16(tmp_path / "p.tif", premultiplied, extra=1))
    np.testing.assert_array_equal(read[..., 3], values[..., 3])
    assert (np.abs(read[..., :3].astype(int) - values[..., :3]) <= 65535 // np.maximum(alphas, 1) + 1).all()


@pytest.mark.parametrize("compression", TIFF_COMPRESSIONS)
def test_compressed_and_tiled_tiffs_are_read_at_16_bits(tmp_path, compression):
    values = deep_noise(40, 50, 3)
    for options in ({}, {"tile": (16, 16)}, {"predictor": True}):
        tifffile.imwrite(tmp_path / "deep.tif", values, compression=compression, photometric="rgb", **options)
        np.testing.assert_array_equal(quietly(tmp_path / "deep.tif"), values)


def test_tiff_with_white_as_zero_is_inverted(tmp_path):
    values = deep_noise(7, 6)
    path = tiff16(tmp_path / "deep.tif", values, photometric=0)
    np.testing.assert_array_equal(quietly(path), 65535 - values)
    np.testing.assert_array_equal(quietly(path, 8), (65535 - values) >> 8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [1, 3])
def test_rotation_is_applied_as_at_8_bits(tmp_path, orientation, channels):
    values = deep_noise(4, 7, channels).squeeze()
    Image.fromarray((values >> 8).astype(np.uint8)).save(tmp_path / "flat.png", exif=exif(orientation))
    seen = read_image(tmp_path / "flat.png")
    deep = png16(
        tmp_path / "deep.png",
        values,
        2 if channels == 3 else 0,
        exif=exif(orientation).removeprefix(b"Exif\0\0"),
    )
    for path in (deep, tiff16(tmp_path / "deep.tif", values, orientation=orientation)):
        np.testing.assert_array_equal(quietly(path) >> 8, seen)
        np.testing.assert_array_equal(quietly(path, 8), seen)


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize("color_type", [2, 4, 6])
def test_color_without_the_extra_is_reduced_with_a_warning(tmp_path, color_type):
    values = deep_noise(4, 5, *COLORED[color_type])
    path = png16(tmp_path / "deep.png", values, color_type)
    message = (
        r"deep\.png: 16 bits per channel are reduced to 8, .*: the extra deep "
        r"keeps all 16 \(from a clone, pip install '\.\[deep\]'\)$"
    )
    with pytest.warns(PrecisionWarning, match=message):
        read = read_image(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, (values >> 8)[:, :, [0, 0, 0, 1]] if color_type == 4 else values >> 8)
    np.testing.assert_array_equal(quietly(path, 8), read)


@pytest.mark.usefixtures("without_extra")
def test_gray_without_the_extra_is_read_at_16_bits(tmp_path):
    values = deep_noise(4, 5)
    np.testing.assert_array_equal(quietly(png16(tmp_path / "deep.png", values, 0)), values)
    np.testing.assert_array_equal(quietly(tiff16(tmp_path / "deep.tif", values)), values)
    np.testing.assert_array_equal(quietly(Image.fromarray(values)), values)


@pytest.mark.usefixtures("without_extra")
def test_planar_tiff_without_the_extra_is_refused(tmp_path):
    path = tiff16(tmp_path / "deep.tif", deep_noise(7, 6, 3), planes=True)
    for depth in (None, 8):
        with pytest.raises(
            FormatError,
            match=r"deep\.tif: .*got planes of 16 bits: the extra deep .*a clone, pip install '\.\[deep\]'",
        ):
            read_image(path, depth)


def test_files_unsupported_by_the_extra_are_reduced_with_a_warning(tmp_path):
    values = deep_noise(20, 20, 3)
    files = {
        "a.jp2": imagecodecs.jpeg2k_encode(values),
        "a.tif": tiff16(tmp_path / "a.tif", deep_noise(7, 6, 4), photometric=5).read_bytes(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        with pytest.warns(PrecisionWarning, match=f"{name}: 16 bits per channel are reduced to 8"):
            assert read_image(tmp_path / name).dtype == np.uint8
    (tmp_path / "flat.jp2").write_bytes(imagecodecs.jpeg2k_encode(noise(20, 20, 3)))
    np.testing.assert_array_equal(quietly(tmp_path / "flat.jp2"), noise(20, 20, 3))


def test_pil_image_of_a_16_bit_file_advises_its_path(tmp_path):
    png = png16(tmp_path / "deep.png", deep_noise(4, 5, 3), 2)
    tiff = tiff16(tmp_path / "deep.tif", deep_noise(4, 5, 3))
    for path in (png, tiff):
        with Image.open(path) as image, pytest.warns(PrecisionWarning, match="give the path of its file"):
            assert read_image(image).dtype == np.uint8
    with Image.open(tiff) as image:
        image.load()
        with pytest.warns(PrecisionWarning):
            np.testing.assert_array_equal(read_image(image), deep_noise(4, 5, 3) >> 8)


def test_gray_float_tiff_round_trips(tmp_path):
    values = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(quietly(tmp_path / "a.tif"), values)
    CompressedImage(values.reshape(-1, 1), np.arange(35).reshape(7, 5)).save(tmp_path / "b.tif")
    np.testing.assert_array_equal(quietly(tmp_path / "b.tif"), values)
    with pytest.raises(FormatError, match=r"a\.tif: expected 8 or 16 bits per channel, got 32"):
        read_image(tmp_path / "a.tif", 8)


def test_depth_8_reduces_inputs(tmp_path):
    values = deep_noise(3, 4, 3)
    CompressedImage(values.reshape(-1, 3), np.arange(12).reshape(3, 4)).save(tmp_path / "a.fkq")
    given = read_input(tmp_path / "a.fkq")
    np.testing.assert_array_equal(given.pixels, values)
    np.testing.assert_array_equal(read_input(tmp_path / "a.fkq", depth=8).pixels, (values + 128.0) // 257)
    path = png16(tmp_path / "a.png", values, 2)
    np.testing.assert_array_equal(read_input(path).pixels, values)
    np.testing.assert_array_equal(read_input(path, depth=8).pixels, values >> 8)
    for depth in (16, True, "8"):
        with pytest.raises(ArgumentError, match="depth to be 8, or None"):
            check_depth(depth)


def test_the_extra_is_not_imported_before_it_is_needed(tmp_path):
    Image.fromarray(noise(4, 4, 3)).save(tmp_path / "flat.png")
    program = "import sys; from fastkq.api.inputs import read_input; read_input(sys.argv[1]); "
    program += "sys.exit('imagecodecs' in sys.modules)"
    subprocess.run([sys.executable, "-c", program, tmp_path / "flat.png"], check=True)
