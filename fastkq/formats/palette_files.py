"""Files that hold only a palette: GIMP, Lospec, JASC, Adobe and JSON.

========  ==========================================================  =======================
suffix    contents                                                    alpha
========  ==========================================================  =======================
`.gpl`    GIMP: "GIMP Palette", then lines "R G B name"               read (Aseprite's RGBA)
`.hex`    Lospec: a line RRGGBB per color                             read (RRGGBBAA)
`.pal`    JASC: "JASC-PAL", "0100", number of colors, lines "R G B"   read (Aseprite's RGBA)
`.act`    Adobe: 256 x 3 bytes, number of colors, transparent index   one color of alpha 0
`.json`   a list of rows [R, G, B] and CSS colors, or an object that  any
          has such a list as "colors" (Lospec)
========  ==========================================================  =======================

Levels have 8 bits. Rows keep their order, and equal rows are kept.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import GRAY_WITH_ALPHA, RGBA
from fastkq.errors import ArgumentError, FormatError, Term
from fastkq.formats.css_colors import parse_color
from fastkq.formats.pil import transparency_of
from fastkq.runtime.options import MAX_COLORS

Rows = list[tuple[int, ...]]

_ACT_COLORS, _ACT_NO_INDEX = 256, 0xFFFF
_MAX_BYTES = 64 * MAX_COLORS  # of a file: more than any palette of MAX_COLORS needs


def decode(data: bytes, suffix: str, name: str) -> npt.NDArray[np.uint8]:
    """Return the colors of a palette file: (k, 3), or (k, 4) if one is not opaque.

    Parameters
    ----------
    data : bytes
    suffix : str
        One of `SUFFIXES`.
    name : str
        Name of the file in messages.

    Raises
    ------
    FormatError
        If the bytes are not such a file, or hold no or too many colors. The message names the line.
    """
    if len(data) > _MAX_BYTES:
        raise FormatError(f"{name}: expected at most {_MAX_BYTES} bytes of a palette, got {len(data)}")
    try:
        rows = _DECODERS[suffix](data)
        if not 1 <= len(rows) <= MAX_COLORS:
            raise FormatError(f"expected 1 to {MAX_COLORS} colors, got {len(rows)}")
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from None
    colors = np.array([(*row, 255)[:4] for row in rows], np.uint8)
    return colors if (colors[:, 3] < 255).any() else np.ascontiguousarray(colors[:, :3])


def encode(palette: npt.NDArray[Any], suffix: str) -> bytes:
    """Return a palette (k, C) of uint8 as the bytes of a file that `decode` reads.

    Parameters
    ----------
    palette : (k, C) uint8
        Gray becomes equal red, green and blue.
    suffix : str
        One of `SUFFIXES`.

    Raises
    ------
    ArgumentError
        If the format cannot hold the colors; the message says what to do.
    """
    if palette.dtype != np.uint8 or palette.shape[1] > RGBA:
        option = "--depth 8" if palette.dtype == np.uint16 else "--value-range BLACK WHITE"
        advice = Term("reduce the image to 8 bits, or ", f"reduce it with {option}, or ")
        raise ArgumentError(
            "expected colors of 8 bits with at most 4 channels for {}, got {} with {} channels: "
            "{}save as .fkq",
            suffix, palette.dtype, palette.shape[1], "" if palette.shape[1] > RGBA else advice,
        )  # fmt: skip
    transparency = transparency_of(palette).get("transparency")
    can_hold_it = suffix == ".json" or (suffix == ".act" and isinstance(transparency, int))
    if transparency is not None and not can_hold_it:
        allowed = "opaque colors, except one of alpha 0," if suffix == ".act" else "opaque colors"
        raise ArgumentError(
            f"expected {allowed} for {suffix}, got others that are not opaque: save as .json, .png or .fkq"
        )
    columns = {1: [0, 0, 0], GRAY_WITH_ALPHA: [0, 0, 0, 1]}.get(palette.shape[1], slice(None))
    colors = palette[:, columns]
    if transparency is None:
        colors = colors[:, :3]
    return _ENCODERS[suffix](colors)


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the numbers, from 1, and the texts of the lines that are not empty."""
    text = data.decode("utf-8-sig", "replace")
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip():
            yield number, line.strip()


def _after(lines: Iterator[tuple[int, str]], *header: str) -> Iterator[tuple[int, str]]:
    """Return the rest of the lines after those of the header."""
    for expected in header:
        number, line = next(lines, (1, ""))
        if line != expected:
            raise FormatError(f"line {number}: expected {expected!r}, got {_quoted(line)}")
    return lines


def _levels(fields: list[str], number: int) -> tuple[int, ...]:
    """Return the levels of a line, 3 or 4 numbers from 0 to 255."""
    if len(fields) in (3, 4) and all(re.fullmatch("[0-9]{1,3}", field) for field in fields):
        levels = tuple(map(int, fields))
        if max(levels) <= 255:
            return levels
    message = f"line {number}: expected R, G and B from 0 to 255, got {_quoted(' '.join(fields))}"
    raise FormatError(message)


def _quoted(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _decode_gpl(data: bytes) -> Rows:
    rows, has_alpha = [], False
    for number, line in _after(_lines(data), "GIMP Palette"):
        if re.match(r"#|Name:|Columns:", line):
            continue
        if line.startswith("Channels:"):
            has_alpha = line.split(":")[1].strip() == "RGBA"
            continue
        rows.append(_levels(line.split()[: 3 + has_alpha], number))
    return rows


def _encode_gpl(colors: npt.NDArray[np.uint8]) -> bytes:
    lines = (f"{red:3} {green:3} {blue:3}\t#{red:02x}{green:02x}{blue:02x}" for red, green, blue in colors)
    return _joined("GIMP Palette", f"Name: {len(colors)} colors", "Columns: 16", "#", *lines)


def _decode_hex(data: bytes) -> Rows:
    rows = []
    for number, line in _lines(data):
        digits = line.removeprefix("#")
        if not re.fullmatch("(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", digits):
            raise FormatError(f"line {number}: expected a color RRGGBB, got {_quoted(line)}")
        rows.append(tuple(bytes.fromhex(digits)))
    return rows


def _encode_hex(colors: npt.NDArray[np.uint8]) -> bytes:
    return _joined(*(bytes(color).hex() for color in colors))


def _decode_pal(data: bytes) -> Rows:
    lines = _after(_lines(data), "JASC-PAL", "0100")
    number, count = next(lines, (3, ""))
    if not re.fullmatch("[0-9]{1,9}", count):
        raise FormatError(f"line {number}: expected the number of colors, got {_quoted(count)}")
    rows = [_levels(line.split(), number) for number, line in lines]
    if len(rows) != int(count):
        raise FormatError(f"line {number}: expected {int(count)} colors, got {len(rows)}")
    return rows


def _encode_pal(colors: npt.NDArray[np.uint8]) -> bytes:
    lines = (f"{red} {green} {blue}" for red, green, blue in colors)
    return _joined("JASC-PAL", "0100", str(len(colors)), *lines, end="\r\n")


def _joined(*lines: str, end: str = "\n") -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode()


def _decode_act(data: bytes) -> Rows:
    size = 3 * _ACT_COLORS
    if len(data) not in (size, size + 4):
        raise FormatError(f"expected {size} or {size + 4} bytes, got {len(data)}")
    count, transparent = _ACT_COLORS, _ACT_NO_INDEX
    if len(data) > size:
        count, transparent = (int.from_bytes(data[at : at + 2], "big") for at in (size, size + 2))
        count = count or _ACT_COLORS
    if count > _ACT_COLORS:
        raise FormatError(f"byte {size}: expected at most {_ACT_COLORS} colors, got {count}")
    if transparent != _ACT_NO_INDEX and transparent >= count:
        raise FormatError(
            f"byte {size + 2}: expected a transparent index below {count}, or {_ACT_NO_INDEX} for none, "
            f"got {transparent}"
        )
    rows = [tuple(data[3 * index : 3 * index + 3]) for index in range(count)]
    return [(*row, 0) if index == transparent else row for index, row in enumerate(rows)]


def _encode_act(colors: npt.NDArray[np.uint8]) -> bytes:
    if len(colors) > _ACT_COLORS:
        raise ArgumentError(
            f"expected at most {_ACT_COLORS} colors for .act, got {len(colors)}: save as .gpl, .json or .fkq"
        )
    transparent = int(colors[:, 3].argmin()) if colors.shape[1] == RGBA else _ACT_NO_INDEX
    levels = colors[:, :3].tobytes().ljust(3 * _ACT_COLORS, b"\0")
    return levels + len(colors).to_bytes(2, "big") + transparent.to_bytes(2, "big")


def _decode_json(data: bytes) -> Rows:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise FormatError(f"line {error.lineno}: expected JSON, got {error.msg}") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise FormatError(f"expected JSON, got {error}") from None
    listed = content.get("colors") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise FormatError('expected a list of colors, or an object with a list "colors"')
    return [_json_color(color, number) for number, color in enumerate(listed, 1)]


def _json_color(color: Any, number: int) -> tuple[int, ...]:
    is_row = isinstance(color, list) and len(color) in (3, 4)
    if is_row and all(type(level) is int and 0 <= level <= 255 for level in color):
        return tuple(color)
    try:
        if isinstance(color, str):
            is_hex = re.fullmatch("(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", color)  # as in Lospec's files
            return parse_color(f"#{color}" if is_hex else color)
    except ValueError:
        pass
    raise FormatError(
        f"color {number}: expected [R, G, B] from 0 to 255 or a CSS color, got {_quoted(color)}"
    )


def _encode_json(colors: npt.NDArray[np.uint8]) -> bytes:
    return (json.dumps([f"#{bytes(color).hex()}" for color in colors], indent=0) + "\n").encode()


_DECODERS: dict[str, Callable[[bytes], Rows]] = {
    ".gpl": _decode_gpl,
    ".hex": _decode_hex,
    ".pal": _decode_pal,
    ".act": _decode_act,
    ".json": _decode_json,
}
_ENCODERS: dict[str, Callable[[npt.NDArray[np.uint8]], bytes]] = {
    ".gpl": _encode_gpl,
    ".hex": _encode_hex,
    ".pal": _encode_pal,
    ".act": _encode_act,
    ".json": _encode_json,
}
SUFFIXES = tuple(_DECODERS)
