"""`fastkq decompress` with `--region` and with `--salvage` of a damaged file."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers.command_line import run
from tests.helpers.fkq_samples import (
    COMPRESSED,
    HEAD,
    IN_PARTS,
    METADATA,
    PARTS,
    damaged_at,
    in_parts,
    sample,
)
from tests.helpers.images import noise


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(name):
    with Image.open(name) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("name", ["a.fkq", "a.png"])
def test_region_is_cropped(capsys, name):
    COMPRESSED.save(name)
    code, output, errors = run(capsys, "decompress", name, "--region", "25,30,20,10", "-o", "out.png")
    assert (code, errors) == (0, "")
    assert output == f"{name} -> out.png: 10 x 20 pixels, 9 colors\n"
    np.testing.assert_array_equal(pixels("out.png"), COMPRESSED.decompress()[25:45, 30:40])


def test_region_outside_the_image_is_one_line_of_error(capsys, folder):
    COMPRESSED.save("a.fkq")
    code, output, errors = run(capsys, "decompress", "a.fkq", "--region", "25,30,36,10")
    assert (code, output) == (1, "")
    assert errors.startswith(
        "fastkq: expected a region (top, left, height, width) within 60 x 80 pixels, got"
    )
    assert errors.count("\n") == 1
    assert not (folder / "a.png").exists()


@pytest.mark.parametrize("region", ["", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1 2 3 4"])
def test_malformed_region_is_a_usage_error(capsys, region):
    with pytest.raises(SystemExit) as exit_:
        run(capsys, "decompress", "a.fkq", "--region", region)
    assert exit_.value.code == 2
    assert "expected four integers separated by commas, got" in capsys.readouterr().err


def test_damaged_file_is_written_only_with_salvage(capsys, folder):
    (folder / "a.fkq").write_bytes(damaged_at(IN_PARTS, PARTS[2].offset, PARTS[9].offset))
    code, _, errors = run(capsys, "decompress", "a.fkq")
    assert (code, errors.count("\n")) == (1, 1)
    assert not (folder / "a.png").exists()
    code, output, errors = run(capsys, "decompress", "a.fkq", "--salvage")
    assert (code, output) == (0, "a.fkq -> a.png: 80 x 60 pixels, 9 colors\n")
    summary, first, second = errors.splitlines()
    place = f"at byte {PARTS[2].offset}: expected checksum"
    assert first.startswith(f"fastkq: warning: a.fkq: part 2 (20 x 20 pixels from row 0, column 40) {place}")
    assert second.startswith("fastkq: warning: a.fkq: part 9 (20 x 20 pixels from row 40, column 20) at byte")
    assert summary.startswith("fastkq: warning: a.fkq is damaged: 2 parts")
    expected = COMPRESSED.decompress()
    for top, left, height, width in (PARTS[2].box, PARTS[9].box):
        expected[top : top + height, left : left + width] = COMPRESSED.palette[0]
    np.testing.assert_array_equal(pixels("a.png"), expected)


def test_damage_outside_the_region_is_ignored(capsys, folder):
    (folder / "a.fkq").write_bytes(damaged_at(IN_PARTS, PARTS[2].offset))
    assert run(capsys, "decompress", "a.fkq", "--region", "0,0,20,40")[::2] == (0, "")
    np.testing.assert_array_equal(pixels("a.png"), COMPRESSED.decompress()[:20, :40])


def test_salvage_reports_and_drops_damaged_metadata(capsys, folder):
    (folder / "a.fkq").write_bytes(damaged_at(IN_PARTS, PARTS[0].offset - 1))
    code, _, errors = run(capsys, "decompress", "a.fkq", "--salvage")
    assert (code, errors.count("\n")) == (0, 2)
    assert f"\nfastkq: warning: a.fkq: byte {HEAD}: metadata: " in errors
    assert fastkq.load("a.png") == COMPRESSED
    assert fastkq.load("a.png").metadata.icc is None


def test_salvage_of_an_intact_file_does_not_warn(capsys):
    fastkq.compress(noise(9, 9, 3), 5).save("a.fkq")
    assert run(capsys, "decompress", "a.fkq", "--salvage")[::2] == (0, "")


def test_salvage_lists_the_first_20_damages_and_counts_all(capsys, folder):
    data = in_parts(sample(9, 3, 60, 80, METADATA), 6, 8)
    (folder / "a.fkq").write_bytes(data[: fastkq.open(data).parts[0].offset])
    code, _, errors = run(capsys, "decompress", "a.fkq", "--salvage")
    assert (code, errors.count("\n")) == (0, 21)
    assert "a.fkq is damaged: 48 parts" in errors


@pytest.mark.parametrize("place", [4, 8, 40])
def test_unsalvageable_file_is_one_line_of_error(capsys, folder, place):
    (folder / "a.fkq").write_bytes(damaged_at(IN_PARTS, place))
    code, output, errors = run(capsys, "decompress", "a.fkq", "--salvage")
    assert (code, output, errors.count("\n")) == (1, "", 1)
