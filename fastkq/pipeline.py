"""The whole way: an image to a CompressedImage, and back."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq import histogram, io, mapping, palette
from fastkq.checks import MAX_PIXELS, Effort, check_effort, check_image, check_k, check_threads
from fastkq.file import CompressedFile
from fastkq.image import CompressedImage
from fastkq.source import SourceLike
from fastkq.threads import Progress

if TYPE_CHECKING:
    from PIL import Image

    ImageLike = npt.ArrayLike | Image.Image | str | os.PathLike[str]

_MOST_RGBA_COLOURS = 1 << 18
_CELLS_PER_CENTROID = 64


def compress(
    image: "ImageLike", k: int = 64, *, effort: Effort = "balanced", threads: int | None = None
) -> CompressedImage:
    """Reduce an image to at most k colours by k-means.

    Parameters
    ----------
    image : array, PIL image or path
        Arrays: uint8 of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), any memory layout; never changed.
        Files and PIL images are taken as people see them: EXIF rotation applied, palettes and CMYK
        converted, transparency kept.
    k : int
        Number of colours, 1 to 65536. An image of at most k colours comes back unchanged, but for the
        colour of pixels whose alpha is 0.
    effort : {"fast", "balanced", "best"}
        How long to search for a better palette. On the Kodak images the squared error of "fast" is 1 to 2 %
        above that of "balanced", in half the time, that of "best" up to 2 % below, in 4 to 10 times the time.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.

    Returns
    -------
    CompressedImage
        Of exactly min(k, distinct colours) colours, ordered by alpha, then luminance; each pixel's index
        is that of its nearest one, by squared distance in R, G, B, or for RGBA as composited over black,
        mid-gray and white.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        When an argument cannot be used; it says what was expected.
    FormatError
        When the file is damaged or no image.
    OSError
        When the file cannot be read.

    Notes
    -----
    k-means on the counted colours: Lloyd's algorithm [1]_ with candidates by bounding box as in the filtering
    algorithm [2]_, and swaps of single centroids that leave its local optima [3]_, first on few points that
    stand for all, last on all colours. An RGBA image of more than 2^18 colours, not all of them opaque, is
    fitted with 6 bits a channel; its pixels are mapped with all 8.

    .. [1] S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 28, 1982.
    .. [2] T. Kanungo et al., "An efficient k-means clustering algorithm", IEEE PAMI 24, 2002.
    .. [3] B. Fritzke, "Breathing k-means", arXiv:2006.15666, 2020.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> fastkq.compress(ramp, k=4).palette.ravel()
    array([ 31,  95, 159, 223], dtype=uint8)
    """
    k, effort, workers = check_k(k), check_effort(effort), check_threads(threads)
    array = _read(image)
    with_alpha = array.shape[2:] == (4,)
    if with_alpha and histogram.is_opaque(array, workers):
        counted: histogram.Histogram | None = histogram.count_without_alpha(array, workers)
    else:
        counted = histogram.count_up_to(array, _MOST_RGBA_COLOURS, workers)
    if counted is None:
        compressed = _compress_many_colours(array, k, effort, workers)
        if compressed is not None:
            return compressed
        counted = histogram.count(array, workers)
    colours, labels = palette.fit(counted, k, effort, workers)
    indices = mapping.map_colours(array, counted, labels, len(colours), workers)
    if with_alpha and counted.channels == 3:
        colours = np.column_stack((colours, np.full(len(colours), 255, np.uint8)))
    return CompressedImage(colours, indices, array.shape)


def _compress_many_colours(
    array: npt.NDArray[np.uint8], k: int, effort: Effort, threads: int
) -> CompressedImage | None:
    """An RGBA image of too many colours to list, fitted by cells; None when those do not suffice for k."""
    cells = histogram.count_cells(array, threads)
    if len(cells.keys) < _CELLS_PER_CENTROID * k:
        return None
    colours, _ = palette.fit(cells, k, effort, threads)
    indices = mapping.map_pixels(array, colours, threads)
    if not np.bincount(indices.reshape(-1), minlength=k).all():
        return None
    return CompressedImage(colours, indices, array.shape)


def decompress(
    source: CompressedImage | SourceLike,
    *,
    threads: int | None = None,
) -> npt.NDArray[np.uint8]:
    """The image that a CompressedImage or a `.fkq` file holds.

    Parameters
    ----------
    source : CompressedImage, path, bytes-like or binary file object
    threads : int, optional
        Number of threads; all cores if None.

    Returns
    -------
    (H, W) or (H, W, C) uint8
        Of the shape that was compressed.

    Raises
    ------
    FormatError
        When the bytes are damaged, truncated or no `.fkq` file.
    OSError
        When the file cannot be read.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> image = np.eye(3, dtype=np.uint8)
    >>> np.array_equal(fastkq.decompress(fastkq.compress(image, k=2)), image)
    True
    """
    if isinstance(source, CompressedImage):
        return source.decompress(threads=threads)
    return load(source, threads=threads).decompress(threads=threads)


def load(
    source: SourceLike,
    *,
    region: tuple[int, int, int, int] | None = None,
    strict: bool = True,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Read a `.fkq` file, or a region of it.

    Parameters
    ----------
    source : path, bytes-like or binary file object
        A file object is read from where it stands to its end; it need not be able to seek.
    region : (top, left, height, width), optional
        Pixels to be loaded: only the parts that hold them are read and decoded, down to the last row that is
        needed. Of version 1 all is read, for its checksum, but only these rows are unpacked.
    strict : bool
        If False, a damaged file gives what is intact of it: damaged or missing parts become index 0, damaged
        metadata is left out, `CompressedImage.damage` says what, and a `DamageWarning` is issued. Whether the
        intact indices of a damaged version 1 file are right cannot be known: it has one checksum.
    max_pixels : int
        Refuse to decode more pixels: a file of some 50 bytes can claim any size.
    threads : int, optional
        Number of threads; all cores if None.
    progress : callable, optional
        Called now and then, on the calling thread, with the fraction that is done, last with 1.0.

    Raises
    ------
    FormatError
        When the file is no `.fkq` file or (header, palette and part table even if not `strict`) damaged or
        truncated; the message begins with the path and names the part and the byte where it begins.
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
    with CompressedFile(source, strict=strict) as file:
        return file.load(region=region, max_pixels=max_pixels, threads=threads, progress=progress)


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
    FormatError, OSError
        As `load`.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> with fastkq.open(fastkq.compress(np.eye(3, dtype=np.uint8), k=2).to_bytes()) as file:
    ...     file.palette.ravel(), file.metadata.dpi
    (array([0, 1], dtype=uint8), None)
    """
    return CompressedFile(source, strict=strict)


def _read(image: Any) -> npt.NDArray[np.uint8]:
    if isinstance(image, str | os.PathLike) or io.is_pil_image(image):
        return check_image(io.read_image(image))
    return check_image(image)
