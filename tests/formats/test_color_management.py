"""CMYK by its ICC profile, Lab, and profiles that cannot be used.

The right colors come from `tests.helpers.icc_profiles`, whose profile for CMYK is linear in the inks.
"""

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL._util import DeferredError

import fastkq
from fastkq.errors import ColorSpaceWarning, FormatError, PrecisionWarning
from fastkq.formats import icc
from tests.helpers import icc_profiles
from tests.helpers.images import noise, read_image
from tests.helpers.metadata_tags import profile
from tests.helpers.sixteen_bit_files import tiff16


def inks(height=24, width=32):
    """Return smooth CMYK values (H, W, 4), uint8, whose colors by the profile are in the gamut of sRGB."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    return np.rint(255 * np.stack((0.5 * x, 0.5 * y, 0.4 - 0.2 * x, 0.3 - 0.2 * y), axis=2)).astype(np.uint8)


EXPECTED = icc_profiles.srgb_of_lab(icc_profiles.lab_of_inks(inks() / 255))


def mean_difference(pixels):
    """Return the mean dE76 from the right colors."""
    difference = icc_profiles.lab_of_srgb(pixels) - icc_profiles.lab_of_srgb(EXPECTED)
    return np.linalg.norm(difference, axis=2).mean()


def cmyk(path=None, icc_profile=None, **options):
    """Return a CMYK image, or its path after it was saved."""
    image = Image.fromarray(inks(), "CMYK")
    if path is None:
        image.info |= {"icc_profile": icc_profile}
        return image
    image.save(path, icc_profile=icc_profile, **options)
    return path


@pytest.mark.parametrize(("suffix", "tolerance"), [(None, 1), (".tif", 1), (".jpg", 8)])
def test_cmyk_is_converted_by_its_profile(tmp_path, suffix, tolerance):
    options = {"quality": 100, "subsampling": 0} if suffix == ".jpg" else {}
    path = suffix and tmp_path / f"a{suffix}"
    source = cmyk(path, icc_profiles.cmyk(), **options)
    compressed = fastkq.compress(source, 65536)
    assert compressed.metadata == fastkq.Metadata()
    np.testing.assert_allclose(compressed.decompress(), EXPECTED, atol=tolerance)
    assert mean_difference(compressed.decompress()) < 0.6
    assert mean_difference(read_image(cmyk(icc_profile=None))) > 15


def test_cmyk_without_a_profile_is_converted_by_the_simple_formula(tmp_path):
    expected = np.asarray(Image.fromarray(inks(), "CMYK").convert("RGB"))
    np.testing.assert_array_equal(read_image(cmyk(tmp_path / "a.tif")), expected)
    np.testing.assert_array_equal(read_image(cmyk()), expected)


def test_quantize_converts_cmyk_by_its_profile():
    quantized = fastkq.quantize(cmyk(icc_profile=icc_profiles.cmyk()), 256)
    assert mean_difference(np.asarray(quantized.convert("RGB"))) < 2
    assert "icc_profile" not in quantized.info


def test_a_large_image_is_converted_in_full():
    pixels = np.tile(inks(), (30, 1, 1))
    image = Image.fromarray(pixels, "CMYK")
    image.info["icc_profile"] = icc_profiles.cmyk()
    np.testing.assert_allclose(read_image(image), np.tile(EXPECTED, (30, 1, 1)), atol=1)


@pytest.mark.parametrize("damaged", [b"no profile", profile(b"CMYK"), icc_profiles.cmyk()[:300]])
def test_cmyk_with_a_damaged_profile_is_read_without_it_and_with_a_warning(tmp_path, damaged):
    path = cmyk(tmp_path / "a.tif", damaged)
    with pytest.warns(ColorSpaceWarning, match=r"a\.tif: colors are read without .* damaged"):
        compressed = fastkq.compress(path, 65536)
    assert compressed.metadata.icc is None
    np.testing.assert_array_equal(compressed.decompress(), np.asarray(cmyk().convert("RGB")))


def test_cmyk_is_read_without_its_profile_where_little_cms_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(ImageCms, "core", DeferredError.new(ImportError("no littlecms")))
    path = cmyk(tmp_path / "a.tif", icc_profiles.cmyk())
    with pytest.warns(ColorSpaceWarning, match="this Pillow lacks Little CMS"):
        pixels = read_image(path)
    np.testing.assert_array_equal(pixels, np.asarray(cmyk().convert("RGB")))
    lab().save(tmp_path / "lab.tif")
    with pytest.raises(FormatError, match=r"lab\.tif: expected Pillow with Little CMS for Lab"):
        read_image(tmp_path / "lab.tif")


def test_16_bit_cmyk_is_converted_from_the_high_bytes(tmp_path):
    path = tiff16(tmp_path / "a.tif", inks().astype(np.uint16) * 257, photometric=5)
    tagged = Image.open(path)
    np.testing.assert_array_equal(np.asarray(tagged), inks())
    with pytest.warns(PrecisionWarning, match="the high byte is kept$"):
        read_image(path)
    tagged.info["icc_profile"] = icc_profiles.cmyk()
    with pytest.warns(PrecisionWarning):
        np.testing.assert_allclose(read_image(tagged), EXPECTED, atol=1)


LAB = np.stack(np.broadcast_arrays(*np.ogrid[50:85:5, -10:11:5, -10:11:4]), axis=-1).reshape(7, -1, 3)


def lab():
    values = np.concatenate((np.rint(LAB[..., :1] * 2.55), LAB[..., 1:]), axis=2).astype(np.int64)
    return Image.frombytes("LAB", values.shape[1::-1], values.astype(np.uint8).tobytes())


@pytest.mark.parametrize("icc_profile", [None, profile(b"Lab "), profile(b"RGB ")])
def test_lab_is_converted_to_srgb(tmp_path, icc_profile):
    lab().save(tmp_path / "a.tif", icc_profile=icc_profile)
    compressed = fastkq.compress(tmp_path / "a.tif", 65536)
    np.testing.assert_allclose(compressed.decompress(), icc_profiles.srgb_of_lab(LAB), atol=2)
    assert compressed.metadata == fastkq.Metadata()


@pytest.mark.parametrize(
    ("mode", "space", "message"),
    [
        ("RGB", b"GRAY", "it is for GRAY, the image is RGB"),
        ("P", b"GRAY", "it is for GRAY, the image is P"),
        ("RGB", b"CMYK", "it is for CMYK, the image is RGB"),
        ("L", b"CMYK", "it is for CMYK, the image is L"),
        ("RGBA", b"Lab ", "it is for Lab, the image is RGBA"),
    ],
)
def test_profile_for_other_colors_is_left_out_with_a_warning(mode, space, message):
    image = Image.fromarray(noise(4, 4, 4)).convert(mode)
    image.info["icc_profile"] = profile(space)
    with pytest.warns(ColorSpaceWarning, match=f"the PIL image: .* cannot be used: {message}"):
        compressed = fastkq.compress(image, 4)
    assert compressed.metadata == fastkq.Metadata()


GRAY = icc_profiles.gray(icc_profiles.gamma_curve(1.8))


@pytest.mark.parametrize("kind", ["LA", "La", "L", "1", "I;16"])
def test_profile_for_gray_with_transparency_becomes_one_for_rgb(kind):
    if kind == "I;16":
        image = Image.fromarray(np.arange(16, dtype=np.uint16).reshape(4, 4))
    else:
        image = Image.fromarray(noise(4, 4, 4)).convert("LA" if kind == "La" else kind).convert(kind)
    if kind in ("L", "1", "I;16"):
        image.info["transparency"] = 7
    image.info["icc_profile"] = GRAY
    compressed = fastkq.compress(image, 4)
    assert compressed.shape == (4, 4, 4)
    assert compressed.metadata.icc == icc.for_rgb(GRAY)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_profile_for_gray_becomes_one_for_rgb_in_a_palette(tmp_path, suffix):
    image = Image.fromarray(noise(8, 8))
    image.info["icc_profile"] = GRAY
    compressed = fastkq.compress(image, 4)
    assert compressed.metadata.icc == GRAY
    compressed.save(tmp_path / f"a{suffix}")
    with Image.open(tmp_path / f"a{suffix}") as written:
        assert written.info["icc_profile"] == icc.for_rgb(GRAY)
    assert compressed.to_pil().info["icc_profile"] == icc.for_rgb(GRAY)
    assert fastkq.quantize(image, 4).info["icc_profile"] == icc.for_rgb(GRAY)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_profile_for_gray_stays_with_gray_pixels(tmp_path, dtype):
    image = Image.fromarray((np.arange(64).reshape(8, 8) * 999).astype(dtype))
    image.save(tmp_path / "a.tif", icc_profile=GRAY)
    compressed = fastkq.compress(tmp_path / "a.tif", 4)
    assert compressed.metadata.icc == GRAY
    compressed.save(tmp_path / "b.tif")
    with Image.open(tmp_path / "b.tif") as written:
        assert written.info["icc_profile"] == GRAY
