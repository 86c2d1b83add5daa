import contextlib
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, FormatError
from tests.conftest import noise, photograph_like

KINDS = [
    (np.uint8, ()), (np.uint8, (1,)), (np.uint8, (2,)), (np.uint8, (3,)), (np.uint8, (4,)), (np.uint8, (6,)),
    (np.uint16, ()), (np.uint16, (3,)), (np.uint16, (4,)), (np.float32, (3,)), (np.float64, (2,)), (bool, ()),
]  # fmt: skip


def some(dtype, channels, *, seed=0, rows=6):
    """A small image of few values, so that colours are met again."""
    values = np.random.default_rng(seed).integers(0, 3, (rows, 7, *channels))
    return (values * {"b": 1, "u": 85, "f": 0.5}[np.dtype(dtype).kind]).astype(dtype)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_counts_are_exact(dtype, channels):
    image = some(dtype, channels)
    counted = fastkq.count_colours(image)
    pixels = image.reshape(42, -1).copy()
    if dtype in (np.uint8, np.uint16) and channels in [(2,), (4,)]:
        pixels[pixels[:, -1] == 0] = 0
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    order = np.lexsort(counted.colours.T[::-1])
    assert counted.colours.dtype == image.dtype
    assert np.array_equal(counted.colours[order], colours)
    assert np.array_equal(counted.counts[order], counts)
    assert len(counted) == len(colours)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_counts_of_images_add_up_to_those_of_all_their_pixels(dtype, channels):
    images = [some(dtype, channels, seed=seed) for seed in range(3)]
    one, two, three = map(fastkq.count_colours, images)
    whole = fastkq.count_colours(np.concatenate(images))
    assert one + two + three == three + (two + one) == whole == fastkq.count_colours(images)


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_counts_are_stored_and_read_back(dtype, channels, tmp_path):
    weights = np.random.default_rng(1).random((6, 7))
    for counted in (
        fastkq.count_colours(some(dtype, channels)),
        fastkq.count_colours(some(dtype, channels), weights=weights),
    ):
        counted.save(tmp_path / "counts.npz")
        assert fastkq.ColourCounts.load(tmp_path / "counts.npz") == counted
        assert pickle.loads(pickle.dumps(counted)) == counted
        assert fastkq.ColourCounts.from_bytes(counted.to_bytes()).to_bytes() == counted.to_bytes()


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_the_palette_of_several_images_is_that_of_their_pixels(dtype, channels):
    images = [some(dtype, channels, seed=seed, rows=5 + seed) for seed in range(3)]
    whole = fastkq.compress(np.concatenate(images), 4).palette
    for given_images in (images, tuple(images), iter(images), map(fastkq.count_colours, images)):
        assert np.array_equal(fastkq.fit_palette(given_images, 4), whole)
    assert np.array_equal(fastkq.fit_palette(fastkq.count_colours(images), 4), whole)


def test_counts_have_a_sum():
    images = [some(np.uint8, (3,), seed=seed) for seed in range(3)]
    assert sum(map(fastkq.count_colours, images)) == fastkq.count_colours(images)


def test_a_stack_of_images_is_several_images():
    stack = noise(3, 5, 6, 3)
    assert np.array_equal(fastkq.fit_palette(stack, 5), fastkq.fit_palette(list(stack), 5))


def test_an_opaque_and_a_transparent_image_share_a_palette():
    opaque, other = noise(5, 6, 4), noise(5, 6, 4, seed=1)
    opaque[..., 3] = 255
    added = fastkq.count_colours(opaque) + fastkq.count_colours(other)
    assert added == fastkq.count_colours(other) + fastkq.count_colours(opaque)
    assert added == fastkq.count_colours(np.concatenate((opaque, other)))


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_compress_is_fit_and_apply(dtype, channels):
    image = some(dtype, channels)
    for k in (1, 3):
        palette = fastkq.fit_palette(image, k)
        assert fastkq.apply_palette(image, palette) == fastkq.compress(image, k)
        assert fastkq.compress(image, palette=palette) == fastkq.compress(image, k)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 5]), st.integers(1, 9))
def test_every_pixel_gets_the_nearest_row_of_a_given_palette_the_first_of_equals(seed, channels, k):
    image, palette = noise(6, 7, channels, seed=seed), noise(k, channels, seed=seed + 1)
    palette = np.concatenate((palette, palette[:1]))
    applied = fastkq.apply_palette(image, palette)
    differences = image[:, :, None].astype(int) - palette[None, None].astype(int)
    assert np.array_equal(applied.indices, (differences**2).sum(axis=3).argmin(axis=2))
    assert np.array_equal(applied.palette, palette)


def test_weights_of_each_image_go_with_it():
    images = [noise(6, 7, 3, seed=seed) for seed in range(2)]
    weights = [np.random.default_rng(seed).random((6, 7)) for seed in range(2)]
    whole = fastkq.compress(np.concatenate(images), 5, weights=np.concatenate(weights)).palette
    assert np.array_equal(fastkq.fit_palette(images, 5, weights=weights), whole)
    mixed = fastkq.count_colours(images[0], weights=weights[0]) + fastkq.count_colours(images[1])
    ones = [weights[0], np.ones((6, 7))]
    assert np.array_equal(fastkq.fit_palette(mixed, 5), fastkq.fit_palette(images, 5, weights=ones))


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_weights_of_a_colour_that_two_images_have_add_up(dtype, channels):
    images = [some(dtype, channels, seed=seed) for seed in range(2)]
    weights = [np.random.default_rng(seed).integers(0, 9, (6, 7)) for seed in range(2)]
    whole = fastkq.count_colours(np.concatenate(images), weights=np.concatenate(weights))
    assert fastkq.count_colours(images, weights=weights) == whole
    unweighted = fastkq.count_colours(images[0], weights=weights[0]) + fastkq.count_colours(images[1])
    ones = np.concatenate((weights[0], np.ones((6, 7))))
    assert unweighted == fastkq.count_colours(np.concatenate(images), weights=ones)


def test_weights_draw_colours_to_what_matters():
    image = photograph_like(40, 60)
    left = np.zeros((40, 60))
    left[:, :30] = 1
    errors = [
        ((fastkq.compress(image, 8, weights=w).decompress()[:, :30].astype(int) - image[:, :30]) ** 2).mean()
        for w in (None, left + 0.05, left)
    ]
    assert all(a > b for a, b in pairwise(errors[:2]))
    assert errors[2] < errors[0]
    assert fastkq.compress(image, 8, weights=np.full((40, 60), 0.3)) == fastkq.compress(image, 8)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((5, 7)), r"weights of shape \(6, 7\) as the image, got \(5, 7\)"),
        (np.full((6, 7), -1), "weights of at least 0, got -1"),
        (np.zeros((6, 7)), "weights that are not all 0"),
        (np.full((6, 7), np.nan), "finite weights below 1e.100, got nan"),
        (np.full((6, 7), np.inf), "finite weights below 1e.100, got inf"),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(noise(6, 7, 3), 4, weights=weights)


def test_as_many_weights_as_images():
    images = [noise(6, 7, 3)] * 2
    with pytest.raises(ArgumentError, match="weights for each image, got 1"):
        fastkq.fit_palette(images, 4, weights=[np.ones((6, 7))])
    with pytest.raises(ArgumentError, match="weights for each of 2 images, got more"):
        fastkq.fit_palette(images, 4, weights=[np.ones((6, 7))] * 3)
    with pytest.raises(ArgumentError, match="no weights for colors that are counted already"):
        fastkq.fit_palette(fastkq.count_colours(images), 4, weights=np.ones((6, 7)))


def test_images_of_two_kinds_have_no_common_palette():
    with pytest.raises(ArgumentError, match="images of one kind, got uint8 with 3 and uint8 with 1 channels"):
        fastkq.fit_palette([noise(4, 4, 3), noise(4, 4)], 4)
    with pytest.raises(ArgumentError, match="at least one image, got none"):
        fastkq.fit_palette([], 4)
    with pytest.raises(ArgumentTypeError, match="an image or an iterable of images, got 3"):
        fastkq.fit_palette(3, 4)


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        (np.zeros((2, 4), np.uint8), r"palette to be \(k, 3\) of uint8 as the image, got \(2, 4\) of uint8"),
        (
            np.zeros((2, 3), np.uint16),
            r"palette to be \(k, 3\) of uint8 as the image, got \(2, 3\) of uint16",
        ),
        (np.zeros((0, 3), np.uint8), "palette of 1 to 65536 colors, got 0"),
        ([[0, 0, 256]], "palette to hold values of uint8 as the image, got"),
        ([[0, 0, 0.5]], "palette to hold values of uint8 as the image, got"),
        ([[1, 2, 3], [1, 2]], r"palette to be \(k, 3\), got rows of unequal length"),
        ([["a", 0, 0]], "palette to hold values of uint8 as the image, got"),
    ],
)
def test_palettes_that_do_not_fit_are_refused(palette, message):
    for call in (fastkq.apply_palette, lambda image, palette: fastkq.compress(image, palette=palette)):
        with pytest.raises(ArgumentError, match=message):
            call(noise(4, 4, 3), palette)


@pytest.mark.parametrize(
    "arguments",
    [{"k": 4}, {"fixed": [[0, 0, 0]]}, {"target_psnr": 30}, {"max_error": 3}, {"preset": "visual"}],
)
def test_a_palette_leaves_nothing_to_fit(arguments):
    with pytest.raises(ArgumentError, match="expected a palette alone, got"):
        fastkq.compress(noise(4, 4, 3), palette=[[0, 0, 0]], **arguments)


def test_no_fixed_colours_are_none():
    image = noise(4, 4, 3)
    for fixed in ([], np.empty((0, 3), np.uint8)):
        assert fastkq.compress(image, 4, fixed=fixed) == fastkq.compress(image, 4)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ([[0, 0, 0]] * 2, "fixed colors that differ"),
        ([[0, 0, level] for level in range(5)], "at most k = 4 fixed colours, got 5"),
        ([[0, 0, 0], [0]], "fixed to be .k, 3., got rows of unequal length"),
        ([[0, 0]], r"fixed to be \(k, 3\) of uint8"),
        ([[0, 0, -1]], "fixed to hold values of uint8"),
    ],
)
def test_fixed_colours_that_make_no_sense_are_refused(fixed, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(noise(4, 4, 3), 4, fixed=fixed)


@pytest.mark.parametrize("data", [b"", b"nothing", fastkq.compress(np.zeros((2, 2), np.uint8), 2).to_bytes()])
def test_what_are_no_counts_is_refused(data):
    with pytest.raises(FormatError, match="expected the bytes of counted colors"):
        fastkq.ColourCounts.from_bytes(data)


def test_damaged_counts_are_refused_or_read_as_counts():
    data = fastkq.count_colours(noise(5, 5, 3)).to_bytes()
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= 0x5A
        with contextlib.suppress(FormatError):
            fastkq.ColourCounts.from_bytes(damaged)
