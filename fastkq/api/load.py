"""A file to a CompressedImage: `.fkq` in whole or in part, image files with a palette."""

from fastkq.api.file import CompressedFile
from fastkq.api.image import CompressedImage
from fastkq.api.inputs import from_picture, picture_in
from fastkq.formats import fkq
from fastkq.formats.source import SourceLike, opened
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import MAX_PIXELS, check_max_pixels, check_region


def load(
    source: SourceLike,
    *,
    region: tuple[int, int, int, int] | None = None,
    strict: bool = True,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Read a `.fkq` file or an image file with a palette as it is, or a region of it.

    Of a palette PNG, GIF, TIFF or BMP come the palette, every row in its place, and the indices: RGB, or RGBA
    where a colour is not opaque. EXIF rotation is applied. Of several frames or pages the first is read, with
    a `FrameWarning`. For other images there is `compress`.

    Parameters
    ----------
    source : path, bytes-like or binary file object
        A file object is read from where it stands to its end; it need not be able to seek.
    region : (top, left, height, width), optional
        Pixels to be loaded: only the parts that hold them are read and decoded, down to the last row that is
        needed. Of the coding "packed" all is read, for its checksum, but only these rows are unpacked; an
        image file is decoded in whole.
    strict : bool
        If False, a damaged file gives what is intact of it: damaged or missing parts become index 0, damaged
        metadata is left out, `CompressedImage.damage` says what, and a `DamageWarning` is issued. Whether the
        intact indices of a damaged "packed" file are right cannot be known: it has one checksum.
        Without meaning for image files: a damaged one is always refused.
    max_pixels : int
        Refuse to decode more pixels: a file of some 50 bytes can claim any size.
    threads : int, optional
        Number of threads; all cores if None.
    progress : callable, optional
        As in `fastkq.compress`.

    Raises
    ------
    FormatError
        When the file is neither a `.fkq` file nor an image with a palette, or is damaged or truncated (if
        not `strict`, only where its header, palette or part table are); the message begins with the path
        and names the part and the byte where it begins.
    ArgumentError, ArgumentTypeError
        When the region is not within the image, or an argument of no use.
    OSError
        When it cannot be read.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> fastkq.load(fastkq.compress(image, k=16).to_bytes(), region=(8, 0, 2, 16)).shape
    (2, 16)
    """
    with watched(progress), stage("reading"), opened(source) as there:
        if not fkq.is_fkq(there):
            return _cropped(from_picture(picture_in(there, check_max_pixels(max_pixels))), region)
        with CompressedFile(there, strict=strict) as file:
            return file.load(region=region, max_pixels=max_pixels, threads=threads)


def _cropped(compressed: CompressedImage, region: tuple[int, int, int, int] | None) -> CompressedImage:
    if region is None:
        return compressed
    top, left, height, width = check_region(region, *compressed.indices.shape)
    indices = compressed.indices[top : top + height, left : left + width]
    return CompressedImage(compressed.palette, indices, metadata=compressed.metadata)


def open(source: SourceLike, *, strict: bool = True) -> CompressedFile:  # noqa: A001
    """Read the head of a `.fkq` file: its size, palette, metadata and where its parts are.

    Parameters
    ----------
    source : path, bytes-like or binary file object
    strict : bool
        Of what is loaded from it too: see `load`.

    Returns
    -------
    CompressedFile
        To be closed, best by ``with``.

    Raises
    ------
    FormatError
        As `load`; for an image file too, of which there is nothing to be told without decoding.
    OSError
        When it cannot be read.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> with fastkq.open(fastkq.compress(np.eye(3, dtype=np.uint8), k=2).to_bytes()) as file:
    ...     file.palette.ravel(), file.metadata.dpi
    (array([0, 1], dtype=uint8), None)
    """
    return CompressedFile(source, strict=strict)
