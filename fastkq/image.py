"""The value that everything is about: a palette and an index for each pixel."""

import os
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fastkq import container, io
from fastkq.checks import MAX_COLOURS, MAX_PIXELS, check_max_pixels, check_threads
from fastkq.errors import ArgumentError
from fastkq.mapping import paint
from fastkq.metadata import Metadata
from fastkq.packing import bits_per_index, index_dtype

_Scalar = TypeVar("_Scalar", bound=np.generic)


class CompressedImage:
    """An image of k colours: its palette, and the index of one of them for each pixel.

    Parameters
    ----------
    palette : (k, C) uint8
        C = 1 (gray), 3 (RGB) or 4 (RGBA); 1 <= k <= 65536.
    indices : (H, W) of integers below k
    shape : tuple of int, optional
        Shape of the decompressed image: (H, W, C), the default, or (H, W) for C = 1.
    metadata : Metadata, optional
        What its file says beside the pixels. Two images are equal whatever theirs.

    Raises
    ------
    ArgumentError
        When the parts do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> flag = CompressedImage(np.array([[0, 0, 255], [255, 255, 0]], np.uint8), np.array([[0], [1]]))
    >>> flag
    <CompressedImage 2x1 (H, W, 3) uint8, k=2, 1 bit per index, 31 bytes packed>
    >>> flag.decompress()[1, 0]
    array([255, 255,   0], dtype=uint8)
    """

    __slots__ = ("_indices", "_metadata", "_palette", "_shape")

    def __init__(
        self,
        palette: npt.ArrayLike,
        indices: npt.ArrayLike,
        shape: tuple[int, ...] | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        self._palette = _frozen(_checked_palette(palette))
        self._indices = _frozen(_checked_indices(indices, len(self._palette)))
        channels = self._palette.shape[1]
        self._shape = (*self._indices.shape, channels) if shape is None else tuple(shape)
        shapes = [(*self._indices.shape, channels)] + [self._indices.shape] * (channels == 1)
        if self._shape not in shapes:
            raise ArgumentError(f"expected shape {' or '.join(map(str, shapes))}, got {self._shape}")
        self._metadata = metadata or Metadata()

    @property
    def palette(self) -> npt.NDArray[np.uint8]:
        """The colours, (k, C) uint8, read-only."""
        return self._palette

    @property
    def indices(self) -> npt.NDArray[np.unsignedinteger]:
        """A row of the palette for each pixel, (H, W) uint8 (uint16 for k > 256), read-only."""
        return self._indices

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the decompressed image."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Dtype of the decompressed image."""
        return self._palette.dtype

    @property
    def k(self) -> int:
        """Number of colours, rows of the palette."""
        return len(self._palette)

    @property
    def metadata(self) -> Metadata:
        """ICC profile, EXIF and resolution, where the input had them."""
        return self._metadata

    @property
    def bits_per_index(self) -> int:
        """ceil(log2 k)."""
        return bits_per_index(self.k)

    @property
    def nbytes(self) -> int:
        """Size of the packed form in bytes, what `to_bytes` returns: by formula, nothing is encoded."""
        return container.encoded_size(self._indices.size, self.k, self._palette.shape[1])

    def decompress(self, *, threads: int | None = None) -> npt.NDArray[np.uint8]:
        """The image, a new array of `shape` and `dtype`."""
        return paint(self._palette, self._indices, check_threads(threads)).reshape(self._shape)

    def to_bytes(self, *, threads: int | None = None) -> bytes:
        """The image as the bytes of a `.fkq` file."""
        contents = container.Contents(self._palette, self._indices, self._shape)
        return container.encode(contents, check_threads(threads))

    @classmethod
    def from_bytes(
        cls,
        data: bytes | bytearray | memoryview,
        *,
        max_pixels: int = MAX_PIXELS,
        threads: int | None = None,
    ) -> "CompressedImage":
        """Read the bytes of a `.fkq` file.

        Raises
        ------
        FormatError
            When they are damaged, truncated or something else, or the image has more than `max_pixels`
            pixels.
        """
        contents = container.decode(
            data, max_pixels=check_max_pixels(max_pixels), threads=check_threads(threads)
        )
        return cls(*contents)

    def with_metadata(self, metadata: Metadata | None) -> "CompressedImage":
        """The same image with other metadata, or none; the arrays are shared."""
        return type(self)(self._palette, self._indices, self._shape, metadata)

    def save(self, path: str | os.PathLike[str], *, metadata: bool = True, optimize: bool = False) -> None:
        """Write a file, whole or not at all, in the format of its suffix. No pixel is lost.

        ==============  =======================================================  ===============
        suffix          what is written                                          metadata
        ==============  =======================================================  ===============
        `.fkq`          palette and indices
        `.png`          palette and indices, up to 256 colours                   ICC, EXIF, DPI
        `.gif`          the same; one colour may be transparent, of alpha 0      none
        `.tif` `.tiff`  the same, of opaque colours; for others RGB or RGBA      ICC, texts, DPI
        `.bmp`          the same, of opaque colours; RGB above 256 colours       DPI
        `.webp`         lossless RGB or RGBA, any number of colours              ICC, EXIF
        ==============  =======================================================  ===============

        Palettes keep their order; GIF and TIFF fill them up to a power of two and to 256. Palettes are of
        R, G, B: a gray image's ICC profile, which is for gray, is left out of these formats. Of EXIF,
        TIFF takes the texts: description, make, model, software, date, artist, copyright.

        Parameters
        ----------
        path : str or path-like
        metadata : bool
            False leaves ICC profile, EXIF and DPI out.
        optimize : bool
            Make a `.png` as small as oxipng can: 10 to 30 % smaller, in 1 to 8 s a megapixel. It needs the
            extra `png`; the palette may come in another order, without its unused colours.

        Raises
        ------
        ArgumentError
            For another suffix, or when the format cannot hold the image; the message names some that can.
        MissingExtraError
            When `optimize` needs what is not installed.
        OSError
            When it cannot be written; what was there before then still is.
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".fkq" and not optimize:
            io.write_atomically(path, self.to_bytes())
        elif suffix in io.FORMATS:
            carried = self._metadata if metadata else None
            data = io.encode_indexed(self._palette, self._indices, suffix, carried, optimize=optimize)
            io.write_atomically(path, data)
        else:
            suffixes = ".png to optimize" if optimize else ", ".join((".fkq", *io.FORMATS))
            raise ArgumentError(f"expected a path that ends in {suffixes}, got {os.fspath(path)!r}")

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("a CompressedImage has to be decompressed, so copy=False cannot be honoured")
        image = self.decompress()
        return image if dtype is None else image.astype(dtype, copy=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompressedImage):
            return NotImplemented
        return (
            self._shape == other._shape
            and np.array_equal(self._palette, other._palette)
            and np.array_equal(self._indices, other._indices)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._palette, self._indices, self._shape, self._metadata)

    def __repr__(self) -> str:
        axes = "(H, W)" if len(self._shape) == 2 else f"(H, W, {self._shape[2]})"
        unit = "bit" if self.bits_per_index == 1 else "bits"
        height, width = self._indices.shape
        return (
            f"<CompressedImage {height}x{width} {axes} {self.dtype}, k={self.k}, "
            f"{self.bits_per_index} {unit} per index, {self.nbytes} bytes packed>"
        )


def _checked_palette(palette: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    array = np.asarray(palette)
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] not in (1, 3, 4):
        raise ArgumentError(
            f"expected a palette (k, C) of uint8 with C = 1, 3 or 4, got {array.dtype} {array.shape}"
        )
    if not 1 <= len(array) <= MAX_COLOURS:
        raise ArgumentError(f"expected a palette of 1 to {MAX_COLOURS} colours, got {len(array)}")
    return array.astype(np.uint8, order="C", copy=False)


def _checked_indices(indices: npt.ArrayLike, k: int) -> npt.NDArray[np.unsignedinteger]:
    array = np.asarray(indices)
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.size == 0:
        raise ArgumentError(
            f"expected indices (H, W) of integers, not empty, got {array.dtype} {array.shape}"
        )
    if int(array.min()) < 0 or int(array.max()) >= k:
        raise ArgumentError(
            f"expected indices from 0 to {k - 1}, got {int(array.min())} to {int(array.max())}"
        )
    return array.astype(index_dtype(k), order="C", copy=False)


def _frozen(array: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    view = array.view()
    view.flags.writeable = False
    return view
