"""Targets of `compress`: `target_psnr`, `target_bytes` and the search for k."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import fastkq
from fastkq import formats
from fastkq.api.targets import Bracket, find_crossing
from fastkq.errors import ArgumentError, ArgumentTypeError, UnreachableError
from fastkq.metrics import psnr
from tests.helpers.images import noise, photograph_like
from tests.helpers.metadata_tags import P3


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(12, 60), st.sampled_from([(), (1,), (3,), (2,)]))
def test_target_psnr_is_reached_by_k_and_not_by_k_minus_1(seed, target, channels):
    image = noise(9, 11, *channels, seed=seed)
    if channels == (2,):
        image[..., 1] |= 1  # colors under alpha 0 are equal, whatever psnr says
    reached = fastkq.compress(image, target_psnr=target)
    assert psnr(image, reached.decompress()) >= target
    if reached.k > 1:
        assert psnr(image, fastkq.compress(image, reached.k - 1).decompress()) < target


@pytest.mark.parametrize("effort", ["fast", "balanced", "best"])
def test_target_psnr_is_reached_by_k_and_not_by_k_minus_1_at_every_effort(effort):
    image = photograph_like(120, 160)
    reached = fastkq.compress(image, target_psnr=34, effort=effort)
    assert psnr(image, reached.decompress()) >= 34
    assert psnr(image, fastkq.compress(image, reached.k - 1, effort=effort).decompress()) < 34
    assert reached == fastkq.compress(image, reached.k, effort=effort)


def test_high_target_psnr_is_lossless():
    image = noise(20, 20, 3)
    assert fastkq.compress(image, target_psnr=300).decompress().tolist() == image.tolist()


def test_target_psnr_is_reached_beside_a_fixed_color_that_the_image_lacks():
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    assert fastkq.compress(ramp, target_psnr=90, fixed=[[255, 0, 0]]).k == 257


def test_one_color_reaches_any_target_psnr():
    for dtype in (np.uint8, np.float32):
        assert fastkq.compress(np.full((3, 4), 7, dtype), target_psnr=99).k == 1


def test_unreachable_target_psnr_names_the_best_psnr(monkeypatch):
    monkeypatch.setattr("fastkq.api.targets.MAX_COLORS", 16)
    image = noise(20, 20, 3)
    best = psnr(image, fastkq.compress(image, 16).decompress())
    with pytest.raises(
        UnreachableError, match=rf"that 16 colors reach, got 90 dB: they reach {best:.2f} dB"
    ) as e:
        fastkq.compress(image, target_psnr=90)
    assert e.value.best == pytest.approx(best)


@pytest.mark.parametrize("coding", ["context", "packed"])
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.05, 1.1))
def test_file_fits_target_bytes(coding, seed, share):
    image = noise(13, 17, 3, seed=seed) // 16 * 16
    whole = len(fastkq.compress(image, 65536).to_bytes(coding=coding))
    target = max(120, int(share * whole))
    fitting = fastkq.compress(image, target_bytes=target, coding=coding)
    assert len(fitting.to_bytes(coding=coding)) <= target
    if share >= 1:
        assert np.array_equal(fitting.decompress(), image)


def test_target_bytes_fits_k_and_not_k_plus_1():
    image = photograph_like(96, 96)
    for coding, target in (("packed", 5000), ("context", 4000)):
        fitting = fastkq.compress(image, target_bytes=target, coding=coding)
        assert len(fastkq.compress(image, fitting.k + 1).to_bytes(coding=coding)) > target
        assert fitting == fastkq.compress(image, fitting.k)


def test_target_bytes_includes_metadata():
    from PIL import Image

    picture = Image.fromarray(photograph_like(64, 64))
    picture.info["icc_profile"] = _profile()
    plain = fastkq.compress(photograph_like(64, 64), target_bytes=2500)
    laden = fastkq.compress(picture, target_bytes=2500)
    assert laden.metadata.icc
    assert len(laden.to_bytes()) <= 2500
    assert laden.k < plain.k


def _profile():
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("coding", ["context", "packed"])
def test_unreachable_target_bytes_names_the_least_size(coding):
    image = noise(30, 30, 3)
    least = len(fastkq.compress(image, 1).to_bytes(coding=coding))
    assert fastkq.compress(image, target_bytes=least, coding=coding).k >= 1
    with pytest.raises(
        UnreachableError, match=f"target_bytes of at least {least}, the size of a file with 1 color,"
    ) as e:
        fastkq.compress(image, target_bytes=least - 1, coding=coding)
    assert e.value.best == least


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        ("fkq", {"icc_profile": P3, "xmp": b"<x/>" * 99}),
        ("png", {"icc_profile": P3}),
        ("webp", {"xmp": b"<x/>" * 99}),
    ],
)
def test_target_bytes_that_metadata_prevents_says_how_to_leave_it_out(name, metadata):
    image = noise(9, 9, 3)
    picture = Image.fromarray(image)
    picture.info |= metadata
    least, bare = (len(formats.encode(fastkq.compress(source, 1), f".{name}")) for source in (picture, image))
    assert least - bare > 200
    for target in (bare, least - 1):
        with pytest.raises(
            UnreachableError, match=f"of at least {least}, the size of a file with 1 color and"
        ) as e:
            fastkq.compress(picture, target_bytes=target, format=name)
        assert (e.value.best, e.value.parameter) == (least, "target_bytes")
        assert str(e.value).endswith(
            f" 1 color and {least - bare} bytes of metadata, got {target}: "
            "compress the pixels as an array, without metadata"
        )
        assert e.value.command_line.endswith(": leave it out with --strip")
        assert fastkq.compress(image, target_bytes=target, format=name).k >= 1
    with pytest.raises(UnreachableError, match="the size of a file with 1 color, got"):
        fastkq.compress(picture, target_bytes=bare - 1, format=name)


@pytest.mark.parametrize("coding", ["context", "packed"])
def test_coding_bounds_only_fkq_files(coding):
    image = photograph_like(40, 56)
    fitting = fastkq.compress(image, target_bytes=3000, format="png", coding=coding)
    assert fitting == fastkq.compress(image, target_bytes=3000, format="png")


@pytest.mark.parametrize("fixed", [None, [[1, 2, 3], [250, 0, 0]]])
@pytest.mark.parametrize("name", ["png", "gif", "webp", "tif", "bmp"])
def test_target_bytes_bounds_files_of_every_format(tmp_path, name, fixed):
    image = photograph_like(40, 56)

    def size(compressed):
        compressed.save(tmp_path / f"a.{name}")
        return (tmp_path / f"a.{name}").stat().st_size

    least, most = (size(fastkq.compress(image, k, fixed=fixed)) for k in (2 if fixed else 1, 256))
    for target in (least, (least + most) // 2):
        fitting = fastkq.compress(image, target_bytes=target, format=name, fixed=fixed)
        assert size(fitting) <= target
        assert size(fastkq.compress(image, fitting.k + 1, fixed=fixed)) > target
        assert fitting == fastkq.compress(image, fitting.k, fixed=fixed)
    assert fastkq.compress(image, target_bytes=10**9, format=name, fixed=fixed).k == 256
    with pytest.raises(
        UnreachableError, match=f"expected target_bytes of at least {least}, the size of"
    ) as e:
        fastkq.compress(image, target_bytes=least - 1, format=name, fixed=fixed)
    assert e.value.best == least


def test_target_bytes_bounds_optimized_png_files(tmp_path):
    pytest.importorskip("oxipng")
    image = photograph_like(40, 56)
    plain, optimized = (
        fastkq.compress(image, target_bytes=2500, format="png", optimize=optimize)
        for optimize in (False, True)
    )
    assert optimized.k > plain.k
    optimized.save(tmp_path / "a.png", optimize=True)
    assert (tmp_path / "a.png").stat().st_size <= 2500


@pytest.mark.parametrize(
    ("image", "arguments", "message"),
    [
        (noise(4, 4, 3), {"format": "jpg"}, "format to be one of fkq, png, gif, webp, tif, bmp, got 'jpg'"),
        (
            noise(4, 4, 3),
            {"format": "gif", "optimize": True},
            "expected the format png with optimize, got '.gif'",
        ),
        (noise(4, 4, 3), {"optimize": True}, "expected the format png with optimize, got '.fkq'"),
        (noise(4, 4, 5), {"format": "png"}, "1 to 4 channels for PNG, got 5"),
        (np.zeros((4, 4, 3), np.uint16), {"format": "png"}, "values of 8 bits for a palette PNG, got uint16"),
    ],
)
def test_formats_that_cannot_hold_the_image_are_refused_before_any_fit(
    image, arguments, message, monkeypatch
):
    monkeypatch.setattr("fastkq.api.compress.fit", None)
    with pytest.raises(ArgumentError, match=message) as e:
        fastkq.compress(image, target_bytes=999, **arguments)
    assert e.value.parameter == "format"


def test_format_and_optimize_have_no_effect_without_target_bytes():
    image = noise(4, 4, 3)
    assert fastkq.compress(image, 4, format="gif", optimize=True) == fastkq.compress(image, 4)


def test_targets_keep_all_fixed_colors():
    image, fixed = noise(12, 12, 3), np.array([[1, 2, 3], [250, 0, 0]], np.uint8)
    assert np.array_equal(fastkq.compress(image, target_psnr=5, fixed=fixed).palette, fixed)
    with pytest.raises(UnreachableError, match="the size of a file with 2 colors"):
        fastkq.compress(image, target_bytes=10, fixed=fixed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 8, "target_psnr": 30}, "expected target_psnr without k, got both"),
        ({"target_psnr": 30, "target_bytes": 999}, "expected target_psnr without target_bytes, got both"),
        ({"target_psnr": -1}, "target_psnr to be at least 0, got -1"),
        ({"target_psnr": np.inf}, "target_psnr to be at least 0, got inf"),
        ({"target_psnr": np.nan}, "target_psnr to be at least 0, got nan"),
        ({"target_bytes": 0}, "target_bytes to be at least 1, got 0"),
        ({"target_psnr": 30, "dither": True}, "expected target_psnr without dither, got both"),
        ({"target_psnr": 30, "max_error": 9}, "expected target_psnr without max_error, got both"),
        ({"target_bytes": 300, "max_error": 9}, "expected target_bytes without max_error, got both"),
        ({"min_share": 0.1}, "max_error with min_share, got min_share alone"),
    ],
)
def test_invalid_and_conflicting_targets_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(noise(4, 4, 3), **arguments)


@pytest.mark.parametrize(
    ("name", "value"), [("target_psnr", "30"), ("target_bytes", 9.5), ("max_error", "3")]
)
def test_targets_of_the_wrong_type_are_refused(name, value):
    with pytest.raises(ArgumentTypeError, match=f"expected {name} to be"):
        fastkq.compress(noise(4, 4, 3), **{name: value})


@given(
    crossing=st.integers(1, 501),
    wobble=st.floats(0, 0.5),
    power=st.floats(0.3, 2.0),
    sign=st.sampled_from([1, -1]),
    guess=st.floats(1, 600),
    seed=st.integers(0, 2**32 - 1),
)
def test_find_crossing_brackets_a_noisy_measure(crossing, wobble, power, sign, guess, seed):
    wobbles = np.random.default_rng(seed).uniform(1 - wobble, 1 + wobble, 502)

    def measure(k):
        assert 1 <= k <= 501
        return float(1000 * (k / (crossing - 0.5)) ** (sign * power) * wobbles[k])

    def is_behind(k):
        return measure(k) > 1000 if sign > 0 else measure(k) <= 1000

    bracket, _ = find_crossing(measure, 1000, Bracket(0, 502), slope=sign * 0.8, guess=guess, most=600)
    assert bracket.behind == bracket.before + 1
    assert bracket.behind == 502 or is_behind(bracket.behind)
    assert bracket.before == 0 or not is_behind(bracket.before)
