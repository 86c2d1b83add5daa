"""Load a CompressedImage from a `.fkq` file, in whole or in part, or from an image file with a palette."""

from __future__ import annotations

from fastkq import formats
from fastkq.api.file import CompressedFile
from fastkq.api.image import CompressedImage
from fastkq.color.indexed_image import IndexedImage
from fastkq.formats import fkq, geotiff
from fastkq.formats.source import SourceLike, opened
from fastkq.runtime.options import MAX_PIXELS
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import check_max_pixels, check_region


def load(
    source: SourceLike,
    *,
    region: tuple[int, int, int, int] | None = None,
    strict: bool = True,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Load a `.fkq` file, or a region of it, or an image file with a palette, without any change of colors.

    Of a PNG, GIF, TIFF or BMP with a palette, the palette is read with all rows in their order, as RGB, or as
    RGBA if a color is not opaque, together with the indices. EXIF rotation is applied. Of several frames or
    pages, the first is read with a `FrameWarning`. Images without a palette are for `compress`.

    Parameters
    ----------
    source : path, bytes-like or binary file object
        A file object is read from its current position to its end; it need not be seekable.
    region : (top, left, height, width), optional
        Rectangle to load, in pixels. Only the parts that overlap it are read, and each is decoded only down
        to the last row that is needed. With the coding "packed" the whole file is read, for its checksum, but
        only these rows are unpacked. An image file is decoded as a whole.
    strict : bool
        If False, a damaged `.fkq` file is loaded as far as it is intact: pixels of damaged or missing parts
        get index 0, damaged metadata is left out, `CompressedImage.damage` lists the damage, and a
        `DamageWarning` is issued. A "packed" file has a single checksum, so that its indices cannot be
        trusted if it is damaged. A damaged image file is always refused.
    max_pixels : int
        Refuse to decode more pixels than this; the default is 2^30. A file of about 50 bytes can claim any
        size.
    threads : int, optional
        Number of threads; all cores if None.
    progress : callable, optional
        As in `fastkq.compress`.

    Returns
    -------
    CompressedImage
        The image, or the region of it.

    Raises
    ------
    FormatError
        If the file is neither a `.fkq` file nor an image with a palette, has more than `max_pixels` pixels to
        decode, or is damaged or truncated; without `strict`, only if header, palette or part table are
        damaged. The message begins with the path and names the part and the byte where it begins.
    ArgumentError, ArgumentTypeError
        If the region is not within the image, or another argument cannot be used.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> fastkq.load(fastkq.compress(image, k=16).to_bytes(), region=(8, 0, 2, 16)).shape
    (2, 16)
    """
    with watched(progress), stage("reading"), opened(source) as stream:
        if not fkq.is_fkq(stream):
            return _cropped(formats.decode(stream, max_pixels=check_max_pixels(max_pixels)).indexed(), region)
        with CompressedFile(stream, strict=strict) as file:
            return file.load(region=region, max_pixels=max_pixels, threads=threads)


def _cropped(image: IndexedImage, region: tuple[int, int, int, int] | None) -> CompressedImage:
    if region is None:
        return CompressedImage.of(image)
    top, left, height, width = check_region(region, *image.indices.shape)
    indices = image.indices[top : top + height, left : left + width]
    metadata = image.metadata._replace(geotiff=geotiff.cropped(image.metadata.geotiff, top, left))
    return CompressedImage.of(image, indices=indices, shape=None, metadata=metadata)


def open(source: SourceLike, *, strict: bool = True) -> CompressedFile:  # noqa: A001
    """Open a `.fkq` file and read its head: size, palette, metadata and positions of the parts.

    Parameters
    ----------
    source : path, bytes-like or binary file object
    strict : bool
        Whether damage is an error, now and in `CompressedFile.load`: see `load`.

    Returns
    -------
    CompressedFile
        Close it after use, best with a ``with`` statement.

    Raises
    ------
    FormatError
        As in `load`. Also if it is an image file, whose properties are not known without decoding it.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> with fastkq.open(fastkq.compress(np.eye(3, dtype=np.uint8), k=2).to_bytes()) as file:
    ...     file.palette.ravel(), file.metadata.dpi
    (array([0, 1], dtype=uint8), None)
    """
    return CompressedFile(source, strict=strict)
