"""What TIFF files say about extra samples, missing pixels and their place on the Earth."""

import struct

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.color.metadata import Metadata
from fastkq.errors import FormatError
from fastkq.formats import geotiff
from tests.helpers.command_line import run

TIEPOINT = (0.0, 0.0, 0.0, 500000.0, 4000000.0, 0.0)
TAGS = {
    33550: (12, (10.0, 20.0, 0.0)),
    33922: (12, TIEPOINT),
    34735: (3, (1, 1, 0, 1, 1024, 0, 1, 1)),
    34736: (12, (6378137.0, 298.25)),
    34737: (2, b"WGS 84|"),
    42112: (2, "<GDALMetadata>\u00e9</GDALMetadata>".encode()),
}
MATRIX = (10.0, 2.0, 0.0, 500000.0, -3.0, -20.0, 0.0, 4000000.0, *(0.0,) * 4, *(0.0,) * 3, 1.0)


def tiff_file(path, pixels, tags=None, *, extra=None, order="<"):
    """Write an uncompressed TIFF of uint8, uint16 or float32 with these tags; return its path."""
    image = pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
    height, width, channels = image.shape
    data = image.astype(image.dtype.newbyteorder(order)).tobytes()
    entries = {
        256: (3, (width,)), 257: (3, (height,)), 258: (3, (8 * image.itemsize,) * channels), 259: (3, (1,)),
        262: (3, (2 if channels > 2 else 1,)), 273: (4, (8,)), 277: (3, (channels,)), 278: (3, (height,)),
        279: (4, (len(data),)), 339: (3, (3 if image.dtype.kind == "f" else 1,) * channels), **(tags or {}),
    }  # fmt: skip
    if extra is not None:
        entries[338] = (3, (extra,))
    data += b"\0" * (len(data) % 2)
    directory, at = struct.pack(order + "H", len(entries)), 8 + len(data) + 6 + 12 * len(entries)
    values = b""
    for tag, (kind, value) in sorted(entries.items()):
        letter = {2: "s", 3: "H", 4: "I", 12: "d"}[kind]
        if letter == "s":
            coded = value + b"\0"
            count = len(coded)
        else:
            coded, count = struct.pack(f"{order}{len(value)}{letter}", *value), len(value)
        directory += struct.pack(order + "HHI", tag, kind, count)
        if len(coded) <= 4:
            directory += coded.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", at + len(values))
            values += coded + b"\0" * (len(coded) % 2)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    start = magic + struct.pack(order + "I", 8 + len(data))
    path.write_bytes(start + data + directory + b"\0" * 4 + values)
    return path


def stored_tags(path):
    """Return the GeoTIFF tags of a file as Pillow reads them."""
    with Image.open(path) as picture:
        return {tag: picture.tag_v2[tag] for tag in geotiff.GEOTIFF_TAGS if tag in picture.tag_v2}


def bands(dtype=np.uint8, channels=4):
    image = np.random.default_rng(0).integers(0, 256, (12, 15, channels)).astype(dtype)
    image[2:5, :, -1] = 0
    return image * dtype(257) if dtype == np.uint16 else image


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("extra", "is_plain"), [(0, True), (2, False), (None, False)])
def test_extra_samples_say_what_the_last_channel_is(tmp_path, order, extra, is_plain):
    image = bands()
    path = tiff_file(tmp_path / "a.tif", image, extra=extra, order=order)
    compressed = fastkq.compress(path, 4096)
    assert compressed.is_plain == is_plain
    assert compressed == fastkq.compress(image, 4096, alpha=not is_plain)
    assert fastkq.compress(path, 9, alpha=True) == fastkq.compress(image, 9)
    assert fastkq.compress(path, 9, alpha=False) == fastkq.compress(image, 9, alpha=False)
    assert fastkq.count_colors(path) == fastkq.count_colors(image, alpha=not is_plain)


def test_an_unspecified_sample_beside_gray_is_kept(tmp_path):
    image = bands(channels=2)
    compressed = fastkq.compress(tiff_file(tmp_path / "a.tif", image, extra=0), 4096)
    assert compressed.is_plain
    np.testing.assert_array_equal(compressed.decompress(), image)


def test_an_unspecified_sample_of_16_bits_is_kept(tmp_path):
    pytest.importorskip("imagecodecs")
    image = bands(np.uint16)
    for order in "<>":
        compressed = fastkq.compress(tiff_file(tmp_path / "a.tif", image, extra=0, order=order), 4096)
        assert compressed.is_plain
        np.testing.assert_array_equal(compressed.decompress(), image)


def test_plain_channels_are_written_to_tiff_as_an_unspecified_sample(tmp_path):
    image = bands()
    compressed = fastkq.compress(image, 4096, alpha=False)
    compressed.save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as picture:
        assert (picture.tag_v2[277], picture.tag_v2[338], picture.tag_v2[262]) == (4, (0,), 2)
    assert fastkq.compress(tmp_path / "a.tif", 4096) == compressed


@pytest.mark.parametrize("tags", [TAGS, {34264: (12, MATRIX)}, {34737: (2, b"a")}])
@pytest.mark.parametrize(
    "pixels",
    [
        np.arange(180, dtype=np.float32).reshape(12, 15),
        np.arange(180, dtype=np.uint16).reshape(12, 15),
        np.arange(540, dtype=np.uint8).reshape(12, 15, 3),
        bands(),
    ],
    ids=["float32", "uint16", "rgb", "rgbx"],
)
def test_geotiff_tags_go_from_tiff_to_tiff(tmp_path, capsys, tags, pixels):
    path = tiff_file(tmp_path / "a.tif", pixels, tags, extra=0 if pixels.shape[2:] == (4,) else None)
    before = stored_tags(path)
    assert before.keys() == tags.keys()
    fastkq.compress(path, 16).save(tmp_path / "b.tif")
    assert stored_tags(tmp_path / "b.tif") == before
    fastkq.compress(path, 16).save(tmp_path / "b.fkq")
    fastkq.load(tmp_path / "b.fkq").save(tmp_path / "c.tif")
    assert (tmp_path / "c.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert run(capsys, "compress", str(path), "-k16", "-o", str(tmp_path / "d.tif"))[0] == 0
    assert (tmp_path / "d.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    fastkq.compress(path, 16).save(tmp_path / "e.tif", metadata=False)
    assert stored_tags(tmp_path / "e.tif") == {}


def test_a_region_keeps_its_place_on_the_earth(tmp_path):
    pixels = np.arange(180, dtype=np.uint16).reshape(12, 15)
    path = tiff_file(tmp_path / "a.tif", pixels, {33922: TAGS[33922], 34264: (12, MATRIX)})
    fastkq.compress(path, 16).save(tmp_path / "b.fkq")
    fastkq.load(tmp_path / "b.fkq", region=(3, 5, 4, 6)).save(tmp_path / "c.tif")
    tags = stored_tags(tmp_path / "c.tif")
    assert tags[33922] == (-5.0, -3.0, *TIEPOINT[2:])
    for row, column in ((0, 0), (2, 1)):  # the same point of the Earth by both matrices
        old = np.array(MATRIX).reshape(4, 4) @ [column + 5, row + 3, 0, 1]
        new = np.array(tags[34264]).reshape(4, 4) @ [column, row, 0, 1]
        np.testing.assert_allclose(new, old)


def test_a_rotated_tiff_loses_its_place(tmp_path):
    path = tiff_file(tmp_path / "a.tif", bands(channels=3), TAGS | {274: (3, (6,))})
    assert fastkq.compress(path, 16).metadata.geotiff is None


def with_nodata(pixels, value):
    """Return a copy of pixels with a value at a third of them, and the mask of these."""
    mask = np.random.default_rng(1).random(pixels.shape[:2]) < 0.3
    copy = pixels.copy()
    copy[mask] = value
    return copy, mask


@pytest.mark.parametrize(
    ("dtype", "text", "value"),
    [
        (np.float32, b"-9999", -9999),
        (np.float32, b"nan", np.nan),
        (np.float32, b"-3.4028234663852886e+38", np.finfo(np.float32).min),
        (np.uint16, b"65535", 65535),
        (np.uint16, b" 0 ", 0),
    ],
)
def test_gdal_nodata_masks_pixels(tmp_path, dtype, text, value):
    pixels, mask = with_nodata(np.arange(1, 181).reshape(12, 15).astype(dtype), value)
    path = tiff_file(tmp_path / "a.tif", pixels, TAGS | {42113: (2, text)})
    compressed = fastkq.compress(path, 16)
    np.testing.assert_array_equal(compressed.mask, mask)
    assert (compressed.masked_index, compressed.palette[-1, 0]) == (15, 0)
    np.testing.assert_array_equal(
        compressed.palette[:-1], fastkq.compress(pixels[~mask][np.newaxis], 15).palette
    )
    np.testing.assert_array_equal(compressed.decompress()[mask], np.full(mask.sum(), value, dtype))
    for name in ("b.tif", "b.fkq"):
        compressed.save(tmp_path / name)
    assert float(stored_tags(tmp_path / "b.tif")[42113]) == pytest.approx(value, nan_ok=True)
    assert fastkq.load(tmp_path / "b.fkq") == compressed
    again = fastkq.compress(tmp_path / "b.tif", 16)
    assert again == compressed
    assert again.metadata == compressed.metadata


@pytest.mark.parametrize("text", [b"-9999", b"none", b"", b"0.5", b"nan"])
def test_nodata_of_no_pixel_masks_nothing_and_is_kept(tmp_path, text):
    pixels = np.arange(180, dtype=np.uint16).reshape(12, 15)
    path = tiff_file(tmp_path / "a.tif", pixels, {42113: (2, text)})
    compressed = fastkq.compress(path, 16)
    assert compressed == fastkq.compress(pixels, 16)
    compressed.save(tmp_path / "b.tif")
    assert stored_tags(tmp_path / "b.tif") == {42113: text.decode()}


def test_nodata_of_rgb_is_a_pixel_with_the_value_in_all_channels(tmp_path):
    pixels, mask = with_nodata(np.random.default_rng(0).integers(0, 9, (12, 15, 3)).astype(np.uint8), 7)
    assert not (pixels[~mask] == 7).all(axis=-1).any()
    assert (pixels[~mask] == 7).any()
    compressed = fastkq.compress(tiff_file(tmp_path / "a.tif", pixels, {42113: (2, b"7")}), 16)
    np.testing.assert_array_equal(compressed.mask, mask)
    assert compressed.nodata == 7


def test_nodata_of_a_palette_is_an_index(tmp_path):
    pixels, mask = with_nodata(np.random.default_rng(0).integers(0, 9, (12, 15, 3)).astype(np.uint8), 200)
    compressed = fastkq.compress(np.ma.MaskedArray(pixels, np.repeat(mask[..., None], 3, axis=2)), 16)
    compressed.save(tmp_path / "a.tif")
    assert stored_tags(tmp_path / "a.tif") == {42113: "15"}
    loaded = fastkq.load(tmp_path / "a.tif")  # the palette of a TIFF has 256 rows
    assert loaded.masked_index == 15
    np.testing.assert_array_equal(loaded.indices, compressed.indices)
    np.testing.assert_array_equal(loaded.palette[:16], compressed.palette)
    np.testing.assert_array_equal(fastkq.compress(tmp_path / "a.tif", 8).mask, mask)


def test_nodata_of_a_photograph_of_8_bits_is_kept_in_every_format(tmp_path):
    pixels, _ = with_nodata(np.random.default_rng(0).integers(0, 9, (12, 15, 3)).astype(np.uint8), 200)
    compressed = fastkq.compress(tiff_file(tmp_path / "a.tif", pixels, {42113: (2, b"200")}), 16)
    for name in ("a.png", "a.webp", "a.bmp"):
        compressed.save(tmp_path / name)
        with Image.open(tmp_path / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), compressed.decompress())


def test_structures_of_tags_are_read_as_they_were_written():
    tags = {tag: value for tag, (_, value) in TAGS.items()}
    data = geotiff.to_bytes(tags)
    assert geotiff.tags_of(data) == tags
    for other in (None, b"", b"MM\0*\0\0\0\x08"):
        assert geotiff.tags_of(other) == {}
    for length in range(len(data)):
        found = geotiff.tags_of(data[:length])
        assert all(tags[tag] == value for tag, value in found.items())
    huge = data[:14] + struct.pack("<I", (1 << 32) - 1) + data[18:]
    assert geotiff.tags_of(huge).keys() == tags.keys() - {33550}


def test_metadata_of_other_files_has_no_tags(tmp_path):
    fastkq.compress(bands(channels=3), 16).save(tmp_path / "a.tif")
    assert fastkq.load(tmp_path / "a.tif").metadata == Metadata()


def test_command_takes_alpha(tmp_path, capsys):
    path = tmp_path / "a.png"
    Image.fromarray(bands()).save(path)
    for word, alpha in (("yes", True), ("no", False)):
        assert (
            run(capsys, "compress", str(path), "--alpha", word, "-o", str(tmp_path / f"{word}.fkq"))[0] == 0
        )
        assert fastkq.load(tmp_path / f"{word}.fkq") == fastkq.compress(bands(), alpha=alpha)
    code, _, error = run(capsys, "compress", str(path), "--alpha", "no", "-o", str(tmp_path / "b.png"))
    assert code == 1
    assert "the last of which is no alpha: save as .fkq or .tif" in error


@pytest.mark.parametrize(("samples", "extra"), [(4, (0, 0, 0)), (2, (0,)), (4, (0, 0, 2))])
def test_bands_that_pillow_does_not_read_have_the_meaning_in_the_file(tmp_path, samples, extra):
    tifffile = pytest.importorskip("tifffile")
    pixels = bands(np.uint16, samples)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="minisblack", extrasamples=extra, planarconfig="contig",
        extratags=[(33922, "d", 6, TIEPOINT, True), (42113, "s", 0, "nan", True)],
    )  # fmt: skip
    compressed = fastkq.compress(tmp_path / "a.tif", 4096)
    assert compressed == fastkq.compress(pixels, 4096, alpha=extra[-1] != 0)
    assert geotiff.tags_of(compressed.metadata.geotiff) == {33922: TIEPOINT, 42113: b"nan"}


@pytest.mark.parametrize("value", [np.nan, -9999.0])
def test_nodata_of_doubles_masks_pixels(tmp_path, value):
    tifffile = pytest.importorskip("tifffile")
    pixels, mask = with_nodata(np.random.default_rng(0).normal(size=(12, 15)), value)
    tifffile.imwrite(tmp_path / "a.tif", pixels, extratags=[(42113, "s", 0, str(value), True)])
    compressed = fastkq.compress(tmp_path / "a.tif", 16)
    assert compressed.dtype == np.float64
    np.testing.assert_array_equal(compressed.mask, mask)
    np.testing.assert_array_equal(compressed.decompress()[mask], np.full(mask.sum(), value))


def test_nan_in_a_file_can_be_masked(tmp_path):
    pixels, mask = with_nodata(np.arange(1, 181).reshape(12, 15).astype(np.float32), np.nan)
    np.save(tmp_path / "a.npy", pixels)
    for path in (tiff_file(tmp_path / "a.tif", pixels), tmp_path / "a.npy"):
        assert fastkq.compress(path, 9, mask=mask) == fastkq.compress(pixels, 9, mask=mask)
        assert fastkq.compress(path, 9, weights=1.0 * ~mask) == fastkq.compress(pixels, 9, mask=mask)
        with pytest.raises(FormatError, match="mask them with mask="):
            fastkq.compress(path, 9)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint32])
def test_masked_integers_have_their_nodata_value(dtype):
    value = np.iinfo(dtype).max
    pixels, mask = with_nodata(np.arange(1, 181).reshape(12, 15).astype(dtype), value)
    masked = fastkq.compress(pixels, 16, mask=mask)
    compressed = fastkq.CompressedImage(
        masked.palette, masked.indices, masked.shape, masked_index=15, nodata=value
    )
    assert (compressed.decompress()[mask] == value).all()
    assert fastkq.CompressedImage.from_bytes(compressed.to_bytes()) == compressed
