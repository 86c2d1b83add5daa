"""An animated GIF whose frames share one palette: python gif_loop.py loop.gif frame1.png frame2.png ...

A palette for each frame makes still areas flicker and the file larger. The mask of blue noise stands still
from frame to frame, as error diffusion does not. Frames are opaque: GIF has no alpha between 0 and 255.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import fastkq


def save_loop(frames: Sequence[Path], target: Path, k: int = 64, milliseconds: int = 40) -> None:
    """Write the frames, which are of one size, with the best palette for all of them."""
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
