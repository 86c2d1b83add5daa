"""Indexed image, which encoders and decoders exchange: palette, index per pixel, metadata and damage."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.kinds import ImageKind
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError
from fastkq.runtime import validation
from fastkq.runtime.options import check_integer, term
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

    Encoders take it and decoders return it. Two images are equal if palette (with its dtype), indices, shape,
    meaning of the channels, masked index and nodata value are equal; metadata and damage are not compared.
    """

    __slots__ = (
        "_damage", "_indices", "_is_plain", "_masked_index", "_metadata", "_nodata", "_palette", "_shape",
    )  # fmt: skip

    def __init__(
        self,
        palette: npt.ArrayLike,
        indices: npt.ArrayLike,
        shape: tuple[int, ...] | None = None,
        metadata: Metadata | None = None,
        damage: tuple[Damage, ...] = (),
        *,
        alpha: bool | None = None,
        masked_index: int | None = None,
        nodata: float | None = None,
    ) -> None:
        checked_palette = validation.check_palette(palette)
        checked_indices = validation.check_indices(indices, len(checked_palette))
        kind = check_alpha(alpha, ImageKind(checked_palette.dtype, checked_palette.shape[1]))
        value = _check_mask(masked_index, nodata, checked_palette)
        self._store(
            checked_palette, checked_indices, shape, metadata, damage, kind.is_plain, masked_index, value
        )
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
        is_plain: bool = False,
        masked_index: int | None = None,
        nodata: np.generic | None = None,
    ) -> Self:
        """Make an image of arrays that are valid by construction, such as those that a decoder has checked.

        The constructor reads all indices to check them: 0.3 ms for 12 megapixels.
        """
        image = cls.__new__(cls)
        image._store(palette, indices, shape, metadata, damage, is_plain, masked_index, nodata)
        return image

    @classmethod
    def of(cls, image: IndexedImage, **changes: Any) -> Self:
        """Return an image as one of this class, with some arguments of `unchecked` changed.

        Both share the arrays that are not changed. The nodata value gets the dtype of the palette; it is
        dropped if that cannot hold it.
        """
        names = ("palette", "indices", "shape", "metadata", "damage", "is_plain", "masked_index", "nodata")
        values = {name: getattr(image, name) for name in names} | changes
        values["nodata"] = nodata_of(values["nodata"], values["palette"].dtype)
        return cls.unchecked(**values)

    def _store(
        self,
        palette: npt.NDArray[Any],
        indices: npt.NDArray[np.integer[Any]],
        shape: tuple[int, ...] | None,
        metadata: Metadata | None,
        damage: tuple[Damage, ...],
        is_plain: bool,
        masked_index: int | None,
        nodata: np.generic | None,
    ) -> None:
        self._palette = np.ascontiguousarray(palette).view()
        stored: npt.NDArray[np.unsignedinteger] = indices.astype(index_dtype(self.k), order="C", copy=False)
        self._indices = stored.view()
        self._palette.flags.writeable = self._indices.flags.writeable = False
        self._shape = (*self._indices.shape, self._palette.shape[1]) if shape is None else tuple(shape)
        self._metadata = metadata or Metadata()
        self._damage = damage
        self._is_plain, self._masked_index, self._nodata = is_plain, masked_index, nodata

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
    def kind(self) -> ImageKind:
        """Dtype, number and meaning of the channels."""
        return ImageKind(self.dtype, self._palette.shape[1], self._is_plain)

    @property
    def is_plain(self) -> bool:
        """Whether the last of 2 or 4 channels is no alpha, see `fastkq.color.kinds`."""
        return self._is_plain

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.kind.has_alpha

    @property
    def masked_index(self) -> int | None:
        """Index of the masked pixels, which hold no data; None if no pixel is masked."""
        return self._masked_index

    @property
    def mask(self) -> npt.NDArray[np.bool_] | None:
        """True for masked pixels, (H, W); None if no pixel is masked."""
        return None if self._masked_index is None else self._indices == self._masked_index

    @property
    def nodata(self) -> np.generic | None:
        """Value of `dtype` that masked pixels have in the decompressed image; if None, their palette row."""
        return self._nodata

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
            and (self._is_plain, self._masked_index) == (other._is_plain, other._masked_index)
            and _bytes_of(self._nodata) == _bytes_of(other._nodata)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        meaning: dict[str, Any] = {
            "alpha": False if self._is_plain else None,
            "masked_index": self._masked_index,
            "nodata": self._nodata,
        }
        given = {name: value for name, value in meaning.items() if value is not None}
        make = partial(type(self), **given) if given else type(self)
        return make, (self._palette, self._indices, self._shape, self._metadata, self._damage)


def check_alpha(alpha: bool | None, kind: ImageKind) -> ImageKind:
    """Return the kind of an image with the meaning of its last channel that `alpha` declares.

    Raises
    ------
    ArgumentError
        If `alpha` is True, and dtype and number of channels are not those of images with alpha.
    """
    if alpha is None:
        return kind
    with_alpha = kind._replace(is_plain=False)
    if alpha and not with_alpha.has_alpha:
        raise ArgumentError(
            "expected an image of uint8 or uint16 with 2 or 4 channels for {}, got {}",
            term("alpha", alpha), kind,
        )  # fmt: skip
    return kind._replace(is_plain=with_alpha.has_alpha and not alpha)


def nodata_of(value: Any, dtype: np.dtype[Any]) -> np.generic | None:
    """Return a number as a scalar of a dtype, or None if that cannot hold it; floats are rounded."""
    if value is None or dtype == np.bool_:
        return None
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            scalar: np.generic = dtype.type(value)
        return scalar
    is_held = float(value).is_integer() and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max
    return dtype.type(int(value)) if is_held else None


def _check_mask(
    masked_index: int | None, nodata: float | None, palette: npt.NDArray[Any]
) -> np.generic | None:
    """Check the index of masked pixels, and return the nodata value as a scalar of the palette's dtype."""
    if masked_index is not None and not 0 <= check_integer("masked_index", masked_index) < len(palette):
        raise ArgumentError(
            f"expected masked_index to be from 0 to {len(palette) - 1}, got {masked_index}",
            parameter="masked_index",
        )
    value = nodata_of(nodata, palette.dtype)
    if nodata is not None and (masked_index is None or value is None):
        raise ArgumentError(
            f"expected nodata to be a value of {palette.dtype}, with masked_index, got {nodata}",
            parameter="nodata",
        )
    return value


def _bytes_of(value: np.generic | None) -> bytes | None:
    return None if value is None else value.tobytes()  # NaN is not equal to itself


def count_indices(image: IndexedImage) -> npt.NDArray[np.int64]:
    """Return the number of pixels of each color of the palette, (k,)."""
    return np.bincount(image.indices.reshape(-1), minlength=image.k)


def shown_palette(image: IndexedImage) -> npt.NDArray[Any]:
    """Return the palette (k, C) with the nodata value, if there is one, in the row of masked pixels."""
    if image.masked_index is None or image.nodata is None:
        return image.palette
    palette = image.palette.copy()
    palette[image.masked_index] = image.nodata
    return palette


def paint(image: IndexedImage, threads: int = 1) -> npt.NDArray[Any]:
    """Return the pixels (H, W, C) of an indexed image: the palette row of each index.

    Masked pixels have the nodata value in all channels, if there is one.
    """
    palette, flat = shown_palette(image), image.indices.reshape(-1)
    # The kernel copies values of any dtype as unsigned integers of the same size.
    bits = palette.view(f"u{palette.itemsize}")
    out = np.empty((len(flat), palette.shape[1]), bits.dtype)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.indexed_image.paint(bits, flat, start, stop, out)

    over_chunks(work, len(flat), _PIXELS_PER_CHUNK, threads)
    return out.view(palette.dtype).reshape(*image.indices.shape, -1)
