"""The suites by name. Each is a module or package of this folder with the same contents.

TITLE, INTRODUCTION
    Heading and first sentence of its section in bench/RESULTS.md.
Run
    What the last run measured, see `bench.results.Run`: `Run.read()` returns it.
measure(quick)
    Measures, prints each row and writes build/bench/<suite>.json; `quick` is for a few small cases, which
    show that the suite works. Some suites have further options.
table(run)
    Returns the Markdown tables of a run; empty tables are left out.
targets(run)
    Yields the targets, reached or missed.
"""

from importlib import import_module
from types import ModuleType

SUITES = {  # name: help
    "engine": "time and error of fastkq and its peers on the image sets, time of the stages, start-up",
    "scaling": "time and memory of fastkq by image size",
    "sizes": "bytes of .fkq and other lossless formats, and speed of the coding",
    "alpha": "error and time on images with alpha",
    "control": "time of targets, curves, color spaces, dithering and dtypes",
    "looks": "perceptual scores, with dithering and without",
    "vectors": "KMeans on plain vectors, compared with scikit-learn's",
}


def load(name: str) -> ModuleType:
    """Import a suite."""
    return import_module(f"bench.suites.{name}")
