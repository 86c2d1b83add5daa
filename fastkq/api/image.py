"""The result of a compression: a palette and an index per pixel, with its methods."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from fastkq import formats
from fastkq.api import notebook, quality
from fastkq.api.quality import Report
from fastkq.color.indexed_image import IndexedImage, paint
from fastkq.color.kinds import as_8bit
from fastkq.color.masking import as_masked
from fastkq.color.metadata import Metadata
from fastkq.formats import fkq, pil, source
from fastkq.runtime.atomic_writing import write_atomically
from fastkq.runtime.options import MAX_PIXELS, Boolean, Coding, check_option
from fastkq.runtime.progress import Progress, stage, watched
from fastkq.runtime.typing import ImageArray
from fastkq.runtime.validation import check_max_pixels, check_range_of_values, check_threads

if TYPE_CHECKING:
    from PIL import Image

    from fastkq.api.inputs import ImageLike


class CompressedImage(IndexedImage):
    """An image of k colors: a palette, and for each pixel the index of its palette row.

    Its arrays are read-only. Two images are equal if their palettes, dtypes, indices, shapes, `has_alpha`,
    `masked_index` and `nodata` are equal.
    Notebooks show the image above its palette.

    Parameters
    ----------
    palette : (k, C) of an integer dtype of up to 32 bits, float32, float64 or bool
        1 <= C <= 64 and 1 <= k <= 65536. For uint8 and uint16, C = 1 is gray, 2 gray with alpha, 3 RGB and 4
        RGBA; other channels have no defined meaning. For bool, C is 1 and k at most 2.
    indices : (H, W) of integers
        From 0 to k - 1.
    shape : tuple of int, optional
        Shape of the decompressed image: (H, W, C), the default, or (H, W) if C = 1.
    metadata : Metadata, optional
        Color space, EXIF, XMP and DPI. They do not affect equality.
    damage : tuple of Damage
        Damage of the file that this image was loaded from with ``strict=False``.
    alpha : bool, optional
        False: the last of 2 or 4 channels of uint8 or uint16 is no alpha.
    masked_index : int, optional
        Index of pixels that hold no data.
    nodata : number, optional
        Value of these pixels in the decompressed image, of the palette's dtype; their palette row if None.

    Raises
    ------
    ArgumentError
        If palette, indices and shape are not as above.

    Examples
    --------
    >>> import numpy as np
    >>> flag = CompressedImage(np.array([[0, 0, 255], [255, 255, 0]], np.uint8), np.array([[0], [1]]))
    >>> flag
    <CompressedImage 2x1 (H, W, 3) uint8, k=2, 1 bit per index, 31 bytes packed>
    >>> flag.decompress()[1, 0]
    array([255, 255,   0], dtype=uint8)
    """

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Length of ``to_bytes(coding="packed")`` in bytes, computed by formula without encoding."""
        channels, itemsize = self._palette.shape[1], self.dtype.itemsize
        return fkq.encoded_size(self._indices.size, self.k, channels, itemsize)

    def decompress(
        self, *, masked: bool = False, threads: int | None = None, progress: Progress | None = None
    ) -> ImageArray:
        """Return the image as a new array of `shape` and `dtype`.

        Parameters
        ----------
        masked : bool
            False: masked pixels have the value `nodata`, or the color of their palette row if that is None.
            True: the result is a `numpy.ma.MaskedArray`, whose mask is True for masked pixels, in all
            channels.
        threads : int, optional
            Number of threads; all cores if None. The result does not depend on it.
        progress : callable, optional
            As in `fastkq.compress`.

        Examples
        --------
        >>> import numpy as np, fastkq
        >>> image = np.ma.masked_greater(np.array([[1.5, 2.5, 9e9]]), 1e9)
        >>> fastkq.compress(image, k=3).decompress(masked=True)
        masked_array(data=[[1.5, 2.5, --]],
                     mask=[[False, False,  True]],
               fill_value=1e+20)
        """
        workers, masked = check_threads(threads), Boolean().check("masked", masked)
        with watched(progress), stage("painting"):
            pixels = paint(self, workers).reshape(self._shape)
            return as_masked(pixels, self.mask, self.nodata) if masked else pixels

    def report(self, image: ImageLike, *, ssim: bool = True, threads: int | None = None) -> Report:
        """Measure the error against the original image, as a whole and per color.

        Parameters
        ----------
        image : array, PIL image, path, bytes or binary file object
            The image that was compressed, as `fastkq.compress` takes it. If the result has other channels
            because of given colors, convert the image first.
        ssim : bool
            Whether to compute the structural similarity if scikit-image (the extra `report`) is installed. It
            takes about 0.5 s per megapixel of RGB on one thread.
        threads : int, optional
            Number of threads; all cores if None. The result does not depend on it.

        Returns
        -------
        Report
            Printed, it is a table.

        Raises
        ------
        ArgumentError
            If the image does not have this `shape` and `dtype`.
        FormatError, OSError
            If the file is damaged, is not an image, or cannot be read.
        """
        from fastkq.api.inputs import read_input  # here, because it needs this class

        pixels = read_input(image, mask=self.mask, threads=threads).pixels
        return quality.report(pixels, self, ssim=ssim, threads=threads)

    def to_bytes(
        self,
        *,
        coding: Coding = "context",
        metadata: bool = True,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """Encode the image as the bytes of a `.fkq` file.

        Parameters
        ----------
        coding : {"context", "packed"}
            "context" gives the smallest file and stores the metadata. "packed" gives `nbytes` bytes and
            stores no metadata; it refuses masked pixels, and 2 or 4 channels without alpha.
        metadata : bool
            False leaves out color space, EXIF, XMP and DPI.
        threads : int, optional
            Number of threads; all cores if None. The bytes do not depend on it.
        progress : callable, optional
            As in `fastkq.compress`.

        Returns
        -------
        bytes
            `from_bytes` and `fastkq.load` read them.
        """
        coding, workers = check_option("coding", coding), check_threads(threads)
        with watched(progress), stage("coding"):
            image = self if metadata else self.with_metadata(None)
            return formats.encode(image, ".fkq", coding=coding, threads=workers)

    @classmethod
    def from_bytes(
        cls,
        data: bytes | bytearray | memoryview,
        *,
        max_pixels: int = MAX_PIXELS,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> CompressedImage:
        """Read the bytes of a `.fkq` file.

        Parameters
        ----------
        data : bytes-like
        max_pixels : int
            Refuse to decode more pixels than this; the default is 2^30. A file of about 50 bytes can claim
            any size.
        threads : int, optional
            Number of threads; all cores if None.
        progress : callable, optional
            As in `fastkq.compress`.

        Raises
        ------
        FormatError
            If the bytes are not a `.fkq` file, are damaged or truncated, or hold more than `max_pixels`
            pixels.
        """
        limit, workers = check_max_pixels(max_pixels), check_threads(threads)
        stream = source.InMemory(data)
        with watched(progress), stage("decoding"):
            head = fkq.read_head(stream)
            return cls.of(fkq.decode(stream, head, max_pixels=limit, threads=workers))

    def with_metadata(self, metadata: Metadata | None) -> CompressedImage:
        """Return the same image with other metadata, or with none; both share their arrays."""
        return self.of(self, metadata=metadata)

    def to_8bit(self, value_range: tuple[float, float] | None = None) -> CompressedImage:
        """Return the image with a uint8 palette, which image files can hold, and the same indices.

        Colors that become equal keep their own rows.

        Parameters
        ----------
        value_range : (float, float), optional
            Values that become 0 and 255, black and white. Values between them are scaled linearly and
            rounded, values beyond them are clipped. The default is 0 and 65535 for uint16, 0 and 255 for
            uint8, and False and True for bool. Alpha is scaled by the range of its dtype; a last channel that
            is no alpha is scaled as the others. For dtypes other than uint8 and uint16, the last of 2 or 4
            channels is the alpha of the result.

        Raises
        ------
        ArgumentError
            If the palette holds floats, signed integers or uint32, whose range is not known, and
            `value_range` is not given.

        Examples
        --------
        >>> import numpy as np, fastkq
        >>> fastkq.compress(np.linspace(-1, 1, 4).reshape(2, 2), k=4).to_8bit((-1, 1)).decompress()
        array([[  0,  85],
               [170, 255]], dtype=uint8)
        """
        palette = as_8bit(self._palette, check_range_of_values(value_range), self._is_plain)
        return self.of(self, palette=palette)

    def to_pil(self, value_range: tuple[float, float] | None = None) -> Image.Image:
        """Convert the image to a PIL image, without loss of a color unless `value_range` is given.

        Parameters
        ----------
        value_range : (float, float), optional
            Values of black and white: the image is reduced to 8 bits first, as by `to_8bit`, so that an image
            of any dtype with at most 4 channels can be converted.

        Returns
        -------
        PIL.Image.Image
            Up to 256 colors of uint8 with at most 4 channels give mode P with the same palette and indices;
            gray becomes equal red, green and blue, and its ICC profile one for RGB. Other images give pixels:
            mode "1" for bool; I;16, I and F for gray of uint16, of signed integers and of float32; L, LA, RGB
            or RGBA for more than 256 colors. `info` holds icc_profile, exif, xmp, dpi, srgb, gamma,
            chromaticity and cicp, as far as the image has them, and if one color has alpha 0 and all others
            are opaque, its index as transparency. Other alphas are in the palette, of mode RGBA; a GIF cannot
            hold them.

        Raises
        ------
        ArgumentError
            If Pillow has no mode for the colors and `value_range` is not given: 16 bits (see `to_8bit`),
            signed integers or float32 that are not gray, uint32, float64. Also for more than 4 channels, and
            for 2 or 4 channels without alpha.

        Examples
        --------
        >>> import numpy as np, fastkq
        >>> image = fastkq.compress(np.eye(3, dtype=np.uint8), k=2).to_pil()
        >>> image.mode, image.size, image.getpalette()
        ('P', (3, 3), [0, 0, 0, 1, 1, 1])
        """
        return pil.to_pil(self if value_range is None else self.to_8bit(value_range))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        coding: Coding = "context",
        metadata: bool = True,
        optimize: bool = False,
        value_range: tuple[float, float] | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Write a file, whole or not at all, in the format of its suffix.

        No pixel is changed unless `value_range` is given.

        `.fkq`, `.png`, `.gif`, `.tif`, `.tiff` and `.bmp` keep the palette in its order; `.webp` holds
        pixels. `fastkq.formats.writing` lists which colors and which metadata each format can hold. If colors
        that are not sRGB lose their color space, for example an ICC profile in a `.gif`, there is a
        `fastkq.errors.ColorSpaceWarning`. In a `.png`, an ICC profile that is sRGB becomes the chunk sRGB.

        Parameters
        ----------
        path : str or path-like
        coding : {"context", "packed"}
            Coding of a `.fkq` file, as in `to_bytes`; without effect on other formats.
        metadata : bool
            False leaves out color space, EXIF, XMP and DPI. The coding "packed" leaves them out too.
        optimize : bool
            Make a `.png` as small as oxipng can: 8 to 28 % smaller, in 1 to 8 s per megapixel. This needs the
            extra `png`. It can change the order of the palette and drop unused colors.
        value_range : (float, float), optional
            Values of black and white in an image file: the image is reduced to 8 bits first, as by `to_8bit`.
            Without effect on a `.fkq` file, which holds the values.
        threads : int, optional
            Number of threads for a `.fkq` file; all cores if None.
        progress : callable, optional
            As in `fastkq.compress`; the last call comes just before the file is put in place. The
            optimization of a `.png` cannot be interrupted, nor can an encoder of another library.

        Raises
        ------
        ArgumentError
            If the suffix is unknown, or the format cannot hold the image: most formats hold 8 bits (see
            `to_8bit` and `value_range`) and 256 colors. The message names formats that can.
        MissingExtraError
            If `optimize` needs a package that is not installed.
        OSError
            If the file cannot be written; a file that existed before is then unchanged.
        """
        coding, optimize = check_option("coding", coding), check_option("optimize", optimize)
        workers, limits = check_threads(threads), check_range_of_values(value_range)
        image = self if metadata else self.with_metadata(None)
        with watched(progress):
            suffix = formats.check_target(path, optimize=optimize)
            if limits is not None and suffix != ".fkq":
                image = image.to_8bit(limits)
            with stage("coding", 0.9):
                data = formats.encode(
                    image, suffix, coding=coding, optimize=optimize, threads=workers, name=os.fspath(path)
                )
            with stage("writing"):
                write_atomically(path, data)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("a CompressedImage has to be decompressed, so copy=False cannot be honored")
        image = self.decompress()
        return image if dtype is None else image.astype(dtype, copy=False)

    def _repr_png_(self) -> bytes:
        return notebook.png(self)

    def _repr_html_(self) -> str:
        return notebook.html(self)

    def __repr__(self) -> str:
        axes = "(H, W)" if len(self._shape) == 2 else f"(H, W, {self._shape[2]})"
        unit = "bit" if self.bits_per_index == 1 else "bits"
        height, width = self._indices.shape
        return (
            f"<CompressedImage {height}x{width} {axes} {self.dtype}, k={self.k}, "
            f"{self.bits_per_index} {unit} per index, {self.nbytes} bytes packed>"
        )


CompressedImage.__module__ = "fastkq"  # pickles name the public module
