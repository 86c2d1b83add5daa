"""The "context" coding: the indices of one part, under context mixing, by an adaptive binary range coder.

This is its specification. Numbers are integers, a^b is a power, x >> n is floor(x / 2^n), // rounds down,
isqrt is the integer square root, xor is exclusive or of binary digits, and min, max and sum are what they
say; powers come first, then * // mod from left to right, then + and -, then >>, then xor. k is the number
of colours; with k = 1 nothing is coded, and any data refused. Otherwise, with depth = ceil(log2 k), group
= ceil(depth / ceil(depth / 4)), and bits = the number of binary digits of the part's number of pixels,
less 3, but at least 6 and at most 16:

**Tree.** Colours have coordinates c of three channels, from 0 to 255: those of
`fastkq.formats.fkq.context.coordinates`, for gray, RGB and RGBA of 8 bits (v, v, v); R, G, B; and each (c*a +
128*(255 - a) + 127) // 255. Node 1 is the root with all colours by ascending index; node i of n > 1
colours has children 2i, with the first n // 2 of them, and 2i + 1, with the others, once they are sorted
(equals as they stood) by the channel of the largest n * sum(c^2) - sum(c)^2, the first of equals. With m
and M the means of a coordinate over the first and the second child, in 256ths, rounded down, and d = M -
m, the *axis* is sign(d) * (|d| * 64 // max(1, isqrt(sum over channels of d^2))) a channel, and the
*threshold* (sum over channels of axis * (m + M)) >> 9. The *projection* of coordinates at a node is (sum
of axis * c) - threshold. A colour's *path* is the turns from the root to its leaf (0 for 2i, 1 for 2i +
1) as binary digits, zeros behind them up to depth.

**Tables.** e(0) = 2^60, e(x + 1) = e(x) * 1148427106610555133 >> 60; squash(x) = (2^76 + (2^60 + e(x)) //
2) // (2^60 + e(x)) for x from 0 to 2047, and 65536 - squash(-x) for x from -2047 to -1. stretch(p), p
from 0 to 4095, is the least x with squash(x) >= 16 p + 8, 2047 if there is none. A *slot* is a
probability p and a count n, (2048, 0) at first; its *opinion* is stretch(p) * (64 (10 n + 8) // (10 n +
15)) >> 6. After a bit b, p grows by ((4095 b - p) * rate + 32768) >> 16, rate being 6553600 // (100 n +
125) of the n before the bit, or 2730 when that is 15; then n by 1 up to 15. level(v) is 12 + how many of
3, 7, 12, 18, 26, 36, 50, 68, 92, 124, 170 are below v >> 5 when v >= 0, else 11 - how many are below -(v
>> 5) - 1.

**Places.** scatter(c, node, n) of n bits: v = (c + node * 0x2545F491) mod 2^32; v = (v xor v >> 15) *
0x5851F42D mod 2^32; v = (v xor v >> 13) * 0x2C1B3C6D mod 2^32; v >> (32 - n). There are 11 tables of
2^bits lines of 2^group slots each, where line(c, node) is number scatter(c, node >> 2, bits) xor (node
mod 4); 3 dense tables of 2^(bits + 2), 2^(bits + 1) and 2^(bits + 1) slots; and a run table of 4096
slots. Two memories of 2^(bits - 2) places each hold an index and a number, both 0 at first.

**Neighbours.** The pixels stand row by row, from left to right. w, ww are one and two to the left; n, nn,
nnn one, two, three above; nw, ne, nww, nee beside n, one and two to either side; nne right of nn. Above
the part all is index 0; what is left of a row, of the rows above too, is the first pixel of the row above
it, and what is right of a row its last pixel. For each channel, predicted = min(255, max(0, (2 (w + n) +
ne - nw + 2) >> 2)) of the coordinates, and difference the sum of |w - nw| + |n - nw| + |n - ne|, over all
channels; *activity* is how many of 1, 12, 24, 48, 80, 120, 200 are not above it; *equal* = (w = n) + 2 (n
= nw) + 4 (n = ne) + 8 (w = ww) + 16 (n = nn), each 1 if true.

**Contexts.** With A = 0x1E3779B1, B = 0x05EBCA77, C = 0x42B2AE3D, D = 0x27D4EB2F, E = 0x165667B1, F =
0x53A2646D, G = 0x3D4D51CB, H = 0x71234567, I = 0x01234567, the lines 0 to 10 have

0. w A + ww B
1. n A + nn B
2. n A + ne B
3. w A + ne B
4. w A
5. n A + nn B + nnn C
6. w' A + n' B + nw" C + ne' D + ww" E + nn" F + nne" G + nee" H + nww" I, of the first 3 (') or 2 (")
   digits of their paths (of all, where depth is less)
7. A times the cell: the first c binary digits (of 8) of the predicted R, G, B behind each other, c being
   min(6, max(4, depth // 2 + 2))
8. w A + n B + nw C
9. w A + n B + ne C + nee D + nne E
10. ne A + nee B

*Runs.* long = w A + n B + nw C + ne D + ww E + nn F; memory 0 is used at scatter(long, 0, bits - 2),
memory 1 at scatter(long + nne G + nee H + nww I, 0, bits - 2). What is there, before the pixel is coded,
is the run's *guess* and how *sure* it is. After every pixel, a hit on a flat one too, for each: if the
guess was right, sure grows by 1 up to 255; else if sure is above 1 it is halved, rounded down; else the
guess becomes the pixel's index, and sure 1.

**A pixel.** If w = n = nw = ne, the pixel is *flat*, and it is first coded whether its index is w: bit 1
if so, and the pixel is done. The 16 inputs are slot 0 of line(context, 0) of each line table; then, with
pattern = (w = ww) + 2 (w = nn) + 4 (w = nee) + 8 (nn = nne) + 16 (w = nww) + 32 (nn = nnn) and since =
the number of binary digits (0 has none), at most 11, of how many flat pixels before were hits without a
miss between them (in this part, in coding order): for r = 0, 1 slot 1024 r + (2 min(sure, 7) + (guess =
w)) * 64 + pattern of the run table; of the dense tables slot (pattern * 12 + since) mod 2^(bits + 2),
slot scatter(w * 64 + pattern, 0, bits + 1) and slot scatter(w * 16 + since, 0, bits + 1). Sets: a = equal
* 18 + 17, b = activity * 512, c = 431; rows: a, and 512 + w mod 512.

Else the turns of its path are coded from the root to its leaf, step by step from step 0 at the root. On a
flat pixel the turn at a node that has w alone for a child is known, the other one: it is not coded, and
the way goes on below it. The inputs are: slot inner of line(context, top) of each line table, where top
is the last node on the way whose step is a multiple of group, and inner is 1 at top and then doubled,
plus the turn, at each step; for r = 0, 1 slot 2048 + 1024 r + (3 min(sure, 15) + turn) * 17 + step of the
run table, turn being the turn at this node on the guess's path, 2 where that does not pass it; of the
dense tables slot (node * 1024 + around) mod 2^(bits + 2), slot (node * 192 + slope * 8 + activity) mod
2^(bits + 1) and slot node mod 2^(bits + 1). Here around = (W >> 2) * 128 + (N >> 2) * 16 + (NW >> 3) * 4
+ (NE >> 3) of the levels of the projections of the coordinates of w, n, nw and ne, or of 12 for all four
where the node is min(2^depth, 2^18 // k) or more; slope is the level of the predicted colour's
projection. Sets: a = equal * 18 + step, b = activity * 512 + min(node, 511), c = slope * 18 + step; rows:
a, and min(node, 511).

**A decision.** Each set a, of 576, b, of 4096, and c, of 432, has 16 weights, at first 7000. For each, x
= (sum over the inputs of ((weight * opinion) >> 8)) >> 8, at least -2047, at most 2047. mixed = ((xa + xb
+ xc) * 85 >> 8) + 2048. Each row a, of 576, and b, of 1024, has 33 numbers, at first 64 * squash(128 j -
2048) for j from 0 to 32 (where that is beyond the table, its end). With low = mixed >> 7, share = mixed
mod 128: refined = (sum over both rows of number[low] * (128 - share) + number[low + 1] * share) >> 13,
and the probability of a 1 in 65536 is min(65528, max(8, (2 * squash(mixed - 2048) + refined) >> 2)).
After the bit: with error = 65536 bit - squash(x) of its own x, each weight of the set grows by (opinion *
3 * error + 65536) >> 17 and is kept from -2^19 to 2^19; in each row number[(mixed + 64) >> 7] grows by
(4194303 bit - number) >> 6; then the slots learn.

**Range coder.** low = 0, high = 2^32 - 1. For each bit, middle = low + (((high - low) * probability) >>
16); a 1 makes it the new high, a 0 makes middle + 1 the new low; then, while low and high agree in their
highest byte, that byte is written, low becomes 256 low mod 2^32 and high 256 high mod 2^32 + 255. In the
end come the fewest bytes, 0 to 4, that with zeros behind them up to four bytes are the least such number
from low to high. A decoder takes zeros for what follows the end, and refuses data that is longer or
shorter than this or ends in other bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import index_dtype
from fastkq.errors import FormatError
from fastkq.formats.fkq.context.model import Model, fresh
from fastkq.runtime.parallel import over_chunks

_PIXELS_PER_CHUNK = 1 << 15  # some 15 ms, twice that for many colours

_PIXELS_PER_BYTE = 46_000
"""A decision costs at least log2(65536 / 65528) bits, so 45,426 of them fit a byte."""


def encode(indices: npt.NDArray[np.unsignedinteger], palette: npt.NDArray[Any]) -> bytes:
    """The coded form of the indices (H, W) into a palette (k, C) of one part."""
    if len(palette) == 1:
        return b""
    height, width = indices.shape
    model = fresh(palette, indices.size)
    canvas = _canvas(height, width)
    left = kernels.coding.context_mixing.LEFT
    canvas[kernels.coding.context_mixing.TOP :, left : left + width] = indices
    # No decision costs more than 13 bits; pages that are not touched cost nothing.
    decisions = indices.size * (len(palette) - 1).bit_length() + indices.size
    data = np.empty(2 * decisions + 8, np.uint8)
    _code(canvas, model, data, decoding=False)
    end = int(model.state[kernels.coding.context_mixing.PLACE])
    return data[:end].tobytes() + _tail(model)


def decode(
    data: npt.NDArray[np.uint8], palette: npt.NDArray[Any], height: int, width: int, rows: int | None = None
) -> npt.NDArray[np.unsignedinteger]:
    """Inverse of `encode`: the indices (H, W), or the first rows of them.

    Raises
    ------
    FormatError
        When all rows are decoded, and the data holds more or less than they take.
    """
    k, wanted = len(palette), height if rows is None else rows
    if k == 1:
        if len(data):
            raise FormatError(f"expected no data for an image of one colour, got {len(data)} bytes")
        return np.zeros((wanted, width), index_dtype(k))
    model = fresh(palette, height * width)
    first = data[:4].tobytes().ljust(4, b"\0")
    model.state[kernels.coding.context_mixing.CODE] = int.from_bytes(first, "big")
    model.state[kernels.coding.context_mixing.PLACE] = len(first)
    canvas = _canvas(wanted, width)
    _code(canvas, model, np.array(data), decoding=True)  # one signature: writable, contiguous
    if wanted == height:
        end = int(model.state[kernels.coding.context_mixing.PLACE]) - len(first)
        if data[end:].tobytes() != _tail(model) or end > len(data):
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


def most_pixels(nbytes: int) -> int:
    """No fewer pixels than so many bytes can code, of a palette of two colours or more."""
    return (nbytes + 4) * _PIXELS_PER_BYTE


def _canvas(height: int, width: int) -> npt.NDArray[np.int32]:
    kernel = kernels.coding.context_mixing
    return np.zeros((kernel.TOP + height, kernel.LEFT + width + kernel.RIGHT), np.int32)


def _tail(model: Model) -> bytes:
    """The fewest bytes that, zeros following, name a number in the range that is left."""
    low, high = (
        int(model.state[kernels.coding.context_mixing.LOW]),
        int(model.state[kernels.coding.context_mixing.HIGH]),
    )
    for count in range(5):
        unit = 1 << (32 - 8 * count)
        number = -(-low // unit) * unit
        if number <= high:
            return number.to_bytes(5, "big")[1 : 1 + count]
    raise AssertionError("the low end itself has four bytes")
