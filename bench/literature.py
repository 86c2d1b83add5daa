"""What papers report on Kodak images, and fastkq's best beside it."""

import fastkq
from bench import THREADS
from bench.cases import cases
from fastkq.metrics import mse

SOURCE = (
    "A. Abernathy and M. E. Celebi, The incremental online k-means clustering algorithm and its application "
    "to color quantization, 2022"
)
ONLINE_K_MEANS = {
    "kodim05.png": {32: 191.51, 64: 108.11, 128: 62.90, 256: 37.89},
    "kodim23.png": {32: 241.78, 64: 127.10, 128: 73.43, 256: 42.71},
}
"""SE/px of their incremental online k-means, with palettes that are not rounded."""


def measure() -> dict[str, dict[str, float]]:
    """SE/px of fastkq's best, rounded, by image and k; empty where the Kodak images are absent."""
    present = (case for case in cases(quick=True) if case.image in ONLINE_K_MEANS)
    errors = {}
    for case in present:
        image = case.read()
        errors[case.image] = {
            str(k): 3 * mse(image, fastkq.compress(image, k, effort="best", threads=THREADS).decompress())
            for k in ONLINE_K_MEANS[case.image]
        }
    return errors
