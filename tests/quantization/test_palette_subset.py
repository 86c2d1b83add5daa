"""The best k rows of a given palette: `compress(k=, palette=)` and `fit_palette(k=, palette=)`."""

import itertools

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError
from fastkq.quantization import palette_subset
from tests.helpers.images import noise, of_few_values, photograph_like
from tests.helpers.spaces import to_coordinates

PICO8 = np.array(
    [
        [0, 0, 0], [29, 43, 83], [126, 37, 83], [0, 135, 81], [171, 82, 54], [95, 87, 79], [194, 195, 199],
        [255, 241, 232], [255, 0, 77], [255, 163, 0], [255, 236, 39], [0, 228, 54], [41, 173, 255],
        [131, 118, 156], [255, 119, 168], [255, 204, 170],
    ],
    np.uint8,
)  # fmt: skip
PHOTO = photograph_like(40, 60)


def squared_distances(pixels, rows):
    """Return the squared distances (n, N) of rows from pixels, as float64."""
    pixels = pixels.reshape(-1, rows.shape[1]).astype(np.float64)
    return ((pixels[np.newaxis] - rows[:, np.newaxis].astype(np.float64)) ** 2).sum(axis=2)


def least_error(distances, k, weights=1.0):
    subsets = itertools.combinations(range(len(distances)), k)
    return min((distances[list(subset)].min(axis=0) * weights).sum() for subset in subsets)


def indices_in(rows, chosen):
    return [rows.tolist().index(row) for row in chosen.tolist()]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 8, 15])
def test_the_error_is_that_of_an_exhaustive_search(k):
    compressed = fastkq.compress(PHOTO, k, palette=PICO8)
    places = indices_in(PICO8, compressed.palette)
    assert places == sorted(set(places))
    distances = squared_distances(PHOTO, PICO8)
    found = squared_distances(PHOTO, compressed.palette).min(axis=0).sum()
    assert found <= 1.0001 * least_error(distances, k)
    assert compressed == fastkq.apply_palette(PHOTO, compressed.palette)


@pytest.mark.parametrize("scale", [1, 257, 1 / 255, -1e-30, 1e30])
def test_all_dtypes_give_the_same_choice(scale):
    dtype = {1: np.uint8, 257: np.uint16}.get(scale, np.float32)
    rows, image = (np.multiply(values, float(scale)).astype(dtype) for values in (PICO8, PHOTO))
    expected = indices_in(PICO8, fastkq.compress(PHOTO, 5, palette=PICO8).palette)
    assert indices_in(rows, fastkq.compress(image, 5, palette=rows).palette) == expected


@pytest.mark.parametrize("axes", [(), (2,), (6,)])
def test_other_channels(axes):
    image, rows = noise(20, 20, *axes), noise(9, *(axes or (1,)), seed=3)
    if axes == (2,):
        image[:, :, 1], rows[:, 1] = 255, 255
    compressed = fastkq.compress(image, 3, palette=rows)
    found = squared_distances(image, compressed.palette).min(axis=0).sum()
    assert found == least_error(squared_distances(image, rows), 3)


def test_oklab_measures_in_oklab():
    def coordinates(colors):
        return to_coordinates(colors.reshape(-1, 3), "oklab").T.astype(np.float64)

    compressed = fastkq.compress(PHOTO, 4, palette=PICO8, space="oklab")
    distances = squared_distances(coordinates(PHOTO), coordinates(PICO8))
    found = squared_distances(coordinates(PHOTO), coordinates(compressed.palette)).min(axis=0).sum()
    assert found <= 1.0001 * least_error(distances, 4)
    assert compressed.palette.tolist() != fastkq.compress(PHOTO, 4, palette=PICO8).palette.tolist()


def test_weights_decide():
    weights = np.zeros(PHOTO.shape[:2])
    weights[:, :7] = np.arange(1, 8)
    compressed = fastkq.compress(PHOTO, 2, palette=PICO8, weights=weights)
    distances = squared_distances(PHOTO, PICO8)
    found = (squared_distances(PHOTO, compressed.palette).min(axis=0) * weights.ravel()).sum()
    assert found <= 1.0001 * least_error(distances, 2, weights.ravel())
    assert compressed.palette.tolist() != fastkq.compress(PHOTO, 2, palette=PICO8).palette.tolist()
    assert np.array_equal(fastkq.fit_palette(PHOTO, 2, palette=PICO8, weights=weights), compressed.palette)
    with pytest.raises(ArgumentError, match="expected k with palette and weights, got none") as e:
        fastkq.compress(PHOTO, palette=PICO8, weights=weights)
    assert e.value.parameter == "weights"
    with pytest.raises(ArgumentError, match=r"expected weights of shape .40, 60. as the image"):
        fastkq.compress(PHOTO, 99, palette=PICO8, weights=weights[1:])


@pytest.mark.parametrize("k", [16, 17, 65536])
def test_all_rows_stay_if_k_is_large(k):
    assert fastkq.compress(PHOTO, k, palette=PICO8) == fastkq.apply_palette(PHOTO, PICO8)
    assert np.array_equal(fastkq.fit_palette(PHOTO, k, palette=PICO8), PICO8)


def test_dithering_uses_the_chosen_rows():
    chosen = fastkq.compress(PHOTO, 5, palette=PICO8).palette
    for options in ({"dither": True}, {"dither": 0.5, "dither_method": "blue-noise"}):
        expected = fastkq.apply_palette(PHOTO, chosen, **options)
        assert fastkq.compress(PHOTO, 5, palette=PICO8, **options) == expected


def test_one_choice_for_several_images():
    images = [PHOTO, PHOTO[::-1, :30] // 2, PHOTO[:, :, 0]]
    together = np.concatenate(
        [
            image.reshape(-1, 3) if image.ndim == 3 else np.repeat(image.reshape(-1, 1), 3, axis=1)
            for image in images
        ]
    )
    expected = fastkq.compress(together[np.newaxis], 4, palette=PICO8).palette
    assert np.array_equal(fastkq.fit_palette(images, 4, palette=PICO8), expected)
    counts = sum(fastkq.count_colors(image) for image in images)
    assert np.array_equal(fastkq.fit_palette(counts, 4, palette=PICO8.tolist()), expected)
    assert np.array_equal(
        fastkq.fit_palette([PHOTO[:, :, 0]], 2, palette=["red", "black", "#777", "#bbb"]).shape, (2, 3)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparent_colors_get_a_transparent_row(dtype):
    scale = dtype(np.iinfo(dtype).max // 255)
    rows = np.column_stack((PICO8, np.full(16, 255, np.uint8)))
    rows[9] = 9, 9, 9, 0
    rows[3] = 9, 9, 9, 128
    image = np.dstack((PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)))
    image[0, 0, 3] = 0
    image, rows = image.astype(dtype) * scale, rows.astype(dtype) * scale
    for k in (3, 5):
        compressed = fastkq.compress(image, k, palette=rows)
        assert compressed.palette[compressed.indices[0, 0], 3] == 0
        opaque = fastkq.compress(PHOTO, k - 1, palette=np.delete(PICO8, (3, 9), axis=0)).palette
        shown = compressed.palette[compressed.palette[:, 3] > 0]
        assert (shown[:, :3] // scale).tolist() == opaque.tolist()


def test_opaque_colors_get_an_opaque_row():
    rows = np.array(
        [[200, 0, 0, 250], [0, 200, 0, 250], [0, 0, 200, 250], [9, 9, 9, 250], [0, 0, 0, 255]], np.uint8
    )
    image = noise(20, 20, 4)
    image[:, :, 3] = 250
    image[0, 0] = 250, 250, 250, 255
    compressed = fastkq.compress(image, 3, palette=rows)
    assert compressed.palette[-1].tolist() == [0, 0, 0, 255]
    assert compressed.indices[0, 0] == 2
    assert fastkq.compress(noise(20, 20, 3), 3, palette=rows[:4]).k == 3


@pytest.mark.parametrize("n", [40, 300, 3000])
@pytest.mark.parametrize("k", [2, 6])
def test_many_rows_are_searched(n, k):
    rows = np.unique(noise(n, 3, seed=5), axis=0)
    compressed = fastkq.compress(PHOTO, k, palette=rows)
    assert indices_in(rows, compressed.palette) == sorted(set(indices_in(rows, compressed.palette)))
    found = squared_distances(PHOTO, compressed.palette).min(axis=0).sum()
    fitted = fastkq.compress(PHOTO, k).palette
    nearest = rows[np.unique(squared_distances(rows, fitted).argmin(axis=1))]
    assert found <= 1.001 * squared_distances(PHOTO, nearest).min(axis=0).sum()
    if n == 40 and k == 2:
        assert found <= 1.0001 * least_error(squared_distances(PHOTO, rows), 2)


def test_many_colors_are_condensed(monkeypatch):
    rows = noise(12, 4, seed=5)
    rows[::2, 3] = 255
    image = noise(60, 60, 4)
    image[::2, :, 3] = 255
    exact = fastkq.compress(image, 5, palette=rows)
    monkeypatch.setattr(palette_subset, "_MAX_POINTS", 500)
    condensed = fastkq.compress(image, 5, palette=rows)
    assert condensed.report(image).mse <= 1.01 * exact.report(image).mse


def test_fewer_colors_than_k():
    image = of_few_values(np.uint8, (3,))[:1, :2]
    for rows in (PICO8, noise(1500, 3)):
        compressed = fastkq.compress(image, 7, palette=rows)
        assert compressed.k == 7
        found = squared_distances(image, compressed.palette).min(axis=0)
        assert found.tolist() == squared_distances(image, rows).min(axis=0).tolist()


def test_the_choice_is_the_same_on_any_number_of_threads():
    for rows in (PICO8, noise(400, 3)):
        one, two = (fastkq.compress(PHOTO, 6, palette=rows, threads=threads) for threads in (1, 2))
        assert one == two


def test_reports_progress():
    calls = []
    fastkq.compress(PHOTO, 4, palette=PICO8, progress=lambda done, stage: calls.append((done, stage)))
    assert calls[-1] == (1.0, "mapping")
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_fit_palette_chooses_64_rows_without_k():
    rows = noise(80, 3)
    expected = fastkq.fit_palette(PHOTO, 64, palette=rows)
    assert len(expected) == 64
    np.testing.assert_array_equal(fastkq.fit_palette(PHOTO, None, palette=rows), expected)
