"""Files that hold only a palette: .gpl, .hex, .pal, .act and JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastkq.errors import ArgumentError, FormatError
from fastkq.formats.palette_files import SUFFIXES, decode, encode
from tests.helpers.images import noise

COLORS = np.array([[0, 0, 0], [255, 128, 7], [0, 0, 0], [1, 2, 3]], np.uint8)
CLEAR = np.array([[0, 0, 0, 255], [9, 8, 7, 0], [1, 2, 3, 255]], np.uint8)
ACT = bytes([1, 2, 3, 4, 5, 6]).ljust(768, b"\0")

GIMP = b"""\xef\xbb\xbfGIMP Palette\r
Name: Seven colors\r
Columns: 4\r
#\r
# a comment\r
  0   0   0\tBlack\r
255 128   7\r
\r
  0   0   0\t0 0 0\r
1 2 3 named with words\r
"""
OTHERS = {
    ".gpl": GIMP,
    ".hex": b"000000\r\nFF8007\n\n#000000\n010203",
    ".pal": b"JASC-PAL\r\n0100\r\n4\r\n0 0 0\r\n255 128 7\r\n0 0 0\r\n1 2 3\r\n",
    ".act": bytes([0, 0, 0, 255, 128, 7, 0, 0, 0, 1, 2, 3]).ljust(768, b"\0") + b"\0\4\xff\xff",
    ".json": b'[[0, 0, 0], "#ff8007", "black", "rgb(1, 2, 3)"]',
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_other_programs_are_read(suffix):
    np.testing.assert_array_equal(decode(OTHERS[suffix], suffix, "a"), COLORS)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("k", [1, 2, 17, 256])
def test_palettes_are_written_and_read(suffix, k):
    for palette in (noise(k, 3), noise(k, 1)):
        np.testing.assert_array_equal(
            decode(encode(palette, suffix), suffix, "a"), np.broadcast_to(palette, (k, 3))
        )


def test_written_files_are_those_of_the_formats():
    rows = COLORS[:2]
    assert encode(rows, ".hex") == b"000000\nff8007\n"
    assert encode(rows, ".pal") == b"JASC-PAL\r\n0100\r\n2\r\n0 0 0\r\n255 128 7\r\n"
    assert encode(rows, ".gpl") == (
        b"GIMP Palette\nName: 2 colors\nColumns: 16\n#\n  0   0   0\t#000000\n255 128   7\t#ff8007\n"
    )
    assert json.loads(encode(rows, ".json")) == ["#000000", "#ff8007"]
    act = encode(rows, ".act")
    assert (len(act), act[:6], act[768:]) == (772, bytes([0, 0, 0, 255, 128, 7]), b"\0\2\xff\xff")


def test_alpha_is_kept_where_the_format_has_it():
    for suffix in (".act", ".json"):
        np.testing.assert_array_equal(decode(encode(CLEAR, suffix), suffix, "a"), CLEAR)
    gray = CLEAR[:, [0, 3]]
    np.testing.assert_array_equal(decode(encode(gray, ".json"), ".json", "a"), gray[:, [0, 0, 0, 1]])
    for suffix in (".gpl", ".hex", ".pal"):
        with pytest.raises(
            ArgumentError, match=f"expected opaque colors for {suffix}, got others .*: save as .json"
        ):
            encode(CLEAR, suffix)
        opaque = np.column_stack((COLORS, np.full(4, 255, np.uint8)))
        np.testing.assert_array_equal(decode(encode(opaque, suffix), suffix, "a"), COLORS)
    half = CLEAR.copy()
    half[1, 3] = 128
    np.testing.assert_array_equal(decode(encode(half, ".json"), ".json", "a"), half)
    with pytest.raises(ArgumentError, match=r"opaque colors, except one of alpha 0, for \.act"):
        encode(half, ".act")


def test_alpha_of_aseprite_and_lospec_is_read():
    gpl = b"GIMP Palette\nChannels: RGBA\n#\n0 0 0 255 Black\n9 8 7 0 Clear\n1 2 3 255\n"
    for data, suffix in (
        (gpl, ".gpl"),
        (b"000000ff\n09080700\n010203", ".hex"),
        (b"JASC-PAL\n0100\n3\n0 0 0 255\n9 8 7 0\n1 2 3 255\n", ".pal"),
        (json.dumps(CLEAR.tolist()).encode(), ".json"),
        (b'{"name": "x", "colors": ["000000", "09080700", "010203"]}', ".json"),
    ):
        np.testing.assert_array_equal(decode(data, suffix, "a"), CLEAR)


def test_adobe_files_may_end_after_the_colors():
    assert decode(ACT, ".act", "a")[:2].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert decode(ACT, ".act", "a").shape == (256, 3)
    assert decode(ACT + b"\0\0\xff\xff", ".act", "a").shape == (256, 3)
    assert decode(ACT + b"\0\2\0\1", ".act", "a").tolist() == [[1, 2, 3, 255], [4, 5, 6, 0]]


@pytest.mark.parametrize(
    ("suffix", "data", "message"),
    [
        (".gpl", b"", "line 1: expected 'GIMP Palette', got ''"),
        (".gpl", b"GIMP Palette\n", "expected 1 to 65536 colors, got 0"),
        (".gpl", b"GIMP Palette\n\n1 2\n", "line 3: expected R, G and B from 0 to 255, got '1 2'"),
        (".gpl", b"GIMP Palette\n1 2 256\n", "line 2: expected R, G and B from 0 to 255, got '1 2 256'"),
        (".gpl", b"GIMP Palette\n1 2 -3\n", "line 2: expected R, G and B"),
        (".gpl", "GIMP Palette\n1 2 \u0663\n".encode(), "line 2: expected R, G and B"),
        (".hex", b"000000\n0000\n", "line 2: expected a color RRGGBB, got '0000'"),
        (".hex", b"\n\n", "expected 1 to 65536 colors, got 0"),
        (".hex", b"000000\n" * 65537, "expected 1 to 65536 colors, got 65537"),
        (".hex", b"0" * 10_000, r"line 1: expected a color RRGGBB, got '0{56}\.\.\."),
        (".pal", b"RIFF\x10\0\0\0PAL data", "line 1: expected 'JASC-PAL', got 'RIFF"),
        (".pal", b"JASC-PAL\n0200\n1\n0 0 0", "line 2: expected '0100', got '0200'"),
        (".pal", b"JASC-PAL\n0100\n", "line 3: expected the number of colors, got ''"),
        (".pal", b"JASC-PAL\n0100\n1e9\n", "line 3: expected the number of colors, got '1e9'"),
        (".pal", b"JASC-PAL\n0100\n2\n0 0 0\n", "line 3: expected 2 colors, got 1"),
        (".pal", b"JASC-PAL\n0100\n1\n0 0 0 named\n", "line 4: expected R, G and B"),
        (".act", b"", "expected 768 or 772 bytes, got 0"),
        (".act", ACT[:-1], "expected 768 or 772 bytes, got 767"),
        (".act", ACT + b"\1\1\xff\xff", "byte 768: expected at most 256 colors, got 257"),
        (
            ".act",
            ACT + b"\0\2\0\2",
            "byte 770: expected a transparent index below 2, or 65535 for none, got 2",
        ),
        (".json", b"[1, 2", "line 1: expected JSON, got "),
        (".json", b"[\n1,\n,]", "line 3: expected JSON, got "),
        (".json", b"\xff\xfe", "expected JSON, got"),
        (".json", b"3", 'expected a list of colors, or an object with a list "colors"'),
        (".json", b"[]", "expected 1 to 65536 colors, got 0"),
        (".json", b'{"palette": []}', 'expected a list of colors, or an object with a list "colors"'),
        (
            ".json",
            b'["red", "no-color"]',
            "color 2: expected .R, G, B. from 0 to 255 or a CSS color, got 'no-",
        ),
        (".json", b"[[0, 0, 256]]", "color 1: expected"),
        (".json", b"[[0, 0, true]]", "color 1: expected"),
        (".json", b"[[0, 0, 0.5]]", "color 1: expected"),
        (".json", b"[null]", "color 1: expected"),
        (".json", b"[" * 100_000, "expected JSON, got"),
        (".json", b"[[0, 0, " + b"9" * 9999 + b"]]", "expected"),
        (".json", bytes(5_000_000), "expected at most 4194304 bytes of a palette, got 5000000"),
    ],
)
def test_damaged_files_name_the_line(suffix, data, message):
    with pytest.raises(FormatError, match=f"^some{suffix}: {message}"):
        decode(data, suffix, f"some{suffix}")


@settings(max_examples=300)
@given(st.data(), st.sampled_from(SUFFIXES))
def test_changed_files_are_read_or_raise_format_error(data, suffix):
    changed = bytearray(data.draw(st.sampled_from([OTHERS[suffix], encode(noise(5, 3), suffix), b""])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed)))
        changed[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    try:
        colors = decode(bytes(changed), suffix, "a")
    except FormatError:
        return
    assert (colors.dtype, colors.ndim) == (np.uint8, 2)
    assert 1 <= len(colors) <= 65536


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_values_that_no_format_holds_are_refused(suffix):
    for palette in (noise(4, 3).astype(np.uint16), noise(4, 3) / 255, noise(4, 6)):
        with pytest.raises(
            ArgumentError, match=f"expected colors of 8 bits with at most 4 channels for {suffix}"
        ):
            encode(palette, suffix)
    if suffix == ".act":
        with pytest.raises(ArgumentError, match=r"expected at most 256 colors for \.act, got 257"):
            encode(noise(257, 3), suffix)
    else:
        np.testing.assert_array_equal(decode(encode(noise(3000, 3), suffix), suffix, "a"), noise(3000, 3))
