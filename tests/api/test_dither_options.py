"""Options `dither`, `dither_method` and `preset` of `compress` and `apply_palette`."""

from functools import partial

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.quantization import blue_noise, error_diffusion, visual_preset
from tests.helpers.images import noise, photograph_like

METHODS = ["diffusion", "blue-noise"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,)])
def test_strength_0_does_not_dither(method, channels):
    image = noise(17, 19, *channels)
    plain = fastkq.compress(image, 6)
    for strength in (0, 0.0, False):
        assert fastkq.compress(image, 6, dither=strength, dither_method=method) == plain


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,)])
def test_dithering_changes_indices_and_not_the_palette(method, channels):
    image = np.repeat(photograph_like(30, 30)[:, :, :1], 4, axis=2)[:, :, : channels[0] if channels else 1]
    image = image[:, :, 0] if channels == () else image.copy()
    if channels in [(2,), (4,)]:
        image[:, :, -1] = np.linspace(0, 255, 30, dtype=np.uint8)
    plain, dithered = (fastkq.compress(image, 5, dither=on, dither_method=method) for on in (False, True))
    assert np.array_equal(plain.palette, dithered.palette)
    assert not np.array_equal(plain.indices, dithered.indices)
    assert dithered == fastkq.apply_palette(image, plain.palette, dither=1, dither_method=method)


@pytest.mark.parametrize("method", METHODS)
def test_dithering_keeps_the_mean(method):
    gray = np.full((64, 64), 100, np.uint8)
    black_and_white = np.array([[0], [255]], np.uint8)
    shown = fastkq.apply_palette(gray, black_and_white, dither=True, dither_method=method).decompress()
    assert abs(shown.mean() - 100) < 3


def test_dither_method_selects_the_algorithm():
    image, palette = photograph_like(25, 25), noise(4, 3)
    for method, run in zip(METHODS, (error_diffusion.diffuse, blue_noise.ordered), strict=True):
        applied = fastkq.apply_palette(image, palette, dither=0.7, dither_method=method)
        assert np.array_equal(applied.indices, run(image, palette, 0.7))


@pytest.mark.parametrize("method", METHODS)
def test_opaque_alpha_does_not_change_dithering(method):
    image = photograph_like(25, 25)
    opaque = np.concatenate((image, np.full((25, 25, 1), 255, np.uint8)), axis=2)
    plain, other = (fastkq.compress(some, 8, dither=True, dither_method=method) for some in (image, opaque))
    assert np.array_equal(plain.indices, other.indices)


def test_dithering_leaves_a_mask_unchanged():
    mask = noise(9, 9) > 99
    assert fastkq.compress(mask, 2, dither=True) == fastkq.compress(mask, 2)


@pytest.mark.parametrize("strength", [-0.1, 1.01, np.nan, np.inf])
def test_strength_out_of_range_is_refused(strength):
    with pytest.raises(ArgumentError, match="expected dither from 0 to 1, got"):
        fastkq.compress(noise(4, 4, 3), 2, dither=strength)
    with pytest.raises(ArgumentError, match="expected dither from 0 to 1, got"):
        fastkq.apply_palette(noise(4, 4), [[0]], dither=strength)


def test_invalid_strength_and_method_are_refused():
    with pytest.raises(ArgumentTypeError, match="expected dither to be a number, got 'much'"):
        fastkq.compress(noise(4, 4, 3), 2, dither="much")
    with pytest.raises(ArgumentError, match="one of diffusion, atkinson, blue-noise, got 'bayer'"):
        fastkq.compress(noise(4, 4, 3), 2, dither=True, dither_method="bayer")


@pytest.mark.parametrize("k", [3, 5, 40])
@pytest.mark.parametrize(
    "way", [{"dither": True}, {"dither": 1, "dither_method": "blue-noise"}, {"preset": "visual"}]
)
def test_opaque_and_transparent_pixels_stay_so(way, k):
    image = np.concatenate((photograph_like(40, 40), np.full((40, 40, 1), 255, np.uint8)), axis=2)
    image[:10, :, 3], image[10:20, :, 3] = 0, 254
    alpha = fastkq.compress(image, k, **way).decompress()[:, :, 3]
    assert (alpha[20:] == 255).all()
    assert (alpha[:10] == 0).all()


@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,)])
def test_visual_preset_runs_spatial_quantization(channels):
    image = noise(24, 24, *channels)
    made = fastkq.compress(image, 6, preset="visual")
    assert (made.shape, made.dtype) == (image.shape, image.dtype)
    assert made.k <= 6
    if channels in [(), (1,), (3,)]:
        palette, indices = visual_preset.visual(image, 6)
        assert np.array_equal(made.palette, palette)
        assert np.array_equal(made.indices, indices)
    assert fastkq.compress(image, 65536, preset="visual") == fastkq.compress(image, 65536)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "pretty"}, "preset to be one of visual, got 'pretty'"),
        ({"preset": "visual", "dither": True}, "expected preset without dither, got both"),
        ({"preset": "visual", "fixed": [[0, 0, 0]]}, "expected preset without fixed, got both"),
        ({"preset": "visual", "space": "oklab"}, "expected preset without space, got both"),
        ({"preset": "visual", "target_bytes": 99}, "expected preset without target_bytes, got both"),
    ],
)
def test_unknown_preset_and_conflicting_options_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(noise(4, 4, 3), **arguments)


def test_preset_needs_8_bits():
    with pytest.raises(ArgumentError, match="uint8 with at most 4 channels for a preset, got uint16 with 3"):
        fastkq.compress(np.zeros((3, 3, 3), np.uint16), preset="visual")


def test_the_example_of_e_paper_has_the_right_mean():
    colors = ["black", "white", "#00ff00", "#0000ff", "#ff0000", "#ffff00", "#ff8000"]
    gray = np.full((80, 80, 3), 128, np.uint8)
    shown = fastkq.compress(gray, palette=colors, dither=True).decompress()[20:]
    assert abs(shown.mean(axis=(0, 1)) - 128).max() < 1


@pytest.mark.parametrize("method", METHODS)
def test_dithering_follows_the_space(method):
    dithered = partial(
        fastkq.apply_palette, noise(30, 40, 3), noise(9, 3, seed=1), dither=True, dither_method=method
    )
    in_rgb, in_oklab = dithered(space="rgb"), dithered(space="oklab")
    assert in_rgb != in_oklab
    assert in_oklab == dithered(dither_space="oklab")
    assert in_rgb == dithered(space="oklab", dither_space="rgb")
    assert dithered(dither_space="linear") not in (in_rgb, in_oklab)


@pytest.mark.parametrize("method", METHODS)
def test_linear_light_has_the_right_mean_for_the_eye(method):
    gray = np.full((160, 160), 128, np.uint8)
    shown = fastkq.apply_palette(
        gray, [[0], [255]], dither=True, dither_method=method, dither_space="linear"
    ).decompress()
    light = ((128 / 255 + 0.055) / 1.055) ** 2.4  # IEC 61966-2-1
    assert abs((shown[32:96, 32:96] == 255).mean() - light) < 1 / 255


def test_dither_method_atkinson():
    gray = np.full((90, 90), 20, np.uint8)
    shown = fastkq.apply_palette(gray, [[0], [255]], dither=True, dither_method="atkinson").decompress()
    assert shown.mean() < 16  # a quarter of the errors is dropped


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_uint16_is_dithered(channels, method):
    image, palette = noise(30, 40, channels), noise(9, channels, seed=1)
    if channels in (2, 4):
        image[..., -1] = palette[:, -1] = 255
    deep = (values.astype(np.uint16) * 257 for values in (image, palette))
    options = {"dither": True, "dither_method": method}
    expected = fastkq.apply_palette(image, palette, **options)
    assert np.array_equal(fastkq.apply_palette(*deep, **options).indices, expected.indices)


@pytest.mark.parametrize("method", METHODS)
def test_floats_are_dithered_in_their_value_range(method):
    image = np.full((160, 160), 0.5, np.float32)
    options = {"dither": True, "dither_method": method, "value_range": (0, 1)}
    shown = fastkq.compress(image, palette=[[0.0], [1.0]], **options).decompress()
    assert abs(shown[32:, 32:].mean() - 0.5) < 1 / 255
    with pytest.raises(ArgumentError, match="expected value_range, the values of black and white, to dither"):
        fastkq.compress(image, 2, dither=True)


def test_unknown_dither_space_is_refused():
    with pytest.raises(ArgumentError, match="dither_space to be one of rgb, linear, oklab, got 'lab'"):
        fastkq.compress(noise(4, 4, 3), 2, dither=True, dither_space="lab")
