"""What is written under a path, by its suffix: `.fkq` or an image file. No pixel is lost.

==============  =======================================================  ===============
suffix          what is written                                          metadata
==============  =======================================================  ===============
`.fkq`          palette and indices, any number of colours               ICC, EXIF, DPI
`.png`          palette and indices, up to 256 colours                   ICC, EXIF, DPI
`.gif`          the same; one colour may be transparent, of alpha 0      none
`.tif` `.tiff`  the same, of opaque colours; for others RGB or RGBA      ICC, texts, DPI
`.bmp`          the same, of opaque colours; RGB above 256 colours       DPI
`.webp`         lossless RGB or RGBA, any number of colours              ICC, EXIF
==============  =======================================================  ===============

All but `.fkq` hold values of 8 bits; `.tif` also gray of 16 bits and of float32, as pixels. False and True
become black and white, gray with alpha RGBA. `CompressedImage.to_8bit` makes 8 bits of 16.

Palettes keep their order; GIF and TIFF fill them up to a power of two and to 256. Palettes are of
R, G, B: a gray image's ICC profile, which is for gray, is left out of these formats. Of EXIF,
TIFF takes the texts: description, make, model, software, date, artist, copyright.
"""

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt

from fastkq import formats
from fastkq.errors import ArgumentError
from fastkq.formats import fkq
from fastkq.runtime.atomic_writing import write_atomically
from fastkq.runtime.progress import stage
from fastkq.runtime.validation import Coding, check_coding, check_threads

SUFFIXES = (".fkq", *formats.FORMATS)


def check_target(path: str | os.PathLike[str], *, optimize: bool = False) -> str:
    """The suffix of a path, in small letters, if it can be written: asked before any work is done.

    Raises
    ------
    ArgumentError
        When the suffix is none of `SUFFIXES`, or not that of a PNG which is to be optimized.
    MissingExtraError
        When `optimize` needs what is not installed.
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
    """Refuse an image whose dtype or channels a format cannot hold, whatever its palette will be.

    Raises
    ------
    ArgumentError
        It names what can be done.
    """
    if suffix != ".fkq":
        formats.check_values(suffix, pixels.dtype, pixels.shape[2] if pixels.ndim == 3 else 1)


def save(
    path: str | os.PathLike[str],
    contents: fkq.Contents,
    coding: Coding,
    *,
    optimize: bool,
    threads: int | None,
) -> None:
    """Write a file, whole or not at all: as `CompressedImage.save`."""
    suffix = check_target(path, optimize=optimize)
    with stage("coding", 0.9):
        data = encode(suffix, contents, coding, optimize=optimize, threads=threads)
    with stage("writing"):
        write_atomically(path, data)


def encode(
    suffix: str,
    contents: fkq.Contents,
    coding: Coding,
    *,
    optimize: bool = False,
    threads: int | None = None,
) -> bytes:
    """The bytes of a file of this suffix, one of `SUFFIXES`."""
    coding, workers = check_coding(coding), check_threads(threads)
    if suffix == ".fkq":
        return fkq.encode(contents, coding, workers)
    palette, indices, metadata = contents.palette, contents.indices, contents.metadata
    return formats.encode_indexed(palette, indices, suffix, metadata, optimize=optimize)
