"""Image files, through Pillow and imageio, and writing that leaves a whole file or the old one."""

import contextlib
import os
import stat
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentError, FormatError, PrecisionWarning

if TYPE_CHECKING:
    from PIL import Image

    Path_ = str | os.PathLike[str]

LOSSLESS_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"optimize": True}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".webp": ("WEBP", {"lossless": True, "exact": True}),
}
"""Suffixes that a decompressed image can be written to without losing anything: Pillow's format, options."""

PNG_COLOURS = 256


def is_pil_image(source: object) -> bool:
    """Whether this is a PIL image; Pillow is not imported to find out."""
    return any(f"{kind.__module__}.{kind.__name__}" == "PIL.Image.Image" for kind in type(source).__mro__)


def read_image(source: "Path_ | Image.Image") -> npt.NDArray[np.uint8]:
    """An image file or PIL image as people see it.

    EXIF rotation is applied; 1-bit and gray become (H, W), palettes and CMYK (H, W, 3), and whatever has
    transparency (H, W, 4). 16 bits a channel are reduced to the high byte with a `PrecisionWarning`.

    Returns
    -------
    (H, W), (H, W, 3) or (H, W, 4) uint8

    Raises
    ------
    FormatError
        When the file is damaged, no image, or has 32 bits a channel.
    OSError
        When it cannot be read.
    """
    if is_pil_image(source):
        return _to_array(source, "the PIL image")  # type: ignore[arg-type]
    path = Path(source)  # type: ignore[arg-type]
    data = path.read_bytes()
    with _decoding(path):
        image = _open(data)
        if image is None:
            return _read_with_imageio(path, data)
        with image:
            return _to_array(image, str(path))


@contextlib.contextmanager
def _decoding(path: Path) -> Iterator[None]:
    try:
        yield
    except (FormatError, MemoryError):
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FormatError(f"{path}: expected an image file, but it cannot be decoded: {reason}") from error


def _open(data: bytes) -> "Image.Image | None":
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(BytesIO(data))
    except UnidentifiedImageError:
        return None


def _read_with_imageio(path: Path, data: bytes) -> npt.NDArray[np.uint8]:
    """What Pillow does not know may be known to a plugin of imageio that is installed."""
    import imageio.v3 as imageio

    try:
        array: npt.NDArray[Any] = np.asarray(imageio.imread(data, extension=path.suffix))
    except Exception as error:
        raise FormatError(f"{path}: expected an image file, got one of no known image format") from error
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise FormatError(
            f"{path}: expected 8 bits a channel, gray, RGB or RGBA, got {array.dtype} {array.shape}"
        )
    return array


def _to_array(image: "Image.Image", name: str) -> npt.NDArray[np.uint8]:
    from PIL import ImageOps

    deep = _is_reduced_by_pillow(image)
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I", "F"):
        raise FormatError(f"{name}: expected 8 or 16 bits a channel, got 32 (mode {upright.mode})")
    if upright.mode.startswith("I;16"):
        deep = True
        array = _high_bytes(upright)
    else:
        array = np.asarray(upright.convert(_mode_for(upright)))
    if deep:
        message = f"{name}: 16 bits a channel are reduced to 8, the high byte is kept"
        warnings.warn(message, PrecisionWarning, stacklevel=4)
    return np.array(array, dtype=np.uint8, order="C")


def _is_reduced_by_pillow(image: "Image.Image") -> bool:
    """Whether decoding drops low bytes: Pillow has no mode for 16-bit colour and says nothing."""
    tiles = getattr(image, "tile", [])
    return not image.mode.startswith("I") and any(";16" in str(tile[3]) for tile in tiles)


def _high_bytes(image: "Image.Image") -> npt.NDArray[np.uint8]:
    values = np.asarray(image).astype(np.uint16)
    gray = (values >> 8).astype(np.uint8)
    key = image.info.get("transparency")
    if key is None:
        return gray
    alpha = np.where(values == key, 0, 255).astype(np.uint8)
    return np.stack((gray, gray, gray, alpha), axis=-1)


def _mode_for(image: "Image.Image") -> str:
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def encode_png(palette: npt.NDArray[np.uint8], indices: npt.NDArray[np.unsignedinteger]) -> bytes:
    """A palette PNG of 1, 2, 4 or 8 bits a pixel, with a transparency chunk where it is needed.

    Parameters
    ----------
    palette : (k, C) uint8
        Gray (C = 1) becomes equal red, green and blue.
    indices : (H, W)

    Raises
    ------
    ArgumentError
        For more than 256 colours.
    """
    from PIL import Image

    k, channels = palette.shape
    if k > PNG_COLOURS:
        raise ArgumentError(
            f"expected at most {PNG_COLOURS} colours for a palette PNG, got {k}: "
            f"save as .fkq, or compress with k={PNG_COLOURS} or less"
        )
    image = Image.fromarray(np.ascontiguousarray(indices, np.uint8))
    rgb = np.repeat(palette, 3, axis=1) if channels == 1 else palette[:, :3]
    image.putpalette(rgb.tobytes())  # makes it mode P
    options: dict[str, Any] = {"bits": next(bits for bits in (1, 2, 4, 8) if k <= 1 << bits)}
    if channels == 4 and (palette[:, 3] < 255).any():
        last = int(np.flatnonzero(palette[:, 3] < 255)[-1])
        options["transparency"] = palette[: last + 1, 3].tobytes()
    return _encoded(image, "PNG", {**options, "optimize": True})


def encode_image(image: npt.NDArray[np.uint8], suffix: str) -> bytes:
    """A whole image, (H, W) or (H, W, C) uint8, in one of `LOSSLESS_FORMATS`."""
    from PIL import Image

    suffix = suffix.lower()
    if suffix not in LOSSLESS_FORMATS:
        raise ArgumentError(f"expected a path that ends in {', '.join(LOSSLESS_FORMATS)}, got {suffix!r}")
    flat = image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image
    return _encoded(Image.fromarray(flat), *LOSSLESS_FORMATS[suffix])


def _encoded(image: "Image.Image", format_name: str, options: dict[str, Any]) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def write_atomically(path: "Path_", data: bytes) -> None:
    """Write a file, whole or not at all.

    The bytes go to a temporary file beside the target, which replaces it once they are on disk. The
    permissions of a replaced file are kept; a symbolic link stays and its target is replaced; what is no
    regular file (a pipe, /dev/stdout) is written to directly.
    """
    target = Path(os.path.realpath(path))
    try:
        status = os.stat(path)
    except FileNotFoundError:
        status = None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"expected a file to write to, got the folder {os.fspath(path)!r}")
    if status is not None and not stat.S_ISREG(status.st_mode):
        with open(path, "wb") as stream:
            stream.write(data)
        return
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if status is not None:
            os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where a folder can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
