"""Compress an image to a palette and indices, and decompress it."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.api.image import CompressedImage
from fastkq.api.inputs import Input
from fastkq.api.load import load
from fastkq.api.options import (
    DEFAULT_K,
    Preset,
    check_dithering,
    check_fit,
    check_number_of_colours,
    check_preset,
    check_space,
    check_targets,
    check_weights,
    refuse,
)
from fastkq.api.palettes import applied, read
from fastkq.api.targets import fit_bytes, largest, reach_psnr
from fastkq.color import packed_counting
from fastkq.color.color_counts import ColourCounts
from fastkq.color.kinds import ImageKind, stored_palette, working
from fastkq.color.packed_counting import MOST_RGBA_COLOURS
from fastkq.color.spaces import Space
from fastkq.formats.fkq import encoded_size
from fastkq.formats.source import SourceLike
from fastkq.quantization import fit_packed, nearest_packed, spatial
from fastkq.quantization.fit import Fit, fit
from fastkq.quantization.nearest import dithered, indices_of, kept_opaque, mapping_stage
from fastkq.quantization.options import Dithering, DitherMethod, FitOptions
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import MAX_COLOURS, Coding, Effort, check_coding, check_effort, check_threads

if TYPE_CHECKING:
    from fastkq.api.counts import ImageLike


def compress(
    image: "ImageLike | Input",
    k: int | None = None,
    *,
    palette: npt.ArrayLike | None = None,
    fixed: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    max_error: float | None = None,
    min_share: float = 0.0,
    target_psnr: float | None = None,
    target_bytes: int | None = None,
    coding: Coding = "context",
    space: Space = "rgb",
    dither: bool | float = False,
    dither_method: DitherMethod = "diffusion",
    preset: Preset | None = None,
    effort: Effort = "balanced",
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Reduce an image to at most k colours by k-means.

    Parameters
    ----------
    image : array, PIL image, path, bytes or binary file object
        Arrays: uint8, uint16, float32, float64 or bool, of shape (H, W) or (H, W, C) with C from 1 to 64, of
        any memory layout; never changed. The last of 2 or 4 channels of integers is alpha; masks (bool) are
        (H, W) or (H, W, 1); floats are finite.
        Files and PIL images are taken as people see them: EXIF rotation applied, palettes and CMYK
        converted, transparency kept. Their ICC profile, EXIF and DPI go into the result; a profile of other
        colours than the result's, as of CMYK, does not. A file may also be a `.fkq` file.
    k : int, optional
        Number of colours, 1 to 65536; 64 if nothing else decides it. An image of at most k colours comes back
        unchanged, but for the colour of pixels whose alpha is 0.
    palette : (k, C), optional
        Colours to use instead of fitting some, as `apply_palette` does.
    fixed : (f, C), optional
        Colours that must be in the palette exactly: its first rows, in their order, even if unused. What is
        said of opacity below holds as far as they leave rows for it.
    weights : (H, W), optional
        How much each pixel's squared error counts, at least 0: an importance map gives more colours to what
        matters. Only ratios matter.
    max_error : float, optional
        No colour may be further from its palette row than this: in levels of 8 bits, the square root of the
        sum over channels, of RGBA as seen on a background; or in units of Oklab, where L is 0 to 1. For uint8
        of at most 4 channels, as `space` and `dither`...
    min_share : float
        ... if it fills more than this share of the pixels, 0.0 to 1.0: rare colours are kept, too.
    target_psnr : float, optional
        Decides k: the smallest found whose PSNR, in dB, is at least this, undithered and without `max_error`.
        Colours under alpha 0 are equal, as in `CompressedImage.report`.
    target_bytes : int, optional
        Decides k: the largest found whose `.fkq` file, in the given coding, with the image's metadata, has at
        most so many bytes.
    coding : {"context", "packed"}
        Of the file that `target_bytes` is for.
    space : {"rgb", "oklab"}
        Where distances are measured: in R, G, B (RGBA: as composited over black, mid-gray and white), or in
        Oklab [4]_, which is nearer to what people see; the palette is stored in sRGB all the same.
    dither : bool or float
        False: each pixel gets its nearest colour. True or a strength up to 1.0: neighbours make up for each
        other's errors.
    dither_method : {"diffusion", "blue-noise"}
        Error diffusion [5]_, or an ordered mask, which is faster and stable between the frames of a video.
    preset : {"visual"}, optional
        Palette and indices are made together for the eye, which sees the mean of a few pixels: more than a
        palette of least error and error diffusion can show, in some ten times the time. For 8 bits.
    effort : {"fast", "balanced", "best"}
        How long to search for a better palette. On the Kodak images the squared error of "fast" is 1 to 2 %
        above that of "balanced", in half the time, that of "best" up to 2 % below, in 4 to 10 times the time.
        A palette for one gray channel of 8 or 16 bits is always the best there is.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.
    progress : callable, optional
        Called now and then, on the calling thread, with the fraction that is done, which never falls and is
        1.0 at last, and a word for what is being done: "reading", "counting", "fitting", "mapping",
        "dithering", "coding", "decoding", "painting" or "writing". If it returns False, the work ends with
        `Cancelled`, mostly within 0.1 s; what it raises passes through; anything else goes on. The result
        does not depend on it. A bar of tqdm's, ``bar = tqdm(total=1)``, moves by
        ``lambda done, stage: bar.update(done - bar.n)``.

    Returns
    -------
    CompressedImage
        Of exactly min(k, distinct colours) colours, ordered by alpha, then luminance, unless some are given;
        undithered, each pixel's index is that of its nearest one. From k = 3 on, opaque pixels of 8 bits have
        the nearest of the opaque colours, and transparent ones of any depth a transparent one.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        When an argument cannot be used; it says what was expected.
    UnreachableError
        When a target or `max_error` cannot be reached; it says what can.
    FormatError
        When the file is damaged or no image.
    OSError
        When the file cannot be read.
    Cancelled
        When `progress` returned False.

    Notes
    -----
    k-means on the counted colours: Lloyd's algorithm [1]_ with candidates by bounding box as in the filtering
    algorithm [2]_, and swaps of single centroids that leave its local optima [3]_, first on few points that
    stand for all, last on all colours. An RGBA image of more than 2^18 colours, not all of them opaque, is
    fitted with 6 bits a channel; its pixels are mapped with all 8.

    .. [1] S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 28, 1982.
    .. [2] T. Kanungo et al., "An efficient k-means clustering algorithm", IEEE PAMI 24, 2002.
    .. [3] B. Fritzke, "Breathing k-means", arXiv:2006.15666, 2020.
    .. [4] B. Ottosson, "A perceptual color space for image processing", 2020.
    .. [5] R. Floyd, L. Steinberg, "An adaptive algorithm for spatial grey scale", 1976.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> fastkq.compress(ramp, k=4).palette.ravel()
    array([ 31,  94, 158, 223], dtype=uint8)
    >>> fastkq.compress(ramp, target_psnr=40).k
    29
    >>> told = []
    >>> compressed = fastkq.compress(ramp, k=4, progress=lambda done, stage: told.append((done, stage)))
    >>> told[0], told[-1]
    ((0.0, 'reading'), (1.0, 'mapping'))
    """
    with watched(progress):
        effort, workers, coding = check_effort(effort), check_threads(threads), check_coding(coding)
        given = read(image, workers)
        kind = ImageKind.of(given.pixels)
        dithering = check_dithering(dither, dither_method, kind)
        asked = {"fixed": fixed, "weights": weights, "max_error": max_error}
        targets = {"target_psnr": target_psnr, "target_bytes": target_bytes}
        if palette is not None:
            refuse("a palette", {"k": k, **asked, **targets, "preset": preset})
            return applied(given, palette, dithering, check_space(space, kind), workers)
        number = check_number_of_colours(k, targets)
        options = check_fit(
            kind, number, fixed=fixed, max_error=max_error, min_share=min_share, space=space, effort=effort,
            threads=workers,
        )  # fmt: skip
        check_targets(**targets, dithering=dithering, max_error=max_error)
        weighted = check_weights(weights, given.pixels.shape)
        job = Job(given, weighted, dithering, options)
        if check_preset(preset, kind) is not None:
            ways = {"dither": dither or None, "space": None if options.space == "rgb" else space}
            refuse(f"preset={preset!r}", {**asked, **targets, **ways})
            return job.visual(DEFAULT_K if number is None else number)
        if target_psnr is not None:
            return job.reaching(target_psnr)
        if target_bytes is not None:
            return job.fitting(target_bytes, coding)
        assert number is not None
        return job.make(number)


def decompress(
    source: CompressedImage | SourceLike, *, threads: int | None = None, progress: Progress | None = None
) -> npt.NDArray[Any]:
    """The image that a CompressedImage, a `.fkq` file or an image file with a palette holds.

    Parameters
    ----------
    source : CompressedImage, path, bytes-like or binary file object
    threads : int, optional
        Number of threads; all cores if None.
    progress : callable, optional
        As in `compress`.

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
        return source.decompress(threads=threads, progress=progress)
    with watched(progress):
        with stage(None, 0.9):
            compressed = load(source, threads=threads)
        return compressed.decompress(threads=threads)


_CELLS_PER_CENTROID = 64

_SHARE_OF_COUNTING = 0.3
_SHARE_OF_FITTING = 0.6
"""Of what is left to do then."""


class Job:
    """An image with what is wanted of it, counted when that is needed."""

    def __init__(
        self,
        given: Input,
        weights: npt.NDArray[np.float64] | None,
        dithering: Dithering,
        options: FitOptions,
    ) -> None:
        self._given, self._weights = given, weights
        self._dithering, self._options = dithering, options
        self._pixels = working(given.pixels)

    @cached_property
    def _counts(self) -> ColourCounts:
        with stage("counting", _SHARE_OF_COUNTING, each=0.5):
            return ColourCounts.of(self._given.pixels, self._weights, self._options.threads)

    def make(self, k: int) -> CompressedImage:
        """The image with k colours."""
        if self._weights is None and self._options.is_plain and "_counts" not in self.__dict__:
            with stage("counting", _SHARE_OF_COUNTING, each=0.5):
                few = ColourCounts.of_few(self._given.pixels, MOST_RGBA_COLOURS, self._options.threads)
            by_cells = self._by_cells(k) if few is None else None
            if by_cells is not None:
                return by_cells
            if few is not None:
                self._counts = few
        counts = self._counts
        with stage("fitting", _SHARE_OF_FITTING, each=0.2):
            fitted = fit(counts, k, self._options)
        return self._made(fitted)

    def visual(self, k: int) -> CompressedImage:
        """The image with k colours for the eye."""
        threads = self._options.threads
        with stage("dithering", each=0.2):
            rows, indices = spatial.visual(self._pixels, k, self._options.effort, threads)
            return self._image(rows, kept_opaque(self._pixels, rows, indices, threads))

    def reaching(self, target: float) -> CompressedImage:
        """The image of the fewest colours whose PSNR is at least `target`."""
        counts = self._counts
        with stage("fitting", _SHARE_OF_FITTING, each=0.2):
            fitted = reach_psnr(counts, target, self._options)
        return self._made(fitted)

    def fitting(self, target: int, coding: Coding) -> CompressedImage:
        """The image of the most colours whose file has at most `target` bytes."""
        within = self._options.least, min(len(self._counts), MAX_COLOURS)
        if coding == "packed":
            kind = ImageKind.of(self._given.pixels)
            pixels = self._given.pixels.size // kind.channels
            k = largest(
                lambda k: encoded_size(pixels, k, kind.channels, kind.dtype.itemsize), target, *within
            )
            return self.make(k)
        return fit_bytes(
            self.make, lambda made: len(made.to_bytes(threads=self._options.threads)), target, *within
        )

    def _made(self, fitted: Fit) -> CompressedImage:
        counted = self._counts.counted
        with mapping_stage(self._dithering):
            indices = indices_of(self._pixels, counted, fitted, self._dithering, self._options)
            return self._image(fitted.palette, indices)

    def _by_cells(self, k: int) -> CompressedImage | None:
        """An RGBA image of too many colours to list; None when cells do not suffice for k."""
        pixels, threads = self._pixels, self._options.threads
        with stage("counting", _SHARE_OF_COUNTING, each=0.5):
            cells = packed_counting.count_cells(pixels, threads)
        if len(cells.keys) < _CELLS_PER_CENTROID * k:
            return None
        with stage("fitting", _SHARE_OF_FITTING, each=0.2):
            rows, _ = fit_packed.fit(cells, k, self._options.effort, threads)
        with mapping_stage(self._dithering):
            if self._dithering.strength > 0:
                return self._image(rows, dithered(pixels, rows, self._dithering, threads))
            indices = nearest_packed.map_pixels(pixels, rows, threads)
            is_used = nearest_packed.used_rows(indices, k, threads).all()
            return self._image(rows, indices) if is_used else None

    def _image(self, rows: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger]) -> CompressedImage:
        pixels, metadata, _ = self._given
        return CompressedImage(stored_palette(rows, *ImageKind.of(pixels)), indices, pixels.shape, metadata)
