"""Make a thumbnail of few colors with Pillow: python pillow_pipeline.py photo.jpg folder"""

import sys
from pathlib import Path

from PIL import Image, ImageOps

import fastkq
import fastkq.pillow  # from here on Pillow knows .fkq


def save_thumbnail(source: Path, folder: Path, side: int = 320, colors: int = 32) -> list[Path]:
    """Write a PNG and a `.fkq` of at most `side` pixels per side; return their paths."""
    with Image.open(source) as photo:
        ImageOps.exif_transpose(photo, in_place=True)
        photo.thumbnail((side, side))
        reduced = fastkq.quantize(photo, colors, dither=Image.Dither.FLOYDSTEINBERG)
    paths = [folder / f"{source.stem}.png", folder / f"{source.stem}.fkq"]
    for path in paths:
        reduced.save(path)
    return paths


if __name__ == "__main__":
    for path in save_thumbnail(Path(sys.argv[1]), Path(sys.argv[2])):
        with Image.open(path) as image:
            print(f"{path}: {image.format}, {image.width} x {image.height}, {path.stat().st_size:,} bytes")
