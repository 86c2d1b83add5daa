"""PngSuite, which has valid and corrupt PNG files of every kind, on the command line."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import cli
from tests.helpers.images import SHARED, read_image

FOLDER = SHARED / "images" / "pngsuite"
VALID = sorted(path for path in FOLDER.glob("*.png") if not path.name.startswith("x"))
CORRUPT = sorted(FOLDER.glob("x*.png"))

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="PngSuite is not here")


def seen(image):
    """Return an image as RGBA, (H, W, 4) of uint8, with 0 in all channels where alpha is 0."""
    rgba = np.array(Image.fromarray(image.squeeze()).convert("RGBA"))
    rgba[rgba[..., 3] == 0] = 0
    return rgba


def colors(image):
    return len(np.unique(seen(image).reshape(-1, 4), axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".fkq", ".png"])
def test_valid_files_round_trip(tmp_path, capsys, suffix):
    for path in VALID:
        out, back = tmp_path / f"{path.stem}{suffix}", tmp_path / f"{path.stem}-back.png"
        assert cli.main(["compress", str(path), "-o", str(out), "-k", "256", "--depth", "8"]) == 0, path.name
        assert "warning" not in capsys.readouterr().err, path.name
        if suffix == ".fkq":
            assert cli.main(["decompress", str(out), "-o", str(back)]) == 0, path.name
            assert capsys.readouterr().err == "", path.name
        else:
            back = out
        original, read = read_image(path, 8), read_image(back)
        if colors(original) <= 256:
            np.testing.assert_array_equal(seen(read), seen(original), err_msg=path.name)
        assert colors(read) <= 256, path.name


def indexed(path):
    return path.read_bytes()[25] == 3


def test_palettes_are_kept(tmp_path, capsys):
    for path in filter(indexed, VALID):
        out = tmp_path / f"{path.stem}.fkq"
        assert cli.main(["compress", str(path), "-o", str(out)]) == 0
        assert fastkq.load(out) == fastkq.load(path)
        with Image.open(path) as image:
            np.testing.assert_array_equal(fastkq.load(out).indices, np.asarray(image))
            stored = image.palette.palette
        assert fastkq.load(out).palette[:, :3].tobytes() == stored, path.name


def test_load_without_a_palette_advises_compress():
    for path in VALID:
        if not indexed(path):
            with pytest.raises(fastkq.errors.FormatError, match=r"an image with a palette.*use compress"):
                fastkq.load(path)


@pytest.mark.parametrize("path", CORRUPT, ids=lambda path: path.stem)
def test_corrupt_files_are_one_line_of_error(tmp_path, capsys, path):
    assert cli.main(["compress", str(path), "-o", str(tmp_path / "out.fkq")]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"fastkq: {path}: expected an image file")
    assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())
