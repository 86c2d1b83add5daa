"""What the coder of one part knows before its first pixel, and keeps learning."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.formats.fkq.context.coordinates import coordinates_of
from fastkq.formats.fkq.context.tables import FRESH, Table, tables

_MOST_LEVELS = 1 << 18
_WEIGHT = 7000
_RUN_SLOTS = 4096
_SETS_A, _SETS_B, _SETS_C, _ROWS_B = 32 * 18, 8 * 512, 24 * 18, 1024


class Model(NamedTuple):
    """The arguments of the kernel: the constant tables, the palette's tree, and what is learnt.

    Attributes
    ----------
    squash, opinions, successors, level, activities
        `fastkq.formats.fkq.context.tables.Tables`.
    colours : (k, 3) int64
    paths : (k,) int64
    tree : (2^(depth + 1), 6) int64
        See `fastkq.kernels.coding.palette_tree.grow`.
    levels : (rows, k) uint8
        Levels of the palette's projections on the axes of the first nodes; the other nodes take row 0.
    sizes : (6,) int64
        Bits of a place, depth of the tree, levels of it in a line, bits of a channel in a cell; where in the
        memory the slots of the dense tables begin, and those of the runs.
    memory : (n,) uint16
        All slots.
    weights_a, weights_b, weights_c : (576, 16), (4096, 16) and (432, 16) int32
    refined_a, refined_b : (576, 33) and (1024, 33) int32
    runs : (2^(bits - 1),) uint32
        Index and, in the low 8 bits, how sure.
    state : (5,) int64
        Low and high end of the range, what is read of the code, the place in the data, and how many flat
        pixels before were hits.
    """

    squash: Table
    opinions: Table
    successors: Table
    level: Table
    activities: Table
    colours: Table
    paths: Table
    tree: Table
    levels: Table
    sizes: Table
    memory: Table
    weights_a: Table
    weights_b: Table
    weights_c: Table
    refined_a: Table
    refined_b: Table
    runs: Table
    state: Table


def fresh(palette: npt.NDArray[Any], pixels: int) -> Model:
    """A model that has met nothing, for a part of so many pixels."""
    constants = tables()
    k, depth = len(palette), (len(palette) - 1).bit_length()
    bits = min(16, max(6, pixels.bit_length() - 3))
    group = -(-depth // -(-depth // 4))
    colours = coordinates_of(palette)
    tree, paths = np.zeros((2 << depth, 6), np.int64), np.zeros(k, np.int64)
    kernels.coding.palette_tree.grow(colours, depth, tree, paths)
    cell_bits = min(6, max(4, depth // 2 + 2))
    dense = kernels.coding.context_mixing.LINES << (bits + group)
    run = dense + (8 << bits)
    identity = 64 * constants.squash[np.clip(128 * np.arange(33) - 1, 0, 4094)]
    return Model(
        *constants,
        colours,
        paths,
        tree,
        _levels(colours, tree, constants.level),
        np.array((bits, depth, group, cell_bits, dense, run), np.int64),
        _aligned(run + _RUN_SLOTS),
        np.full((_SETS_A, kernels.coding.context_mixing.INPUTS), _WEIGHT, np.int32),
        np.full((_SETS_B, kernels.coding.context_mixing.INPUTS), _WEIGHT, np.int32),
        np.full((_SETS_C, kernels.coding.context_mixing.INPUTS), _WEIGHT, np.int32),
        np.tile(identity, (_SETS_A, 1)),
        np.tile(identity, (_ROWS_B, 1)),
        np.zeros(2 << (bits - 2), np.uint32),
        np.array((0, 0xFFFFFFFF, 0, 0, 0), np.int64),
    )


def _levels(colours: Table, tree: Table, level: Table) -> Table:
    rows = min(len(tree) // 2, _MOST_LEVELS // len(colours))
    projections = tree[:rows, :3] @ colours.T - tree[:rows, 3:4]
    levels: Table = level[np.clip((projections >> 5) + 1024, 0, 2047)]
    return levels


def _aligned(slots: int) -> Table:
    """Fresh slots that begin a cache line, so that four lines of a context at k = 64 fill one."""
    memory = np.full(slots + 32, FRESH, np.uint16)
    start = -memory.ctypes.data % 64 // 2
    return memory[start : start + slots]
