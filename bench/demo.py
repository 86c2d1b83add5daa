"""Compress a real photograph at several k: a table, the pictures, a sheet and a page in build/demo/."""

import os
from importlib import resources
from pathlib import Path

from fastkq.compare.html import page
from fastkq.compare.sheet import contact_sheet
from fastkq.compare.table import Original, compare, table

COLOURS = (2, 4, 8, 16, 32, 64, 128, 256)
FOLDER = Path(__file__).parents[1] / "build" / "demo"


def main() -> None:
    """Run the demo on scikit-learn's china.jpg."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("sklearn.datasets.images") / "china.jpg") as path:
        original = Original.read(path)
    rows = compare(original.pixels, COLOURS)
    height, width = original.pixels.shape[:2]
    print(f"china.jpg: {width} x {height} pixels, a JPEG of {original.nbytes:,} bytes\n")
    print(table(rows, original.nbytes))
    for row in rows:
        for suffix in (".fkq", ".png"):
            row.compressed.save(FOLDER / f"china-{row.k}{suffix}")
    (FOLDER / "contact-sheet.png").write_bytes(contact_sheet(original, rows))
    (FOLDER / "page.html").write_bytes(page(original, rows))
    print(f"\nPictures, .fkq files, contact-sheet.png and page.html are in {os.path.relpath(FOLDER)}")


if __name__ == "__main__":
    main()
