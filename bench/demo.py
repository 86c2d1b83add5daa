"""Compress a real photograph at several k: a table, the pictures and a contact sheet in build/demo/."""

import os
from importlib import resources
from pathlib import Path

from fastkq import io
from fastkq.report.comparison import compare, table
from fastkq.report.sheet import contact_sheet

COLOURS = (2, 4, 8, 16, 32, 64, 128, 256)
FOLDER = Path(__file__).parents[1] / "build" / "demo"


def main() -> None:
    """Run the demo on scikit-learn's china.jpg."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("sklearn.datasets.images") / "china.jpg") as path:
        image, source_bytes = io.read_image(path), path.stat().st_size
    rows = compare(image, COLOURS)
    print(f"china.jpg: {image.shape[1]} x {image.shape[0]} pixels, a JPEG of {source_bytes:,} bytes\n")
    print(table(rows, source_bytes))
    for row in rows:
        for suffix in (".fkq", ".png"):
            row.compressed.save(FOLDER / f"china-{row.k}{suffix}")
    contact_sheet(image, rows).save(FOLDER / "contact-sheet.png", optimize=True)
    print(f"\nPictures, .fkq files and contact-sheet.png are in {os.path.relpath(FOLDER)}")


if __name__ == "__main__":
    main()
