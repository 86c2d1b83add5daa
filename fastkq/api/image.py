"""The value that everything is about: a palette and an index for each pixel."""

import os
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from fastkq.api import notebook, quality
from fastkq.api.quality import Report
from fastkq.color.indexed_image import IndexedImage
from fastkq.color.kinds import as_8bit
from fastkq.color.metadata import Metadata
from fastkq.formats import fkq, pil, saving, source
from fastkq.quantization.nearest_packed import paint
from fastkq.runtime import validation
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.validation import MAX_PIXELS, Coding, check_threads

if TYPE_CHECKING:
    from PIL import Image


class CompressedImage(IndexedImage):
    """An image of k colours: its palette, and the index of one of them for each pixel.

    Parameters
    ----------
    palette : (k, C) uint8, uint16, float32, float64 or bool
        1 <= C <= 64, 1 <= k <= 65536. Of uint8 and uint16, C = 1 is gray, 2 gray and alpha, 3 RGB, 4 RGBA;
        other channels are whatever they are. Of bool C is 1 and k at most 2.
    indices : (H, W) of integers below k
    shape : tuple of int, optional
        Shape of the decompressed image: (H, W, C), the default, or (H, W) for C = 1.
    metadata : Metadata, optional
        What its file says beside the pixels. Two images are equal whatever theirs.
    damage : tuple of Damage
        What a damaged file lacked, from which it was read all the same.

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

    Notes
    -----
    A notebook shows it as a picture above its palette.
    """

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Length of ``to_bytes(coding="packed")``: by formula, nothing is encoded."""
        channels, itemsize = self._palette.shape[1], self.dtype.itemsize
        return fkq.encoded_size(self._indices.size, self.k, channels, itemsize)

    def decompress(self, *, threads: int | None = None, progress: Progress | None = None) -> npt.NDArray[Any]:
        """The image, a new array of `shape` and `dtype`; `progress` as in `fastkq.compress`."""
        with watched(progress), stage("painting"):
            return paint(self._palette, self._indices, check_threads(threads)).reshape(self._shape)

    def report(self, image: npt.ArrayLike, *, ssim: bool = True, threads: int | None = None) -> Report:
        """How good it is beside `image`, of which it was made, as a whole and colour by colour.

        Parameters
        ----------
        ssim : bool
            Whether scikit-image, the extra `report`, is to find the structural similarity where it is
            installed: some 0.5 s a megapixel of RGB on one thread.

        Raises
        ------
        ArgumentError
            When the image is not of `shape` and `dtype`.
        """
        return quality.report(image, self._palette, self._indices, self._shape, ssim=ssim, threads=threads)

    def to_bytes(
        self,
        *,
        coding: Coding = "context",
        metadata: bool = True,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """The image as the bytes of a `.fkq` file.

        Parameters
        ----------
        coding : {"context", "packed"}
            "context" gives the smallest file, with the metadata; "packed" `nbytes` bytes, without.
        metadata : bool
            Whether the metadata goes with it.
        threads : int, optional
            Number of threads; all cores if None. The bytes do not depend on it.
        progress : callable, optional
            As in `fastkq.compress`.
        """
        coding, workers = validation.check_coding(coding), check_threads(threads)
        with watched(progress), stage("coding"):
            return fkq.encode(self._contents(metadata), coding, workers)

    def _contents(self, metadata: bool) -> fkq.Contents:
        kept = self._metadata if metadata else Metadata()
        return fkq.Contents(self._palette, self._indices, self._shape, kept)

    @classmethod
    def from_bytes(
        cls,
        data: bytes | bytearray | memoryview,
        *,
        max_pixels: int = MAX_PIXELS,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> "CompressedImage":
        """Read the bytes of a `.fkq` file; `progress` as in `fastkq.compress`.

        Raises
        ------
        FormatError
            When they are damaged, truncated or something else, or of more than `max_pixels` pixels.
        """
        most, workers = validation.check_max_pixels(max_pixels), check_threads(threads)
        there = source.in_memory(data)
        with watched(progress), stage("decoding"):
            head = fkq.read_head(there)
            return cls(*fkq.decode(there, head, max_pixels=most, threads=workers))

    def with_metadata(self, metadata: Metadata | None) -> "CompressedImage":
        """The same image with other metadata, or none; the arrays are shared."""
        return type(self)(self._palette, self._indices, self._shape, metadata, self._damage)

    def to_8bit(self) -> "CompressedImage":
        """The same indices with a palette of uint8, which image files can hold.

        A value v of uint16 becomes v / 257, rounded; False and True become 0 and 255; floats, which have no
        scale that is known, are an ArgumentError. Colours may become equal by it; all keep their places.
        """
        return type(self)(as_8bit(self._palette), self._indices, self._shape, self._metadata, self._damage)

    def to_pil(self) -> "Image.Image":
        """The image as one of Pillow's, no colour of which is lost.

        Returns
        -------
        PIL.Image.Image
            Of mode P, palette and indices as they are, for up to 256 colours of uint8 and at most 4 channels;
            gray becomes equal red, green and blue, without an ICC profile for gray. Of others pixels: "1" of
            bool, I;16 and F of gray of uint16 and float32, L, LA, RGB or RGBA of more than 256 colours.
            In its `info` are icc_profile, exif and dpi, and transparency where one colour has alpha 0 and all
            others are opaque: its index. Other alphas are in the palette, of mode RGBA; a GIF has none.

        Raises
        ------
        ArgumentError
            When Pillow has no mode for the colours: of 16 bits that are not gray (`to_8bit`), float64, and
            more than 4 channels.

        Examples
        --------
        >>> import numpy as np, fastkq
        >>> image = fastkq.compress(np.eye(3, dtype=np.uint8), k=2).to_pil()
        >>> image.mode, image.size, image.getpalette()
        ('P', (3, 3), [0, 0, 0, 1, 1, 1])
        """
        return pil.to_pil(self._palette, self._indices, self._metadata)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        coding: Coding = "context",
        metadata: bool = True,
        optimize: bool = False,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Write a file, whole or not at all, in the format of its suffix. No pixel is lost.

        `.fkq`, `.png`, `.gif`, `.tif`, `.tiff` and `.bmp` keep the palette in its order, `.webp` the pixels;
        `fastkq.formats.saving` says which colours and what metadata each can hold.

        Parameters
        ----------
        path : str or path-like
        coding
            Of a `.fkq`, as in `to_bytes`; the other formats have codings of their own.
        threads : int, optional
            For a `.fkq`.
        progress : callable, optional
            As in `fastkq.compress`, last just before the file takes its place. A library that codes another
            format is not interrupted: a `.png` that is optimized ends when it is done.
        metadata : bool
            False leaves ICC profile, EXIF and DPI out; so does "packed".
        optimize : bool
            Make a `.png` as small as oxipng can: 8 to 28 % smaller, in 1 to 8 s a megapixel. It needs the
            extra `png`; the palette may come in another order, without its unused colours.

        Raises
        ------
        ArgumentError
            For another suffix, or when the format cannot hold the image: most hold 8 bits (`to_8bit`) and
            256 colours; the message names some that can.
        MissingExtraError
            When `optimize` needs what is not installed.
        OSError
            When it cannot be written; what was there before then still is.
        """
        contents = self._contents(metadata)
        with watched(progress):
            saving.save(path, contents, coding, optimize=optimize, threads=threads)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("a CompressedImage has to be decompressed, so copy=False cannot be honoured")
        image = self.decompress()
        return image if dtype is None else image.astype(dtype, copy=False)

    def _repr_png_(self) -> bytes:
        return notebook.png(self._palette, self._indices, self._metadata.icc)

    def _repr_html_(self) -> str:
        return notebook.html(self._palette, self._indices, self._metadata.icc)

    def __repr__(self) -> str:
        axes = "(H, W)" if len(self._shape) == 2 else f"(H, W, {self._shape[2]})"
        unit = "bit" if self.bits_per_index == 1 else "bits"
        height, width = self._indices.shape
        return (
            f"<CompressedImage {height}x{width} {axes} {self.dtype}, k={self.k}, "
            f"{self.bits_per_index} {unit} per index, {self.nbytes} bytes packed>"
        )


CompressedImage.__module__ = "fastkq"  # pickles name the public module
