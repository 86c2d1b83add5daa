"""An animated GIF whose frames share one palette: python gif_loop.py loop.gif frame1.png frame2.png ...

One palette per frame would make still areas flicker and the file larger. The blue-noise mask is the same in
every frame, whereas the pattern of error diffusion changes. GIF has no alpha between 0 and 255, so the frames
must be opaque.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import fastkq


def save_loop(frames: Sequence[Path], target: Path, k: int = 64, milliseconds: int = 40) -> None:
    """Write frames of equal size with one palette that is fitted to all of them."""
    palette = fastkq.fit_palette(frames, k)
    images = [
        fastkq.apply_palette(frame, palette, dither=True, dither_method="blue-noise").to_pil()
        for frame in frames
    ]
    first, *others = images
    first.save(target, save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=False)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: gif_loop.py loop.gif frame1.png frame2.png ...")
    save_loop([Path(name) for name in sys.argv[2:]], Path(sys.argv[1]))
