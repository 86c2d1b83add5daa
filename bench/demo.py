"""Compress a photograph at several k: a table, the images, a contact sheet and a page in build/demo/."""

import os
from pathlib import Path

from fastkq.compare.comparison import Original, compare, table
from fastkq.compare.html import page
from fastkq.compare.sheet import contact_sheet

COLORS = (2, 4, 8, 16, 32, 64, 128, 256)
# By danielbuechele, https://www.flickr.com/photos/danielbuechele/6061409035, CC BY 2.0.
PHOTOGRAPH = Path(__file__).with_name("figures") / "china.jpg"
FOLDER = Path(__file__).parents[1] / "build" / "demo"


def main() -> None:
    """Run the demo on china.jpg."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("The first run compiles the kernels, which takes about 10 to 20 s.\n", flush=True)
    original = Original.read(PHOTOGRAPH)
    rows = compare(original.pixels, COLORS)
    height, width = original.pixels.shape[:2]
    print(f"china.jpg: {width} x {height} pixels, a JPEG of {original.nbytes:,} bytes\n")
    print(table(rows, original.nbytes))
    for row in rows:
        for suffix in (".fkq", ".png"):
            row.compressed.save(FOLDER / f"china-{row.k}{suffix}")
    (FOLDER / "contact-sheet.png").write_bytes(contact_sheet(original, rows))
    (FOLDER / "page.html").write_bytes(page(original, rows))
    print(f"\nThe .png and .fkq files, contact-sheet.png and page.html are in {os.path.relpath(FOLDER)}")


if __name__ == "__main__":
    main()
