"""Invariant 3: inputs of any memory layout work and are never changed."""

import numpy as np
import pytest
from hypothesis import given

import fastkq
from fastkq.runtime.validation import check_image
from tests.helpers.compressed_images import DTYPES, palette_of
from tests.helpers.images import images_of_any_kind, noise


@given(images_of_any_kind())
def test_any_layout_and_dtype_gives_the_same_and_is_unchanged(image):
    expected = fastkq.compress(image, 3)
    twice = np.repeat(image, 2, axis=0)[::2]
    swapped = image.astype(image.dtype.newbyteorder())
    frozen = image.copy()
    frozen.flags.writeable = False
    for other in (np.asfortranarray(image), twice, swapped, frozen):
        before = other.copy()
        assert fastkq.compress(other, 3) == expected
        assert np.array_equal(other, before)


def layouts(image):
    """Return a uint8 image in several memory layouts and as a list, by name."""
    padded = np.zeros((image.shape[0] + 2, image.shape[1] * 2, *image.shape[2:]), np.uint8)
    padded[1:-1, ::2] = image
    frozen = image.copy()
    frozen.flags.writeable = False
    swapped = image.astype(image.dtype.newbyteorder(">"))
    return {
        "fortran": np.asfortranarray(image),
        "strided": padded[1:-1, ::2],
        "reversed": image[::-1].copy()[::-1],
        "read-only": frozen,
        "byte-swapped": swapped,
        "list": image.tolist(),
    }


@pytest.mark.parametrize("shape", [(21, 34), (21, 34, 1), (21, 34, 3), (21, 34, 4)])
def test_any_layout_and_shape_gives_the_same_and_is_unchanged(shape):
    image = noise(*shape)
    expected = fastkq.compress(image, 12)
    for name, array in layouts(image).items():
        if name == "list":
            with pytest.raises(fastkq.errors.ArgumentError, match="float64, got int64"):
                fastkq.compress(array, 12)
            continue
        assert fastkq.compress(array, 12) == expected, name
        np.testing.assert_array_equal(array, image)


def test_memory_mapped_image_gives_the_same(tmp_path):
    image = noise(31, 17, 3)
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    assert fastkq.compress(mapped, 9) == fastkq.compress(image, 9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_check_image_keeps_values_of_any_layout(dtype):
    values = palette_of(dtype, 60, 2).reshape(2, -1)
    for array in (values, values.T, values[:, ::3], np.asfortranarray(values)):
        for laid_out in (array, array.astype(array.dtype.newbyteorder(">"))):
            checked = check_image(laid_out)
            assert checked.flags.c_contiguous
            assert checked.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(checked, array)
    assert np.shares_memory(check_image(values), values)


CALLS = {
    "compress": lambda image: fastkq.compress(image, 5),
    "compress with oklab": lambda image: fastkq.compress(image, 5, space="oklab"),
    "compress with diffusion": lambda image: fastkq.compress(image, 5, dither=True),
    "compress with blue noise": lambda image: fastkq.compress(
        image, 5, dither=True, dither_method="blue-noise"
    ),
    "compress with preset": lambda image: fastkq.compress(image, 5, preset="visual"),
    "compress with target_psnr": lambda image: fastkq.compress(image, target_psnr=20),
    "compress with bits": lambda image: fastkq.compress(image, 5, bits=3, keep_black_white=True),
    "compress with max_error": lambda image: fastkq.compress(image, 400, max_error=60),
    "compress with more colors than there are": lambda image: fastkq.compress(image, 5000),
    "count_colors": fastkq.count_colors,
    "fit_palette": lambda image: fastkq.fit_palette([image, image], 5).tolist(),
    "apply_palette": lambda image: fastkq.apply_palette(image, noise(5, np.atleast_3d(image).shape[2])),
    "curve": lambda image: fastkq.curve(image, [3, 9]),
    "report": lambda image: str(fastkq.compress(noise(*image.shape), 5).report(image, ssim=False)),
}


@pytest.mark.parametrize("shape", [(21, 34), (21, 34, 3), (21, 34, 4)])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_function_changes_its_image_or_depends_on_its_layout(call, shape):
    image = noise(*shape)
    expected = call(image.copy())
    for name, array in {**layouts(image), "plain": image.copy()}.items():
        if name != "list":
            assert call(array) == expected, name
            np.testing.assert_array_equal(array, image, err_msg=name)


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_memory_mapped_file_is_unchanged(tmp_path, mode):
    path, image = tmp_path / "image.npy", noise(31, 17, 3)
    np.save(path, image)
    before = path.read_bytes()
    mapped = np.load(path, mmap_mode=mode)
    assert fastkq.compress(mapped, 9, dither=True) == fastkq.compress(image, 9, dither=True)
    if mode == "r+":
        mapped.flush()
    np.testing.assert_array_equal(mapped, image)
    assert path.read_bytes() == before


def test_palettes_fixed_colors_and_weights_are_unchanged():
    image, palette = noise(21, 34, 3), noise(6, 3, seed=1)
    weights = np.linspace(0, 1, 21 * 34).reshape(21, 34)
    given_arrays = [np.asfortranarray(palette), palette.copy(), np.asfortranarray(weights), weights.copy()]
    before = [array.copy() for array in given_arrays]
    for writeable in (True, False):
        for array in given_arrays:
            array.flags.writeable = writeable
        for rows in given_arrays[:2]:
            fastkq.apply_palette(image, rows)
            fastkq.compress(image, palette=rows)
            fastkq.compress(image, 9, fixed=rows)
            fastkq.CompressedImage(rows, np.zeros((2, 2), int)).to_bytes()
        for weight in given_arrays[2:]:
            fastkq.compress(image, 9, weights=weight)
            fastkq.count_colors(image, weights=weight)
    for array, copy in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
