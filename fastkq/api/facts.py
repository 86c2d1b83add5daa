"""Properties of a `.fkq` or image file as plain values, for people and for scripts."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.api.file import CompressedFile
from fastkq.color.color_counts import ColorCounts
from fastkq.color.indexed_image import IndexedImage, bits_per_index, count_indices
from fastkq.color.kinds import has_fixed_range
from fastkq.color.metadata import Metadata
from fastkq.formats import fkq
from fastkq.formats.fkq import Part
from fastkq.formats.source import Source, SourceLike, opened
from fastkq.runtime.options import MAX_PIXELS


class PaletteCounts(NamedTuple):
    """A palette (k, C) and the number of pixels of each of its colors, (k,)."""

    palette: npt.NDArray[Any]
    counts: npt.NDArray[np.int64]

    @property
    def names(self) -> list[str]:
        """Hexadecimal digits of each color: 2 per channel, 4 for uint16; otherwise decimal numbers."""
        if self.palette.dtype.kind == "f":
            return [",".join(f"{value:.6g}" for value in color) for color in self.palette]
        if not has_fixed_range(self.palette.dtype):
            return [",".join(map(str, color)) for color in self.palette.tolist()]
        digits = 2 * self.palette.itemsize
        return ["".join(f"{value:0{digits}x}" for value in color) for color in self.palette.astype(int)]

    def as_json(self) -> list[Any]:
        """Return the names; for decimal numbers, nested lists with all digits."""
        return list(self.names) if has_fixed_range(self.palette.dtype) else self.palette.tolist()


class Facts(NamedTuple):
    """Properties of a file.

    Attributes
    ----------
    path : str
    format : str
        "fkq", or Pillow's name of the image format.
    shape : (H, W) or (H, W, C)
    dtype : str
        Dtype of the pixels.
    nbytes : int
        Size of the file in bytes.
    metadata : Metadata
    used : int
        Number of colors that at least one pixel has.
    colors : PaletteCounts or None
        The palette and its counts, if the file has a palette.
    version, coding, parts
        Of a `.fkq` file, as in `CompressedFile`; None, None and () for other files.
    is_plain : bool
        Whether the last of 2 or 4 channels is no alpha.
    masked_index, nodata
        As in `CompressedImage`; None if no pixel of a `.fkq` file is masked.
    """

    path: str
    format: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    metadata: Metadata
    used: int
    colors: PaletteCounts | None = None
    version: int | None = None
    coding: str | None = None
    parts: tuple[Part, ...] = ()
    is_plain: bool = False
    masked_index: int | None = None
    nodata: np.generic | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.shape[2] if len(self.shape) == 3 else 1

    @property
    def bits_per_pixel(self) -> float:
        """Bits of the whole file per pixel."""
        return 8 * self.nbytes / (self.shape[0] * self.shape[1])

    @property
    def bits_per_index(self) -> int | None:
        """ceil(log2 k), or None without a palette."""
        return bits_per_index(len(self.colors.counts)) if self.colors else None

    @property
    def bits_per_channel(self) -> int:
        """Bits of one value of the dtype; 1 for bool."""
        return 1 if self.dtype == "bool" else 8 * np.dtype(self.dtype).itemsize

    @property
    def grid(self) -> tuple[int, int]:
        """Number of rows and of columns in the grid of parts."""
        return len({part.box.top for part in self.parts}), len({part.box.left for part in self.parts})

    def as_json(self) -> dict[str, Any]:
        """Return all properties as values that JSON has; of ICC profile, EXIF and XMP the sizes."""
        metadata = self.metadata
        return {
            "file": self.path,
            "format": self.format,
            "version": self.version,
            "coding": self.coding,
            "height": self.shape[0],
            "width": self.shape[1],
            "shape": list(self.shape),
            "channels": self.channels,
            "dtype": self.dtype,
            "bits_per_channel": self.bits_per_channel,
            "bytes": self.nbytes,
            "bits_per_pixel": self.bits_per_pixel,
            "bits_per_index": self.bits_per_index,
            "colors": len(self.colors.counts) if self.colors else self.used,
            "colors_used": self.used,
            "metadata": {
                "icc_bytes": len(metadata.icc or b""),
                "exif_bytes": len(metadata.exif or b""),
                "dpi": metadata.dpi,
                "xmp_bytes": len(metadata.xmp or b""),
                "srgb": metadata.srgb,
                "gamma": metadata.gamma,
                "chromaticity": metadata.chromaticity,
                "cicp": metadata.cicp,
                **({} if metadata.geotiff is None else {"geotiff_bytes": len(metadata.geotiff)}),
            },
            "grid": self.grid if self.parts else None,
            "parts": [
                {
                    **part.box._asdict(),
                    "offset": part.offset,
                    "bytes": part.length,
                    "bits_per_pixel": bits_per_pixel(part),
                }
                for part in self.parts
            ],
            **self._masked_as_json(),
            "palette": self.colors.as_json() if self.colors else None,
            "counts": self.colors.counts.tolist() if self.colors else None,
        }

    def _masked_as_json(self) -> dict[str, Any]:
        """Return the index of masked pixels and their nodata value, if there are such pixels.

        JSON has no NaN and no infinity: they are strings.
        """
        if self.masked_index is None:
            return {}
        value = None if self.nodata is None else self.nodata.item()
        is_number = value is None or np.isfinite(value)
        return {"masked_index": self.masked_index, "nodata": value if is_number else str(value)}


def bits_per_pixel(part: Part) -> float:
    """Return the bits of a part per pixel."""
    return 8 * part.length / (part.box.height * part.box.width)


def read_facts(file: SourceLike, *, max_pixels: int = MAX_PIXELS) -> Facts:
    """Read a whole file and return its properties; the counts of the colors need all pixels.

    Files of more than `max_pixels` pixels are refused.

    Raises
    ------
    FormatError
        If the file is damaged or is not an image.
    OSError
        If the file cannot be read.
    """
    with opened(file) as source:
        if not fkq.is_fkq(source):
            return _facts_of_picture(source, max_pixels)
        with CompressedFile(source) as head:
            facts = _facts_of_indexed(head.load(max_pixels=max_pixels), source, "fkq")
            return facts._replace(version=head.version, coding=head.coding, parts=head.parts)


def _facts_of_picture(source: Source, max_pixels: int) -> Facts:
    picture = formats.decode(source, max_pixels=max_pixels)
    kind = picture.format or "image"
    if picture.has_palette:
        return _facts_of_indexed(picture.indexed(), source, kind)
    pixels = picture.pixels()
    name, dtype = source.name or "", pixels.dtype.name
    used = len(ColorCounts.of(pixels, is_plain=picture.is_plain))
    return Facts(
        name, kind, pixels.shape, dtype, source.length, picture.metadata, used, is_plain=picture.is_plain
    )


def _facts_of_indexed(image: IndexedImage, source: Source, kind: str) -> Facts:
    counts = count_indices(image)
    used, colors = int(np.count_nonzero(counts)), PaletteCounts(image.palette, counts)
    name, shape, dtype = source.name or "", image.shape, image.dtype.name
    return Facts(
        name, kind, shape, dtype, source.length, image.metadata, used, colors, is_plain=image.is_plain,
        masked_index=image.masked_index, nodata=image.nodata,
    )  # fmt: skip
