"""JPEG XL and HEIF files: the command registers Pillow's plugins where they are installed."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers.command_line import run
from tests.helpers.images import noise
from tests.helpers.processes import run_python

_PLUGIN = """
from io import BytesIO
from PIL import Image, ImageFile

class File(ImageFile.ImageFile):
    format = "JXL"

    def _open(self):
        inner = Image.open(BytesIO(self.fp.read()[2:]))
        self._mode, self._size, self.im, self.tile = inner.mode, inner.size, inner.convert(inner.mode).im, []

def register_heif_opener():
    Image.register_open("HEIF", File, lambda start: start[4:8] == b"ftyp")

if __name__ == "pillow_jxl":
    Image.register_open("JXL", File, lambda start: start.startswith(b"\\xff\\x0a"))
"""


@pytest.fixture
def with_plugin(tmp_path, monkeypatch):
    """Install a plugin that reads a PNG file after the two bytes with which JPEG XL begins."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "pillow_jxl.py").write_text(_PLUGIN)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'plugins'}:{Path(fastkq.__file__).parents[1]}")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(5, 6, 3)).save("a.png")
    Path("in").mkdir()
    Path("in/a.jxl").write_bytes(b"\xff\x0a" + Path("a.png").read_bytes())
    Path("in/b.jpg").write_bytes(b"\xff\x0a" + Path("a.png").read_bytes())  # misnamed


def fastkq_command(*arguments, **options):
    command = [sys.executable, "-m", "fastkq", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)


@pytest.mark.usefixtures("with_plugin")
def test_installed_plugin_is_registered_when_a_file_needs_it():
    completed = fastkq_command("compress", "in", "-r", "-k", "30", "-o", "out/")
    assert completed.returncode == 0, completed.stderr
    for name in ("out/a.fkq", "out/b.fkq"):
        np.testing.assert_array_equal(fastkq.decompress(name), noise(5, 6, 3))
    assert b"6 x 5" in fastkq_command("info", "in/a.jxl").stdout
    assert fastkq_command("palette", "in", "-r", "-k", "4", "-o", "p.gpl").returncode == 0
    assert fastkq_command("compare", "in/a.jxl", "-k", "2").returncode == 0
    piped = fastkq_command("compress", "-", "-k", "30", "-o", "-", input=Path("in/a.jxl").read_bytes())
    assert np.array_equal(fastkq.decompress(piped.stdout), noise(5, 6, 3))


@pytest.mark.usefixtures("with_plugin")
def test_the_library_registers_no_plugin():
    code = "import fastkq, sys\ntry: fastkq.compress('in/a.jxl')\nexcept ValueError as error: print(error)\n"
    found = run_python(code + "print('pillow_jxl' in sys.modules)").stdout
    assert found.startswith(
        "in/a.jxl: expected an image file, got JPEG XL: import pillow_jxl (package pillow-jxl-"
    )
    assert found.endswith("False\n")


@pytest.mark.skipif(find_spec("pillow_jxl") is not None, reason="the plugin is installed")
def test_missing_plugin_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.jxl").write_bytes(b"\xff\x0a" + bytes(20))
    code, _, errors = run(capsys, "compress", "a.jxl")
    assert code == 1
    assert "package pillow-jxl-plugin" in errors


@pytest.mark.parametrize(("module", "name"), [("pillow_jxl", "JXL"), ("pillow_heif", "HEIF")])
def test_files_of_the_real_plugins_are_read(tmp_path, monkeypatch, module, name):
    pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    code = f"import {module}; getattr({module}, 'register_heif_opener', lambda: None)()\n"
    code += (
        "from PIL import Image; Image.new('RGB', (40, 30), 'red').save('a.bin', sys.argv[1], lossless=True)"
    )
    subprocess.run([sys.executable, "-c", "import sys; " + code, name], check=True)
    assert fastkq_command("compress", "a.bin", "-k", "2", "-o", "a.png").returncode == 0
    assert fastkq.load("a.png").indices.shape == (30, 40)


def test_url_is_refused_before_any_work(capsys):
    code, _, errors = run(capsys, "compress", "https://example.org/a.jpg?size=1")
    assert code == 2
    assert (
        "got the URL https://example.org/a.jpg?size=1: download it first, as curl -s URL | fastkq" in errors
    )
    for command in ("info", "compare"):
        code, _, errors = run(capsys, command, "https://example.org/a.jpg")
        assert code == 1
        assert "https://example.org/a.jpg: it is a URL, not a path: download it" in errors
