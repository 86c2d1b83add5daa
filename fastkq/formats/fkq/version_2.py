"""The `.fkq` file format, version 2: chunks with a checksum each, then parts that are decoded alone.

A *number* is an unsigned integer of at most 63 bits in LEB128: seven bits per byte, lowest first, with the
high bit set in all bytes but the last, in as few bytes as possible. A *CRC* is CRC-32 (zlib, PNG: polynomial
EDB88320), four bytes, lowest first. A file is, without gaps and with nothing after it:

==========  ====================================================================================
magic       89 46 4B 51 (hexadecimal; "\x89FKQ")
version     one byte: 2
chunk H     header
chunk P     palette
chunk T     part table
chunks      any number (usually none) of other chunks, by ascending type, no type twice
parts       the bytes of the parts, in the order of the table
==========  ====================================================================================

A chunk is its type (one byte, an ASCII letter), the length of its payload (a number), the payload, and the
CRC of these three. A reader skips a chunk of a type that it does not know if the letter is lowercase. It
refuses the file if the letter is uppercase: such a chunk changes what the image is.

`fastkq.formats.fkq.header` specifies H and P, `fastkq.formats.fkq.parts` specifies T.

*Parts.* The grid cuts the image into rows * columns rectangles. The one in row r and column c of the grid,
counted from 0, has the rows of pixels floor(r*H / rows) to floor((r+1)*H / rows) - 1 and the columns of
pixels floor(c*W / columns) to floor((c+1)*W / columns) - 1. Parts are ordered by row of the grid, from left
to right in each row. The code of a part does not depend on other parts.

The *other chunks* are optional: `fastkq.formats.fkq.metadata_chunks` specifies *F*, *a*, *c*, *d*, *e*, *g*,
*i*, *m*, *p*, *s*, *t* and *x*.

A strict reader rejects a file that breaks any of these rules, but need not look at parts that are not
requested. A reader that is not strict may return what is intact if only parts, chunks after T or the end of
the file are damaged; without a readable F, masked pixels have their palette row. Version 2 stays readable.
"""

from fastkq.color.indexed_image import IndexedImage
from fastkq.formats.fkq import header, parts
from fastkq.formats.fkq.layout import default_grid, grid_boxes

VERSION = header.VERSION
read_head = header.read
decode = parts.decode


def encode(image: IndexedImage, threads: int, grid: tuple[int, int] | None = None) -> bytes:
    """Return the bytes of a file; `grid` (rows, columns) replaces the default grid of parts."""
    height, width = image.indices.shape
    rows, columns = grid or default_grid(height, width)
    coded = parts.encode(image, grid_boxes(height, width, rows, columns), threads)
    return b"".join((header.encode(image, rows, columns, coded), *coded))
