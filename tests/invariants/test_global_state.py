"""Invariant 9: the library leaves global state alone."""

from tests.helpers.processes import run_python

# Prints whether the state is the same before and after the inserted calls.
PROGRAM = """
import warnings, random
import numpy as np
import PIL.Image
import numba
{imports}
np.random.seed(3); random.seed(3)
def state():
    return (
        np.random.get_state()[1].tolist(), random.getstate(), np.geterr(), list(warnings.filters),
        numba.get_num_threads(), {n: getattr(numba.config, n) for n in dir(numba.config) if n.isupper()},
        sorted(PIL.Image.OPEN), sorted(PIL.Image.SAVE), dict(PIL.Image.EXTENSION), PIL.Image.MAX_IMAGE_PIXELS,
    )
PIL.Image.init()
before = state()
import fastkq, fastkq.cli
{calls}
print(state() == before)
"""

ONE_IMAGE = """
image = np.random.RandomState(1).randint(0, 256, (50, 50, 3)).astype(np.uint8)
c = fastkq.compress(image, 9)
fastkq.decompress(c.to_bytes())
"""

ALL_KINDS = """
import PIL.Image
from fastkq.estimator import KMeans
image = np.random.RandomState(1).randint(0, 256, (50, 60, 4)).astype(np.uint8)
ways = {}, {"dither": True}, {"preset": "visual"}, {"space": "oklab"}, {"effort": "best", "threads": 2}
for options in ways:
    compressed = fastkq.compress(image, 9, **options)
fastkq.compress(image[..., :3], target_psnr=20)
fastkq.compress(image[..., 0], 300, max_error=3)
compressed.report(image, ssim=False)
fastkq.curve(image, [2, 9])
fastkq.fit_palette([image, image], 4, weights=[np.ones((50, 60)), np.ones((50, 60))])
for scale in (1e-310, 1e-45, 1.0, 1e300):
    fastkq.compress(image * scale, 9).report(image * scale, ssim=False)
KMeans(3, random_state=0, n_init=1).fit(image.reshape(-1, 4)).predict(image.reshape(-1, 4))
for suffix in (".png", ".webp", ".gif", ".tif", ".bmp", ".fkq"):
    fastkq.compress(image[..., :3], 9).save(f"{folder}/image{suffix}")
    fastkq.compress(f"{folder}/image{suffix}", 4)
fastkq.quantize(PIL.Image.fromarray(image[..., :3]), 5)
for damaged in (b"", b"GIF89a", compressed.to_bytes()[:-9]):
    try:
        fastkq.load(damaged)
    except fastkq.errors.FormatError:
        pass
"""


def test_compress_and_decompress_leave_global_state_unchanged():
    completed = run_python(PROGRAM.replace("{imports}", "").replace("{calls}", ONE_IMAGE))
    assert completed.stdout == "True\n", completed.stderr


def test_all_kinds_of_calls_leave_global_state_unchanged(tmp_path):
    # Imported before the state is read: scipy adds warning filters on import, and scikit-learn's dependencies
    # draw random numbers.
    imports = "import sklearn.cluster, sklearn.metrics.pairwise"
    calls = f"folder = {str(tmp_path)!r}\n{ALL_KINDS}"
    completed = run_python(PROGRAM.replace("{imports}", imports).replace("{calls}", calls))
    assert completed.stdout == "True\n", completed.stderr
