"""Write a compressed image to a path in the format of its suffix: `.fkq` or an image file. No pixel is lost.

==============  =======================================================  ===============
suffix          contents                                                 metadata
==============  =======================================================  ===============
`.fkq`          palette and indices, any number of colors                ICC, EXIF, DPI
`.png`          palette and indices, at most 256 colors                  ICC, EXIF, DPI
`.gif`          as `.png`, but opaque except one color of alpha 0        none
`.tif` `.tiff`  as `.png` if all colors are opaque; else RGB or RGBA     ICC, texts, DPI
`.bmp`          as `.png`, opaque colors only; RGB above 256 colors      DPI
`.webp`         lossless RGB or RGBA, any number of colors               ICC, EXIF
==============  =======================================================  ===============

All formats but `.fkq` hold values of 8 bits; `.tif` also holds gray of 16 bits and of float32, as pixels.
False and True become black and white; gray with alpha becomes RGBA. `CompressedImage.to_8bit` reduces 16 bits
to 8.

Palettes keep their order; GIF pads them to a power of two, TIFF to 256 colors. Their colors are R, G, B, so
the ICC profile of a gray image, which is for gray, is not written with a palette. TIFF holds only the texts
of the EXIF: description, make, model, software, date, artist, host computer, copyright.
"""

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt

from fastkq import formats
from fastkq.color.indexed_image import IndexedImage
from fastkq.errors import ArgumentError
from fastkq.formats import fkq
from fastkq.runtime.atomic_writing import write_atomically
from fastkq.runtime.progress import stage
from fastkq.runtime.validation import Coding, check_coding, check_threads

SUFFIXES = (".fkq", *formats.FORMATS)


def check_target(path: str | os.PathLike[str], *, optimize: bool = False) -> str:
    """Return the suffix of a path in lower case; check before any work that it can be written.

    Raises
    ------
    ArgumentError
        If the suffix is not one of `SUFFIXES`, or `optimize` is set and it is not `.png`.
    MissingExtraError
        If `optimize` needs a package that is not installed.
    """
    suffix = Path(path).suffix.lower()
    if optimize and suffix != ".png":
        raise ArgumentError(f"expected a path that ends in .png to optimize, got {os.fspath(path)!r}")
    if suffix not in SUFFIXES:
        raise ArgumentError(f"expected a path that ends in {', '.join(SUFFIXES)}, got {os.fspath(path)!r}")
    if optimize:
        formats.require_optimizer()
    return suffix


def check_pixels(suffix: str, pixels: npt.NDArray[Any]) -> None:
    """Check that a format can hold the dtype and the channels of an image, whatever its palette will be.

    Raises
    ------
    ArgumentError
        If it cannot; the message says what to do.
    """
    if suffix != ".fkq":
        formats.check_values(suffix, pixels.dtype, pixels.shape[2] if pixels.ndim == 3 else 1)


def save(
    path: str | os.PathLike[str],
    image: IndexedImage,
    coding: Coding,
    *,
    optimize: bool,
    threads: int | None,
) -> None:
    """Write a file as `CompressedImage.save` does: whole or not at all."""
    suffix = check_target(path, optimize=optimize)
    with stage("coding", 0.9):
        data = encode(suffix, image, coding, optimize=optimize, threads=threads)
    with stage("writing"):
        write_atomically(path, data)


def encode(
    suffix: str,
    image: IndexedImage,
    coding: Coding,
    *,
    optimize: bool = False,
    threads: int | None = None,
) -> bytes:
    """Return the bytes of a file with this suffix, one of `SUFFIXES`."""
    coding, workers = check_coding(coding), check_threads(threads)
    if suffix == ".fkq":
        return fkq.encode(image, coding, workers)
    return formats.encode_indexed(image.palette, image.indices, suffix, image.metadata, optimize=optimize)
