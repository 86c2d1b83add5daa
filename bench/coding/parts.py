"""What parts cost in bytes, and what they save when a region is loaded."""

import statistics
from collections.abc import Iterator, Sequence
from functools import partial

import fastkq
from bench import THREADS
from bench.cases import COLOURS, images, of_24_megapixels
from bench.coding.results import COLOURS_TIMED, Cut, Region
from bench.coding.speeds import ROUNDS, in_turn
from fastkq.color.indexed_image import Box
from fastkq.formats.fkq import Contents, Part, chunked
from fastkq.formats.fkq.layout import needed

SIDE = 256
"""Height and width of the region."""


def cuts() -> Iterator[Cut]:
    """The camera photographs cut as usual, and in one part."""
    for case in images("large"):
        for k in COLOURS:
            compressed = fastkq.compress(case.read(), k)
            data = compressed.to_bytes(threads=THREADS)
            contents = Contents(compressed.palette, compressed.indices, compressed.shape, compressed.metadata)
            in_one = chunked.encode(contents, 1, grid=(1, 1))
            with fastkq.open(data) as file:
                parts = len(file.parts)
            yield Cut(case.image, k, compressed.indices.size, parts, len(data), len(in_one))


def regions() -> Iterator[Region]:
    """With one thread and with two, on 24 megapixels."""
    data = fastkq.compress(of_24_megapixels(), COLOURS_TIMED).to_bytes(threads=THREADS)
    with fastkq.open(data) as file:
        height, width = file.shape[:2]
        box, parts = worst_region(file.parts, height, width), file.parts
    share = _decoded(parts, box) / (height * width)
    for threads in range(1, THREADS + 1):
        load = partial(fastkq.load, data, threads=threads)
        seconds = in_turn({"region": partial(load, region=box), "whole": load}, ROUNDS)
        yield Region(threads, share, *(statistics.median(seconds[name]) for name in ("region", "whole")))


def worst_region(parts: Sequence[Part], height: int, width: int) -> Box:
    """Where most pixels are decoded for it: it begins in the last row and column of parts."""
    tops = {min(max(part.box.top - 1, 0), height - SIDE) for part in parts}
    lefts = {min(max(part.box.left - 1, 0), width - SIDE) for part in parts}
    boxes = [Box(top, left, SIDE, SIDE) for top in sorted(tops) for left in sorted(lefts)]
    return max(boxes, key=partial(_decoded, parts))


def _decoded(parts: Sequence[Part], box: Box) -> int:
    return sum(rows * parts[number].box.width for number, rows in needed(parts, box))
