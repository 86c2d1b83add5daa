"""Indexed image, which encoders and decoders exchange: palette, index per pixel, metadata and damage."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError
from fastkq.runtime import validation
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import ImageArray

_PIXELS_PER_CHUNK = 1 << 17


class Box(NamedTuple):
    """A rectangle of pixels.

    Examples
    --------
    >>> import fastkq
    >>> fastkq.Box(top=0, left=16, height=8, width=8).left
    16
    """

    top: int
    left: int
    height: int
    width: int


Box.__module__ = "fastkq"  # pickles name the public module


class Damage(NamedTuple):
    """Damaged or missing piece of a file that was read without it.

    Attributes
    ----------
    part : int or None
        Number of the part of the `.fkq` file, from 0. None if the damaged piece holds no pixels: metadata, or
        bytes after the end.
    box : Box or None
        Rectangle of pixels (top, left, height, width) that are not reliable.
    offset : int
        Byte of the file where the damaged piece begins.
    reason : str
        What is wrong with it.

    Examples
    --------
    >>> import fastkq
    >>> fastkq.Damage(None, None, 120, "wrong checksum").offset
    120
    """

    part: int | None
    box: Box | None
    offset: int
    reason: str


Damage.__module__ = "fastkq"  # pickles name the public module


def bits_per_index(k: int) -> int:
    """Return the number of bits per index, ceil(log2 k): 0 for one color, 16 for 65,536."""
    return (k - 1).bit_length()


def index_dtype(k: int) -> type[np.uint8] | type[np.uint16]:
    """Return the dtype of the indices into a palette of k rows."""
    return np.uint8 if k <= 256 else np.uint16


class IndexedImage:
    """Palette, indices and metadata of an image: the base of `fastkq.CompressedImage`.

    Encoders take it and decoders return it. Two images are equal if palette (with its dtype), indices and
    shape are equal; metadata and damage are not compared.
    """

    __slots__ = ("_damage", "_indices", "_metadata", "_palette", "_shape")

    def __init__(
        self,
        palette: npt.ArrayLike,
        indices: npt.ArrayLike,
        shape: tuple[int, ...] | None = None,
        metadata: Metadata | None = None,
        damage: tuple[Damage, ...] = (),
    ) -> None:
        checked_palette = validation.check_palette(palette)
        checked_indices = validation.check_indices(indices, len(checked_palette))
        self._store(checked_palette, checked_indices, shape, metadata, damage)
        channels = self._palette.shape[1]
        shapes = [(*self._indices.shape, channels)] + [self._indices.shape] * (channels == 1)
        if self._shape not in shapes:
            raise ArgumentError(f"expected shape {' or '.join(map(str, shapes))}, got {self._shape}")

    @classmethod
    def unchecked(
        cls,
        palette: npt.NDArray[Any],
        indices: npt.NDArray[np.integer[Any]],
        shape: tuple[int, ...] | None = None,
        metadata: Metadata | None = None,
        damage: tuple[Damage, ...] = (),
    ) -> Self:
        """Make an image of arrays that are valid by construction, such as those that a decoder has checked.

        The constructor reads all indices to check them: 0.3 ms for 12 megapixels.
        """
        image = cls.__new__(cls)
        image._store(palette, indices, shape, metadata, damage)
        return image

    @classmethod
    def of(cls, image: IndexedImage, **changes: Any) -> Self:
        """Return an image as one of this class, with some arguments of `unchecked` changed.

        Both share the arrays that are not changed.
        """
        names = ("palette", "indices", "shape", "metadata", "damage")
        return cls.unchecked(**({name: getattr(image, name) for name in names} | changes))

    def _store(
        self,
        palette: npt.NDArray[Any],
        indices: npt.NDArray[np.integer[Any]],
        shape: tuple[int, ...] | None,
        metadata: Metadata | None,
        damage: tuple[Damage, ...],
    ) -> None:
        self._palette = np.ascontiguousarray(palette).view()
        stored: npt.NDArray[np.unsignedinteger] = indices.astype(index_dtype(self.k), order="C", copy=False)
        self._indices = stored.view()
        self._palette.flags.writeable = self._indices.flags.writeable = False
        self._shape = (*self._indices.shape, self._palette.shape[1]) if shape is None else tuple(shape)
        self._metadata = metadata or Metadata()
        self._damage = damage

    @property
    def palette(self) -> ImageArray:
        """Colors (k, C) of `dtype`, read-only."""
        return self._palette

    @property
    def indices(self) -> npt.NDArray[np.unsignedinteger]:
        """Palette row of each pixel, (H, W) uint8 (uint16 for k > 256), read-only."""
        return self._indices

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the decompressed image."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the palette and of the decompressed image."""
        return self._palette.dtype

    @property
    def k(self) -> int:
        """Number of colors, the rows of the palette."""
        return len(self._palette)

    @property
    def metadata(self) -> Metadata:
        """Color space, EXIF, XMP and resolution, as far as the input had them."""
        return self._metadata

    @property
    def damage(self) -> tuple[Damage, ...]:
        """Damaged pieces (part, box, offset, reason) of a file that was loaded with ``strict=False``."""
        return self._damage

    @property
    def bits_per_index(self) -> int:
        """Number of bits per index, ceil(log2 k)."""
        return bits_per_index(self.k)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IndexedImage):
            return NotImplemented
        return (
            self._shape == other._shape
            and self.dtype == other.dtype
            and np.array_equal(self._palette, other._palette)
            and np.array_equal(self._indices, other._indices)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._palette, self._indices, self._shape, self._metadata, self._damage)


def count_indices(image: IndexedImage) -> npt.NDArray[np.int64]:
    """Return the number of pixels of each color of the palette, (k,)."""
    return np.bincount(image.indices.reshape(-1), minlength=image.k)


def paint(image: IndexedImage, threads: int = 1) -> npt.NDArray[Any]:
    """Return the pixels (H, W, C) of an indexed image: the palette row of each index."""
    palette, flat = image.palette, image.indices.reshape(-1)
    # The kernel copies values of any dtype as unsigned integers of the same size.
    bits = palette.view(f"u{palette.itemsize}")
    out = np.empty((len(flat), palette.shape[1]), bits.dtype)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.indexed_image.paint(bits, flat, start, stop, out)

    over_chunks(work, len(flat), _PIXELS_PER_CHUNK, threads)
    return out.view(palette.dtype).reshape(*image.indices.shape, -1)
