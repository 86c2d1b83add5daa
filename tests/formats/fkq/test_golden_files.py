"""Golden files: a file that was written once stays readable on any CPU."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import golden_files
from tests.reference import fkq as reference

GOLDEN = {name: (compressed, coding) for name, compressed, coding, _ in golden_files.images()}
PRESENT = [name for name in GOLDEN if golden_files.path_of(name).exists()]


def test_golden_files_are_complete_and_known():
    assert sorted(path.stem for path in golden_files.FOLDER.iterdir()) == sorted(GOLDEN)


def test_golden_files_are_small():
    assert 0 < sum(path.stat().st_size for path in golden_files.FOLDER.iterdir()) < 300_000


def test_every_golden_file_is_read_as_it_was_written():
    assert golden_files.check() == len(PRESENT)


@pytest.mark.parametrize("name", [name for name in PRESENT if GOLDEN[name][0].indices.size < 1000])
def test_reference_decoder_reads_golden_files(name):
    image = reference.decode(golden_files.path_of(name).read_bytes())
    np.testing.assert_array_equal(image, GOLDEN[name][0].decompress())


@pytest.mark.parametrize("name", [name for name in PRESENT if GOLDEN[name][1] == "packed"])
def test_packed_coding_reproduces_golden_bytes(name):
    assert GOLDEN[name][0].to_bytes(coding="packed") == golden_files.path_of(name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "most_pixels"),
    [({"NUMBA_CPU_NAME": "generic"}, 1 << 30), ({"NUMBA_DISABLE_JIT": "1"}, 1000)],
    ids=["any CPU", "plain Python"],
)
def test_golden_files_are_read_bit_for_bit_by_any_build(environment, most_pixels, tmp_path):
    program = f"from tests.helpers import golden_files; print(golden_files.check({most_pixels}))"
    completed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [name for name in PRESENT if GOLDEN[name][0].indices.size <= most_pixels]
    assert int(completed.stdout) == len(expected) > 0
