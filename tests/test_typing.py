"""Strict mypy accepts a correct program that uses fastkq, and the examples; it rejects each wrong line."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastkq

PACKAGE = Path(fastkq.__file__).parent
EXAMPLES = [
    path
    for path in (Path(__file__).parent / "examples").glob("*.py")
    if not path.name.startswith(("_", "test_"))
]

RIGHT = """
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt
from PIL import Image

import fastkq
import fastkq.pillow
from fastkq import CompressedImage
from fastkq.errors import FormatError, UnreachableError


def made_smaller(source: Path, target: Path) -> int:
    try:
        compressed = fastkq.compress(source, target_psnr=35.0, effort="best")
    except UnreachableError as error:
        assert_type(error.k, int | None)
        compressed = fastkq.compress(source, k=256, dither=0.5, dither_method="blue-noise")
    except (FormatError, fastkq.errors.ArgumentTypeError) as error:
        raise SystemExit(str(error)) from error
    compressed.save(target, optimize=target.suffix == ".png")
    assert_type(compressed, CompressedImage)
    assert_type(compressed.palette, npt.NDArray[np.bool_ | np.uint8 | np.uint16 | np.float32 | np.float64])
    assert_type(compressed.report(fastkq.decompress(target)).psnr, float)
    return compressed.nbytes


def of_array(image: npt.NDArray[np.uint8]) -> Image.Image:
    assert_type(fastkq.curve(image, [4, 16])[0].psnr, float)
    palette = fastkq.fit_palette([image, image], 16)
    return fastkq.apply_palette(image, palette).to_pil()


def of_file(path: str) -> CompressedImage:
    with open(path, "rb") as file, fastkq.open(path) as head:
        assert_type(head.shape, tuple[int, ...])
        loaded = fastkq.load(file, region=(0, 0, 1, 1))
    with Image.open(path) as image:
        reduced = fastkq.quantize(image, 16, palette=[[0, 0, 0]], dither=Image.Dither.NONE)
    assert_type(reduced, Image.Image)
    assert_type(fastkq.count_colors(path).counts, npt.NDArray[np.int64])
    return fastkq.compress(reduced) if loaded.k > 1 else loaded
"""

OF_THE_ESTIMATOR = """

def clusters(samples: npt.NDArray[np.float32]) -> None:
    from fastkq.estimator import KMeans

    kmeans = KMeans(n_clusters=3, random_state=0).fit(samples)
    assert_type(kmeans, KMeans)
    assert_type(kmeans.cluster_centers_, npt.NDArray[np.float32 | np.float64])
    assert_type(kmeans.labels_, npt.NDArray[np.int32])
    assert_type(kmeans.inertia_, float)
    assert_type(kmeans.predict(samples), npt.NDArray[np.int32])
"""

WRONG = """
import fastkq

fastkq.compress("photo.jpg", k="many")
fastkq.compress("photo.jpg", effort="most")
fastkq.load("photo.fkq").palete
fastkq.quantize("photo.jpg")
size: str = fastkq.compress("photo.jpg").nbytes
fastkq.kmeans("photo.jpg")
"""
CONFIGURATION = """
[mypy]
strict = true
[mypy-fastkq.*]
follow_imports = silent
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """Errors of mypy in both programs and the examples, as {file name: {line number: message}}."""
    folder = tmp_path_factory.mktemp("user")
    has_estimator = importlib.util.find_spec("fastkq.estimator") is not None
    (folder / "right.py").write_text(RIGHT + OF_THE_ESTIMATOR * has_estimator)
    (folder / "wrong.py").write_text(WRONG)
    (folder / "mypy.ini").write_text(CONFIGURATION)
    # mypy finds an installed package by itself; a MYPYPATH with site-packages in it is an error.
    is_installed = "site-packages" in PACKAGE.parts
    where = {} if is_installed else {"MYPYPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(folder / "cache")]
    run = subprocess.run(
        [*command, "right.py", "wrong.py", *map(str, EXAMPLES)],
        cwd=folder,
        env={**os.environ, **where},
        capture_output=True,
        text=True,
    )
    assert run.stderr == ""
    found = {}
    for line in run.stdout.splitlines():
        place = re.match(r"(.*?):(\d+): error: ", line)
        if place:
            found.setdefault(Path(place[1]).name, {})[int(place[2])] = line
    return found


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.slow
def test_a_right_program_and_the_examples_are_accepted(errors):
    assert len(EXAMPLES) == 5
    assert errors.keys() <= {"wrong.py"}, errors


@pytest.mark.slow
def test_a_wrong_program_is_rejected_line_by_line(errors):
    lines = WRONG.splitlines()
    expected = [number for number, line in enumerate(lines, 1) if line and not line.startswith("import")]
    assert sorted(errors["wrong.py"]) == expected
