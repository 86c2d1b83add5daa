"""The `.fkq` file, version 2: chunks with a checksum each, then parts that are decoded alone.

A *number* is unsigned, of at most 63 bits, in LEB128: seven bits a byte, lowest first, the high bit set in
all bytes but the last, in the fewest bytes. A *CRC* is CRC-32 (zlib, PNG: polynomial EDB88320), four bytes,
the lowest first. A file is, without gaps and with nothing after it:

==========  ====================================================================================
magic       89 46 4B 51 (hexadecimal; "\x89FKQ")
version     one byte: 2
chunk H     header
chunk P     palette
chunk T     part table
chunks      any number (mostly none) of others, by ascending type, no type twice
parts       the bytes of the parts, in the order of the table
==========  ====================================================================================

A chunk is its type (one byte, an ASCII letter), the length of its payload (a number), the payload, and the
CRC of these three. A reader skips a chunk of a type that it does not know when the letter is small and
refuses the file when it is a capital: such a chunk changes what the image is.

*H*, in this order:

==============  ================================================================================
coding          one byte: 1, "context", as `fastkq.formats.fkq.context` specifies it
C               one byte, channels of a colour: 1 to 64, as `fastkq.formats.fkq.palette_values` specifies them
axes            one byte: 2 for an image (H, W), which needs C = 1; 3 for (H, W, C)
bits            one byte: 1, 8, 16, 32 or 64, of a value of the palette, as specified there
H, W            numbers, height and width in pixels, 1 to 2^32 - 1
k               a number of colours, 1 to 65536
rows, columns   numbers: the grid of parts, 1 to H and 1 to W, at most 65536 parts
==============  ================================================================================

*P*: k colours of C values, channel after channel. It may hold equal or unused rows, in any order.

*Parts.* The grid cuts the image into rows * columns rectangles: with row r from 0, column c from 0, the
pixels of lines floor(r*H / rows) to floor((r+1)*H / rows) - 1 and columns of pixels floor(c*W / columns) to
floor((c+1)*W / columns) - 1. Their order is row after row of the grid, from left to right. A part is coded
without regard to any other.

*T*: a number, the length in bytes of all chunks that follow it; then for each part a number, the length of
its bytes, and the CRC of its bytes. With k = 1 every part has no bytes. Otherwise a part of n bytes has at
most as many pixels as the coding can give for n bytes.

*Metadata*, each where the image has it: *d*, resolution: two IEEE 754 binary64 numbers, lowest byte first,
dots per inch horizontally and vertically, finite and above 0; *e*, EXIF: a TIFF structure; *i*, ICC profile.

A strict reader rejects a file that breaks any of this, but need not look at parts that it was not asked
for. One that is not strict may return what is intact where only parts, small-letter chunks or the end of
the file are damaged. Version 2 stays readable for ever.
"""

from fastkq.formats.fkq import header, parts
from fastkq.formats.fkq.layout import Contents, cut, default_grid

VERSION = header.VERSION
read_head = header.read
decode = parts.decode


def encode(
    contents: Contents,
    threads: int,
    grid: tuple[int, int] | None = None,
) -> bytes:
    """The file's bytes; `grid` cuts the image into other rows and columns of parts than usual."""
    height, width = contents.indices.shape
    rows, columns = grid or default_grid(height, width)
    coded = parts.encode(contents, cut(height, width, rows, columns), threads)
    return b"".join((header.encode(contents, rows, columns, coded), *coded))
