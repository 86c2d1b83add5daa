import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.color import packed_counting
from fastkq.kmeans import lloyd
from fastkq.quantization import fit_packed
from fastkq.quantization.points import of_colours
from tests import reference
from tests.conftest import images, noise

COLOURS = st.sampled_from([1, 2, 3, 5, 16, 64, 255, 256, 257, 1000])


def assert_fitted(image, k, compressed):
    colours, _ = reference.count(image)
    assert compressed.k == min(k, len(colours))
    assert len(np.unique(compressed.palette, axis=0)) == compressed.k
    assert len(np.unique(compressed.indices)) == compressed.k


@given(images(), COLOURS)
def test_palette_holds_exactly_k_colours_or_all_of_the_image(image, k):
    assert_fitted(image, k, fastkq.compress(image, k))


@given(images(), COLOURS)
def test_an_image_of_at_most_k_colours_comes_back_unchanged(image, k):
    colours, _ = reference.count(image)
    if len(colours) <= k:
        back = fastkq.compress(image, k).decompress()
        np.testing.assert_array_equal(reference.as_pixels(back), reference.as_pixels(image))


def two_colours(generator):
    return generator.choice(np.array([[0, 0, 0], [255, 255, 255]], np.uint8), (40, 40))


def line_of_colours(generator):
    return np.repeat(generator.integers(0, 256, (60, 60, 1)), 3, axis=2).astype(np.uint8)


def corners_of_the_cube(generator):
    return (generator.integers(0, 2, (50, 50, 3)) * 255).astype(np.uint8)


def one_outlier(generator):
    image = generator.integers(100, 104, (300, 300, 3)).astype(np.uint8)
    image[7, 7] = 255
    return image


def gradient(generator):
    ramp = np.arange(256)
    return np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], 128), axis=2).astype(np.uint8)


def full_noise(generator):
    return generator.integers(0, 256, (256, 256, 3)).astype(np.uint8)


def shades_under_alpha(generator):
    image = generator.integers(0, 256, (80, 80, 4)).astype(np.uint8)
    image[..., 3] = generator.choice(np.array([0, 1, 2, 254, 255], np.uint8), (80, 80))
    return image


PATHOLOGICAL = [
    two_colours,
    line_of_colours,
    corners_of_the_cube,
    one_outlier,
    gradient,
    full_noise,
    shades_under_alpha,
]


@pytest.mark.parametrize("make", PATHOLOGICAL)
@pytest.mark.parametrize("k", [1, 2, 7, 8, 9, 63, 64, 65, 256, 2000])
def test_pathological_images_get_exactly_k_colours(make, k):
    image = make(np.random.default_rng(5))
    assert_fitted(image, k, fastkq.compress(image, k))


@pytest.mark.parametrize("k", [2, 8, 64])
def test_one_pixel_among_ten_million_is_a_colour_like_others(k):
    image = np.random.default_rng(0).integers(100, 102, (2500, 4000, 3)).astype(np.uint8)
    image[1234, 2345] = (3, 200, 7)
    compressed = fastkq.compress(image, k)
    assert compressed.k == min(k, 9)
    assert len(np.unique(compressed.indices)) == compressed.k
    if k > 8:
        np.testing.assert_array_equal(compressed.decompress(), image)


@pytest.mark.parametrize("k", [1, 2, 16, 256, 3000])
@pytest.mark.parametrize("effort", ["fast", "best"])
def test_every_effort_gives_exactly_k_colours(k, effort):
    image = gradient(None)[:, :100]
    assert_fitted(image, k, fastkq.compress(image, k, effort=effort))


@pytest.mark.parametrize("k", [1, 2, 16, 100])
def test_rgba_of_too_many_colours_to_list_gets_exactly_k(monkeypatch, k):
    image = noise(120, 100, 4)
    image[::3, :, 3] = 0
    listed = fastkq.compress(image, k)
    monkeypatch.setattr("fastkq.api.compress.MOST_RGBA_COLOURS", 500)
    compressed = fastkq.compress(image, k)
    assert_fitted(image, k, compressed)
    np.testing.assert_array_equal(
        compressed.indices.reshape(-1), reference.nearest(reference.as_pixels(image), compressed.palette)
    )
    assert error_of(image, compressed) < 1.05 * error_of(image, listed)


def error_of(image, compressed):
    seen = reference.seen(reference.as_pixels(image))
    return ((seen - reference.seen(compressed.palette)[compressed.indices.reshape(-1)]) ** 2).sum()


@given(images(channels=(3,)), COLOURS)
def test_an_opaque_image_is_fitted_as_one_without_alpha(image, k):
    opaque = np.dstack((image, np.full(image.shape[:2], 255, np.uint8)))
    with_alpha, without = fastkq.compress(opaque, k), fastkq.compress(image, k)
    np.testing.assert_array_equal(with_alpha.indices, without.indices)
    np.testing.assert_array_equal(with_alpha.palette[:, :3], without.palette)
    assert (with_alpha.palette[:, 3] == 255).all()


def test_65536_colours_fit():
    image = noise(400, 400, 3)
    compressed = fastkq.compress(image, 65536)
    assert_fitted(image, 65536, compressed)
    assert fastkq.CompressedImage.from_bytes(compressed.to_bytes()) == compressed


@given(images(channels=(3,)), st.integers(2, 40), st.sampled_from([1, 3]))
def test_lloyd_takes_the_steps_of_the_naive_algorithm(image, k, threads):
    counted = packed_counting.count(image)
    points = of_colours(counted)
    centroids = spread(points, k)
    expected = reference.lloyd_step(counted.colours.astype(float), counted.counts, centroids.T.astype(float))
    stepped = lloyd.lloyd(points, centroids, least_gain=0.0, most=1, threads=threads)
    np.testing.assert_allclose(stepped.T, expected, rtol=1e-5, atol=1e-3)


def spread(points, k):
    return points.coordinates[:, np.linspace(0, len(points.keys) - 1, k).astype(int)].copy()


def test_lloyd_never_raises_the_error(china):
    points = of_colours(packed_counting.count(china))
    centroids = spread(points, 32)
    errors = []
    for _ in range(12):
        centroids = lloyd.lloyd(points, centroids, least_gain=0.0, most=1)
        errors.append((_distances(points, centroids) * points.weights).sum())
    assert (np.diff(errors) <= 1e-6 * errors[0]).all()
    assert errors[-1] < errors[0]


def _distances(points, centroids):
    from fastkq.kmeans.assign import assign

    return assign(points, centroids).distances.astype(float)


def test_one_thread_and_several_take_the_same_steps(china):
    points = of_colours(packed_counting.count(china))
    seeds = spread(points, 200)
    assert points.coordinates.shape[1] * 200 > lloyd._DISTANCES_ALONE
    alone, shared = (lloyd.lloyd(points, seeds, 0.0, 4, threads) for threads in (1, 3))
    np.testing.assert_array_equal(alone, shared)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_fit_on_counts_is_the_fit_on_the_pixels(channels):
    image = noise(64, 32, channels)
    image[:32] = image[32:]
    counted = packed_counting.count(image)
    half = packed_counting.count(image[:32])
    doubled = half._replace(counts=half.counts * 2)
    np.testing.assert_array_equal(fit_packed.fit(counted, 20)[0], fit_packed.fit(doubled, 20)[0])


@given(images(), COLOURS)
def test_palette_is_ordered_by_alpha_then_luminance(image, k):
    rows = fastkq.compress(image, k).palette.astype(int)
    keys = []
    for row in rows:
        colour = [row[0]] * 3 if len(row) == 1 else list(row[:3])
        luminance = 2126 * colour[0] + 7152 * colour[1] + 722 * colour[2]
        keys.append((row[3] if len(row) == 4 else 0, luminance, *colour))
    assert keys == sorted(keys)


def test_the_tutorial_with_scikit_learn_is_matched(china):
    """The path this package replaces: KMeans on the pixels, each replaced by its centroid."""
    from sklearn.cluster import KMeans

    pixels = china.reshape(-1, 3).astype(np.float64)
    model = KMeans(64, random_state=0).fit(pixels)
    theirs = np.rint(model.cluster_centers_)[model.labels_].reshape(china.shape)
    compressed = fastkq.compress(china, 64)
    ours = reference.squared_error(china, compressed.decompress())
    assert ours <= 1.01 * reference.squared_error(china, theirs)
    bits = 24 * 64 + china.shape[0] * china.shape[1] * 6
    assert len(compressed.to_bytes(coding="packed")) == 24 + -(-bits // 8)
