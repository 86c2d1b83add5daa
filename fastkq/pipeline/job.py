"""What `compress` does once everything is read and checked."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_counting
from fastkq.color.color_counts import ColourCounts
from fastkq.color.kinds import ImageKind, stored_palette, working
from fastkq.color.packed_counting import MOST_RGBA_COLOURS
from fastkq.formats.fkq import encoded_size
from fastkq.image import CompressedImage
from fastkq.inputs import Input
from fastkq.pipeline.targets import fit_bytes, largest, reach_psnr
from fastkq.quantization import fit_packed, nearest_packed, spatial
from fastkq.quantization.fit import Fit, fit
from fastkq.quantization.nearest import dithered, indices_of, kept_opaque, mapping_stage
from fastkq.quantization.options import Dithering, FitOptions
from fastkq.runtime.progress import stage
from fastkq.runtime.validation import MAX_COLOURS, Coding

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
