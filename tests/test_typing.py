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

CORRECT_PROGRAM = """
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
    Integers = np.uint8 | np.uint16 | np.uint32 | np.int8 | np.int16 | np.int32
    assert_type(compressed.palette, npt.NDArray[np.bool_ | Integers | np.float32 | np.float64])
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

ESTIMATOR_FUNCTION = """

def clusters(samples: npt.NDArray[np.float32]) -> None:
    from fastkq.estimator import KMeans

    kmeans = KMeans(n_clusters=3, random_state=0).fit(samples)
    assert_type(kmeans, KMeans)
    assert_type(kmeans.cluster_centers_, npt.NDArray[np.float32 | np.float64])
    assert_type(kmeans.labels_, npt.NDArray[np.int32])
    assert_type(kmeans.inertia_, float)
    assert_type(kmeans.predict(samples), npt.NDArray[np.int32])
"""

WRONG_PROGRAM = """
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
    (folder / "right.py").write_text(CORRECT_PROGRAM + ESTIMATOR_FUNCTION * has_estimator)
    (folder / "wrong.py").write_text(WRONG_PROGRAM)
    (folder / "mypy.ini").write_text(CONFIGURATION)
    # mypy finds an installed package by itself; a MYPYPATH with site-packages in it is an error.
    is_installed = "site-packages" in PACKAGE.parts
    search_path = {} if is_installed else {"MYPYPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(folder / "cache")]
    run = subprocess.run(
        [*command, "right.py", "wrong.py", *map(str, EXAMPLES)],
        cwd=folder,
        env={**os.environ, **search_path},
        capture_output=True,
        text=True,
    )
    assert run.stderr == ""
    errors_by_file = {}
    for line in run.stdout.splitlines():
        error = re.match(r"(.*?):(\d+): error: ", line)
        if error:
            errors_by_file.setdefault(Path(error[1]).name, {})[int(error[2])] = line
    return errors_by_file


def test_package_is_marked_as_typed():
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.slow
def test_correct_program_and_examples_pass(errors):
    assert len(EXAMPLES) == 5
    assert errors.keys() <= {"wrong.py"}, errors


@pytest.mark.slow
def test_each_wrong_line_is_rejected(errors):
    lines = WRONG_PROGRAM.splitlines()
    expected = [number for number, line in enumerate(lines, 1) if line and not line.startswith("import")]
    assert sorted(errors["wrong.py"]) == expected
