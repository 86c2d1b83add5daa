"""The `.fkq` file format. Every version stays readable.

=======  =========  ====================================================================================
version  coding     specified in
=======  =========  ====================================================================================
1        "packed"   `fastkq.formats.fkq.packed`: ceil(log2 k) bits per index, a size known by formula
2        "context"  `fastkq.formats.fkq.version_2`: chunks, metadata, parts that are decoded alone;
                    `fastkq.formats.fkq.context`: the bytes of a part
3, 4     "packed"   `fastkq.formats.fkq.packed`: version 1 for palettes that it cannot hold
=======  =========  ====================================================================================

Palettes of any dtype and number of channels are specified in `fastkq.formats.fkq.palette_values`.

A file holds the palette (integers of 8 to 32 bits, bool, float32 or float64; 1 to 64 channels), the indices,
metadata, whether the last of 2 or 4 channels is alpha, and which index means that a pixel holds no data. The
coding "context" is the smaller one: the indices are entropy-coded, everything else takes about 40 bytes, and
every chunk and part has a checksum. Large images are cut into parts, so that a region can be read from a
path, bytes or a file object without decoding the rest. The coding "packed" is the faster one: 24 bytes of
header, the palette, and ceil(log2 k) bits per pixel; it has no metadata, and refuses masked pixels and 2 or 4
channels without alpha.

Damaged files raise `fastkq.errors.FormatError`, which names the part and the byte; with ``strict=False`` the
reader returns the intact parts and reports the damage. Memory is allocated only as far as the length of the
file and `max_pixels` justify it.
"""

from fastkq.color.indexed_image import Box, IndexedImage
from fastkq.errors import FormatError
from fastkq.formats import geotiff
from fastkq.formats.fkq import packed, version_2
from fastkq.formats.fkq.framing import MAGIC, NEWER_HINT
from fastkq.formats.fkq.layout import Head, Part
from fastkq.formats.fkq.packed import encoded_size
from fastkq.formats.source import Source
from fastkq.runtime.options import Coding

__all__ = ["MAGIC", "Head", "Part", "decode", "encode", "encoded_size", "is_fkq", "read_head"]


def encode(image: IndexedImage, coding: Coding = "context", threads: int = 1) -> bytes:
    """Return the bytes of a file. The coding "packed" has no place for metadata.

    Raises
    ------
    ArgumentError
        If the coding is "packed", and pixels are masked or the last of 2 or 4 channels is no alpha.
    """
    return version_2.encode(image, threads) if coding == "context" else packed.encode(image, threads)


def is_fkq(source: Source) -> bool:
    """Return whether the source begins with the magic bytes, which are the same in every version."""
    return bytes(source.read(0, min(len(MAGIC), source.length))) == MAGIC


def read_head(source: Source, *, strict: bool = True) -> Head:
    """Read everything in a file but the pixels; only the head is read.

    Raises
    ------
    FormatError
        If the source is no `.fkq` file or one of a newer version, or if its head is damaged; if `strict`,
        also if its metadata is damaged or its length is wrong.
    """
    start = bytes(source.read(0, min(len(MAGIC) + 1, source.length)))
    if not is_fkq(source):
        raise FormatError(
            f"expected a .fkq file, which begins with {MAGIC!r}, got {start[: len(MAGIC)]!r}: "
            "image files are read by load, if they have a palette, and by compress"
        )
    version = start[len(MAGIC)] if len(start) > len(MAGIC) else None
    if version in packed.VERSIONS:
        return packed.read_head(source, strict)
    if version == version_2.VERSION:
        return version_2.read_head(source, strict)
    if version is None:
        raise FormatError(f"expected a version at byte {len(MAGIC)}, got nothing: truncated")
    raise FormatError(f"expected version 1 to 4 of .fkq, got version {version}: damaged, or {NEWER_HINT}")


def decode(
    source: Source,
    head: Head,
    region: tuple[int, int, int, int] | None = None,
    *,
    strict: bool = True,
    max_pixels: int,
    threads: int = 1,
) -> IndexedImage:
    """Decode the image of a file whose head was read, or a region (top, left, height, width) of the image.

    Raises
    ------
    FormatError
        If more than `max_pixels` pixels would be decoded (a file of one color has about 50 bytes, whatever
        the size of the image); if `strict`, also if anything that is read is damaged.
    """
    box = head.box if region is None else Box(*region)
    decode_indices = packed.decode if head.version in packed.VERSIONS else version_2.decode
    indices, damage = decode_indices(source, head, box, strict=strict, max_pixels=max_pixels, threads=threads)
    shape = (box.height, box.width, *head.shape[2:])
    place = geotiff.cropped(head.metadata.geotiff, box.top, box.left)
    return IndexedImage.unchecked(
        head.palette, indices, shape, head.metadata._replace(geotiff=place), (*head.damage, *damage),
        head.is_plain, head.masked_index, head.nodata,
    )  # fmt: skip
