"""Netpbm files of more than 8 bits, PAM and PFM."""

import numpy as np
import pytest
from PIL import Image, ImageFile

import fastkq
from fastkq.errors import FormatError
from tests.helpers.images import noise
from tests.helpers.sixteen_bit_files import deep_noise, quietly


def saved(path, header, *values):
    path.write_bytes(header + b"".join(values))
    return path


@pytest.mark.parametrize("maxval", [256, 1023, 4095, 65534, 65535])
@pytest.mark.parametrize(
    ("kind", "shape"), [(b"5", (4, 5)), (b"6", (4, 5, 3)), (b"2", (4, 5)), (b"3", (4, 5, 3))]
)
def test_levels_are_scaled_so_that_maxval_is_white(tmp_path, maxval, kind, shape):
    levels = np.random.default_rng(0).integers(0, maxval, shape, np.uint16, endpoint=True)
    levels.flat[:2] = 0, maxval
    plain = b" ".join(b"%d" % level for level in levels.ravel())
    body = plain if kind in b"23" else levels.astype(">u2").tobytes()
    path = saved(tmp_path / "a.pnm", b"P%s # a comment\n5 4\n# another\n%d\n" % (kind, maxval), body)
    read = quietly(path)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, np.floor(levels * (65535 / maxval) + 0.5))
    np.testing.assert_array_equal(quietly(path, 8), read >> 8)


@pytest.mark.parametrize("maxval", [300, 65535])
def test_larger_levels_count_as_maxval(maxval):
    assert quietly(b"P2 2 1 %d\n%d 70000\n" % (maxval, maxval)).tolist() == [[65535, 65535]]


@pytest.mark.parametrize("maxval", [1, 15, 255])
def test_pgm_of_8_bits_is_unchanged(tmp_path, maxval):
    levels = (noise(4, 5).astype(int) % (maxval + 1)).astype(np.uint8)
    read = quietly(saved(tmp_path / "a.pgm", b"P5 5 4 %d\n" % maxval, levels.tobytes()))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, np.rint(levels * (255 / maxval)))


def test_pil_image_of_a_16_bit_pgm_is_uint16(tmp_path):
    levels = deep_noise(4, 5)
    path = saved(tmp_path / "a.pgm", b"P5 5 4 65535\n", levels.astype(">u2").tobytes())
    with Image.open(path) as image:
        read = quietly(image)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, levels)


@pytest.mark.parametrize(("order", "scale"), [("<", b"-1.0"), (">", b"2.5"), ("<", b"-1e-3")])
@pytest.mark.parametrize(("letter", "shape"), [(b"f", (4, 5)), (b"F", (4, 5, 3))])
def test_pfm_is_float32_from_the_lowest_row(tmp_path, order, scale, letter, shape):
    values = np.random.default_rng(0).normal(0, 2, shape).astype(np.float32)
    body = values[::-1].astype(f"{order}f4").tobytes()
    path = saved(tmp_path / "a.pfm", b"P%s\n5 4\n%s\n" % (letter, scale), body)
    read = quietly(path)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, values)
    assert fastkq.compress(path, 20).dtype == np.float32


@pytest.mark.parametrize(
    ("depth", "kind"), [(1, "GRAYSCALE"), (2, "GRAYSCALE_ALPHA"), (3, "RGB"), (4, "RGB_ALPHA")]
)
@pytest.mark.parametrize("maxval", [255, 65535])
def test_pam_of_every_kind(tmp_path, depth, kind, maxval):
    values = noise(4, 5, depth) if maxval == 255 else deep_noise(4, 5, depth)
    header = f"P7\n# comment\nWIDTH 5\nHEIGHT 4\nDEPTH {depth}\nMAXVAL {maxval}\nTUPLTYPE {kind}\nENDHDR\n"
    body = values.tobytes() if maxval == 255 else values.astype(">u2").tobytes()
    read = quietly(saved(tmp_path / "a.pam", header.encode(), body))
    assert read.dtype == values.dtype
    expected = {1: values[:, :, 0], 2: values[:, :, [0, 0, 0, 1]] if depth == 2 else None}.get(depth, values)
    np.testing.assert_array_equal(read, expected)


def test_black_and_white_pam(tmp_path):
    header = b"P7\nWIDTH 3\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n"
    assert quietly(saved(tmp_path / "a.pam", header, b"\0\1\1")).tolist() == [[0, 255, 255]]


HOSTILE = {
    "truncated": b"P5 5 4 65535\n" + bytes(39),
    "missing numbers": b"P2 5 4 65535\n1 2 3",
    "no number": b"P2 1 1 65535\nx",
    "negative": b"P2 2 1 65535\n5 -5",
    "one long number": b"P2 999 999 65535\n" + b"1 " * 998_000 + b"1" * 1_000_000,
    "blanks without an end": b"P5" + b" " * 1000 + b"x",
    "huge": b"P5 99999 99999 65535\n" + bytes(9),
    "huge floats": b"PF\n30000 30000\n-1\n",
    "empty": b"P5 0 4 65535\n",
    "pam without size": b"P7\nWIDTH 3\nDEPTH 1\nMAXVAL 255\nENDHDR\n" + bytes(9),
    "pam without levels": b"P7\nWIDTH 3\nHEIGHT 1\nDEPTH 1\nMAXVAL 0\nENDHDR\n" + bytes(9),
    "pam of many channels": b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 65\nMAXVAL 255\nENDHDR\n" + bytes(65),
    "pam without end": b"P7\nWIDTH 3\nHEIGHT 1\n",
    "infinite": b"Pf\n1 1\n-1\n" + np.float32(np.inf).tobytes(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_damaged_files_are_format_errors(name):
    with pytest.raises(FormatError, match=r"^the data: expected"):
        quietly(HOSTILE[name])


def test_truncated_files_are_padded_where_pillow_is_told_so(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert quietly(b"P5 2 2 65535\n\1\2\3\4\5").tolist() == [[0x102, 0x304], [0, 0]]
    with pytest.raises(FormatError, match=r"expected .* DEPTH from 1 to 64, got 255 and 999999999"):
        quietly(b"P7\nWIDTH 20000\nHEIGHT 20000\nDEPTH 999999999\nMAXVAL 255\nENDHDR\n123")
