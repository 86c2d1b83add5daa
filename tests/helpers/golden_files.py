"""Golden files in tests/data, of every version and coding, which every later fastkq must read.

`make golden` writes missing files and never overwrites an existing one. The image of each file is computed in
integer arithmetic and compared bit for bit.
"""

import sys
from pathlib import Path

import numpy as np

from fastkq import CompressedImage
from fastkq.color.metadata import Metadata
from fastkq.formats.fkq import version_2

FOLDER = Path(__file__).parents[1] / "data"
METADATA = Metadata(b"no true profile", b"II*\0\x08\0\0\0\0\0", (72.0, 300.25))
COLOR_METADATA = METADATA._replace(
    xmp=b"<x:xmpmeta/>",
    srgb=3,
    gamma=0.45455,
    chromaticity=(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    cicp=(12, 13, 0, 1),
)
GEOTIFF = Metadata(geotiff=b"II*\0\x08\0\0\0\x01\0\xb1\x87\x02\0\x04\0\0\0WGS\0\0\0\0\0")
SMALL, TINY = (12, 17), (5, 9)
_TYPES = {"bool": 2, "uint8": 7, "uint16": 30, "float32": 50, "float64": 19}
_TYPES |= {"int8": 40, "int16": 30, "int32": 25, "uint32": 21}
"""Number of colors of an image, by dtype."""
_LAYOUTS = {
    "k1-rgb": (1, (3,)),
    "k2-gray": (2, ()),
    "k3-gray-with-axis": (3, (1,)),
    "k5-rgba": (5, (4,)),
    "k16-rgb": (16, (3,)),
    "k200-rgb": (200, (3,)),
    "k256-rgba": (256, (4,)),
    "k257-gray": (257, ()),
    "k4096-rgb": (4096, (3,)),
}


def image(k, axes, height, width, metadata=None):
    """Return an image of k colors with waves, a flat area and some noise."""
    y, x = np.mgrid[:height, :width]
    noise = (x * 7919 + y * 104729 + x * y * 31) % 101
    waves = (x * x // 9 + y * y // 5) * k // 199 + np.where(noise < 20, noise, 0)
    flat = (y > height // 2) & (x < width // 2)
    palette = (np.arange(k * (axes or (1,))[0]) * 37 + 11) % 256
    indices = np.where(flat, k - 1, waves % k)
    return CompressedImage(palette.astype(np.uint8).reshape(k, -1), indices, (height, width, *axes), metadata)


def typed(dtype, channels, k):
    """Return a tiny image with a palette of this dtype; each channel rises or falls along the palette."""
    plain = image(k, (channels,), *TINY)
    steps = np.arange(k)[:, np.newaxis] * (np.arange(channels) % 5 + 1)
    palette = {
        "bool": steps > 0,
        "uint8": steps * 7 % 256,
        "uint16": steps * 437,
        "float32": steps * 2.5 - 40,
        "float64": (20 - steps) * 2.0**-60,
        "int8": steps - 100,
        "int16": 9000 - steps * 301,
        "int32": steps * 8_000_007 - (1 << 30),
        "uint32": (1 << 32) - 1 - steps * 40_000_003,
    }[dtype].astype(dtype)
    return CompressedImage(palette, plain.indices)


def meaning():
    """Yield images with a meaning that has to be stored: channels without alpha, and masked pixels."""
    for dtype, channels in (("uint8", 2), ("uint8", 4), ("uint16", 2), ("uint16", 4)):
        plain = typed(dtype, channels, _TYPES[dtype])
        yield f"plain-{dtype}-{channels}", CompressedImage(plain.palette, plain.indices, alpha=False)
    for dtype, channels, nodata in (
        ("uint8", 3, None), ("uint8", 1, 255), ("uint16", 4, 65535), ("float32", 1, -9999.5),
        ("float64", 2, np.nan),
    ):  # fmt: skip
        image = typed(dtype, channels, _TYPES[dtype])
        yield f"masked-{dtype}-{channels}", CompressedImage(
            image.palette, image.indices, metadata=GEOTIFF, masked_index=image.k - 1, nodata=nodata,
            alpha=False if dtype == "uint16" else None,
        )  # fmt: skip


def images():
    """Yield for each file its name, image, coding and grid (rows, columns) of parts."""
    for name, (k, axes) in _LAYOUTS.items():
        for coding in ("packed", "context"):
            yield f"{coding}-{name}", image(k, axes, *SMALL), coding, (1, 1)
    for coding in ("packed", "context"):
        yield f"{coding}-larger-k64-rgb", image(64, (3,), 120, 160), coding, (1, 1)
        for dtype, k in _TYPES.items():
            for channels in {"bool": (1,), "uint8": (2, 5, 64)}.get(dtype, (1, 2, 3, 4, 7)):
                yield f"{coding}-{dtype}-{channels}", typed(dtype, channels, k), coding, (1, 1)
    for name, compressed in meaning():
        yield f"context-{name}", compressed, "context", (1, 1)
    yield "context-k65536-gray", image(65536, (), *SMALL), "context", (1, 1)
    yield "context-metadata", image(9, (3,), *SMALL, METADATA), "context", (1, 1)
    yield "context-metadata-color-space", image(9, (3,), *SMALL, COLOR_METADATA), "context", (1, 1)
    yield "context-parts-k1", image(1, (4,), *SMALL), "context", (3, 2)
    yield "context-parts-k9", image(9, (3,), *SMALL, METADATA), "context", (3, 4)
    yield "context-parts-larger-k64", image(64, (3,), 120, 160), "context", (2, 3)


def path_of(name):
    """Return the path of a golden file."""
    return FOLDER / f"{name}.fkq"


def encoded(compressed, coding, grid):
    """Return the bytes that this version of fastkq writes for an image."""
    if coding == "packed":
        return compressed.to_bytes(coding="packed")
    return version_2.encode(compressed, 1, grid=grid)


def check(max_pixels=1 << 30):
    """Compare existing golden files of at most this many pixels with their images; return their number."""
    checked = 0
    for name, compressed, coding, _ in images():
        if path_of(name).exists() and compressed.indices.size <= max_pixels:
            found = CompressedImage.from_bytes(path_of(name).read_bytes())
            assert found == compressed, name
            assert found.palette.tobytes() == compressed.palette.tobytes(), name
            assert found.metadata == (compressed.metadata if coding == "context" else Metadata()), name
            checked += 1
    return checked


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, compressed, coding, grid in images():
        if not path_of(name).exists():
            data = encoded(compressed, coding, grid)
            path_of(name).write_bytes(data)
            print(f"{path_of(name)}: {len(data):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
