"""The chunks cICP, sRGB, gAMA and cHRM of PNG, ICC profiles that are sRGB, and color spaces that are lost."""

import contextlib
import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

import fastkq
from fastkq import CompressedImage, Metadata
from fastkq.api.inputs import read_input
from fastkq.errors import ColorSpaceWarning
from fastkq.formats import png
from tests.helpers import icc_profiles, png_chunks
from tests.helpers.images import noise
from tests.helpers.metadata_tags import P3, profile
from tests.helpers.sixteen_bit_files import deep_noise

KINDS = b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"
P3_CHROMATICITY = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
SRGB_CHROMATICITY = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
CICP, SRGB, GAMMA, CHROMATICITY = (
    (b"cICP", bytes((12, 13, 0, 1))),
    (b"sRGB", b"\1"),
    (b"gAMA", struct.pack(">I", 55556)),
    (b"cHRM", struct.pack(">8I", *(round(value * 100000) for value in P3_CHROMATICITY))),
)
ICCP = (b"iCCP", b"P3\0\0" + zlib.compress(P3))
EVERYTHING = Metadata(srgb=1, gamma=0.55556, chromaticity=P3_CHROMATICITY, cicp=(12, 13, 0, 1))


def png_file(*chunks, pixels=None, mode=None):
    """Return a PNG file with these chunks."""
    image = Image.fromarray(noise(8, 12, 3) if pixels is None else pixels)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, "PNG")
    return png_chunks.added(file.getvalue(), *chunks)


def written(tmp_path, compressed, suffix=".png", **options):
    path = tmp_path / f"written{suffix}"
    compressed.save(path, **options)
    return path.read_bytes()


@pytest.mark.parametrize(
    "chunks", [[CICP], [SRGB], [GAMMA], [CHROMATICITY], [CICP, SRGB, GAMMA, CHROMATICITY]]
)
@pytest.mark.parametrize("mode", [None, "P", "L", "RGBA", "LA"])
def test_chunks_go_from_png_to_png(tmp_path, chunks, mode):
    data = png_file(*chunks, mode=mode)
    compressed = fastkq.load(data) if mode == "P" else fastkq.compress(data, 7)
    assert png_chunks.of_type(written(tmp_path, compressed), *KINDS) == dict(chunks)
    compressed.save(tmp_path / "a.fkq")
    again = fastkq.load(tmp_path / "a.fkq")
    assert again.metadata == compressed.metadata != Metadata()
    assert png_chunks.of_type(written(tmp_path, again), *KINDS) == dict(chunks)
    assert not png_chunks.of_type(written(tmp_path, compressed, metadata=False), *KINDS)


def test_chunks_are_read_as_numbers(tmp_path):
    assert fastkq.compress(png_file(CICP, SRGB, GAMMA, CHROMATICITY), 4).metadata == EVERYTHING
    path = tmp_path / "a.png"
    path.write_bytes(png_file(SRGB, GAMMA, CHROMATICITY))
    with Image.open(path) as image:  # from a PIL image too, except cICP, which Pillow does not read
        assert fastkq.compress(image, 4).metadata == EVERYTHING._replace(cicp=None)
    info = fastkq.compress(png_file(CICP, SRGB, GAMMA, CHROMATICITY), 4).to_pil().info
    assert (info["srgb"], info["gamma"], info["cicp"]) == (1, 0.55556, (12, 13, 0, 1))
    assert info["chromaticity"] == P3_CHROMATICITY


def test_chunks_stand_before_the_palette(tmp_path):
    data = written(tmp_path, fastkq.compress(png_file(CICP, GAMMA), 4))
    order = [kind for kind, _ in png_chunks.split(data)]
    assert max(map(order.index, (b"cICP", b"gAMA"))) < order.index(b"PLTE")


def test_chunks_are_written_with_16_bits_per_channel():
    metadata = EVERYTHING._replace(srgb=None, icc=P3, xmp=b"<x/>")
    compressed = CompressedImage(deep_noise(5, 3), noise(4, 4) % 5, metadata=metadata)
    data = fastkq.formats.encode(compressed, ".png", whole=True)
    found = png_chunks.of_type(data, *KINDS, b"iTXt")
    assert {kind: found[kind] for kind in (b"cICP", b"gAMA", b"cHRM")} == dict([CICP, GAMMA, CHROMATICITY])
    assert found[b"iTXt"] == b"XML:com.adobe.xmp\0\0\0\0\0<x/>"
    assert sorted(found) == [b"cHRM", b"cICP", b"gAMA", b"iCCP", b"iTXt"]
    assert not png_chunks.of_type(png.encode_png_16bit(deep_noise(2, 2, 3), {}), *KINDS)


@pytest.mark.parametrize(
    "chunk",
    [
        (b"gAMA", bytes(4)),
        (b"cHRM", bytes(32)),
        (b"sRGB", b"\4"),
        (b"cICP", b"\1\15"),
        (b"cICP", b"\1\15\1\1"),  # PNG has only the matrix 0
        (b"cICP", b"\1\15\0\2"),
    ],
)
def test_invalid_chunks_are_left_out(tmp_path, chunk):
    compressed = fastkq.compress(png_file(chunk), 4)
    assert compressed.metadata == Metadata()
    assert not png_chunks.of_type(written(tmp_path, compressed), *KINDS)


def test_a_profile_takes_precedence_over_srgb_and_is_written_without_it(tmp_path):
    compressed = fastkq.compress(png_file(ICCP, SRGB, GAMMA), 4)
    assert compressed.metadata == Metadata(icc=P3, gamma=0.55556)
    assert sorted(png_chunks.of_type(written(tmp_path, compressed), *KINDS)) == [b"gAMA", b"iCCP"]


def test_cicp_takes_precedence_over_a_profile():
    image = Image.fromarray(noise(4, 4, 4), "CMYK")
    image.info |= {"icc_profile": icc_profiles.cmyk(), "cicp": (1, 13, 0, 1)}
    compressed = fastkq.compress(image, 16)
    np.testing.assert_array_equal(compressed.decompress(), np.asarray(image.convert("RGB")))


HOLDERS = {".png", ".fkq"}
PROFILE_HOLDERS = {".png", ".fkq", ".tif", ".webp"}


@pytest.mark.parametrize("suffix", [".png", ".fkq", ".tif", ".webp", ".gif", ".bmp"])
@pytest.mark.parametrize(
    ("metadata", "holders", "message"),
    [
        (Metadata(icc=P3), PROFILE_HOLDERS, "ICC profile for RGB"),
        (Metadata(icc=icc_profiles.rgb(curve=icc_profiles.gamma_curve(1.8))), PROFILE_HOLDERS, "ICC profile"),
        (Metadata(icc=P3, gamma=0.55556), PROFILE_HOLDERS, "ICC profile"),
        (Metadata(gamma=0.55556), HOLDERS, "gamma 0.55556"),
        (Metadata(gamma=1.0, chromaticity=SRGB_CHROMATICITY), HOLDERS, "gamma 1"),
        (Metadata(chromaticity=P3_CHROMATICITY), HOLDERS, "chromaticities"),
        (Metadata(cicp=(9, 16, 0, 1)), HOLDERS, "code points"),
        (Metadata(cicp=(9, 16, 0, 1), srgb=0), HOLDERS, "code points"),
    ],
)
def test_a_lost_color_space_is_warned_about(tmp_path, suffix, metadata, holders, message):
    compressed = CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=metadata)
    is_lost = suffix not in holders
    with pytest.warns(ColorSpaceWarning, match=message) if is_lost else contextlib.nullcontext():
        written(tmp_path, compressed, suffix)
    written(tmp_path, compressed, suffix, metadata=False)


@pytest.mark.parametrize("suffix", [".tif", ".webp", ".gif", ".bmp"])
@pytest.mark.parametrize(
    "metadata",
    [
        Metadata(),
        Metadata(srgb=2),
        Metadata(srgb=0, gamma=0.5, chromaticity=P3_CHROMATICITY),  # sRGB takes precedence
        Metadata(gamma=0.45455),
        Metadata(gamma=0.45455, chromaticity=SRGB_CHROMATICITY),
        Metadata(chromaticity=SRGB_CHROMATICITY),
        Metadata(cicp=(1, 13, 0, 1), gamma=1.0),
        Metadata(icc=icc_profiles.rgb()),
        Metadata(icc=icc_profiles.rgb(curve=icc_profiles.gamma_curve(2.2))),
        Metadata(icc=b"no profile"),
        Metadata(gamma=0.0, srgb=9, cicp=(1, 2), chromaticity=(1, 2)),
        Metadata(exif=b"II*\0", xmp=b"<x/>"),
    ],
)
def test_a_format_that_means_srgb_holds_srgb(tmp_path, suffix, metadata):
    compressed = CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=metadata)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ColorSpaceWarning)
        written(tmp_path, compressed, suffix)


def test_the_coding_packed_warns_of_a_lost_color_space(tmp_path):
    compressed = CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=Metadata(icc=P3))
    with pytest.warns(ColorSpaceWarning, match="coding packed.*: use the coding context"):
        compressed.save(tmp_path / "a.fkq", coding="packed")


def test_a_target_of_bytes_does_not_warn():
    image = Image.fromarray(noise(8, 8, 3))
    image.info["icc_profile"] = P3
    fastkq.compress(image, target_bytes=900, format="gif")


@pytest.mark.parametrize("intent", [0, 1, 2, 3])
@pytest.mark.parametrize("curve", [icc_profiles.SRGB_CURVE, icc_profiles.table_curve(1024)])
@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA", "L"])
def test_a_profile_that_is_srgb_becomes_the_chunk_srgb_of_13_bytes(tmp_path, intent, curve, mode):
    image = Image.fromarray(noise(8, 12, 3)).convert(mode)
    make = icc_profiles.gray if mode == "L" else icc_profiles.rgb
    icc = make(curve) if mode == "L" else make(curve=curve, intent=intent)
    image.save(tmp_path / "a.png", icc_profile=icc)
    compressed = fastkq.compress(tmp_path / "a.png", 7)
    assert compressed.metadata.icc == icc
    data = written(tmp_path, compressed)
    assert png_chunks.of_type(data, *KINDS) == {b"sRGB": bytes((0 if mode == "L" else intent,))}
    assert len(data) == len(written(tmp_path, compressed, metadata=False)) + 13
    np.testing.assert_array_equal(
        read_input(data).pixels.reshape(8, 12, -1)[..., :1],
        compressed.decompress().reshape(8, 12, -1)[..., :1],
    )
    assert read_input(data).metadata == Metadata(srgb=0 if mode == "L" else intent)


def test_a_profile_that_is_srgb_stays_a_profile_in_other_formats(tmp_path):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    compressed = CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=Metadata(icc=icc))
    for suffix in (".tif", ".webp", ".fkq"):
        assert read_input(written(tmp_path, compressed, suffix)).metadata.icc == icc
    assert compressed.to_pil().info["icc_profile"] == icc
    assert png_chunks.of_type(written(tmp_path, compressed), *KINDS) == {b"sRGB": b"\0"}
    deep = CompressedImage(deep_noise(5, 3), noise(4, 4) % 5, metadata=Metadata(icc=icc))
    data = fastkq.formats.encode(deep, ".png", whole=True)
    assert png_chunks.of_type(data, *KINDS) == {b"sRGB": b"\0"}


def test_notebook_images_have_the_color_space_and_no_other_metadata():
    metadata = EVERYTHING._replace(srgb=None, icc=P3, xmp=b"<x/>", exif=b"II*\0", dpi=(72, 72))
    compressed = CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=metadata)
    kinds = {kind for kind, _ in png_chunks.split(compressed._repr_png_())}
    assert kinds == {b"IHDR", b"iCCP", b"cICP", b"gAMA", b"cHRM", b"PLTE", b"IDAT", b"IEND"}


def test_damaged_profile_counts_as_none(tmp_path):
    compressed = CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=Metadata(icc=b"none", srgb=1))
    assert png_chunks.of_type(written(tmp_path, compressed), *KINDS) == {b"sRGB": b"\1"}
    image = Image.fromarray(noise(4, 4, 3))
    image.info |= {"icc_profile": profile(b"GRAY"), "srgb": 3}
    with pytest.warns(ColorSpaceWarning, match="it is for GRAY"):
        assert fastkq.compress(image, 4).metadata == Metadata(srgb=3)


def test_code_points_are_read_up_to_the_pixels():
    assert png.read_cicp(png_file(CICP)) == (12, 13, 0, 1)
    assert png.read_cicp(png_chunks.join([*png_chunks.split(png_file()), CICP])) is None
    assert png.read_cicp(png_file(CICP)[:50]) == (12, 13, 0, 1)
    assert png.read_cicp(png_file()[:40]) is None
    assert png.read_cicp(b"no PNG") is None
