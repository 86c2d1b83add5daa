"""Sort and count rows of any dtype, packed into words: uint64 whose order is that of the rows.

A row (C,) takes W words. A word holds as many channels as fit into 64 bits, the first one in the highest
bits. Where an argument is `rows`, it is a `fastkq.color.row_table.Rows`: the channels of the rows as unsigned
integers `bits` (N, C) of `width` bits each, and whether they are floats, are signed integers, and have alpha.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel

INSERTION_SORT_ROWS = 12
"""Rows: at most this many are sorted by insertion."""


@kernel
def count_in_table(rows, start, stop, table):
    """Count rows start .. stop - 1 of at most 16 bits each.

    rows, in; table (65536,) int64, in and out: number of rows per word. All rows of alpha 0 count as word 0.
    """
    bits, width, _, is_signed, has_alpha = rows
    channels = bits.shape[1]
    sign = np.int64(1) << np.int64(width - 1) if is_signed else np.int64(0)
    for i in range(start, stop):
        word = np.int64(bits[i, 0]) ^ sign
        for channel in range(1, channels):
            word = (word << width) | (np.int64(bits[i, channel]) ^ sign)
        if has_alpha and bits[i, channels - 1] == 0:
            word = 0
        table[word] += 1


@inner_kernel
def _word(bits, i, word, width, is_float, is_signed, has_alpha):
    """Return one word of row i of bits (N, C), the first channels in the highest bits.

    The bits of floats are changed so that they ascend with the values: all bits of negative numbers are
    inverted, of other numbers only the sign bit. -0.0 becomes 0.0. Of signed integers the sign bit is
    inverted. Rows of alpha 0 become zeros.
    """
    channels = bits.shape[1]
    first = word * (64 // width)
    last = min(first + 64 // width, channels)
    packed = np.uint64(0)
    if has_alpha and bits[i, channels - 1] == 0:
        return packed
    if is_float:
        sign = np.uint64(1) << np.uint64(width - 1)
        for channel in range(first, last):
            value = np.uint64(bits[i, channel])
            value = np.uint64(0) if value == sign else value
            value ^= (sign - np.uint64(1)) | sign if value & sign else sign
            packed = ((packed << np.uint64(width - 1)) << np.uint64(1)) | value
    else:
        flip = np.uint64(1) << np.uint64(width - 1) if is_signed else np.uint64(0)
        for channel in range(first, last):
            packed = (packed << np.uint64(width)) | (np.uint64(bits[i, channel]) ^ flip)
    return packed << np.uint64(64 - width * (last - first))


@kernel
def to_words(rows, words):
    """Pack rows, in, into words (N, W) uint64, out."""
    bits, width, is_float, is_signed, has_alpha = rows
    for i in range(bits.shape[0]):
        for word in range(words.shape[1]):
            words[i, word] = _word(bits, i, word, width, is_float, is_signed, has_alpha)


@kernel
def classify(rows, start, stop, splitters, buckets, sizes):
    """Find the bucket of each of the rows start .. stop - 1, in, by the first word of the row.

    splitters (2^n - 1,) uint64, in, ascending; buckets (N,), out: for each row the number of splitters that
    are at most its first word; sizes (2^n,) int64, in and out: the number of rows per bucket.
    """
    bits, width, is_float, is_signed, has_alpha = rows
    for i in range(start, stop):
        word = _word(bits, i, 0, width, is_float, is_signed, has_alpha)
        bucket = 0
        step = sizes.shape[0] >> 1
        while step > 0:
            bucket += step if splitters[bucket + step - 1] <= word else 0
            step >>= 1
        buckets[i] = bucket
        sizes[bucket] += 1


@kernel
def scatter(rows, start, stop, buckets, places, words):
    """Write the words of the rows start .. stop - 1, in, bucket by bucket.

    buckets (N,), in: the bucket of each row; places (2^n,) int64, in and out: the next free row of each
    bucket; words (N, W) uint64, out.
    """
    bits, width, is_float, is_signed, has_alpha = rows
    for i in range(start, stop):
        place = places[buckets[i]]
        for word in range(words.shape[1]):
            words[place, word] = _word(bits, i, word, width, is_float, is_signed, has_alpha)
        places[buckets[i]] = place + 1


@kernel
def sort_words(words, scratch):
    """Sort words (n,) uint64 by least-significant-digit radix sort, one byte per pass.

    Bytes that are equal in all words are skipped. words and scratch (n,) uint64, in and out. Returns the one
    of the two that holds the sorted words.
    """
    number = words.shape[0]
    counts = np.zeros((8, 256), np.int64)
    for i in range(number):
        word = words[i]
        for digit in range(8):
            counts[digit, word & np.uint64(255)] += 1
            word >>= np.uint64(8)
    source, target = words, scratch
    for digit in range(8):
        shift = np.uint64(8 * digit)
        if counts[digit, (words[0] >> shift) & np.uint64(255)] == number:
            continue
        place = 0
        for value in range(256):
            count = counts[digit, value]
            counts[digit, value] = place
            place += count
        for i in range(number):
            word = source[i]
            value = (word >> shift) & np.uint64(255)
            target[counts[digit, value]] = word
            counts[digit, value] += 1
        source, target = target, source
    return source


@kernel
def from_words(words, start, stop, rows):
    """Unpack words start .. stop - 1 to rows: the inverse of `to_words`.

    words (M, W) uint64, in; rows, of which only the bits (M, C) are written, out.
    """
    bits, width, is_float, is_signed, _ = rows
    per_word = 64 // width
    sign = np.uint64(1) << np.uint64(width - 1)
    ones = (sign - np.uint64(1)) | sign
    for i in range(start, stop):
        for channel in range(bits.shape[1]):
            shift = np.uint64(64 - width * (channel % per_word + 1))
            value = (words[i, channel // per_word] >> shift) & ones
            if is_float:
                value ^= sign if value & sign else ones
            elif is_signed:
                value ^= sign
            bits[i, channel] = value


@inner_kernel
def compare(a, i, b, j, column):
    """Return -1, 0 or 1 as row i of a is before, equal to or after row j of b, compared from `column` on."""
    for word in range(column, a.shape[1]):
        if a[i, word] != b[j, word]:
            return -1 if a[i, word] < b[j, word] else 1
    return 0


@inner_kernel
def _insert(words, order, first, last, column):
    """Sort order[first:last] by insertion; the rows are equal in the words before `column`."""
    for place in range(first + 1, last):
        row = order[place]
        while place > first and compare(words, row, words, order[place - 1], column) < 0:
            order[place] = order[place - 1]
            place -= 1
        order[place] = row


@kernel
def sort(words, keys, order, stack):
    """Sort rows by multikey quicksort: rows that are equal in one word are sorted by the next word.

    words (N, W) uint64, in; order (N,) int64, in and out: row numbers; keys (N,) uint64, scratch: the words
    of the current column, in the order of `order`; stack (3, 64 * (W + 2)) int64, scratch: first row, end and
    column of each range that is not sorted yet.

    J. L. Bentley and R. Sedgewick, "Fast algorithms for sorting and searching strings", SODA 1997.
    """
    for i in range(order.shape[0]):
        keys[i] = words[order[i], 0]
    first, last, column = np.int64(0), np.int64(order.shape[0]), np.int64(0)
    depth = 0
    seed = np.int64(1)
    while True:
        if last - first <= INSERTION_SORT_ROWS:
            _insert(words, order, first, last, column)
            if depth == 0:
                return
            depth -= 1
            first, last, column = stack[0, depth], stack[1, depth], stack[2, depth]
            continue
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        a, b, c = keys[first + seed % (last - first)], keys[(first + last) >> 1], keys[last - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        below, place, above = first, first, last
        while place < above:
            key = keys[place]
            if key < pivot:
                keys[place], keys[below] = keys[below], key
                order[place], order[below] = order[below], order[place]
                below += 1
                place += 1
            elif key > pivot:
                above -= 1
                keys[place], keys[above] = keys[above], key
                order[place], order[above] = order[above], order[place]
            else:
                place += 1
        # Rows below and above the pivot wait on the stack; rows equal to it continue with the next column.
        # The larger range waits below the smaller, so at most 2 (W + log2 N) ranges wait.
        larger, smaller = depth, depth + 1
        if below - first < last - above:
            larger, smaller = smaller, larger
        stack[0, larger], stack[1, larger], stack[2, larger] = first, below, column
        stack[0, smaller], stack[1, smaller], stack[2, smaller] = above, last, column
        depth += 2
        first, last = below, above
        column += 1
        if column == words.shape[1]:
            first = last
        else:
            for place in range(first, last):
                keys[place] = words[order[place], column]


@kernel
def count_runs(words, counts):
    """Move the distinct rows of a sorted array to the front, and count each of them.

    words (N, W) uint64, in and out; counts (N,) int64, out. Returns the number M of distinct rows, which are
    words[:M] with counts[:M].
    """
    distinct = 0
    for i in range(words.shape[0]):
        if distinct == 0 or compare(words, i, words, distinct - 1, 0) != 0:
            for word in range(words.shape[1]):
                words[distinct, word] = words[i, word]
            counts[distinct] = 0
            distinct += 1
        counts[distinct - 1] += 1
    return distinct


@kernel
def merge(a, a_counts, b, b_counts, words, counts, state, limit):
    """Merge two sorted lists of distinct rows, adding the counts of equal rows.

    a (m, W) and b (n, W) uint64 with a_counts (m,) and b_counts (n,) int64, in; words (<= m + n, W) uint64
    and counts int64, out. state (3,) int64, in and out: the number of rows done of a, of b, and of the
    result. Stops when the result has `limit` rows, or when all are done.
    """
    i, j, distinct = state
    while distinct < limit and (i < a.shape[0] or j < b.shape[0]):
        order = 0
        if i == a.shape[0]:
            order = 1
        elif j == b.shape[0]:
            order = -1
        else:
            order = compare(a, i, b, j, 0)
        counts[distinct] = 0
        if order <= 0:
            for word in range(a.shape[1]):
                words[distinct, word] = a[i, word]
            counts[distinct] += a_counts[i]
            i += 1
        if order >= 0:
            for word in range(a.shape[1]):
                words[distinct, word] = b[j, word]
            counts[distinct] += b_counts[j]
            j += 1
        distinct += 1
    state[0], state[1], state[2] = i, j, distinct
