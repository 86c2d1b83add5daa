"""ICC profile, EXIF and DPI: read from files, and written to the formats that can hold them."""

import contextlib
import struct

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage, formats
from fastkq.api.inputs import read_input
from fastkq.color.metadata import Metadata
from fastkq.errors import ColorSpaceWarning
from tests.helpers.images import noise, read_image
from tests.helpers.metadata_tags import EXIF_DIRECTORY, ORIENTATION, described, exif, profile

pillow_warns_of_damage = pytest.mark.filterwarnings(
    "ignore:Corrupt EXIF data", "ignore:Tag data larger than file", "ignore:Truncated File Read"
)


def read(path):
    return fastkq.compress(path, 4).metadata


def saved(path, pixels=None, mode=None, **options):
    image = Image.fromarray(noise(8, 12, 3) if pixels is None else pixels)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_metadata_is_read_from_files_and_pil_images(tmp_path, suffix):
    path = saved(tmp_path / f"a{suffix}", icc_profile=profile(), exif=exif(), dpi=(150, 300))
    with Image.open(path) as image:
        assert fastkq.compress(image, 4).metadata == read(path)
    metadata = read(path)
    assert metadata.icc == profile()
    assert metadata.exif[:2] in (b"II", b"MM")
    assert described(metadata.exif) == ("a temple", "somebody", 0.25)
    assert suffix == ".webp" or np.allclose(metadata.dpi, (150, 300), atol=0.02)


def test_images_without_metadata_have_none(tmp_path):
    assert read(saved(tmp_path / "a.png")) == Metadata(None, None, None)
    assert fastkq.compress(noise(4, 4, 3), 4).metadata == Metadata()
    assert fastkq.compress(Image.fromarray(noise(4, 4, 3)), 4).metadata == Metadata()


def test_load_reads_the_metadata_of_palette_files(tmp_path):
    path = saved(tmp_path / "a.png", mode="P", icc_profile=profile(), exif=exif(), dpi=(72, 72))
    metadata = fastkq.load(path).metadata
    assert metadata.icc == profile()
    assert described(metadata.exif) == ("a temple", "somebody", 0.25)
    assert np.allclose(metadata.dpi, 72, atol=0.02)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_rotation_is_applied_and_removed_from_the_exif(tmp_path, suffix, orientation):
    tags, bare = exif(orientation), Image.Exif()
    bare[ORIENTATION] = orientation
    path = saved(tmp_path / f"a{suffix}", exif=tags, dpi=(150, 300))
    compressed = fastkq.compress(path, 4)
    assert compressed.shape == ((12, 8, 3) if orientation == 6 else (8, 12, 3))
    left = Image.Exif()
    left.load(compressed.metadata.exif)
    assert ORIENTATION not in left
    assert described(compressed.metadata.exif) == ("a temple", "somebody", 0.25)
    if suffix != ".webp":
        expected = (300, 150) if orientation == 6 else (150, 300)
        assert np.allclose(compressed.metadata.dpi, expected, atol=0.02)
    assert read(saved(tmp_path / f"bare{suffix}", exif=bare)).exif is None


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_turns_the_indices_of_a_palette_file(tmp_path, suffix, orientation):
    image = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    image.putpalette(noise(6, 3).tobytes())
    tags = exif(orientation)
    path = tmp_path / f"a{suffix}"
    image.save(path, exif=tags)
    loaded = fastkq.load(path)
    expected = {
        1: [[0, 1, 2], [3, 4, 5]],
        2: [[2, 1, 0], [5, 4, 3]],
        3: [[5, 4, 3], [2, 1, 0]],
        4: [[3, 4, 5], [0, 1, 2]],
        5: [[0, 3], [1, 4], [2, 5]],
        6: [[3, 0], [4, 1], [5, 2]],
        7: [[5, 2], [4, 1], [3, 0]],
        8: [[2, 5], [1, 4], [0, 3]],
    }[1 if suffix == ".gif" else orientation]
    np.testing.assert_array_equal(loaded.indices, expected)
    np.testing.assert_array_equal(loaded.palette[:6], noise(6, 3))


def test_exif_apart_from_the_orientation_keeps_its_bytes(tmp_path):
    """The maker note of a camera holds offsets in a private layout, so no other byte may move."""
    entries = [
        (0x010F, 2, 4, b"abc\0"),
        (ORIENTATION, 3, 1, b"\x06\0\0\0"),
        (0x927C, 7, 20, struct.pack("<I", 54)),
    ]
    directory = struct.pack("<H", 3) + b"".join(
        struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries
    )
    data = b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 0) + bytes(4) + b"note" * 5
    path = saved(tmp_path / "a.jpg", exif=b"Exif\0\0" + data)
    kept = read(path).exif
    assert len(kept) == len(data)
    assert kept[54:] == data[54:]
    assert (kept[8:10], kept[10:22], kept[22:34]) == (b"\x02\0", data[10:22], data[34:46])
    assert not any(kept[34:50])


@pillow_warns_of_damage
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize(
    "damaged",
    [
        b"no exif at all",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" + bytes(30),
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 3, 1, 77) + bytes(4),
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 2, 900, 90000) + bytes(4),
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),
    ],
)
def test_damaged_exif_does_not_prevent_reading_and_saving(tmp_path, suffix, damaged):
    path = saved(
        tmp_path / f"a{suffix}", pixels=np.full((8, 12, 3), 77, np.uint8), exif=b"Exif\0\0" + damaged
    )
    compressed = fastkq.compress(path, 4)
    assert compressed.shape == (8, 12, 3)
    for other in formats.FORMATS:
        compressed.save(tmp_path / f"out{other}")
        assert read_image(tmp_path / f"out{other}").shape[:2] == (8, 12)


@pillow_warns_of_damage
def test_damaged_tiff_tags_do_not_prevent_reading(tmp_path):
    path = saved(tmp_path / "a.tif", exif=exif())
    data = path.read_bytes()
    entry = data.index(struct.pack("<HHI", EXIF_DIRECTORY, 4, 1))
    for offset in (3, len(data) - 1, 0xFFFFFFF0):
        path.write_bytes(data[: entry + 8] + struct.pack("<I", offset) + data[entry + 12 :])
        compressed = fastkq.compress(path, 4)
        assert compressed.shape == (8, 12, 3)


@pytest.mark.parametrize(
    "dpi", [(0, 0), (72, 0), (float("nan"), 72), (float("inf"), 72), (-1, 72), "ab", (1,), 5]
)
def test_invalid_dpi_is_none(dpi, tmp_path):
    image = Image.fromarray(noise(4, 4, 3))
    image.info["dpi"] = dpi
    compressed = fastkq.compress(image, 4)
    assert compressed.metadata.dpi is None
    given = compressed.with_metadata(Metadata(dpi=dpi))
    for suffix in formats.FORMATS:
        given.save(tmp_path / f"a{suffix}")


@pytest.mark.parametrize(
    ("pixels", "mode", "space", "kept"),
    [
        (noise(8, 8, 3), None, b"RGB ", True),
        (noise(8, 8, 3), "CMYK", b"CMYK", False),
        (noise(8, 8, 3), "CMYK", b"RGB ", True),
        (noise(8, 8), None, b"GRAY", True),
        (noise(8, 8), None, b"RGB ", True),
        (noise(8, 8, 3), None, b"GRAY", False),
        (noise(8, 8, 4), "LA", b"GRAY", False),
        (noise(8, 8, 3), None, b"Lab ", False),
    ],
)
def test_profile_of_another_color_space_is_dropped(tmp_path, pixels, mode, space, kept):
    path = saved(tmp_path / "a.tif", pixels, mode, icc_profile=profile(space))
    with contextlib.nullcontext() if kept else pytest.warns(ColorSpaceWarning, match="cannot be used"):
        assert read(path).icc == (profile(space) if kept else None)


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(500)])
def test_invalid_profile_is_dropped(damaged):
    image = Image.fromarray(noise(4, 4, 3))
    image.info["icc_profile"] = damaged
    assert fastkq.compress(image, 4).metadata.icc is None


CARRIES = {
    ".png": {"icc", "exif", "dpi"},
    ".tif": {"icc", "texts", "dpi"},
    ".webp": {"icc", "exif"},
    ".bmp": {"dpi"},
    ".gif": set(),
}


@pytest.mark.parametrize("suffix", sorted(CARRIES))
@pytest.mark.parametrize("k", [5, 300])
def test_each_format_keeps_its_metadata_unless_disabled(tmp_path, suffix, k):
    if (suffix, k) in {(".png", 300), (".gif", 300)}:
        k = 256
    everything = Metadata(profile(), exif()[6:], (150.0, 300.0))
    compressed = fastkq.compress(noise(40, 40, 3), k).with_metadata(everything)
    path = tmp_path / f"a{suffix}"
    is_lost = "icc" not in CARRIES[suffix]
    with pytest.warns(ColorSpaceWarning, match="ICC profile") if is_lost else contextlib.nullcontext():
        compressed.save(path)
    metadata = read_input(path).metadata
    assert metadata.icc == (profile() if "icc" in CARRIES[suffix] else None)
    if "exif" in CARRIES[suffix]:
        assert described(metadata.exif) == ("a temple", "somebody", 0.25)
    elif "texts" in CARRIES[suffix]:
        assert described(metadata.exif) == ("a temple", "somebody", None)
    else:
        assert metadata.exif is None
    if "dpi" in CARRIES[suffix]:
        assert np.allclose(metadata.dpi, (150, 300), atol=0.02)
    else:
        assert metadata.dpi is None
    compressed.save(path, metadata=False)
    assert read_input(path).metadata == Metadata()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_damaged_gray_profile_is_not_written_to_color_palettes(tmp_path, suffix):
    gray = saved(tmp_path / "gray.tif", noise(8, 8), icc_profile=profile(b"GRAY"))
    compressed = fastkq.compress(gray, 4)
    assert compressed.metadata.icc == profile(b"GRAY")
    with pytest.warns(ColorSpaceWarning, match="ICC profile for GRAY"):
        compressed.save(tmp_path / f"a{suffix}")
    assert read_input(tmp_path / f"a{suffix}").metadata.icc is None


def test_structural_exif_tags_do_not_change_a_tiff(tmp_path):
    tags = Image.Exif()
    tags.load(exif())
    tags[256], tags[257], tags[259] = 4000, 3000, 6
    compressed = CompressedImage(noise(3, 3), [[0, 1, 2]], metadata=Metadata(exif=tags.tobytes()[6:]))
    compressed.save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), compressed.decompress())


def test_equality_ignores_metadata_and_metadata_can_be_replaced():
    compressed = fastkq.compress(noise(4, 4, 3), 4)
    other = compressed.with_metadata(Metadata(dpi=(72, 72)))
    assert (other, other.metadata.dpi) == (compressed, (72, 72))
    assert compressed.metadata == other.with_metadata(None).metadata == Metadata()
    assert other.palette.base is compressed.palette.base or np.shares_memory(
        other.palette, compressed.palette
    )
