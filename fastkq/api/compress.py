"""Compress an image to a palette and indices, and decompress it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.api.image import CompressedImage
from fastkq.api.inputs import Input
from fastkq.api.load import load
from fastkq.api.masked import compressed_image, counted_pixels, counted_weights, pixels_to_dither
from fastkq.api.options import (
    check_8bit,
    check_arguments,
    check_dithering,
    check_fit,
    check_target_file,
)
from fastkq.api.palettes import map_to_palette, read_stage
from fastkq.api.targets import TargetFile, fit_bytes, largest_k, reach_psnr
from fastkq.color import hidden_colors, packed_counting
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import stored_palette, to_working_form
from fastkq.color.packed_counting import MAX_RGBA_COLORS
from fastkq.errors import ArgumentError
from fastkq.formats import MAX_PALETTE
from fastkq.formats.fkq import encoded_size
from fastkq.formats.source import SourceLike
from fastkq.quantization import visual_preset
from fastkq.quantization.fit import distinct_colors, fit
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.nearest import dithered, indices_of, keep_opaque, map_pixels, mapping_stage
from fastkq.quantization.options import Dithering, FitOptions
from fastkq.quantization.rounding import Fit, used_rows
from fastkq.runtime.options import (
    MAX_COLORS,
    MAX_PIXELS,
    Coding,
    DitherMethod,
    DitherSpace,
    Effort,
    FileFormat,
    Preset,
    Space,
    term,
)
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.typing import ImageArray
from fastkq.runtime.validation import check_weights

if TYPE_CHECKING:
    from fastkq.api.given_colors import Colors
    from fastkq.api.inputs import ImageLike


def compress(
    image: ImageLike,
    k: int | None = None,
    *,
    palette: Colors | None = None,
    fixed: Colors | None = None,
    bits: int | Sequence[int] | None = None,
    binary_alpha: bool = False,
    keep_black_white: bool = False,
    weights: npt.ArrayLike | None = None,
    alpha: bool | None = None,
    mask: npt.ArrayLike | None = None,
    max_error: float | None = None,
    min_share: float = 0.0,
    target_psnr: float | None = None,
    target_bytes: int | None = None,
    format: FileFormat = "fkq",  # noqa: A002
    coding: Coding = "context",
    optimize: bool = False,
    space: Space = "rgb",
    value_range: tuple[float, float] | None = None,
    dither: bool | float = False,
    dither_method: DitherMethod = "diffusion",
    dither_space: DitherSpace | None = None,
    preset: Preset | None = None,
    effort: Effort = "balanced",
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CompressedImage:
    """Reduce an image to at most k colors by k-means.

    Parameters
    ----------
    image : array, PIL image, path, bytes or binary file object
        Arrays have shape (H, W) or (H, W, C) with C from 1 to 64, an integer dtype of up to 32 bits, float32,
        float64 or bool, and any memory layout; they are never changed. The last of 2 or 4 channels of a uint8
        or uint16 array is alpha, see `alpha`. Images of bool have shape (H, W) or (H, W, 1). Floats must be
        finite, except under `mask`.
        Files and PIL images are read as a viewer shows them: EXIF rotation is applied, palettes are converted
        to RGB, transparency becomes alpha. CMYK becomes sRGB by its ICC profile; without one, it becomes RGB
        by the simple formula. Color space (ICC profile, or the chunks cICP, sRGB, gAMA and cHRM of PNG),
        EXIF, XMP and DPI go into the result. An ICC profile that cannot be used is left out with a
        `fastkq.errors.ColorSpaceWarning`. A file may also be a `.fkq` file.
    k : int, optional
        Number of colors, 1 to 65536. The default is 64, unless `palette` or a target decides. An image of at
        most k colors comes back unchanged, except for the color of pixels with alpha 0.
    palette : (k, C) array_like, CSS colors, path or PIL image, optional
        Colors to use instead of a fitted palette, as in `apply_palette`. With k, the k of them that have the
        least squared error without dithering, in their order; this is exact for up to 20 colors. Not together
        with `fixed`, `bits`, `binary_alpha`, `keep_black_white`, `max_error`, a target or `preset`, and with
        `weights` only if `k` is given.
    fixed : (f, C) array_like, CSS colors, path or PIL image, optional
        Colors that the palette must contain exactly, at most k, given as in `apply_palette`; as there, a gray
        image becomes RGB if they have 3 channels. They are the first rows of the palette, in the given order,
        even if no pixel uses them. The rules for opacity (see Returns) hold as far as the fixed colors leave
        rows for them.
    bits : int or sequence of int, optional
        Bits of each color channel of the palette, as display hardware stores it: (5, 6, 5), (5, 5, 5) and
        (3, 3, 2) are RGB565, RGB555 and RGB332; one number holds for all of them. With one number more, the
        last one is for alpha. A value v of b bits stands for the level v * 255 / (2^b - 1), rounded (for 16
        bits, 65535 in place of 255). The palette is fitted under this constraint, which has less error than
        rounding a palette. It has min(k, n) rows, where n is the number of colors with these bits that are
        nearest to a color of the image. `fixed` colors are kept as they are. For uint8 and uint16.
    binary_alpha : bool
        Whether the palette has only alpha 0, in at most one row, and full alpha, as in GIF files. Pixels get
        the nearest row by the metric of RGBA (see `space`). Without effect on images without alpha.
    keep_black_white : bool
        Whether pure black and white are rows, after the `fixed` ones, if much of the image is near them. They
        are what people want of scans and screenshots: black text on white has least squared error with
        (14, 254) at k = 2. A pixel is near if it is opaque and differs by at most 32 levels of 255 in each
        channel. A color is kept if at least 0.5 % of the pixels (with `weights`, of their weight) are near
        it, and if these are at least 1/k of all or at least half of all are near black or white.
        If one row is left, the color with more near pixels gets it. Without the values of black and white
        (see `value_range`) the option has no effect.
    weights : (H, W) array_like, optional
        Weight of each pixel's squared error, finite and at least 0, not all 0: an importance map gives more
        colors to the regions that matter. Only the ratios of the weights matter.
    alpha : bool, optional
        Whether the last channel is alpha. None: the last of 2 or 4 channels of uint8 or uint16 is, unless the
        file says otherwise; a TIFF does by its tag ExtraSamples. False: all channels are plain values, for
        example red, green, blue and near infrared; distances are Euclidean over all of them. True: the last
        channel is alpha, or an error.
    mask : (H, W) bool array_like, optional
        True for pixels that do not count, as in `numpy.ma`: their values may be anything, also NaN. Masked in
        addition are pixels of a `numpy.ma.MaskedArray` that are masked in any channel; pixels of weight 0
        that are not finite; and pixels of a TIFF that have the value of its tag GDAL_NODATA in all channels
        (if it is NaN: in any). Masked pixels have the last row of the palette, which is zeros and counts
        among the k, see `CompressedImage.masked_index`. Not together with `preset`, and not for bool.
    max_error : float, optional
        Upper bound on the Euclidean distance between a color and its palette row, over all channels together.
        The unit is one 8-bit level, for RGBA as seen on a background (see `space`); with ``space="oklab"`` it
        is the unit of Oklab, in which L goes from 0 to 1. For uint8 with at most 4 channels.
    min_share : float
        Colors that fill at most this share of the pixels, 0.0 to 1.0, are exempt from `max_error`. With the
        default 0.0, `max_error` holds for rare colors too. Other values need `max_error`.
    target_psnr : float, optional
        Decides k: the smallest k found whose PSNR, in dB and undithered, is at least this. Not together with
        `k`, `target_bytes`, `max_error` or `dither`. Colors with alpha 0 count as equal, as in
        `CompressedImage.report`.
    target_bytes : int, optional
        Decides k: the largest k found whose file, with the image's metadata, has at most this many bytes. Not
        together with `k` or `max_error`.
    format : {"fkq", "png", "gif", "webp", "tif", "bmp"}
        Format of the file whose size `target_bytes` bounds; otherwise without effect. All but "fkq" have at
        most 256 colors then.
    coding : {"context", "packed"}
        Coding of the `.fkq` file whose size `target_bytes` bounds; otherwise without effect.
    optimize : bool
        Whether the PNG file whose size `target_bytes` bounds is optimized, as by `CompressedImage.save`;
        otherwise without effect.
    space : {"rgb", "oklab"}
        Color space in which distances are measured: R, G, B (for RGBA, the mean over compositing on black,
        mid-gray and white), or Oklab [4]_, which is closer to perceived differences. Oklab is for gray and
        RGB, with or without alpha. With both, the palette is stored in sRGB.
    value_range : (float, float), optional
        Values of black and white in images of floats, signed integers, uint16 and uint32, which
        ``space="oklab"`` and `dither` need to know. The default is (0, 65535) for uint16; the other dtypes
        have none. Values of the image may lie beyond it.
    dither : bool or float
        False: each pixel gets its nearest color. True, or a strength up to 1.0: neighboring pixels compensate
        for each other's errors. For gray and RGB, with or without alpha. Values of more than 8 bits are
        rounded to 65,536 levels for it.
    dither_method : {"diffusion", "atkinson", "blue-noise"}
        "diffusion" is Floyd-Steinberg error diffusion [5]_: a field of a color that palette rows can mix has
        the right mean. "atkinson" is error diffusion with the weights of Bill Atkinson, which drops a quarter
        of the error: more contrast, less detail in dark and light colors. "blue-noise" is ordered dithering
        with a blue-noise mask, which is stable between the frames of a video.
    dither_space : {"rgb", "linear", "oklab"}, optional
        Space in which dithering measures distances and keeps means; that of `space` if None. "linear" is the
        light of an sRGB display, which the eye mixes at a distance: for e-paper and LED matrices.
    preset : {"visual"}, optional
        "visual" optimizes palette and indices together for a viewer, who sees the mean of a few pixels. This
        looks better than a palette of least squared error with error diffusion and takes about 10 times as
        long. For uint8 with at most 4 channels. Not together with `palette`, `fixed`, `bits`,
        `binary_alpha`, `keep_black_white`, `weights`, masked pixels, `max_error`, a target, `dither` or
        ``space="oklab"``.
    effort : {"fast", "balanced", "best"}
        How long to search for a better palette. On the Kodak images, compared with "balanced": "fast" has 1
        to 2 % more squared error and takes half the time; "best" has up to 2 % less and takes 4 to 10 times
        as long. The palette of a single gray channel of integers is optimal at every effort if their
        range is at most 16 bits.
    max_pixels : int
        Refuse to decode a file of more pixels than this; the default is 2^30, the largest image. A small file
        can claim any size. Where you have set `PIL.Image.MAX_IMAGE_PIXELS`, it holds for image files as well.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.
    progress : callable, optional
        Called as ``progress(fraction, stage)`` on the calling thread, about 30 times per second. The fraction
        of the work that is done never decreases and ends at 1.0. The stage is "reading", "counting",
        "fitting", "mapping", "dithering", "coding", "decoding", "painting" or "writing". If the callable
        returns False, the work ends with `Cancelled`; `fastkq.runtime.progress` says how soon. If it raises,
        the exception propagates. Any other return value continues the work. The result does not depend on it.
        To move a tqdm bar, ``bar = tqdm(total=1)``, pass ``lambda done, stage: bar.update(done - bar.n)``.

    Returns
    -------
    CompressedImage
        It has exactly min(k, distinct colors) colors, ordered by alpha, then luminance. Rows given by
        `palette` or `fixed` keep their order and need not be used; with `preset` there can be fewer rows.
        Undithered, each index names the nearest color.
        From k = 3 on, an opaque pixel of 8 bits gets the nearest of the opaque colors, and a transparent
        pixel of 8 or 16 bits a transparent color: a row of alpha 0 has, in its other channels, the values
        that are commonest among the pixels of alpha 0 (of equally common ones the smallest), so that the
        color key of an RGB image is kept.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used; the message says what was expected.
    UnreachableError
        If a target or `max_error` cannot be reached; the message says what can.
    FormatError
        If the file is damaged, is not an image, or has more than `max_pixels` pixels.
    OSError
        If the file cannot be read.
    Cancelled
        If `progress` returned False.

    Notes
    -----
    k-means runs on the distinct colors, weighted by their counts. First, swaps of single centroids that leave
    local optima [3]_ run on a coarse set of points that represents all colors. Then Lloyd's algorithm [1]_
    runs on finer sets and at last on all colors; bounding boxes limit the candidate centroids, as in the
    filtering algorithm [2]_. An RGBA image that is not opaque and has more than 2^18 colors is fitted with 6
    bits per channel; its pixels are mapped with all 8.

    Some memory is kept for the next image, 12 to 33 MB after a photograph; `fastkq.runtime.buffers.clear`
    drops it.

    References
    ----------
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
    >>> fastkq.compress(ramp, k=4, fixed=["black", "red"]).palette.tolist()
    [[0, 0, 0], [255, 0, 0], [103, 103, 103], [205, 205, 205]]
    >>> calls = []
    >>> compressed = fastkq.compress(ramp, k=4, progress=lambda done, stage: calls.append((done, stage)))
    >>> calls[0], calls[-1]
    ((0.0, 'reading'), (1.0, 'mapping'))
    """
    options = check_arguments(
        k=k, palette=palette, fixed=fixed, bits=bits, binary_alpha=binary_alpha,
        keep_black_white=keep_black_white, weights=weights, max_error=max_error, min_share=min_share,
        target_psnr=target_psnr, target_bytes=target_bytes, format=format, coding=coding, optimize=optimize,
        space=space, value_range=value_range, dither=dither, dither_method=dither_method,
        dither_space=dither_space, preset=preset, effort=effort, alpha=alpha, max_pixels=max_pixels,
        threads=threads,
    )  # fmt: skip
    with watched(progress):
        source = read_stage(image, options, mask)
        if palette is not None:
            return map_to_palette(source, options)
        kind = source.kind
        checked_weights = check_weights(weights, source.pixels.shape)
        dithering = check_dithering(options, kind)
        compression = Compression(source, checked_weights, dithering, check_fit(options, kind))
        if preset is not None:
            check_8bit("preset", "for a preset", kind)
            if source.mask is not None:
                raise ArgumentError(
                    "expected an image without masked pixels for {}, got some", term("preset")
                )
            return compression.visual(options["k"])
        if compression.is_all_masked:
            return compression.without_colors(options["k"])
        if target_psnr is not None:
            return compression.for_psnr(options["target_psnr"])
        if target_bytes is not None:
            is_masked = source.mask is not None
            return compression.for_bytes(check_target_file(options, kind, is_masked=is_masked))
        return compression.make(options["k"])


def decompress(
    source: CompressedImage | SourceLike,
    *,
    max_pixels: int = MAX_PIXELS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ImageArray:
    """Return the image that a CompressedImage, a `.fkq` file or an image file with a palette holds.

    Parameters
    ----------
    source : CompressedImage, path, bytes-like or binary file object
    max_pixels : int
        Refuse to decode a file of more pixels than this; the default is 2^30.
    threads : int, optional
        Number of threads; all cores if None. The result does not depend on it.
    progress : callable, optional
        As in `compress`.

    Returns
    -------
    (H, W) or (H, W, C) array
        It has the shape and dtype of the image that was compressed. An image file gives (H, W, 3) uint8, or
        (H, W, 4) if a color is not opaque.

    Raises
    ------
    FormatError
        As in `load`.
    OSError
        If the file cannot be read.

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
            compressed = load(source, max_pixels=max_pixels, threads=threads)
        return compressed.decompress(threads=threads)


_CELLS_PER_CENTROID = 64
"""With fewer occupied cells of 6 bits per channel than this per centroid, all colors are counted exactly."""

_SHARE_OF_COUNTING = 0.3  # progress: share of the work that is left after reading
_SHARE_OF_FITTING = 0.6  # progress: share of the work that is left after counting


class Compression:
    """A compression of one image. Its colors are counted on first use.

    Masked pixels are left out of all work. The result gets a row for them, which counts among the k.
    """

    def __init__(
        self,
        source: Input,
        weights: npt.NDArray[np.float64] | None,
        dithering: Dithering,
        options: FitOptions,
    ) -> None:
        self._source, self._weights = source, counted_weights(weights, source)
        self._dithering, self._options = dithering, options
        self._counted_pixels = counted_pixels(source)
        self._pixels = to_working_form(self._counted_pixels, source.is_plain)
        self._masked_rows = int(source.mask is not None)

    @property
    def is_all_masked(self) -> bool:
        """Whether no pixel counts."""
        return self._pixels.size == 0

    def without_colors(self, k: int | None) -> CompressedImage:
        """Return an image whose pixels are all masked; of the palette, only the fixed colors are left."""
        kind = self._source.kind
        fixed = self._options.fixed
        rows = np.empty((0, self._pixels.shape[2] if self._pixels.ndim == 3 else 1), self._pixels.dtype)
        palette = stored_palette(rows if fixed is None else fixed, *kind)
        self._check_k(k, len(palette))
        return compressed_image(self._source, palette, np.empty(0, np.uint8))

    def _check_k(self, k: int | None, least: int) -> None:
        """Check that k colors leave a row for masked pixels, beside at least `least` others."""
        least += self._masked_rows
        if k is not None and k < least:
            message = "expected {} to be at least {}, with one for masked pixels, got {}"
            raise ArgumentError(message, term("k"), least, k, parameter="k")

    @cached_property
    def _counts(self) -> ColorCounts:
        with stage("counting", _SHARE_OF_COUNTING, each=0.5):
            return ColorCounts.of(
                self._counted_pixels, self._weights, self._options.threads, is_plain=self._source.is_plain
            )

    def make(self, k: int) -> CompressedImage:
        """Return the image with k colors."""
        self._check_k(k, self._options.min_k)
        k -= self._masked_rows
        if self._weights is None and self._options.is_plain and "_counts" not in self.__dict__:
            with stage("counting", _SHARE_OF_COUNTING, each=0.5):
                counts_if_few = ColorCounts.of_at_most(
                    self._counted_pixels, MAX_RGBA_COLORS, self._options.threads,
                    is_plain=self._source.is_plain,
                )  # fmt: skip
            from_cells = self._compress_cells(k) if counts_if_few is None else None
            if from_cells is not None:
                return from_cells
            if counts_if_few is not None:
                self._counts = counts_if_few
        counts = self._counts
        with stage("fitting", _SHARE_OF_FITTING, each=0.2):
            fitted = fit(counts, k, self._options)
        return self._map(fitted)

    def visual(self, k: int) -> CompressedImage:
        """Return the image with at most k colors by the preset "visual"."""
        threads = self._options.threads
        with stage("dithering", each=0.2):
            rows, indices = visual_preset.visual(self._pixels, k, self._options.effort, threads)
            indices = keep_opaque(self._pixels, rows, indices, threads)
            return self._result(self._with_hidden_color(rows), indices)

    def for_psnr(self, target: float) -> CompressedImage:
        """Return the image with the fewest colors found whose PSNR is at least `target` dB."""
        counts = self._counts
        with stage("fitting", _SHARE_OF_FITTING, each=0.2):
            fitted = reach_psnr(counts, target, self._options)
        return self._map(fitted)

    def for_bytes(self, file: TargetFile) -> CompressedImage:
        """Return the image with the most colors found whose file is not larger than its target."""
        least = self._options.min_k + self._masked_rows
        has_lattice = self._options.lattice is not None
        distinct = distinct_colors(self._counts, self._options) if has_lattice else len(self._counts)
        most = min(distinct + self._masked_rows, MAX_COLORS if file.format == "fkq" else MAX_PALETTE)
        if file.format == "fkq" and file.coding == "packed":
            kind = self._source.kind
            pixels = self._source.pixels.size // kind.channels
            size = partial(encoded_size, pixels, channels=kind.channels, itemsize=kind.dtype.itemsize)
            return self.make(largest_k(size, file.target, least, most))
        return fit_bytes(self.make, file, least, most)

    def _map(self, fitted: Fit) -> CompressedImage:
        counted = self._counts.counted
        with mapping_stage(self._dithering):
            pixels = self._to_dither(fitted.palette) if self._dithering.strength > 0 else self._pixels
            indices = indices_of(pixels, counted, fitted, self._dithering, self._options.threads)
            return self._result(fitted.palette, indices)

    def _compress_cells(self, k: int) -> CompressedImage | None:
        """Compress an RGBA image of more than `MAX_RGBA_COLORS` colors, fitted with 6 bits per channel.

        Return None if the cells are too few for k, or if a row of the palette stays unused.
        """
        pixels, threads = self._pixels, self._options.threads
        with stage("counting", _SHARE_OF_COUNTING, each=0.5):
            cells = packed_counting.count_cells(pixels, threads)
        if len(cells) < _CELLS_PER_CENTROID * k:
            return None
        with stage("fitting", _SHARE_OF_FITTING, each=0.2):
            rows = self._with_hidden_color(fit_table(cells, k, self._options).palette)
        with mapping_stage(self._dithering):
            if self._dithering.strength > 0:
                pixels = self._to_dither(rows)
                return self._result(rows, dithered(pixels, rows, self._dithering, threads))
            indices = map_pixels(pixels, rows, threads)
            is_used = used_rows(indices, k, threads).all()
            return self._result(rows, indices) if is_used else None

    def _with_hidden_color(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a palette that was fitted without `ColorCounts`, with the hidden color of the image."""
        hidden = hidden_colors.count(self._pixels, self._options.threads)
        return hidden_colors.with_hidden_color(rows, hidden_colors.commonest(hidden))

    def _to_dither(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the whole image in its working form: dithering needs the neighbors of each pixel."""
        if self._source.mask is None:
            return self._pixels
        palette = stored_palette(rows, *self._source.kind)
        return to_working_form(pixels_to_dither(self._source, palette), self._source.is_plain)

    def _result(self, rows: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger]) -> CompressedImage:
        return compressed_image(self._source, stored_palette(rows, *self._source.kind), indices)
