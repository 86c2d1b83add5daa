"""TIFF files of floats, signed integers, 16-bit gray with alpha, many bands and 8-bit color maps."""

import contextlib
import io
import struct
import sys
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image

import fastkq
from fastkq.api.inputs import read_input
from fastkq.errors import FormatError
from tests.helpers import icc_profiles
from tests.helpers.images import noise, read_image
from tests.helpers.metadata_tags import P3, described
from tests.helpers.sixteen_bit_files import deep_noise, quietly, tiff16

LAYOUTS = [
    {},
    {"tile": (16, 16)},
    {"compression": "deflate"},
    {"compression": "lzw", "predictor": True},
    {"compression": "deflate", "tile": (16, 16), "bigtiff": True},
]
ORDERS = ["<", ">"]


def values_of(dtype, *shape):
    """Return values over the whole range of an integer dtype, or normally distributed floats."""
    generator = np.random.default_rng(0)
    if np.dtype(dtype).kind == "f":
        return generator.normal(0, 3, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def written(path, values, **options):
    tifffile.imwrite(path, values, **{"photometric": "minisblack"} | options)
    return path


@pytest.fixture
def without_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "uint32", "uint16", "float32", "float64", "float16"]
)
def test_gray_of_every_dtype_is_read_as_it_is(tmp_path, dtype, order, layout):
    values = values_of(dtype, 20, 33)
    read = quietly(written(tmp_path / "a.tif", values, byteorder=order, **layout))
    assert read.dtype == (np.float32 if dtype == "float16" else dtype)
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("extra", [["unspecified"] * 2, ["unassalpha", "unspecified"], ["unspecified"] * 3])
def test_bands_beside_rgb_are_kept(tmp_path, extra):
    values = values_of("uint8", 20, 33, 3 + len(extra))
    path = written(tmp_path / "a.tif", values, photometric="rgb", extrasamples=extra, planarconfig="contig")
    np.testing.assert_array_equal(quietly(path), values)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize(("dtype", "bands"), [("float32", 3), ("float64", 3), ("int16", 3), ("uint8", 5)])
def test_bands_are_read_as_they_are(tmp_path, dtype, bands, order, planar, layout):
    values = values_of(dtype, 20, 33, bands)
    stored, config = (np.moveaxis(values, 2, 0), "separate") if planar else (values, "contig")
    photometric = "rgb" if bands == 3 else "minisblack"
    path = written(
        tmp_path / "a.tif", stored, byteorder=order, planarconfig=config, photometric=photometric, **layout
    )
    read = quietly(path)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("order", ORDERS)
def test_gray_with_alpha_of_16_bits_becomes_rgba(tmp_path, order, layout):
    values = deep_noise(20, 33, 2)
    options = {"extrasamples": ["unassalpha"], "planarconfig": "contig"}
    read = quietly(written(tmp_path / "a.tif", values, byteorder=order, **options, **layout))
    np.testing.assert_array_equal(read, values[:, :, [0, 0, 0, 1]])


def test_premultiplied_gray_of_16_bits_is_divided_by_its_alpha(tmp_path):
    values = np.array([[[100, 65535], [100, 200], [7, 0]]], np.uint16)
    path = written(tmp_path / "a.tif", values, extrasamples=["assocalpha"], planarconfig="contig")
    assert quietly(path)[0, :, 0].tolist() == [100, 32768, 65535]
    assert quietly(path)[0, :, 3].tolist() == [65535, 200, 0]


@pytest.mark.parametrize(("dtype", "limit"), [("int64", -(1 << 31)), ("uint64", (1 << 32) - 1)])
def test_64_bit_integers_are_read_if_32_bits_hold_them(tmp_path, dtype, limit):
    values = np.array([[limit, 5]], dtype)
    assert quietly(written(tmp_path / "a.tif", values)).tolist() == values.tolist()
    written(tmp_path / "b.tif", np.array([[1 << 40]], dtype))
    with pytest.raises(FormatError, match=r"b\.tif: expected integers of at most 32 bits, got 1099511627776"):
        quietly(tmp_path / "b.tif")


def test_12_bits_are_scaled_to_16(tmp_path):
    levels = np.arange(0, 4096, 41, dtype=np.uint16).reshape(10, 10)
    bits = np.unpackbits(levels.astype(">u2").view(np.uint8).reshape(10, 10, 2), axis=2)[:, :, 4:]
    strip = np.packbits(bits.reshape(10, -1), axis=1).tobytes()
    data = tiff16(tmp_path / "a.tif", np.zeros((10, 10), np.uint16)).read_bytes()
    depth = (258).to_bytes(2, "little") + b"\4\0\1\0\0\0"
    assert data.count(depth + b"\x10") == 1
    (tmp_path / "a.tif").write_bytes(data.replace(depth + b"\x10", depth + b"\x0c")[:-200] + strip)
    read = quietly(tmp_path / "a.tif")
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, np.rint(levels * (65535 / 4095)))


@pytest.mark.parametrize("scale", [1, 256, 257])
def test_color_map_holds_8_or_16_bits(tmp_path, scale):
    indices, colors = noise(5, 6) % 4, np.array([[0, 0, 0], [255, 1, 2], [3, 254, 4], [9, 90, 200]])
    table = np.zeros((3, 256), np.uint16)
    table[:, :4] = colors.T * scale
    tifffile.imwrite(tmp_path / "a.tif", indices, photometric="palette", colormap=table)
    np.testing.assert_array_equal(quietly(tmp_path / "a.tif"), colors[indices])
    np.testing.assert_array_equal(fastkq.load(tmp_path / "a.tif").palette[:4], colors)
    with Image.open(tmp_path / "a.tif") as image:
        np.testing.assert_array_equal(quietly(image), colors[indices])
        before = image.getpalette()
        quietly(image)
        assert image.getpalette() == before


def test_pil_images_keep_their_32_bits(tmp_path):
    values = values_of("int32", 4, 5)
    np.testing.assert_array_equal(quietly(Image.fromarray(values)), values)
    assert quietly(Image.fromarray(values)).dtype == np.int32
    for dtype in ("int8", "int16", "uint32"):
        with Image.open(written(tmp_path / "a.tif", values_of(dtype, 4, 5))) as image:
            read = quietly(image)
        assert read.dtype == dtype
        np.testing.assert_array_equal(read, values_of(dtype, 4, 5))


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint32", "float32", "float64"])
def test_depth_8_refuses_what_has_no_range(tmp_path, dtype):
    written(tmp_path / "a.tif", values_of(dtype, 4, 5))
    with pytest.raises(FormatError, match=r"a\.tif: expected 8 or 16 bits per channel, got "):
        quietly(tmp_path / "a.tif", 8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_rotation_is_applied(tmp_path, orientation, dtype):
    values = values_of(dtype, 4, 7)
    for name, array in (("flat.tif", noise(4, 7)), ("deep.tif", values)):
        written(tmp_path / name, array, extratags=[(274, 3, 1, orientation, True)])
    ranks = noise(4, 7)
    expected = quietly(tmp_path / "flat.tif")
    read = quietly(tmp_path / "deep.tif")
    assert read.shape == expected.shape
    places = {int(value): place for place, value in np.ndenumerate(ranks)}
    for place, value in np.ndenumerate(expected):
        if (ranks == value).sum() == 1:
            assert read[place] == values[places[int(value)]]


@pytest.mark.usefixtures("without_extra")
def test_message_names_the_extra(tmp_path, monkeypatch):
    path = written(tmp_path / "a.tif", values_of("float64", 4, 5))
    np.testing.assert_array_equal(quietly(path), values_of("float64", 4, 5))  # by tifffile
    monkeypatch.setitem(sys.modules, "tifffile", None)
    message = (
        r"a\.tif: .* got a TIFF of 1 x float64: the extra deep reads it \(from a clone, pip install '\.\["
    )
    with pytest.raises(FormatError, match=message):
        quietly(path)


@pytest.mark.usefixtures("without_extra")
def test_signed_integers_need_no_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tifffile", None)
    for dtype in ("int8", "int16", "int32", "uint32", "float32"):
        path = written(tmp_path / "a.tif", values_of(dtype, 4, 5))
        np.testing.assert_array_equal(quietly(path), values_of(dtype, 4, 5))


def test_hostile_tiffs_are_format_errors(tmp_path):
    stream = io.BytesIO()
    tifffile.imwrite(stream, values_of("float64", 20, 33), compression="deflate", photometric="minisblack")
    data = stream.getvalue()
    for place in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        for bad in (data[:place], bytes(damaged)):
            with contextlib.suppress(FormatError), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of damaged tags
                read_image(bad)
    huge = data.replace((33).to_bytes(2, "little") + b"\0\0", (65535).to_bytes(2, "little") + b"\0\0")
    with pytest.raises(FormatError):
        quietly(huge)


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_tiles_that_the_file_cannot_fill_are_refused(tmp_path, dtype, compression):
    path = written(tmp_path / "a.tif", values_of(dtype, 6, 7), tile=(16, 16), compression=compression)
    tile_width = struct.pack("<HHII", 322, 4, 1, 16)
    assert tile_width in path.read_bytes()
    huge = path.read_bytes().replace(tile_width, struct.pack("<HHII", 322, 4, 1, 16 << 20))
    with pytest.raises(FormatError, match=r"expected tiles that .* bytes can fill, got 16 x 16777216 pixels"):
        quietly(huge)


def test_labels_and_elevations_go_through_the_command_unchanged(tmp_path):
    from fastkq.cli import main

    values = (values_of("int16", 30, 40) // 4096).astype(np.int16)
    written(tmp_path / "a.tif", values)
    assert main(["compress", str(tmp_path / "a.tif"), "-k", "64", "-o", str(tmp_path / "a.fkq")]) == 0
    np.testing.assert_array_equal(fastkq.decompress(tmp_path / "a.fkq"), values)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("dtype", "channels"), [("float64", 1), ("float32", 3), ("float16", 1), ("int16", 3)]
)
def test_metadata_is_read_where_pillow_does_not_read_the_pixels(tmp_path, dtype, channels, orientation):
    gray = channels == 1
    icc = icc_profiles.gray(icc_profiles.gamma_curve(1.8)) if gray else P3
    path = written(
        tmp_path / "a.tif",
        values_of(dtype, 6, 9, *(() if gray else (3,))),
        photometric="minisblack" if gray else "rgb",
        description="a temple",
        metadata=None,
        resolution=(20, 40),
        resolutionunit="CENTIMETER",
        iccprofile=icc,
        extratags=[(274, 3, 1, orientation, True), (700, 1, None, b'<x tiff:Orientation="6"/>', True)],
    )
    metadata = read_input(path).metadata
    assert metadata.icc == icc
    assert metadata.xmp == b'<x tiff:Orientation="1"/>'
    assert metadata.dpi == pytest.approx((50.8, 101.6) if orientation == 1 else (101.6, 50.8))
    assert described(metadata.exif)[0] == "a temple"
