"""Compress china.jpg at several k: print a table, and write images, a sheet and an HTML page to build/demo/.

It needs fastkq, matplotlib for the sheet, and scikit-learn, which ships the photograph and is not imported.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from fastkq.compare.html import page
from fastkq.compare.sheet import contact_sheet
from fastkq.compare.table import Original, compare, table

COLOURS = (2, 4, 8, 16, 32, 64, 128, 256)
FOLDER = Path(__file__).parents[1] / "build" / "demo"


def main() -> None:
    """Run the demo."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    original = Original.read(_photograph())
    rows = compare(original.pixels, COLOURS)
    height, width = original.pixels.shape[:2]
    print(f"china.jpg: {width} x {height} pixels, a JPEG of {original.nbytes:,} bytes\n")
    print(table(rows, original.nbytes))
    for row in rows:
        for suffix in (".fkq", ".png"):
            row.compressed.save(FOLDER / f"china-{row.k}{suffix}")
    (FOLDER / "contact-sheet.png").write_bytes(contact_sheet(original, rows))
    (FOLDER / "page.html").write_bytes(page(original, rows))
    print(f"\nThe images (.fkq and .png), contact-sheet.png and page.html are in {os.path.relpath(FOLDER)}")


def _photograph() -> Path:
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise SystemExit("the demo compresses a photograph of scikit-learn: pip install 'fastkq[demo]'")
    return Path(package.origin).parent / "datasets" / "images" / "china.jpg"


if __name__ == "__main__":
    main()
