"""The whole way: an image to a CompressedImage, and back."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq import histogram, mapping, palette
from fastkq.checks import Effort, check_effort, check_k, check_threads
from fastkq.errors import ArgumentError
from fastkq.image import CompressedImage
from fastkq.inputs import read_input
from fastkq.loading import load
from fastkq.source import SourceLike

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
        converted, transparency kept. Their ICC profile, EXIF and DPI go into the result; a profile of other
        colours than the result's, as of CMYK, does not. A path may also be that of a `.fkq` file.
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
    given = read_input(image, threads=workers)
    return _compress_array(given.pixels, k, effort, workers).with_metadata(given.metadata)


def _compress_array(array: npt.NDArray[Any], k: int, effort: Effort, workers: int) -> CompressedImage:
    if array.dtype != np.uint8 or array.shape[2:] not in ((), (1,), (3,), (4,)):
        raise ArgumentError(
            f"expected an image of uint8, gray, RGB or RGBA, got {array.dtype} {array.shape}: not yet"
        )
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


def decompress(source: CompressedImage | SourceLike, *, threads: int | None = None) -> npt.NDArray[Any]:
    """The image that a CompressedImage, a `.fkq` file or an image file with a palette holds.

    Parameters
    ----------
    source : CompressedImage, path, bytes-like or binary file object
    threads : int, optional
        Number of threads; all cores if None.

    Returns
    -------
    (H, W) or (H, W, C)
        Of the shape and dtype that was compressed.

    Raises
    ------
    FormatError
        As `load`.
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
