"""An open `.fkq` file, from which the image or a region of it can be loaded."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastkq.api.image import CompressedImage
from fastkq.color import indexed_image
from fastkq.color.indexed_image import bits_per_index
from fastkq.color.kinds import ImageKind
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, DamageWarning, FormatError
from fastkq.formats import fkq
from fastkq.formats.source import Source, SourceLike, opened
from fastkq.runtime.options import MAX_PIXELS
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.typing import ImageArray
from fastkq.runtime.validation import check_max_pixels, check_region, check_threads


class CompressedFile:
    """A `.fkq` file of which only the head has been read; `fastkq.open` returns it.

    It is a context manager that closes the file it opened. Several threads may load from it at the same time.

    Parameters
    ----------
    source : path, bytes-like or binary file object
    strict : bool
        Whether damage is an error, also in `load`: see `fastkq.load`.

    Raises
    ------
    FormatError, OSError
        As in `fastkq.open`.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> data = fastkq.compress(np.arange(256, dtype=np.uint8).reshape(16, 16), k=4).to_bytes()
    >>> with fastkq.open(data) as file:
    ...     file.version, file.coding, file.shape, file.k, len(file.parts)
    (2, 'context', (16, 16), 4, 1)
    >>> with fastkq.open(data) as file:
    ...     file.load(region=(0, 14, 1, 2)).indices
    array([[0, 0]], dtype=uint8)
    """

    def __init__(self, source: SourceLike, *, strict: bool = True) -> None:
        self._strict = strict
        self._stack = contextlib.ExitStack()
        with self._stack as stack:
            self._source: Source | None = stack.enter_context(opened(source))
            with _with_name(self._source):
                self._head = fkq.read_head(self._source, strict=strict)
            self._length = self._source.length
            self._stack = stack.pop_all()

    @property
    def version(self) -> int:
        """Version of the `.fkq` format: 1 to 4."""
        return self._head.version

    @property
    def coding(self) -> str:
        """Coding of the indices: "packed" or "context"."""
        return self._head.coding

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the decompressed image: (H, W) or (H, W, C)."""
        return self._head.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the palette and of the decompressed image."""
        return self._head.palette.dtype

    @property
    def k(self) -> int:
        """Number of colors: rows of the palette."""
        return len(self._head.palette)

    @property
    def palette(self) -> ImageArray:
        """The colors, (k, C) of `dtype`; in the coding "packed", only `load` verifies the checksum."""
        return self._head.palette

    @property
    def kind(self) -> ImageKind:
        """Dtype, number and meaning of the channels."""
        return ImageKind(self.dtype, self.palette.shape[1], self._head.is_plain)

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.kind.has_alpha

    @property
    def masked_index(self) -> int | None:
        """Index of the masked pixels, see `CompressedImage.masked_index`."""
        return self._head.masked_index

    @property
    def metadata(self) -> Metadata:
        """Color space, EXIF, XMP and DPI, as far as the file has them."""
        return self._head.metadata

    @property
    def parts(self) -> tuple[fkq.Part, ...]:
        """Rectangles that are decoded independently, in raster order.

        Each is a (box, offset, length, checksum): the box is (top, left, height, width) in pixels; offset and
        length count bytes of the file; the checksum is the CRC-32 of these bytes. In the coding "packed"
        there is one part, and the checksum covers the whole file except itself.
        """
        return self._head.parts

    @property
    def damage(self) -> tuple[indexed_image.Damage, ...]:
        """Damage in the head that was skipped because `strict` is False; `load` finds damage in parts."""
        return self._head.damage

    @property
    def nbytes(self) -> int:
        """Length of the file in bytes."""
        return self._length

    @property
    def bits_per_index(self) -> int:
        """ceil(log2 k): bits of an index without compression."""
        return bits_per_index(self.k)

    @property
    def bits_per_pixel(self) -> float:
        """Bits of the whole file per pixel."""
        return 8 * self._length / (self.shape[0] * self.shape[1])

    def load(
        self,
        *,
        region: tuple[int, int, int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> CompressedImage:
        """Load the image or a region of it.

        Parameters
        ----------
        region, max_pixels, threads, progress
            As in `fastkq.load`.

        Raises
        ------
        FormatError
            As in `fastkq.load`.
        ArgumentError
            If the file is closed, or the region is not within the image.
        OSError
            If the file cannot be read.
        """
        if self._source is None:
            raise ArgumentError("expected an open file, got a closed one")
        box = None if region is None else check_region(region, *self.shape[:2])
        limit, workers = check_max_pixels(max_pixels), check_threads(threads)
        with watched(progress), stage("decoding"), _with_name(self._source):
            image = fkq.decode(
                self._source, self._head, box, strict=self._strict, max_pixels=limit, threads=workers
            )
        if image.damage:
            message = f"{self._source.name or 'the file'} is damaged: {_summary(image.damage)}"
            warnings.warn(message, DamageWarning, stacklevel=3)
        return CompressedImage.of(image)

    def close(self) -> None:
        """Close the file if it was opened here; a file object that was passed stays open."""
        self._source = None
        self._stack.close()

    def __enter__(self) -> CompressedFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<CompressedFile version {self.version}, {self.coding}, {self.shape} {self.dtype}, k={self.k}, "
            f"{len(self.parts)} parts, {self.nbytes} bytes>"
        )


CompressedFile.__module__ = "fastkq"  # pickles name the public module


@contextlib.contextmanager
def _with_name(source: Source) -> Iterator[None]:
    """Prefix each FormatError with the path of the source."""
    try:
        yield
    except FormatError as error:
        if source.name is None:
            raise
        raise FormatError(f"{source.name}: {error}") from None


def _summary(damage: tuple[indexed_image.Damage, ...]) -> str:
    """Describe the damage in one line: the number of lost parts and the first reason."""
    parts = sum(found.part is not None for found in damage)
    first = damage[0]
    lost = f"{parts} part{'s' * (parts > 1)}, whose pixels have index 0" if parts else "no pixels are lost"
    return f"{lost}; first at byte {first.offset}: {first.reason}"
