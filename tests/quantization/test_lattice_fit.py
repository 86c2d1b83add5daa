"""Palettes whose rows are colors of a lattice: few bits per channel, and binary alpha."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.color import packed_counting
from fastkq.color.lattice import Lattice
from fastkq.errors import UnreachableError
from tests.helpers.fits import fit, fit_within
from tests.helpers.images import SHARED, images, noise, photograph_like, read_image
from tests.reference import kmeans as reference
from tests.reference import lattice as brute

BITS = {
    1: [(1,), (2,), (3,), (8,)],
    3: [(1, 1, 1), (3, 3, 2), (5, 6, 5), (8, 1, 4)],
    4: [(1, 1, 1, 1), (2, 1, 2, 2), (2, 2, 2, 1), (3, 3, 2, 3)],
}


def lattice_of(bits, dtype=np.uint8):
    return Lattice(bits, np.dtype(dtype))


@st.composite
def fits_on_lattices(draw):
    """Draw a counted image, the bits of a lattice, k and at most k fixed colors, on the lattice or not."""
    image = draw(images(side=16))
    counted = packed_counting.count(image)
    bits = draw(st.sampled_from(BITS[counted.channels]))
    k, f = draw(st.sampled_from([1, 2, 3, 5, 16, 64])), draw(st.sampled_from([0, 0, 1, 4]))
    foreign = reference.as_pixels(noise(1, f, counted.channels, seed=draw(st.integers(0, 99))))
    fixed = np.unique(foreign, axis=0)[: min(f, k)]
    return counted, bits, k, fixed


def on_lattice(rows, bits):
    return (lattice_of(bits).round(rows) == rows).all()


@given(fits_on_lattices(), st.sampled_from([1, 2]))
def test_rows_are_distinct_used_and_on_the_lattice(case, threads):
    counted, bits, k, fixed = case
    rows, labels = fit(counted, k, threads=threads, lattice=lattice_of(bits), fixed=fixed)
    f = len(fixed)
    np.testing.assert_array_equal(rows[:f], fixed)
    assert on_lattice(rows[f:], bits)
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert set(range(f, len(rows))) <= set(labels.tolist())
    np.testing.assert_array_equal(labels, reference.nearest(counted.colors, rows))


@given(fits_on_lattices())
def test_number_of_rows_is_k_or_that_of_the_nearest_colors(case):
    counted, bits, k, fixed = case
    if sum(bits) > 11:
        return
    rows, _ = fit(counted, k, lattice=lattice_of(bits), fixed=fixed)
    assert len(rows) == min(k, len(fixed) + brute.usable(counted.colors, bits, fixed))


@given(images(channels=(0,), side=8), st.integers(1, 4), st.sampled_from([2, 3]), st.booleans())
def test_gray_levels_have_the_least_error(image, k, bits, has_fixed):
    counted = packed_counting.count(image)
    fixed = np.array([[100]], np.uint8)[: has_fixed and k > 1]
    rows, _ = fit(counted, k, lattice=lattice_of((bits,)), fixed=fixed)
    listed = brute.colors((bits,))
    least = brute.least_error(counted.colors, counted.counts, len(rows) - len(fixed), listed, fixed)
    assert error(counted, rows) == least


def error(counted, rows):
    """Return the squared error of a palette by the documented metric."""
    between = brute.distances(counted.colors, rows) if len(rows) > 2 else plain_distances(counted, rows)
    return int((between.min(axis=1) * counted.counts).sum())


def plain_distances(counted, rows):
    return ((reference.seen(counted.colors)[:, None] - reference.seen(rows)[None]) ** 2).sum(axis=2)


@pytest.mark.parametrize("bits", [(2, 2, 1), (2, 1, 2), (1, 3, 1)])
def test_two_colors_are_the_best_pair_of_the_lattice(bits):
    listed, ratios = brute.colors(bits), []
    for seed in range(40):
        counted = packed_counting.count(noise(2, 4, 3, seed=seed))
        rows, _ = fit(counted, 2, lattice=lattice_of(bits))
        ratios.append(error(counted, rows) / brute.least_error(counted.colors, counted.counts, 2, listed))
    assert np.mean(ratios) < 1.003
    assert max(ratios) < 1.06


def test_two_colors_with_alpha_are_the_best_pair_of_the_lattice():
    bits, ratios = (2, 1, 1, 1), []
    listed = brute.colors(bits)
    for seed in range(40):
        counted = packed_counting.count(noise(2, 4, 4, seed=seed))
        rows, _ = fit(counted, 2, lattice=lattice_of(bits))
        ratios.append(error(counted, rows) / brute.least_error(counted.colors, counted.counts, 2, listed))
    assert np.mean(ratios) < 1.003
    assert max(ratios) < 1.06


@given(images(channels=(3,), side=10), st.sampled_from([(3, 3, 2), (2, 3, 2)]))
def test_one_color_is_the_best_of_the_lattice(image, bits):
    counted = packed_counting.count(image)
    rows, _ = fit(counted, 1, lattice=lattice_of(bits))
    assert error(counted, rows) == brute.least_error(counted.colors, counted.counts, 1, brute.colors(bits))


SAMPLES = ["kodak/kodim03.png", "kodak/kodim19.png", "cq100/ball_caps.png", "cq100/calaveras.png"]


def rounded_palette(counted, k, bits, space="rgb"):
    """Return the distinct colors of a palette that is fitted freely and then rounded to the lattice."""
    return np.unique(lattice_of(bits).round(fit(counted, k, space=space)[0]), axis=0)


def mapped_error(counted, rows):
    labels = fastkq.quantization.nearest.label(counted, rows).labels
    difference = reference.seen(counted.colors) - reference.seen(rows)[labels]
    return ((difference**2).sum(axis=1) * counted.counts).sum()


@pytest.mark.parametrize(
    ("bits", "k", "mean"), [((5, 6, 5), 64, 0.97), ((5, 5, 5), 16, 1), ((3, 3, 2), 16, 0.98)]
)
def test_error_is_below_that_of_rounding_a_palette(bits, k, mean):
    paths, ratios = [SHARED / "images" / name for name in SAMPLES], []
    if not all(path.exists() for path in paths):
        pytest.skip("needs the test images")
    for path in paths:
        counted = packed_counting.count(read_image(path))
        rows, _ = fit(counted, k, lattice=lattice_of(bits))
        ratios.append(mapped_error(counted, rows) / mapped_error(counted, rounded_palette(counted, k, bits)))
    assert max(ratios) <= 1
    assert np.mean(ratios) < mean


@pytest.mark.parametrize(("k", "ratio"), [(16, 0.98), (40, 0.95)])
def test_merged_rows_are_used_again(k, ratio):
    """On a coarse lattice many rows of a free palette are rounded to the same color."""
    counted = packed_counting.count(photograph_like(80, 100))
    rounded, (rows, _) = (
        rounded_palette(counted, k, (3, 3, 3)),
        fit(counted, k, lattice=lattice_of((3, 3, 3))),
    )
    assert len(rounded) < len(rows) == k
    assert mapped_error(counted, rows) < ratio * mapped_error(counted, rounded)


@pytest.mark.parametrize("effort", ["fast", "best"])
def test_effort_lowers_the_error(effort):
    counted, lattice = packed_counting.count(photograph_like(80, 100)), lattice_of((5, 6, 5))
    errors = {e: mapped_error(counted, fit(counted, 64, e, lattice=lattice)[0]) for e in ("balanced", effort)}
    assert errors[effort] <= errors["balanced"] * (1.0 if effort == "best" else 1.03)


def test_colors_merged_in_cells_are_fitted(monkeypatch):
    monkeypatch.setattr("fastkq.quantization.points._MAX_PACKED_COLORS", 500)
    monkeypatch.setattr("fastkq.quantization.points._PACKED_COLORS_PER_CENTROID", 20)
    counted = packed_counting.count(noise(100, 100, 3))
    rows, labels = fit(counted, 20, lattice=lattice_of((4, 4, 4)))
    assert len(np.unique(rows, axis=0)) == len(np.unique(labels)) == 20
    assert on_lattice(rows, (4, 4, 4))


def test_palettes_too_large_for_swaps():
    counted = packed_counting.count(noise(100, 100, 3))
    rows, labels = fit(counted, 4200, lattice=lattice_of((5, 6, 5)))
    assert len(np.unique(rows, axis=0)) == len(np.unique(labels)) == 4200
    assert on_lattice(rows, (5, 6, 5))


@given(images(side=10), st.floats(0, 200), st.sampled_from([1, 5, 60]))
def test_max_error_holds_on_the_lattice(image, max_error, k):
    counted = packed_counting.count(image)
    bits = {1: (3,), 3: (3, 3, 2), 4: (3, 3, 2, 2)}[counted.channels]
    lattice, unit = lattice_of(bits), 510 if counted.channels == 4 else 1
    least = np.sqrt(brute.distances(counted.colors, brute.colors(bits)).min(axis=1).max()) / unit
    if least > max_error:
        with pytest.raises(UnreachableError) as unreachable:
            fit_within(counted, k, max_error=max_error, lattice=lattice)
        assert unreachable.value.best == pytest.approx(least)
        assert unreachable.value.k is None
        return
    try:
        rows, labels = fit_within(counted, k, max_error=max_error, lattice=lattice)
    except UnreachableError as error:
        rows, labels = fit_within(counted, error.k, max_error=max_error, lattice=lattice)
    difference = reference.seen(counted.colors) - reference.seen(rows)[labels]
    assert np.sqrt((difference**2).sum(axis=1).max()) / unit <= max_error * (1 + 1e-12)
    assert on_lattice(rows, bits)


def test_oklab_fits_are_better_than_rounded_ones():
    counted, bits = packed_counting.count(photograph_like(80, 100)), (4, 4, 4)
    rows, _ = fit(counted, 40, lattice=lattice_of(bits), space="oklab")
    rounded = rounded_palette(counted, 40, bits, "oklab")

    def oklab_error(palette):
        metric = counted.metric("oklab", palette)
        labels = fastkq.quantization.nearest.label(counted, palette, space="oklab").labels
        difference = metric.to_coordinates(counted.colors) - metric.to_coordinates(palette)[:, labels]
        return ((difference**2).sum(axis=0) * counted.counts).sum()

    assert on_lattice(rows, bits)
    assert oklab_error(rows) < 0.97 * oklab_error(rounded)


def thresholded(palette):
    """Return the distinct rows of a palette after its alpha is set to 0 or 255."""
    rows = palette.copy()
    rows[:, 3] = np.where(rows[:, 3] >= 128, 255, 0)
    rows[rows[:, 3] == 0] = 0
    return np.unique(rows, axis=0)


def soft_edge():
    """Return an RGBA image whose alpha falls slowly from 255 to 0."""
    alpha = np.clip(300 - 4 * np.hypot(*(np.mgrid[:120, :160] - 70)), 0, 255)
    return np.dstack((photograph_like(120, 160), alpha.astype(np.uint8)))


@pytest.mark.parametrize("k", [3, 16, 64])
def test_binary_alpha_is_better_than_a_threshold(k):
    image = soft_edge()
    counted = packed_counting.count(image)
    rows = fastkq.fit_palette(image, k, binary_alpha=True)
    assert set(rows[:, 3].tolist()) == {0, 255}
    assert (rows[:, 3] == 0).sum() == 1
    assert len(np.unique(rows, axis=0)) == k
    assert mapped_error(counted, rows) <= mapped_error(counted, thresholded(fastkq.fit_palette(image, k)))


def test_results_do_not_depend_on_threads():
    image = soft_edge()
    palettes = [fastkq.fit_palette(image, 40, bits=(4, 4, 4, 2), threads=threads) for threads in (1, 3)]
    np.testing.assert_array_equal(*palettes)
