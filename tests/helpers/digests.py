"""Programs that print a digest of the results of fastkq, and a function that runs them in a fresh process."""

import os
import subprocess
import sys

# Fits, maps, dithers and codes 8-bit images of 1, 3 and 4 channels; argument: their side in pixels.
IMAGES = """
import hashlib, sys
import numpy as np
import fastkq
from fastkq.color import packed_counting
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.options import FitOptions
digest = hashlib.sha256()
side = int(sys.argv[1])
WAYS = (
    {"dither": 0.9}, {"dither": True, "dither_method": "blue-noise"}, {"preset": "visual"},
    {"target_psnr": 25}, {"max_error": 200}, {"bits": 3}, {"bits": 4, "space": "oklab"},
)
for channels in (1, 3, 4):
    for k in (2, 7, 40):
        generator = np.random.default_rng(k)
        smooth = np.cumsum(generator.integers(-9, 10, (side, side, channels)), axis=1) % 256
        smooth = smooth.astype(np.uint8)
        digest.update(fastkq.compress(smooth, k).to_bytes())
        counted = packed_counting.count(smooth)
        weights = generator.random(len(counted.keys))
        options = FitOptions(fixed=smooth[0, :1], space="oklab")
        for array in fit_table(counted, k, options, weights):
            digest.update(array.tobytes())
        for way in WAYS if k == 7 else ():
            digest.update(fastkq.compress(smooth, k if "target_psnr" not in way else None, **way).to_bytes())
print(digest.hexdigest())
"""

# Counts, fits and maps rows of uint16, float32 and float64; argument: their number.
ROWS = """
import hashlib, sys
import numpy as np
from fastkq.color import row_table
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.nearest import label
from fastkq.quantization.options import FitOptions
digest = hashlib.sha256()
for dtype, channels in ((np.uint16, 3), (np.uint16, 4), (np.float32, 1), (np.float64, 6)):
    generator = np.random.default_rng(channels)
    walk = np.cumsum(generator.integers(-9, 10, (int(sys.argv[1]), channels)), axis=0) % 5003
    rows = (walk * 0.37 if np.dtype(dtype).kind == "f" else walk).astype(dtype)
    counted = row_table.count(rows)
    palette = fit_table(counted, 9, FitOptions(), np.sqrt(counted.counts)).palette
    for array in (counted.colors, counted.counts, palette, label(counted, palette).labels):
        digest.update(array.tobytes())
    if dtype == np.uint16:
        for array in fit_table(counted, 9, FitOptions(space="oklab")):
            digest.update(array.tobytes())
print(digest.hexdigest())
"""

# A small part of both, which compiles fewer kernels; argument: the side of the images in pixels.
FEW_KERNELS = """
import hashlib, sys
import numpy as np
import fastkq
digest = hashlib.sha256()
side = int(sys.argv[1])
generator = np.random.default_rng(0)
image = np.cumsum(generator.integers(-9, 10, (side, side, 3)), axis=1) % 256
image = image.astype(np.uint8)
for options in ({}, {"space": "oklab"}, {"dither": 0.9}, {"bits": (3, 4, 3)}):
    data = fastkq.compress(image, 7, **options).to_bytes()
    digest.update(data)
    digest.update(fastkq.decompress(data).tobytes())
for values in (image.astype(np.uint16) * 257, image * np.float32(0.37)):
    digest.update(fastkq.compress(values, 7).to_bytes(coding="packed"))
print(digest.hexdigest())
"""

# Fits the estimator to samples with and without repetitions; argument: their number.
CLUSTERS = """
import hashlib, sys
import numpy as np
from fastkq.estimator import KMeans
digest = hashlib.sha256()
generator = np.random.default_rng(0)
for dtype, features in ((np.float32, 3), (np.float64, 5)):
    samples = generator.integers(0, 9, (int(sys.argv[1]), features)).astype(dtype)
    kmeans = KMeans(4, random_state=0, n_init=2).fit(samples)
    for array in (kmeans.labels_, kmeans.cluster_centers_, kmeans.predict(samples)):
        digest.update(array.tobytes())
print(digest.hexdigest())
"""


def digest_under(program, size, **environment):
    """Return the digest that the program prints for this size with these environment variables."""
    completed = subprocess.run(
        [sys.executable, "-c", program, str(size)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout.strip()
