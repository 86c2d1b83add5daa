"""`.npy` files, Radiance HDR, buffers of every kind, and what a file is that nothing reads."""

import array
import contextlib
import ctypes
import io
import mmap
import sys

import numpy as np
import pytest
from PIL import Image, ImageFile

import fastkq
from fastkq.api.inputs import read_input
from fastkq.errors import FormatError
from tests.helpers.images import noise, read_image
from tests.helpers.sixteen_bit_files import quietly


def npy(values, version=None):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, values, version)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", ">i2", "i4", "u4", "f4", ">f8", "?"])
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_read_as_the_array(tmp_path, dtype, shape, order):
    if dtype == "?" and len(shape) == 3:
        shape = (4, 5, 1)
    values = np.asarray(np.random.default_rng(0).integers(0, 100, shape), dtype, order=order)
    np.save(tmp_path / "a.npy", values)
    for source in (tmp_path / "a.npy", npy(values), io.BytesIO(npy(values, (2, 0)))):
        read = read_image(source)
        assert read.dtype == values.dtype.newbyteorder("=")
        np.testing.assert_array_equal(read, values)


def test_npy_of_other_dtypes_is_read_if_an_image_can_hold_it():
    assert read_image(npy(np.array([[1.5, 2]], np.float16))).dtype == np.float32
    assert read_image(npy(np.array([[-1, 7]]))).dtype == np.int32
    assert read_image(npy(np.array([[0, (1 << 32) - 1]], np.uint64))).dtype == np.uint32
    with pytest.raises(FormatError, match="at most 32 bits, got 0 to 4294967296"):
        read_image(npy(np.array([[0, 1 << 32]])))


def test_npy_at_a_path_is_memory_mapped(tmp_path):
    np.save(tmp_path / "a.npy", noise(4, 5))
    base = read_image(tmp_path / "a.npy")
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base.obj, mmap.mmap)


def header(text):
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "data",
    [
        b"\x93NUMPY",
        b"\x93NUMPY\x09\0" + bytes(30),
        header(b"(" * 9000),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999, 99999)}\n"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000, 1000)}\n"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (-3, -3)}\n") + bytes(9),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 3)}\n"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 0, 3)}\n"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3, 0)}\n"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}\n") + bytes(9),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 65)}\n") + bytes(65),
        header(b"{'descr': '|O', 'fortran_order': False, 'shape': (3, 3)}\n") + bytes(72),
        header(b"{'descr': '<c8', 'fortran_order': False, 'shape': (3, 3)}\n") + bytes(72),
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}\n") + np.float32(np.nan).tobytes(),
        header(b"{'descr': 7, 'fortran_order': False, 'shape': (3, 3)}\n") + bytes(9),
    ],
)
def test_hostile_npy_is_a_format_error(data, tmp_path):
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.npy: expected "):
        read_image(tmp_path / "a.npy")
    with pytest.raises(FormatError, match="the data: expected "):
        read_image(data)


def test_every_change_of_a_byte_of_an_npy_is_read_or_a_format_error():
    data = npy(noise(2, 3))
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x15
        for bad in (data[:place], damaged):
            with contextlib.suppress(FormatError):
                read_image(bytes(bad))


def test_npy_has_no_palette(tmp_path):
    np.save(tmp_path / "a.npy", noise(4, 5))
    with pytest.raises(FormatError, match=r"a\.npy: .*got an array of pixels: use compress"):
        fastkq.load(tmp_path / "a.npy")


def radiance(pixels):
    """Return a file of 4-byte pixels (H, W, 4), R, G, B and exponent; W is below 8, so that rows are flat."""
    height, width = pixels.shape[:2]
    return b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (height, width) + pixels.tobytes()


def test_radiance_hdr_is_float32():
    pixels = noise(5, 6, 4)
    pixels[:, :, 3] = 120 + pixels[:, :, 3] % 20
    pixels[0, 0] = 0
    read = quietly(radiance(pixels))
    assert read.dtype == np.float32
    expected = np.ldexp(pixels[:, :, :3].astype(float), pixels[:, :, 3:].astype(int) - 136)
    np.testing.assert_array_equal(read[pixels[:, :, 3] > 0], expected[pixels[:, :, 3] > 0])
    assert read[0, 0].tolist() == [0, 0, 0]


def test_hostile_radiance_is_a_format_error(monkeypatch):
    data = radiance(noise(5, 6, 4))
    huge = data.replace(b"-Y 5 +X 6", b"-Y 30000 +X 30000")
    for bad in (huge, data[:-9], data[:20], data.replace(b"-Y 5 +X 6", b"+X 6 -Y 5")):
        with pytest.raises(FormatError, match=r"^the data: expected"):
            quietly(bad)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(FormatError, match=r"got Radiance HDR: the extra deep reads it \(from a clone, pip"):
        quietly(data)


def buffer_of_ctypes(data):
    """Return a view of the format "<B", which Python does not cast."""
    return memoryview((ctypes.c_ubyte * len(data)).from_buffer_copy(data))


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda data: array.array("B", data), buffer_of_ctypes]
)
def test_every_buffer_of_bytes_is_a_file(kind):
    pixels = noise(6, 7, 3)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    expected = fastkq.compress(pixels, 5)
    assert fastkq.compress(kind(stream.getvalue()), 5) == expected
    assert fastkq.load(kind(expected.to_bytes())) == expected
    assert fastkq.count_colors(kind(stream.getvalue())) == fastkq.count_colors(pixels)
    assert fastkq.count_colors([kind(stream.getvalue())]) == fastkq.count_colors(pixels)


def test_mmap_is_a_file(tmp_path):
    pixels = noise(6, 7, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = fastkq.compress(pixels, 5)
    expected.save(tmp_path / "a.fkq")
    for name in ("a.png", "a.fkq"):
        with (
            open(tmp_path / name, "rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        ):
            assert fastkq.compress(mapped, 5) == expected


@pytest.mark.parametrize("values", [np.zeros((0, 3), np.uint8), np.zeros(5, ">u2")])
def test_memoryview_of_anything_else_is_no_file(values):
    with pytest.raises(FormatError, match="the data: expected an image file, got"):
        fastkq.load(memoryview(values))


def test_memoryview_of_an_image_is_an_array():
    pixels = noise(6, 7, 3)
    assert fastkq.compress(memoryview(pixels), 5) == fastkq.compress(pixels, 5)


def test_565_bitmap_loses_nothing(tmp_path):
    values = np.random.default_rng(0).integers(0, 1 << 16, (4, 6), np.uint16)
    masks = b"".join(mask.to_bytes(4, "little") for mask in (0xF800, 0x07E0, 0x001F))
    info = b"".join(
        n.to_bytes(size, "little") for n, size in [(40, 4), (6, 4), (4, 4), (1, 2), (16, 2), (3, 4)]
    )
    body = info + (48).to_bytes(4, "little") + bytes(16) + masks + values[::-1].tobytes()
    file = b"BM" + (14 + len(body)).to_bytes(4, "little") + bytes(4) + (66).to_bytes(4, "little") + body
    read = quietly(file)
    levels = np.stack((values >> 11, values >> 5 & 63, values & 31), axis=2) / [31, 63, 31] * 255
    assert np.abs(read - levels).max() <= 1


def test_truncated_files_are_read_as_pillow_reads_them_where_it_is_told_so(monkeypatch):
    for name in ("PNG", "JPEG", "BMP"):
        stream = io.BytesIO()
        Image.fromarray(noise(40, 50, 3)).save(stream, name)
        data = stream.getvalue()[: len(stream.getvalue()) * 2 // 3]
        with pytest.raises(FormatError):
            read_image(data)
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        with Image.open(io.BytesIO(data)) as image:
            np.testing.assert_array_equal(read_image(data), np.asarray(image))
        monkeypatch.undo()


@pytest.mark.parametrize(
    "url", ["https://example.org/a.png", "s3://bucket/a.fkq", "http://example.org/a?b=c"]
)
def test_url_is_told_that_it_is_one(url):
    for call in (read_input, fastkq.load, fastkq.compress, fastkq.open):
        with pytest.raises(FileNotFoundError, match=f"it is a URL, not a path: download it .*: '{url[:8]}"):
            call(url)
    with pytest.raises(FileNotFoundError, match="No such file"):
        read_input("C:/images/none.png")


def test_url_of_a_palette_is_told_that_it_is_one():
    with pytest.raises(FileNotFoundError, match="it is a URL, not a path: download it"):
        fastkq.apply_palette(np.zeros((2, 2), np.uint8), "https://example.org/pico-8.hex")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\x0a\xff", "got JPEG XL: import pillow_jxl"),
        (b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a", "got JPEG XL: import pillow_jxl"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", r"got HEIF: pillow_heif\.register_heif_opener\(\)"),
        (b"v/1\x01\2\0\0\0", "got OpenEXR: convert it to TIFF"),
    ],
)
def test_formats_that_need_a_plugin_are_named(data, message):
    with pytest.raises(FormatError, match=message):
        read_image(data)
