"""The "context" coding: the indices of one part, by context mixing and an adaptive binary range coder.

The indices are coded by context mixing: each index is a path through a tree that halves the palette. For each
turn, 16 predictions from neighboring indices, from the color last seen in a long context, and from where
neighboring colors lie relative to the two halves are combined by a gated logistic mixer, and a binary range
coder writes the turn. All arithmetic is in integers, so that a file reads the same on every machine.

This is its specification. All numbers are integers. a^b is a power, x >> n is floor(x / 2^n), // is division
rounded down, isqrt is the integer square root, xor is the exclusive or of binary digits, and min, max and sum
have their usual meaning. The order of operations is: powers; then products (also written without a sign, as
in w A), // and mod from left to right; then + and -; then >>; then xor.

k is the number of colors. If k = 1, nothing is coded, and a decoder refuses any data. Otherwise

- depth = ceil(log2 k);
- group = ceil(depth / ceil(depth / 4));
- bits = the number of binary digits of the part's number of pixels, less 3, but at least 6 and at most 16.

**Tree.** The coordinates c of a color have three channels, from 0 to 255, and are those of
`fastkq.formats.fkq.context.coordinates`: for 8-bit gray (v, v, v); for 8-bit RGB R, G, B; for 8-bit RGBA
(c*a + 128*(255 - a) + 127) // 255 for c = R, G, B and alpha a. Node 1 is the root and has all colors, by
ascending index. Node i, where it has n > 1 colors, has two children. Its colors are sorted by one channel;
equal ones keep their order. Child 2i has the first n // 2 of them, child 2i + 1 the others. The channel is
the one with the largest n * sum(c^2) - sum(c)^2 over the node's colors, the first among equals.

For each channel, m and M are the means of the coordinate over the first and over the second child, in 1/256,
rounded down, and d = M - m. The *axis* of the node is, for each channel, sign(d) * (|d| * 64 // max(1,
isqrt(sum over channels of d^2))). Its *threshold* is (sum over channels of axis * (m + M)) >> 9. The
*projection* of coordinates c at the node is (sum over channels of axis * c) - threshold. The *path* of a
color consists of the turns from the root to its leaf, 0 to child 2i and 1 to child 2i + 1, as binary digits,
followed by zeros up to depth digits.

**Tables.** e(0) = 2^60, and e(x + 1) = e(x) * 1148427106610555133 >> 60. squash(x) = (2^76 + (2^60 + e(x)) //
2) // (2^60 + e(x)) for x from 0 to 2047, and squash(x) = 65536 - squash(-x) for x from -2047 to -1.
stretch(p), for p from 0 to 4095, is the least x with squash(x) >= 16 p + 8, or 2047 if there is none.

A *slot* holds a probability p and a count n, at first (2048, 0). Its *prediction* is stretch(p) * (64 (10 n +
8) // (10 n + 15)) >> 6. After a bit b, p grows by ((4095 b - p) * rate + 32768) >> 16, where rate is 2730 if
n = 15, else 6553600 // (100 n + 125); then n grows by 1, up to 15.

The *level* of a projection v depends on the values 3, 7, 12, 18, 26, 36, 50, 68, 92, 124, 170. If v >= 0, it
is 12 plus the number of these that are below v >> 5; else it is 11 minus the number of these that are below
-(v >> 5) - 1.

**Places.** scatter(c, node, n), a hash of n bits, is computed in four steps: v = (c + node * 0x2545F491) mod
2^32; v = (v xor v >> 15) * 0x5851F42D mod 2^32; v = (v xor v >> 13) * 0x2C1B3C6D mod 2^32; the result is v >>
(32 - n). There are

- 11 line tables of 2^bits lines, each of 2^group slots; line(c, node) of a table is its line of number
  scatter(c, node >> 2, bits) xor (node mod 4);
- 3 dense tables, of 2^(bits + 2), 2^(bits + 1) and 2^(bits + 1) slots;
- a run table of 4096 slots;
- 2 run memories of 2^(bits - 2) places, each of which holds an index and a number, both 0 at first.

**Neighbors.** Pixels are coded row by row, from left to right. w and ww are the indices of the pixels one and
two to the left; n, nn and nnn of those one, two and three above; nw and ne of those one to the left and to
the right of n; nww and nee of those two to the left and to the right of n; nne of the one to the right of nn.
Above the part, every index is 0. To the left of any row, the current one or one above it, every index is that
of the first pixel of the row above that row; to the right of a row, it is that of its last pixel.

For each channel of the coordinates of these colors, predicted = min(255, max(0, (2 (w + n) + ne - nw + 2) >>
2)). difference is the sum over all channels of |w - nw| + |n - nw| + |n - ne|. *activity* is the number of
the values 1, 12, 24, 48, 80, 120, 200 that are at most difference. *equal* = (w = n) + 2 (n = nw) + 4 (n =
ne) + 8 (w = ww) + 16 (n = nn), where a comparison is 1 if it is true, else 0.

**Contexts.** With A = 0x1E3779B1, B = 0x05EBCA77, C = 0x42B2AE3D, D = 0x27D4EB2F, E = 0x165667B1, F =
0x53A2646D, G = 0x3D4D51CB, H = 0x71234567, I = 0x01234567, the contexts of the line tables 0 to 10 are

0. w A + ww B
1. n A + nn B
2. n A + ne B
3. w A + ne B
4. w A
5. n A + nn B + nnn C
6. w' A + n' B + nw" C + ne' D + ww" E + nn" F + nne" G + nee" H + nww" I, where ' is the number formed by the
   first 3 digits of the path of an index and " by the first 2 (by all digits, where depth is less)
7. A times the cell, which is the number formed by the first c of the 8 binary digits of the predicted R, then
   G, then B, where c = min(6, max(4, depth // 2 + 2))
8. w A + n B + nw C
9. w A + n B + ne C + nee D + nne E
10. ne A + nee B

*Runs.* long = w A + n B + nw C + ne D + ww E + nn F. Run 0 uses memory 0 at place scatter(long, 0, bits - 2),
run 1 uses memory 1 at place scatter(long + nne G + nee H + nww I, 0, bits - 2). The index and the number that
are there before the pixel is coded are the run's *guess* and its *confidence*. After every pixel, also after
a hit on a flat pixel, each run is updated: if the guess was right, the confidence grows by 1, up to 255;
otherwise, if the confidence is above 1, it is halved, rounded down; otherwise the guess becomes the index of
the pixel, and the confidence 1.

**A pixel.** If w = n = nw = ne, the pixel is *flat*. Then the first decision is whether its index is w: if
so, the bit is 1, which is a *hit*, and the pixel is done. Let pattern = (w = ww) + 2 (w = nn) + 4 (w = nee) +
8 (nn = nne) + 16 (w = nww) + 32 (nn = nnn), and let since be the number of binary digits (0 has none), at
most 11, of the number of flat pixels of this part that were hits since the last one that was not, in
coding order. The 16 inputs of the decision are

- of each line table, slot 0 of line(context, 0);
- of the run table, for r = 0, 1, slot 1024 r + (2 min(confidence, 7) + (guess = w)) * 64 + pattern;
- of the dense tables, slot (pattern * 12 + since) mod 2^(bits + 2), slot scatter(w * 64 + pattern, 0, bits +
  1) and slot scatter(w * 16 + since, 0, bits + 1).

The sets are a = equal * 18 + 17, b = activity * 512 and c = 431; row a has the number of set a, and row b is
512 + w mod 512.

If the pixel is not flat, or was no hit, the turns of its path are decisions, coded from the root to the leaf:
step 0 is the one at the root. On a flat pixel, the turn at a node that has a child with the color w alone is
known, because it leads to the other child: it is not coded, and coding goes on at that child. The 16 inputs
of a decision are

- of each line table, slot inner of line(context, top), where top is the last node on the way whose step is a
  multiple of group; inner is 1 at top, and at each further step it is doubled and the turn is added to it;
- of the run table, for r = 0, 1, slot 2048 + 1024 r + (3 min(confidence, 15) + turn) * 17 + step, where turn
  is the turn at this node on the path of the guess, or 2 if that path does not pass the node;
- of the dense tables, slot (node * 1024 + around) mod 2^(bits + 2), slot (node * 192 + slope * 8 + activity)
  mod 2^(bits + 1) and slot node mod 2^(bits + 1).

Here around = (W >> 2) * 128 + (N >> 2) * 16 + (NW >> 3) * 4 + (NE >> 3), where W, N, NW and NE are the levels
of the projections of the coordinates of w, n, nw and ne, or all four are 12 if the node is at least
min(2^depth, 2^18 // k). slope is the level of the projection of the predicted color. The sets are a = equal *
18 + step, b = activity * 512 + min(node, 511) and c = slope * 18 + step; row a has the number of set a, and
row b is min(node, 511).

**A decision.** There are 576 sets a, 4096 sets b and 432 sets c, each of 16 weights, all 7000 at first. For
each of the three sets of the decision, x = (sum over the inputs of ((weight * prediction) >> 8)) >> 8,
limited to -2047 and 2047. mixed = ((xa + xb + xc) * 85 >> 8) + 2048. There are 576 rows a and 1024 rows b,
each of 33 numbers: at first, number j, for j from 0 to 32, is 64 * squash(128 j - 2048), with the argument
limited to -2047 and 2047. With low = mixed >> 7 and share = mixed mod 128, refined = (sum over the two rows
of number[low] * (128 - share) + number[low + 1] * share) >> 13. The probability of a 1, in 1/65536, is
min(65528, max(8, (2 * squash(mixed - 2048) + refined) >> 2)).

After the bit, the model learns. For each set, with error = 65536 bit - squash(x) of its own x, each weight
grows by (prediction * 3 * error + 65536) >> 17 and is limited to -2^19 and 2^19. In each row,
number[(mixed + 64) >> 7] grows by (4194303 bit - number) >> 6. Then the slots of the inputs learn.

**Range coder.** At first, low = 0 and high = 2^32 - 1. For each bit, middle = low + (((high - low) *
probability) >> 16). After a 1, high becomes middle; after a 0, low becomes middle + 1. Then, while the
highest bytes of low and high are equal, that byte is written, low becomes 256 low mod 2^32, and high becomes
256 high mod 2^32 + 255. At the end, 0 to 4 bytes are written: the fewest that, followed by zeros up to four
bytes, are a number from low to high; of these numbers the least. A decoder reads zeros after the end of the
data, and refuses data that is longer or shorter than this or ends in other bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import index_dtype
from fastkq.errors import FormatError
from fastkq.formats.fkq.context.model import Model, initial_model
from fastkq.runtime.parallel import over_chunks

_PIXELS_PER_CHUNK = 1 << 15  # about 15 ms of work, twice that with many colors

_PIXELS_PER_BYTE = 46_000
"""Upper bound on the decisions that a byte can code: a decision costs at least log2(65536 / 65528) bits, so
at most 45,426 decisions fit in a byte."""


def encode(indices: npt.NDArray[np.unsignedinteger], palette: npt.NDArray[Any]) -> bytes:
    """Return the coded form of the indices (H, W) into a palette (k, C) of one part."""
    if len(palette) == 1:
        return b""
    height, width = indices.shape
    model = initial_model(palette, indices.size)
    canvas = _canvas(height, width)
    left = kernels.coding.context_mixing.LEFT
    canvas[kernels.coding.context_mixing.TOP :, left : left + width] = indices
    # Two bytes per decision suffice: a decision costs at most 13 bits. Untouched pages take no memory.
    decisions = indices.size * (len(palette) - 1).bit_length() + indices.size
    data = np.empty(2 * decisions + 8, np.uint8)
    _code(canvas, model, data, decoding=False)
    end = int(model.state[kernels.coding.context_mixing.PLACE])
    return data[:end].tobytes() + _final_bytes(model)


def decode(
    data: npt.NDArray[np.uint8], palette: npt.NDArray[Any], height: int, width: int, rows: int | None = None
) -> npt.NDArray[np.unsignedinteger]:
    """Decode the indices (H, W) of a part, or its first `rows` rows: the inverse of `encode`.

    Raises
    ------
    FormatError
        When all rows are decoded and the data is longer or shorter than their code, or ends in other bytes.
    """
    k, wanted_rows = len(palette), height if rows is None else rows
    if k == 1:
        if len(data):
            raise FormatError(f"expected no data for an image of one color, got {len(data)} bytes")
        return np.zeros((wanted_rows, width), index_dtype(k))
    model = initial_model(palette, height * width)
    first = data[:4].tobytes().ljust(4, b"\0")
    model.state[kernels.coding.context_mixing.CODE] = int.from_bytes(first, "big")
    model.state[kernels.coding.context_mixing.PLACE] = len(first)
    canvas = _canvas(wanted_rows, width)
    _code(canvas, model, np.array(data), decoding=True)  # copied, so that the kernel has one signature
    if wanted_rows == height:
        end = int(model.state[kernels.coding.context_mixing.PLACE]) - len(first)
        if data[end:].tobytes() != _final_bytes(model) or end > len(data):
            raise FormatError(f"expected {end} bytes of coded indices and their end, got {len(data)} bytes")
    left = kernels.coding.context_mixing.LEFT
    return canvas[kernels.coding.context_mixing.TOP :, left : left + width].astype(index_dtype(k))


def _code(
    canvas: npt.NDArray[np.int32], model: Model, data: npt.NDArray[np.uint8], *, decoding: bool
) -> None:
    height, width = canvas.shape[0] - kernels.coding.context_mixing.TOP, canvas.shape[1]

    def work(worker: int, first: int, last: int) -> None:
        kernels.coding.context_mixing.code(canvas, first, last, model, data, decoding)

    over_chunks(work, height, max(1, _PIXELS_PER_CHUNK // width), 1)


def max_pixels_in(nbytes: int) -> int:
    """Return a bound on the pixels that `nbytes` bytes can code, with a palette of at least two colors."""
    return (nbytes + 4) * _PIXELS_PER_BYTE


def _canvas(height: int, width: int) -> npt.NDArray[np.int32]:
    kernel = kernels.coding.context_mixing
    return np.zeros((kernel.TOP + height, kernel.LEFT + width + kernel.RIGHT), np.int32)


def _final_bytes(model: Model) -> bytes:
    """Return the fewest bytes that, followed by zeros, are a number within the final range of the coder."""
    kernel = kernels.coding.context_mixing
    low, high = int(model.state[kernel.LOW]), int(model.state[kernel.HIGH])
    for count in range(5):
        unit = 1 << (32 - 8 * count)
        number = -(-low // unit) * unit
        if number <= high:
            return number.to_bytes(5, "big")[1 : 1 + count]
    raise AssertionError("the low end itself has four bytes")
