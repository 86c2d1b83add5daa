"""A decoder of the "context" coding, written for clarity from its specification."""

from bisect import bisect_left
from collections import defaultdict
from fractions import Fraction
from math import frexp, isqrt
from operator import mul

import numpy as np


def context_part(coded, palette, height, width):
    """Return the indices (height, width) of a part, read as specified in `fastkq.formats.fkq.context`."""
    if len(palette) == 1:
        assert not coded
        return np.zeros((height, width), int)
    part = ContextPart(coded, palette, height, width)
    for pixel in range(height * width):
        part.pixel(*divmod(pixel, width))
    assert coded == part.valid_bytes()
    return np.array(part.image)


E = [2**60]
while len(E) < 2048:
    E.append(E[-1] * 1148427106610555133 >> 60)


def squash(x):
    return 65536 - squash(-x) if x < 0 else (2**76 + (2**60 + E[x]) // 2) // (2**60 + E[x])


STRETCH = [bisect_left(range(-2047, 2047), 16 * p + 8, key=squash) - 2047 for p in range(4096)]
FACTORS = [0x1E3779B1, 0x05EBCA77, 0x42B2AE3D, 0x27D4EB2F, 0x165667B1, 0x53A2646D, 0x3D4D51CB, 0x71234567]
FACTORS += [0x01234567]
# Offsets (down, right) of w, n, nw, ne, ww, nn, nne, nee, nww, in the order of the sums of the runs, and nnn.
NEIGHBORS = (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-2, 1), (-1, 2), (-1, -2), (-3, 0)


def scatter(c, node, n):
    v = (c + node * 0x2545F491) % 2**32
    v = (v ^ v >> 15) * 0x5851F42D % 2**32
    v = (v ^ v >> 13) * 0x2C1B3C6D % 2**32
    return v >> (32 - n)


def coordinates(palette):
    """Return coordinates (k, 3) of the colors, as specified in `fastkq.formats.fkq.context.coordinates`."""
    values, kind, channels = palette.tolist(), palette.dtype.name, palette.shape[1]
    if kind.startswith("float"):
        digits, least = (24, -149) if kind == "float32" else (53, -1074)
        largest = max(abs(v) for color in values for v in color)
        unit = Fraction(2) ** max(frexp(largest)[1] - digits, least)
        values = [[int(Fraction(v) / unit) for v in color] for color in values]
    top = {"uint8": 255, "uint16": 65535}.get(kind)
    if top and channels in (2, 4):
        gray = (top + 1) // 2
        values = [[(v * a + gray * (top - a) + top // 2) // top for v in c] for *c, a in values]
    if kind != "uint8":
        low, high = min(map(min, values)), max(map(max, values))
        values = [[(int(v) - low) * 255 // max(1, high - low) for v in color] for color in values]
    if len(values[0]) == 1:
        values = [color * 3 for color in values]
    if len(values[0]) == 2:
        values = [[*color, 0] for color in values]
    kept = sorted(most_varying_channels(values))
    return np.array([[color[channel] for channel in kept] for color in values])


def most_varying_channels(values):
    """Return the three channels with the largest variance that those chosen before do not explain."""
    bands, kept = list(zip(*values, strict=True)), []
    s = [[len(a) * sum(map(mul, a, b)) - sum(a) * sum(b) for b in bands] for a in bands]
    for _ in range(3):
        channel = min(set(range(len(bands))) - set(kept), key=lambda c: (-s[c][c], c))
        kept.append(channel)
        row = s[channel]
        s = [[s_ij * row[channel] - row[i] * row[j] for j, s_ij in enumerate(it)] for i, it in enumerate(s)]
    return kept


class ContextPart:
    """A part while it is decoded, with names of the specification."""

    def __init__(self, coded, palette, height, width):
        self.coded, self.place, self.low, self.high = coded, 0, 0, 2**32 - 1
        self.k, self.depth = len(palette), (len(palette) - 1).bit_length()
        self.group = -(-self.depth // -(-self.depth // 4))
        self.bits = min(16, max(6, (height * width).bit_length() - 3))
        self.image, self.hits = [[0] * width for _ in range(height)], 0
        self.colors = coordinates(palette)
        self.inner, self.leaves = {}, {}
        self.plant(1, np.arange(self.k))
        self.indices = {leaf: index for index, leaf in self.leaves.items()}
        # Adaptive state, by table and place; the default is the initial value.
        numbers = [64 * squash(max(-2047, min(2047, 128 * j - 2048))) for j in range(33)]
        self.slots, self.memories = defaultdict(lambda: (2048, 0)), defaultdict(lambda: (0, 0))
        self.weights, self.numbers = defaultdict(lambda: np.full(16, 7000)), defaultdict(numbers.copy)

    def plant(self, node, members):
        """Store the axis and threshold of a node and of the nodes below it, and the leaves of the colors."""
        n = len(members)
        if n == 1:
            self.leaves[int(members[0])] = node
            return
        c = self.colors[members]
        channel = (n * (c**2).sum(axis=0) - c.sum(axis=0) ** 2).argmax()
        members = members[c[:, channel].argsort(kind="stable")]
        first, second = members[: n // 2], members[n // 2 :]
        low, high = (256 * self.colors[half].sum(axis=0) // len(half) for half in (first, second))
        d = high - low
        axis = np.sign(d) * (abs(d) * 64 // max(1, isqrt((d**2).sum())))
        self.inner[node] = axis, (axis * (low + high)).sum() >> 9
        self.plant(2 * node, first)
        self.plant(2 * node + 1, second)

    def level(self, color, node):
        """Return the level of the projection of coordinates at a node."""
        axis, threshold = self.inner[node]
        v = int((axis * color).sum() - threshold) >> 5
        below = sum(it < max(v, -v - 1) for it in (3, 7, 12, 18, 26, 36, 50, 68, 92, 124, 170))
        return 12 + below if v >= 0 else 11 - below

    def turn(self, index, node):
        """Return the turn at a node on the path of an index, or 2 if the path does not pass the node."""
        leaf, way = format(self.leaves[index], "b"), format(node, "b")
        return int(leaf[len(way)]) if leaf.startswith(way) and leaf != way else 2

    def digits(self, index, n):
        """Return the number formed by the first n digits of the path of an index."""
        return int(format(self.leaves[index], "b")[1:].ljust(self.depth, "0")[:n], 2)

    def at(self, y, x):
        """Return the index at a place, or the one that the specification gives to places outside the part."""
        y, x = (y - 1, 0) if x < 0 else (y, min(x, len(self.image[0]) - 1))
        return self.image[y][x] if y >= 0 else 0

    def pixel(self, y, x):
        """Decode the index of a pixel, and update the runs."""
        around = [self.at(y + down, x + right) for down, right in NEIGHBORS]
        w, n, nw, ne, ww, nn, nne, nee, nww, nnn = around
        cw, cn, cnw, cne = self.colors[around[:4]]
        predicted = np.clip((2 * (cw + cn) + cne - cnw + 2) >> 2, 0, 255)
        difference = (abs(cw - cnw) + abs(cn - cnw) + abs(cn - cne)).sum()
        activity = sum(it <= difference for it in (1, 12, 24, 48, 80, 120, 200))
        equal = (w == n) + 2 * (n == nw) + 4 * (n == ne) + 8 * (w == ww) + 16 * (n == nn)

        cell = int("".join(format(v, "08b")[: min(6, max(4, self.depth // 2 + 2))] for v in predicted), 2)
        paths = [self.digits(*it) for it in zip(around, (3, 3, 2, 3, 2, 2, 2, 2, 2), strict=False)]
        lines = (w, ww), (n, nn), (n, ne), (w, ne), (w,), (n, nn, nnn), paths, (cell,), (w, n, nw)
        lines += (w, n, ne, nee, nne), (ne, nee)
        contexts = [sum(map(mul, line, FACTORS)) for line in lines]
        longs = [sum(map(mul, around[:end], FACTORS)) for end in (6, 9)]
        places = [(r, scatter(longs[r], 0, self.bits - 2)) for r in (0, 1)]
        runs = [self.memories[place] for place in places]

        node, flat = 1, w == n == nw == ne
        if flat:
            pattern = (w == ww) + 2 * (w == nn) + 4 * (w == nee) + 8 * (nn == nne) + 16 * (w == nww)
            pattern += 32 * (nn == nnn)
            since = min(11, self.hits.bit_length())
            run = [(2 * min(confidence, 7) + (guess == w)) * 64 + pattern for guess, confidence in runs]
            dense = [pattern * 12 + since]
            dense += [scatter(it, 0, self.bits + 1) for it in (w * 64 + pattern, w * 16 + since)]
            slots = self.inputs(contexts, 0, 0, run, dense)
            hit = self.decision(slots, equal * 18 + 17, activity * 512, 431, 512 + w % 512)
            self.hits = self.hits + 1 if hit else 0
            node = self.leaves[w] if hit else 1
        while node in self.inner:
            if flat and node == self.leaves[w] >> 1:
                node = self.leaves[w] ^ 1
                continue
            step = node.bit_length() - 1
            inner = 2 ** (step % self.group) + node % 2 ** (step % self.group)
            run = [
                2048 + (3 * min(confidence, 15) + self.turn(it, node)) * 17 + step for it, confidence in runs
            ]
            near = [12] * 4
            if node < min(2**self.depth, 2**18 // self.k):
                near = [self.level(color, node) for color in (cw, cn, cnw, cne)]
            near = (near[0] >> 2) * 128 + (near[1] >> 2) * 16 + (near[2] >> 3) * 4 + (near[3] >> 3)
            slope = self.level(predicted, node)
            dense = node * 1024 + near, node * 192 + slope * 8 + activity, node
            slots = self.inputs(contexts, node >> step % self.group, inner, run, dense)
            last = min(node, 511)
            node = 2 * node + self.decision(
                slots, equal * 18 + step, activity * 512 + last, slope * 18 + step, last
            )

        self.image[y][x] = index = self.indices[node]
        for place, (guess, confidence) in zip(places, runs, strict=True):
            if guess == index:
                self.memories[place] = guess, min(255, confidence + 1)
            else:
                self.memories[place] = (guess, confidence // 2) if confidence > 1 else (index, 1)

    def inputs(self, contexts, top, inner, run, dense):
        """Return the table and place of each of the 16 slots of a decision."""
        slots = [(t, scatter(c, top >> 2, self.bits) ^ top % 4, inner) for t, c in enumerate(contexts)]
        slots += [("run", 1024 * r + place) for r, place in enumerate(run)]
        return slots + [("dense", t, dense[t] % 2 ** (self.bits + (2, 1, 1)[t])) for t in range(3)]

    def decision(self, slots, a, b, c, row):
        """Decode a bit, and update the weights, numbers and slots that gave its probability."""
        states = [self.slots[slot] for slot in slots]
        predictions = np.array([STRETCH[p] * (64 * (10 * n + 8) // (10 * n + 15)) >> 6 for p, n in states])
        sets = self.weights["a", a], self.weights["b", b], self.weights["c", c]
        rows = self.numbers["a", a], self.numbers["b", row]
        mixes = [max(-2047, min(2047, int((it * predictions >> 8).sum() >> 8))) for it in sets]
        mixed = (sum(mixes) * 85 >> 8) + 2048
        low, share = divmod(mixed, 128)
        refined = sum(it[low] * (128 - share) + it[low + 1] * share for it in rows) >> 13
        bit = self.bit(min(65528, max(8, (2 * squash(mixed - 2048) + refined) >> 2)))
        for it, x in zip(sets, mixes, strict=True):
            step = 3 * (65536 * bit - squash(x))
            it[:] = np.clip(it + ((predictions * step + 65536) >> 17), -(2**19), 2**19)
        for it in rows:
            it[(mixed + 64) >> 7] += (4194303 * bit - it[(mixed + 64) >> 7]) >> 6
        for slot, (p, n) in zip(slots, states, strict=True):
            rate = 2730 if n == 15 else 6553600 // (100 * n + 125)
            self.slots[slot] = p + (((4095 * bit - p) * rate + 32768) >> 16), min(15, n + 1)
        return bit

    def bit(self, probability):
        """Decode a bit with this probability of a 1, in 1/65536."""
        number = int.from_bytes(self.coded[self.place : self.place + 4].ljust(4, b"\0"), "big")
        middle = self.low + ((self.high - self.low) * probability >> 16)
        bit = int(number <= middle)
        self.low, self.high = (self.low, middle) if bit else (middle + 1, self.high)
        while self.low >> 24 == self.high >> 24:
            self.low, self.high = self.low * 256 % 2**32, self.high * 256 % 2**32 + 255
            self.place += 1
        return bit

    def valid_bytes(self):
        """Return the only valid coded bytes: those that were consumed, then the shortest valid end."""
        n = last = 0
        while not self.low <= last << (32 - 8 * n) <= self.high:
            n += 1
            last = -(-self.low >> (32 - 8 * n))
        return self.coded[: self.place].ljust(self.place, b"\0") + last.to_bytes(n, "big")
