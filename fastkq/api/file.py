"""A `.fkq` file that is open: what it says of itself, and any region of it."""

import contextlib
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.api.image import CompressedImage
from fastkq.color import indexed_image
from fastkq.color.indexed_image import bits_per_index
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, DamageWarning, FormatError
from fastkq.formats import fkq
from fastkq.formats.source import Source, SourceLike, opened
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import MAX_PIXELS, check_max_pixels, check_region, check_threads


class CompressedFile:
    """A `.fkq` file of which only the head has been read; `fastkq.open` gives it.

    A context manager, which closes the file it opened. Threads may load from it side by side.

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
            with _naming(self._source):
                self._head = fkq.read_head(self._source, strict=strict)
            self._length = self._source.length
            self._stack = stack.pop_all()

    @property
    def version(self) -> int:
        """Version of the format."""
        return self._head.version

    @property
    def coding(self) -> str:
        """How the indices are stored: "packed" or "context"."""
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
        """Number of colours."""
        return len(self._head.palette)

    @property
    def palette(self) -> npt.NDArray[Any]:
        """The colours, (k, C) of `dtype`; in the coding "packed" not yet checked against the checksum."""
        return self._head.palette

    @property
    def metadata(self) -> Metadata:
        """ICC profile, EXIF and resolution, where the file has them."""
        return self._head.metadata

    @property
    def parts(self) -> tuple[fkq.Part, ...]:
        """What is decoded alone: each a (box, offset, length, checksum), box a (top, left, height, width)."""
        return self._head.parts

    @property
    def damage(self) -> tuple[indexed_image.Damage, ...]:
        """What was passed over because the reader is not strict; the parts are seen when they are loaded."""
        return self._head.damage

    @property
    def nbytes(self) -> int:
        """Length of the file."""
        return self._length

    @property
    def bits_per_index(self) -> int:
        """ceil(log2 k)."""
        return bits_per_index(self.k)

    @property
    def bits_per_pixel(self) -> float:
        """Bits of the whole file for each pixel."""
        return 8 * self._length / (self.shape[0] * self.shape[1])

    def load(
        self,
        *,
        region: tuple[int, int, int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> CompressedImage:
        """The image, or a region of it: as `fastkq.load`."""
        if self._source is None:
            raise ArgumentError("expected an open file, got one that was closed")
        box = None if region is None else check_region(region, *self.shape[:2])
        most, workers = check_max_pixels(max_pixels), check_threads(threads)
        with watched(progress), stage("decoding"), _naming(self._source):
            contents = fkq.decode(
                self._source, self._head, box, strict=self._strict, max_pixels=most, threads=workers
            )
        if contents.damage:
            message = f"{self._source.name or 'the file'} is damaged: {_summary(contents.damage)}"
            warnings.warn(message, DamageWarning, stacklevel=3)
        return CompressedImage(*contents)

    def close(self) -> None:
        """Close what was opened; a file object that was given stays open."""
        self._source = None
        self._stack.close()

    def __enter__(self) -> "CompressedFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<CompressedFile version {self.version}, {self.coding}, {self.shape} {self.dtype}, k={self.k}, "
            f"{len(self.parts)} parts, {self.nbytes} bytes>"
        )


CompressedFile.__module__ = "fastkq"  # pickles name the public module


@contextlib.contextmanager
def _naming(source: Source) -> Iterator[None]:
    """Let errors begin with the path."""
    try:
        yield
    except FormatError as error:
        if source.name is None:
            raise
        raise FormatError(f"{source.name}: {error}") from None


def _summary(damage: tuple[indexed_image.Damage, ...]) -> str:
    parts = sum(found.part is not None for found in damage)
    first = damage[0]
    lost = f"{parts} part{'s' * (parts > 1)}, whose pixels are index 0" if parts else "no pixels are lost"
    return f"{lost}; first at byte {first.offset}: {first.reason}"
