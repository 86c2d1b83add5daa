"""ICC profiles that are sRGB, and profiles for gray as profiles for RGB."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from fastkq.formats import icc
from tests.helpers import icc_profiles

LITTLE_CMS_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    "profile",
    [
        LITTLE_CMS_SRGB,
        icc_profiles.rgb(),
        icc_profiles.rgb(curve=icc_profiles.table_curve(1024)),
        icc_profiles.rgb(curve=icc_profiles.table_curve(4096)),
        icc_profiles.rgb(
            curve=icc_profiles.parametric_curve(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0)
        ),
        icc_profiles.gray(icc_profiles.SRGB_CURVE),
        icc_profiles.gray(icc_profiles.table_curve(1024)),
    ],
)
def test_profiles_with_the_colors_of_srgb_are_srgb(profile):
    assert icc.is_srgb(profile)
    assert icc.is_nearly_srgb(profile)


def without(signature):
    return icc_profiles.rgb().replace(signature, b"none")


@pytest.mark.parametrize(
    "profile",
    [
        icc_profiles.rgb(icc_profiles.P3_PRIMARIES),
        icc_profiles.rgb([[0.64, 0.33], [0.21, 0.71], [0.15, 0.06]]),  # Adobe RGB
        icc_profiles.rgb(icc_profiles.SRGB_PRIMARIES[::-1]),
        icc_profiles.rgb(curve=icc_profiles.gamma_curve(1.8)),
        icc_profiles.rgb(curve=icc_profiles.table_curve(10)),
        icc_profiles.rgb(curve=icc_profiles.parametric_curve(0, 2.4)),
        icc_profiles.rgb(curve=icc_profiles.parametric_curve(1, 2.4, 0, 0)),
        icc_profiles.rgb(curve=icc_profiles.parametric_curve(0, -2.4)),
        icc_profiles.rgb(curve=icc_profiles.parametric_curve(9, 2.4)),
        icc_profiles.rgb(curve=b"curv" + bytes(4) + struct.pack(">I", 1 << 31)),
        icc_profiles.rgb(curve=b"curv" + bytes(4) + struct.pack(">I", 0)),
        icc_profiles.rgb(extra={b"A2B0": b"mAB " + bytes(28)}),  # as the profile "preference" of the ICC
        without(b"gXYZ"),
        without(b"bTRC"),
        icc_profiles.gray(icc_profiles.gamma_curve(1.8)),
        icc_profiles.cmyk(),
        LITTLE_CMS_SRGB[:140],
        LITTLE_CMS_SRGB[:200],
        LITTLE_CMS_SRGB.replace(b"RGB XYZ ", b"RGB Lab "),
        b"",
        b"no profile",
        None,
    ],
)
def test_other_profiles_are_not_srgb(profile):
    assert not icc.is_srgb(profile)
    assert not icc.is_nearly_srgb(profile)


@pytest.mark.parametrize("make", [icc_profiles.gray, lambda curve: icc_profiles.rgb(curve=curve)])
def test_gamma_2_2_is_nearly_srgb(make):
    profile = make(icc_profiles.gamma_curve(2.2))
    assert not icc.is_srgb(profile)
    assert icc.is_nearly_srgb(profile)


@pytest.mark.parametrize("kind", [1, 2])
def test_parametric_curves_with_an_offset(kind):
    """The types 1 and 2 are the power of a line, cut at its zero: here near gamma 2.2."""
    curve = icc_profiles.parametric_curve(kind, 2.2, 1.001, -0.001, *[0.0] * (kind - 1))
    assert icc.is_nearly_srgb(icc_profiles.rgb(curve=curve))
    curve = icc_profiles.parametric_curve(kind, 2.2, 1.1, -0.1, *[0.0] * (kind - 1))
    assert not icc.is_nearly_srgb(icc_profiles.rgb(curve=curve))


def test_every_cut_and_every_changed_byte_is_read_without_an_exception():
    profile = icc_profiles.rgb(curve=icc_profiles.table_curve(8))
    for end in range(len(profile)):
        icc.is_srgb(profile[:end])
    for place in range(128, len(profile)):
        for value in (0, 1, 127, 255):
            icc.is_nearly_srgb(profile[:place] + bytes((value,)) + profile[place + 1 :])
    gray = icc_profiles.gray(icc_profiles.table_curve(8))
    for end in range(len(gray)):
        icc.for_rgb(gray[:end])


@pytest.mark.parametrize(
    "curve", [icc_profiles.gamma_curve(1.8), icc_profiles.table_curve(33, lambda v: v**3)]
)
def test_profile_for_gray_becomes_one_for_rgb_with_the_same_colors(curve):
    gray = icc_profiles.gray(curve)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    srgb = ImageCms.createProfile("sRGB")
    expected, converted = (
        np.asarray(
            ImageCms.profileToProfile(Image.fromarray(pixels), io.BytesIO(profile), srgb, outputMode="RGB")
        )
        for pixels, profile in ((ramp, gray), (np.stack([ramp] * 3, axis=2), icc.for_rgb(gray)))
    )
    np.testing.assert_allclose(converted, expected.astype(int), atol=1)


def test_only_a_profile_for_gray_becomes_one_for_rgb():
    assert icc.for_rgb(icc_profiles.rgb()) is None
    assert icc.for_rgb(icc_profiles.cmyk()) is None
    assert icc.for_rgb(icc_profiles.gray(icc_profiles.SRGB_CURVE).replace(b"kTRC", b"none")) is None
    assert icc.for_rgb(b"no profile") is None
    assert icc.for_rgb(None) is None
