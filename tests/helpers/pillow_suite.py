"""Run Pillow's own tests with `fastkq.quantize` in place of `Image.quantize`.

The tests are in Pillow's source distribution; unpack that of the installed version and run, in the
repository::

    python -m tests.helpers.pillow_suite FOLDER_OF_PILLOW

The exit code is 0 if only the tests of `DIFFERENCES` fail, and all of them do.
"""

import os
import sys
from pathlib import Path

import pytest

FILES = (
    "test_image_quantize.py", "test_file_gif.py", "test_file_png.py", "test_imagepalette.py",
    "test_image_convert.py",
)  # fmt: skip

_NO_EFFECT = "method and kmeans have no effect: every palette is fitted by k-means"
DIFFERENCES = {
    "test_image_quantize.py::test_rgba_quantize": "RGBA is quantized whatever the method is",
    "test_image_quantize.py::test_quantize_kmeans[0]": _NO_EFFECT,
    "test_image_quantize.py::test_quantize_kmeans[1]": _NO_EFFECT,
    "test_file_png.py::TestFilePng::test_save_p_transparent_black": (
        "the image has one color, so the palette has one row, not 256 alphas"
    ),
    "test_file_png.py::TestFilePng::test_chunk_order": (
        "the image is opaque, so its palette has no alphas and the file no tRNS chunk"
    ),
}
"""Tests of Pillow that fail, and why the result of fastkq is right."""


class _Failures:
    """Plugin of pytest that collects the names of the tests that fail, without their folder."""

    def __init__(self):
        self.names = set()

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.names.add(report.nodeid.rpartition("/")[2])

    def pytest_collectreport(self, report):
        if report.failed:
            self.names.add(report.nodeid)


def main(folder):
    """Run the tests in a folder of Pillow's source; return the exit code."""
    from PIL import Image

    import fastkq

    os.chdir(folder)  # the tests open their images by relative paths
    failures, original = _Failures(), Image.Image.quantize
    Image.Image.quantize = fastkq.quantize
    try:
        paths = [str(Path("Tests", name)) for name in FILES]
        options = ["-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:benchmark"]
        code = pytest.main([*options, *paths], plugins=[failures])
    finally:
        Image.Image.quantize = original
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return int(code)
    for name, reason in DIFFERENCES.items():
        print(f"differs: {name}: {reason}" if name in failures.names else f"unexpected success: {name}")
    for name in sorted(failures.names - DIFFERENCES.keys()):
        print(f"unexpected failure: {name}")
    return int(failures.names != DIFFERENCES.keys())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
