"""Compiled loops: one file a stage, imported (and numba with it) when first touched."""

from importlib import import_module
from types import ModuleType

_FILES = frozenset(
    {
        "assignment",
        "blocks",
        "bluenoise",
        "bounds",
        "cells",
        "clustering",
        "clusters",
        "coarsen",
        "context",
        "cover",
        "distinct",
        "dither",
        "grayscale",
        "histogram",
        "leaves",
        "levels",
        "lloyd",
        "looks",
        "mapping",
        "margins",
        "metrics",
        "mixing",
        "nearest",
        "oklab",
        "ordered",
        "packing",
        "partition",
        "pruning",
        "quality",
        "region",
        "search",
        "seeding",
        "swaps",
        "tiles",
        "tree",
        "vector_clusters",
    }
)


def __getattr__(name: str) -> ModuleType:
    # `import numba` costs 0.2-0.4 s and 70 MB: nobody pays before a pixel is touched.
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
