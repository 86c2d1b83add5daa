"""ICC profiles written byte by byte, and the colors that they define, computed without a color library."""

import struct

import numpy as np

SRGB_PRIMARIES = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])  # x and y of red, green and blue
P3_PRIMARIES = np.array([[0.680, 0.320], [0.265, 0.690], [0.150, 0.060]])
_D65, _D50 = np.array([0.3127, 0.3290]), np.array([0.9642, 1.0, 0.8249])  # x and y; X, Y and Z
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def xyz(chromaticity):
    """Return X, Y = 1 and Z of x and y in the last axis."""
    x, y = np.moveaxis(np.asarray(chromaticity), -1, 0)
    return np.stack((x / y, np.ones_like(y), (1 - x - y) / y), axis=-1)


def colorants(primaries):
    """Return the colorants of primaries with white D65, adapted to D50, as columns of a matrix."""
    white = xyz(_D65)
    columns = xyz(primaries).T
    matrix = columns * np.linalg.solve(columns, white)
    gain = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    return np.linalg.solve(_BRADFORD, gain[:, np.newaxis] * (_BRADFORD @ matrix))


def srgb_decoded(values):
    """Return linear light for sRGB values from 0 to 1."""
    values = np.asarray(values, float)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_encoded(light):
    """Return sRGB values from 0 to 1 for linear light."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def srgb_of_lab(lab):
    """Return 8-bit sRGB values, not rounded, for L*, a* and b* relative to D50."""
    lightness, a, b = np.moveaxis(np.asarray(lab, float), -1, 0)
    f = (lightness + 16) / 116
    f = np.stack((f + a / 500, f, f - b / 200), axis=-1)
    relative = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    light = relative * _D50 @ np.linalg.inv(colorants(SRGB_PRIMARIES)).T
    return 255 * srgb_encoded(light)


def lab_of_srgb(values):
    """Return L*, a* and b* relative to D50 for 8-bit sRGB values."""
    relative = srgb_decoded(np.asarray(values) / 255) @ colorants(SRGB_PRIMARIES).T / _D50
    f = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def table_curve(points, decode=srgb_decoded):
    """Return a curve tag with a table of this many points."""
    values = np.rint(65535 * decode(np.linspace(0, 1, points))).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", points) + values.tobytes()


def gamma_curve(gamma):
    """Return a curve tag with an exponent."""
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma))


def parametric_curve(kind, *parameters):
    """Return a parametric curve tag."""
    numbers = (round(65536 * parameter) for parameter in parameters)
    return b"para" + bytes(4) + struct.pack(f">HH{len(parameters)}i", kind, 0, *numbers)


SRGB_CURVE = parametric_curve(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def rgb(primaries=SRGB_PRIMARIES, curve=SRGB_CURVE, intent=0, extra=()):
    """Return a profile for RGB of primaries with white D65."""
    tags = {
        signature: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in column))
        for signature, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants(primaries).T, strict=True)
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags | dict(extra), intent)


def gray(curve):
    """Return a profile for gray."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


INK_LAB = np.array([[-20.0, -25, -30], [-20, 35, -5], [-10, -5, 45], [-50, -5, -10]])
"""Change of L*, a* and b* by full cyan, magenta, yellow and black; without ink they are 100, 0, 0."""


def lab_of_inks(inks):
    """Return L*, a* and b* of inks (..., 4) from 0 to 1 by the profile `cmyk`."""
    return np.array([100.0, 0, 0]) + np.asarray(inks) @ INK_LAB


def cmyk():
    """Return a profile for CMYK: a table of two nodes per ink, with L*, a* and b* linear in the inks."""
    nodes = np.stack(np.meshgrid(*[(0, 1)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    scaled = (lab_of_inks(nodes) + np.array([0, 128, 128])) * [652.8, 256, 256]  # of the type lut16Type
    header = b"mft2" + bytes(4) + bytes((4, 3, 2, 0))
    matrix = struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    line = struct.pack(">2H", 0, 65535)
    table = header + matrix + struct.pack(">2H", 2, 2) + 4 * line
    table += np.rint(scaled).clip(0, 65535).astype(">u2").tobytes() + 3 * line
    return _profile(b"scnr", b"CMYK", b"Lab ", {b"A2B0": table})


def _profile(kind, space, connection, tags, intent=0):
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in _D50)),
    } | tags
    position, table, contents = 132 + 12 * len(tags), b"", b""
    for signature, data in tags.items():
        table += struct.pack(">4sII", signature, position + len(contents), len(data))
        contents += data + bytes(-len(data) % 4)
    header = bytearray(128)
    header[8:24] = b"\x02\x40\0\0" + kind + space + connection
    header[36:40] = b"acsp"
    header[64:68] = struct.pack(">I", intent)
    header[68:80] = struct.pack(">3i", *(round(65536 * value) for value in _D50))
    size = position + len(contents)
    return struct.pack(">I", size) + bytes(header[4:]) + struct.pack(">I", len(tags)) + table + contents
