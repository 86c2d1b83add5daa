"""Arguments of `compress`, `load` and `save`: ranges, types and the errors they raise."""

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, FastKQError, FormatError
from tests.helpers.images import noise

IMAGE = noise(6, 8, 3)


@pytest.mark.parametrize(
    ("k", "message"), [(0, "k from 1 to 65536, got 0"), (-3, "got -3"), (65537, "got 65537")]
)
def test_k_out_of_range_is_refused(k, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(IMAGE, k)


@pytest.mark.parametrize("k", [2.0, "8", True, [3]])
def test_non_integer_k_is_refused(k):
    with pytest.raises(ArgumentTypeError, match="expected k to be an integer, got"):
        fastkq.compress(IMAGE, k)


@pytest.mark.parametrize("k", [np.int32(5), np.uint8(5), np.array(5)])
def test_numpy_integers_are_accepted_as_k(k):
    assert fastkq.compress(IMAGE, k).k == 5


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 4, 3), np.uint8), r"at least one pixel, got shape \(0, 4, 3\)"),
        (np.zeros((4, 0), np.uint8), r"at least one pixel, got shape \(4, 0\)"),
        (np.zeros(5, np.uint8), r"shape \(H, W\) or \(H, W, C\), got shape \(5,\)"),
        (np.zeros((2, 2, 2, 3), np.uint8), r"got shape \(2, 2, 2, 3\)"),
        (np.zeros((4, 4, 65), np.uint8), r"at most 64 channels, got shape \(4, 4, 65\)"),
        (np.zeros((4, 4, 3), np.int64), r"float32 or float64, got int64; convert with"),
        (np.full((4, 4, 3), np.nan), "finite values, got 48 that are not"),
        (None, "float32 or float64, got object"),
    ],
)
def test_invalid_images_are_refused(image, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(image, 4)


def test_unknown_effort_is_refused():
    with pytest.raises(ArgumentError, match="one of fast, balanced, best, got 'slow'"):
        fastkq.compress(IMAGE, 4, effort="slow")
    with pytest.raises(ArgumentTypeError, match="expected effort to be a string, got 3"):
        fastkq.compress(IMAGE, 4, effort=3)


@pytest.mark.parametrize(
    ("threads", "error"), [(0, ArgumentError), (-1, ArgumentError), (1.5, ArgumentTypeError)]
)
def test_threads_must_be_a_positive_integer(threads, error):
    with pytest.raises(error, match="expected threads to be"):
        fastkq.compress(IMAGE, 4, threads=threads)


@pytest.mark.parametrize(("bound", "error"), [(0, ArgumentError), ("9", ArgumentTypeError)])
def test_max_pixels_must_be_a_positive_integer(bound, error):
    with pytest.raises(error, match="expected max_pixels to be"):
        fastkq.CompressedImage.from_bytes(fastkq.compress(IMAGE, 4).to_bytes(), max_pixels=bound)


def test_errors_subclass_builtin_exceptions():
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(ArgumentTypeError, TypeError)
    assert issubclass(FormatError, ValueError)
    assert all(issubclass(kind, FastKQError) for kind in (ArgumentError, ArgumentTypeError, FormatError))


def test_missing_files_and_folders_raise_os_errors(tmp_path):
    for call in (fastkq.load, fastkq.compress, fastkq.decompress):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            call(tmp_path / "nowhere.fkq")
        with pytest.raises(IsADirectoryError):
            call(tmp_path)


def test_error_names_the_damaged_file(tmp_path):
    path = tmp_path / "damaged.fkq"
    path.write_bytes(fastkq.compress(IMAGE, 4).to_bytes()[:-1])
    with pytest.raises(
        FormatError, match=r"damaged\.fkq: expected \d+ bytes by the part table, got \d+: truncated"
    ):
        fastkq.load(path)


def test_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"ends in \.fkq, \.png.* got .*image\.xyz"):
        fastkq.compress(IMAGE, 4).save(tmp_path / "image.xyz")
    assert not list(tmp_path.iterdir())
