"""ICC profiles: their color space, their rendering intent, and whether they are sRGB.

Source: ICC.1:2022, "Image technology colour management: Architecture, profile format, and data structure".
"""

import struct
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_HEADER_SIZE = 128  # bytes
_TAG_ENTRY = struct.Struct(">4sII")  # signature, offset, size
_MAX_TAGS = 100  # profiles have 10 to 20
_MAX_INTENT = 3

_COPIED_TAGS = (b"desc", b"cprt", b"wtpt", b"chad")
"""Tags that do not depend on the color space of the values."""

_Values = npt.NDArray[np.float64]

_SRGB_COLORANTS = {
    b"rXYZ": (0.43607, 0.22250, 0.01393),
    b"gXYZ": (0.38506, 0.71688, 0.09710),
    b"bXYZ": (0.14308, 0.06062, 0.71417),
}
"""X, Y and Z of the primaries of sRGB, adapted from D65 to D50 by the Bradford transform."""
_COLORANT_TOLERANCE = 1e-3
"""sRGB profiles of different makers differ by up to 0.0003, other color spaces by more than 0.01."""
_CURVE_TOLERANCE = 0.5 / 255  # of an encoded value: half a level of 8 bits
_PARAMETERS = {0: "g", 1: "gab", 2: "gabc", 3: "gabcd", 4: "gabcdef"}
"""Parameters of a parametric curve, in the letters of the specification, by its type."""
_NO_EFFECT = {"g": 1.0, "a": 1.0, "b": 0.0, "c": 0.0, "d": 0.0, "e": 0.0, "f": 0.0}
"""Values of the parameters that a type does not have, in the order g, a, b, c, d, e, f."""
_SRGB_BREAK = 0.0031308  # linear light: the curve of sRGB is a line below it
_LEVELS = np.arange(256) / 255
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3")
"""Tags of tables, which take precedence over colorants and curves."""


def color_space(profile: object) -> str | None:
    """Return the color space of a profile, such as "RGB", "GRAY" or "CMYK"; None if it is no profile."""
    if not isinstance(profile, bytes) or len(profile) < _HEADER_SIZE or profile[36:40] != b"acsp":
        return None
    return profile[16:20].decode("latin-1").rstrip()


def rendering_intent(profile: bytes) -> int:
    """Return the rendering intent of a profile, 0 to 3; 0, perceptual, if that field is damaged."""
    (intent,) = struct.unpack_from(">I", profile, 64)
    return int(intent) if intent <= _MAX_INTENT else 0


def is_srgb(profile: object) -> bool:
    """Return whether a profile for RGB or gray defines the colors of sRGB, to half a level of 8 bits.

    Its colorants and curves decide, not its name: they are what a viewer uses. The sRGB profiles "appearance"
    and "preference" of the ICC have tables, which give other colors, so they are not sRGB here.
    """
    return _encodes_by(profile, _encode_srgb)


def is_nearly_srgb(profile: object) -> bool:
    """Return whether a profile is sRGB, or has its primaries and gamma 2.2 instead of its curve."""
    return is_srgb(profile) or _encodes_by(profile, _encode_gamma_2_2)


def for_rgb(profile: object) -> bytes | None:
    """Return the profile for RGB that gives equal red, green and blue the color of a profile for gray.

    It has the curve of the profile for gray three times, and the primaries of sRGB, whose sum is white.

    Returns
    -------
    bytes or None
        None if the profile is not for gray, is damaged, or has no curve to XYZ.
    """
    if not isinstance(profile, bytes) or color_space(profile) != "GRAY" or profile[20:24] != b"XYZ ":
        return None
    try:
        found = _tags(profile)
        curve = found[b"kTRC"]
        _decode(curve, _LEVELS)
    except (KeyError, ValueError, ArithmeticError, struct.error):
        return None
    tags = {signature: found[signature] for signature in _COPIED_TAGS if signature in found}
    for signature, color in _SRGB_COLORANTS.items():
        numbers = (round(value * 65536) for value in color)
        tags[signature] = b"XYZ \0\0\0\0" + struct.pack(">3i", *numbers)
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    start = _HEADER_SIZE + 4 + len(tags) * _TAG_ENTRY.size
    table, contents, offsets = b"", b"", dict[bytes, int]()
    for signature, data in tags.items():
        if data not in offsets:
            offsets[data] = start + len(contents)
            contents += data + bytes(-len(data) % 4)
        table += _TAG_ENTRY.pack(signature, offsets[data], len(data))
    # Of the header, size, class and color space are new, and the checksum is left out.
    header = (
        struct.pack(">I", start + len(contents)) + profile[4:12] + b"mntrRGB " + profile[20:84] + bytes(44)
    )
    return header + struct.pack(">I", len(tags)) + table + contents


def _encodes_by(profile: object, encode: Callable[[_Values], _Values]) -> bool:
    """Return whether `encode` inverts the curves of a profile for gray, or for the primaries of sRGB."""
    space = color_space(profile)
    if not isinstance(profile, bytes) or space not in ("RGB", "GRAY") or profile[20:24] != b"XYZ ":
        return False
    curves = (b"kTRC",) if space == "GRAY" else (b"rTRC", b"gTRC", b"bTRC")
    colorants = {} if space == "GRAY" else _SRGB_COLORANTS
    try:
        tags = _tags(profile)
        with np.errstate(all="ignore"):  # damaged parameters give inf and nan, which differ from all levels
            return not any(tag in tags for tag in _TABLES) and bool(
                all(
                    np.abs(_colorant(tags[tag]) - expected).max() <= _COLORANT_TOLERANCE
                    for tag, expected in colorants.items()
                )
                and all(
                    np.abs(encode(_decode(tags[tag], _LEVELS).clip(0, 1)) - _LEVELS).max() <= _CURVE_TOLERANCE
                    for tag in curves
                )
            )
    except (KeyError, ValueError, ArithmeticError, struct.error):  # damaged, or a tag is missing
        return False


def _encode_srgb(light: _Values) -> _Values:
    power = 1.055 * np.maximum(light, _SRGB_BREAK) ** (1 / 2.4) - 0.055
    return np.where(light <= _SRGB_BREAK, 12.92 * light, power)


def _encode_gamma_2_2(light: _Values) -> _Values:
    return light ** (1 / 2.2)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """Return the contents of the tags by signature."""
    (count,) = struct.unpack_from(">I", profile, _HEADER_SIZE)
    entries = (
        _TAG_ENTRY.unpack_from(profile, _HEADER_SIZE + 4 + place * _TAG_ENTRY.size)
        for place in range(min(count, _MAX_TAGS))
    )
    return {signature: profile[offset : offset + size] for signature, offset, size in entries}


def _colorant(tag: bytes) -> _Values:
    """Return X, Y and Z of a tag of the type XYZType."""
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _decode(tag: bytes, values: _Values) -> _Values:
    """Apply the curve of a tag, of type curveType or parametricCurveType, to values from 0 to 1."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return values
        points = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
        if count == 1:
            return np.asarray(values ** (points[0] / 256))
        return np.interp(values, np.linspace(0, 1, count), points / 65535)
    if tag[:4] != b"para":
        raise ValueError(tag[:4])
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind not in _PARAMETERS:
        raise ValueError(kind)
    numbers = np.array(struct.unpack_from(f">{len(_PARAMETERS[kind])}i", tag, 12)) / 65536
    given = dict(zip(_PARAMETERS[kind], numbers.tolist(), strict=True))
    g, a, b, c, d, e, f = (given.get(name, default) for name, default in _NO_EFFECT.items())
    if kind in (1, 2):  # without a break, the curve is constant below the zero of the power's base
        d, e, f, c = -b / a, c, c, 0.0
    power = np.maximum(a * values + b, 0) ** g
    return np.asarray(np.where(values >= d, power + e, c * values + f))
