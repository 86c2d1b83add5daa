"""Comparison of one image at several k: sizes, quality and time."""

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.api.compress import compress
from fastkq.api.image import CompressedImage
from fastkq.api.inputs import Input, read_input
from fastkq.color.kinds import ImageKind
from fastkq.color.metadata import Metadata
from fastkq.compare.numerals import decimal
from fastkq.errors import ArgumentError
from fastkq.formats.source import SourceLike, opened
from fastkq.runtime.options import MAX_PIXELS

_CALLS = 3  # calls of `compress` per k; the shortest time counts
_FAST_METHOD = 4
"""Method of libwebp to measure a size. `CompressedImage.save` uses method 6: files are 0 to 6 % smaller, but
encoding takes 20 to 70 times as long, which is seconds per megapixel."""


class Original(NamedTuple):
    """The source image of a comparison.

    Attributes
    ----------
    name : str
        Name of its file, without the folder.
    pixels : (H, W) or (H, W, C)
    nbytes : int
        Size of its file in bytes.
    metadata : Metadata
    source : Input or None
        The image with the meaning of its channels and its masked pixels, if it was read from a file.
    """

    name: str
    pixels: npt.NDArray[Any]
    nbytes: int
    metadata: Metadata = Metadata()
    source: Input | None = None

    @classmethod
    def read(
        cls,
        source: SourceLike,
        *,
        alpha: bool | None = None,
        max_pixels: int = MAX_PIXELS,
        threads: int | None = None,
    ) -> "Original":
        """Read an image file or `.fkq` file.

        Parameters
        ----------
        source : path, bytes-like, binary file object or Source
        alpha : bool, optional
            Whether the last channel is alpha, as in `fastkq.compress`.
        max_pixels : int
            Refuse to decode more pixels than this.
        threads : int, optional
            Number of threads; all cores if None.

        Raises
        ------
        FormatError
            When the file is damaged or no image.
        OSError
            When the file cannot be read.
        """
        with opened(source) as opened_source:
            image = read_input(opened_source, alpha=alpha, max_pixels=max_pixels, threads=threads)
            name = Path(opened_source.name or "").name
            return cls(name, image.pixels, opened_source.length, image.metadata, image)

    @property
    def kind(self) -> ImageKind:
        """Dtype, number and meaning of the channels."""
        return ImageKind.of(self.pixels) if self.source is None else self.source.kind


class Row(NamedTuple):
    """Result of `compress` for one k, with file sizes, quality and time.

    Sizes are of whole files without metadata.

    Attributes
    ----------
    k : int
        The requested number of colors; for a lossless row, the number of colors of the source.
    compressed : CompressedImage
        The result, of `compressed.k` colors.
    fkq_bytes : int
        Size of the `.fkq` file in the coding "context".
    png_bytes : int or None
        Size of the palette PNG; None for more than 256 colors, for other dtypes than uint8, and for more than
        4 channels.
    webp_bytes : int or None
        Size of the lossless WebP file by libwebp's method 4; None if WebP cannot hold the image.
    psnr : float
        PSNR in dB; infinite if lossless.
    ssim : float or None
        SSIM, as in `Report.ssim`.
    milliseconds : float
        Time of `compress` without encoding, the shortest of three calls.
    """

    k: int
    compressed: CompressedImage
    fkq_bytes: int
    png_bytes: int | None
    webp_bytes: int | None
    psnr: float
    ssim: float | None
    milliseconds: float

    @property
    def is_lossless(self) -> bool:
        """Whether every pixel keeps its color."""
        return math.isinf(self.psnr)

    @property
    def packed_bytes(self) -> int:
        """Size of the `.fkq` file in the coding "packed"."""
        return self.compressed.nbytes

    @property
    def bits_per_pixel(self) -> float:
        """Bits of the `.fkq` file per pixel."""
        return 8 * self.fkq_bytes / self.compressed.indices.size

    @property
    def ratio(self) -> float:
        """Compression ratio of the `.fkq` file relative to 24 bits per pixel."""
        return 24 / self.bits_per_pixel

    @property
    def sizes(self) -> dict[str, int | None]:
        """Size in bytes by name of the format."""
        return {".fkq": self.fkq_bytes, "PNG": self.png_bytes, "WebP": self.webp_bytes}

    def as_json(self) -> dict[str, Any]:
        """Return all numbers as JSON values; None stands for infinite and for unknown numbers."""
        return {
            "k": self.k,
            "colors": self.compressed.k,
            "lossless": self.is_lossless,
            "bits_per_pixel": self.bits_per_pixel,
            "fkq_bytes": self.fkq_bytes,
            "packed_bytes": self.packed_bytes,
            "png_bytes": self.png_bytes,
            "webp_bytes": self.webp_bytes,
            "psnr": None if self.is_lossless else self.psnr,
            "ssim": self.ssim,
            "milliseconds": self.milliseconds,
        }


def compare(
    image: "npt.NDArray[Any] | Input", ks: Iterable[int], *, threads: int | None = None, **options: Any
) -> list[Row]:
    """Compress an image with each k and measure size, quality and time.

    If a k keeps all colors of the source, each later k of at least that number would give the same result and
    gets no row.

    Parameters
    ----------
    image : (H, W) or (H, W, C), or Input
    ks : iterable of int
        Numbers of colors.
    threads : int, optional
        Number of threads; all cores if None.
    **options
        Other options of `fastkq.compress`.

    Returns
    -------
    list of Row
        In the order of `ks`.
    """
    rows: list[Row] = []
    source = read_input(image)._replace(metadata=Metadata())
    for k in ks:
        if not any(row.is_lossless and row.compressed.k <= k for row in rows):
            rows.append(_row(source, k, threads, options))
    return rows


def _row(source: Input, k: int, threads: int | None, options: dict[str, Any]) -> Row:
    seconds = []
    for _ in range(_CALLS):  # the first call may compile kernels or load them from the cache
        start = time.perf_counter()
        compressed = compress(source, k, threads=threads, **options)
        seconds.append(time.perf_counter() - start)
    report = compressed.report(source.pixels, threads=threads)
    return Row(
        compressed.k if math.isinf(report.psnr) else k,
        compressed,
        len(compressed.to_bytes(threads=threads)),
        _size_as(".png", compressed),
        _size_as(".webp", compressed, method=_FAST_METHOD),
        report.psnr,
        report.ssim,
        1000 * min(seconds),
    )


def _size_as(suffix: str, compressed: CompressedImage, **options: Any) -> int | None:
    """Return the size of a file; None if the dtype is not uint8 or the format cannot hold the image."""
    if compressed.dtype != np.uint8:
        return None
    try:
        return len(formats.encode(compressed, suffix, options=options))
    except ArgumentError:
        return None


def table(rows: Sequence[Row], source_bytes: int) -> str:
    """Return the rows as aligned text; a remark marks files larger than the source file."""
    columns = [
        [name, *cells]
        for name, cells in _columns(rows, source_bytes).items()
        if name != "SSIM" or any(row.ssim is not None for row in rows)
    ]
    *numbers, remarks = columns
    aligned = [[cell.rjust(max(map(len, column))) for cell in column] for column in numbers] + [remarks]
    return "\n".join("  ".join(line).rstrip() for line in zip(*aligned, strict=True))


def _columns(rows: Sequence[Row], source_bytes: int) -> dict[str, list[str]]:
    return {
        "k": [str(row.compressed.k) for row in rows],
        "bits/pixel": [decimal(row.bits_per_pixel) for row in rows],
        "source": [f"{source_bytes:,}"] * len(rows),
        ".fkq": [f"{row.fkq_bytes:,}" for row in rows],
        "packed": [f"{row.packed_bytes:,}" for row in rows],
        "PNG": ["-" if row.png_bytes is None else f"{row.png_bytes:,}" for row in rows],
        "WebP": ["-" if row.webp_bytes is None else f"{row.webp_bytes:,}" for row in rows],
        "24-bit/.fkq": [f"{row.ratio:.1f}" for row in rows],
        "PSNR dB": [f"{row.psnr:.2f}" for row in rows],
        "SSIM": ["-" if row.ssim is None else f"{row.ssim:.4f}" for row in rows],
        "ms": [f"{row.milliseconds:.1f}" for row in rows],
        "": [_remark(row, source_bytes) for row in rows],
    }


def _remark(row: Row, source_bytes: int) -> str:
    larger = [name for name, size in row.sizes.items() if size is not None and size > source_bytes]
    remarks = ["all colors of the source"] * row.is_lossless
    if larger:
        remarks.append(f"{' and '.join(larger)} larger than the source")
    return "; ".join(remarks)
