"""The formats whose files `.fkq` is held against, each of the same indexed image and at its smallest."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, features

from bench.machine import version_of
from fastkq import CompressedImage, formats

WEBP_OPTIONS = {"lossless": True, "quality": 100, "method": 6, "exact": True}
JPEG_XL_EFFORT = 9


class Format(NamedTuple):
    """A rival.

    Attributes
    ----------
    label
        What the README's table calls it.
    version
        The encoder and its settings in words; empty where it is not installed.
    encode
        An indexed image to a whole file.
    """

    label: str
    version: Callable[[], str]
    encode: Callable[[CompressedImage], bytes]


def decode(data: bytes) -> npt.NDArray[np.uint8]:
    """The pixels of a PNG or WebP, RGB or RGBA, by Pillow."""
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGBA" if picture.has_transparency_data else "RGB"))


def _png(compressed: CompressedImage) -> bytes:
    return formats.encode_indexed(compressed.palette, compressed.indices, ".png")


def _png_version() -> str:
    library = "zlib_ng" if features.check("zlib_ng") else "zlib"
    return f"Pillow {version_of('pillow')} with {library} {features.version(library)}, optimize=True"


def _oxipng(compressed: CompressedImage) -> bytes:
    return formats.encode_indexed(compressed.palette, compressed.indices, ".png", optimize=True)


def _oxipng_version() -> str:
    found = version_of("pyoxipng")
    return f"pyoxipng {found}, level 6" if found else ""


def _webp(compressed: CompressedImage) -> bytes:
    buffer = BytesIO()
    Image.fromarray(compressed.decompress()).save(buffer, "WEBP", **WEBP_OPTIONS)
    return buffer.getvalue()


def _webp_version() -> str:
    found = features.version("webp")
    return f"Pillow {version_of('pillow')} with libwebp {found}, quality=100, method=6" if found else ""


def _cjxl(compressed: CompressedImage) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "image.png"), Path(folder, "image.jxl")
        Image.fromarray(compressed.decompress()).save(source, compress_level=1)
        command = ["cjxl", str(source), str(target), "-d", "0", "-e", str(JPEG_XL_EFFORT), "--num_threads=0"]
        subprocess.run(command, check=True, capture_output=True)
        return target.read_bytes()


def _cjxl_version() -> str:
    if shutil.which("cjxl") is None:
        return ""
    words = subprocess.run(["cjxl", "--version"], check=True, capture_output=True, text=True).stdout.split()
    return f"cjxl {words[1].removeprefix('v')}, effort {JPEG_XL_EFFORT}"


def _imagecodecs(compressed: CompressedImage) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegxl_encode(compressed.decompress(), lossless=True, effort=JPEG_XL_EFFORT))


def _imagecodecs_version() -> str:
    try:
        import imagecodecs
    except ImportError:
        return ""
    library = imagecodecs.jpegxl_version()
    return f"imagecodecs {imagecodecs.__version__} with {library}, effort {JPEG_XL_EFFORT}"


FORMATS = {
    "png": Format("PNG", _png_version, _png),
    "oxipng": Format("PNG, oxipng", _oxipng_version, _oxipng),
    "webp": Format("WebP", _webp_version, _webp),
    "cjxl": Format("JPEG XL, cjxl", _cjxl_version, _cjxl),
    "imagecodecs": Format("JPEG XL, imagecodecs", _imagecodecs_version, _imagecodecs),
}
