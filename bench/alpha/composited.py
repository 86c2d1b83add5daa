"""How far two images with alpha are apart where they are seen: over a background."""

import numpy as np

from bench.peers import Pixels

BACKGROUNDS = {"black": 0.0, "mid-gray (127.5)": 127.5, "white": 255.0}
_ROWS_PER_CHUNK = 1 << 18


def error(image: Pixels, other: Pixels) -> float:
    """Squared error of the composites, which are not rounded: mean over backgrounds and pixels, sum over RGB.

    Parameters
    ----------
    image, other : (H, W, 4) uint8
    """
    a, b = image.reshape(-1, 4), other.reshape(-1, 4)
    total = 0.0
    for start in range(0, len(a), _ROWS_PER_CHUNK):
        chunks = (pixels[start : start + _ROWS_PER_CHUNK].astype(np.int64) for pixels in (a, b))
        one, two = ((pixels[:, :3] * pixels[:, 3:], pixels[:, 3:]) for pixels in chunks)
        # colour * alpha + background * (255 - alpha), over 255, is what is seen.
        premultiplied, alpha = one[0] - two[0], one[1] - two[1]
        for background in BACKGROUNDS.values():
            seen = (premultiplied - background * alpha) / 255
            total += float(np.vdot(seen, seen))
    return total / len(BACKGROUNDS) / len(a)
