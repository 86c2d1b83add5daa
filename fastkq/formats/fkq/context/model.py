"""The model of the coder of one part: its state before the first pixel, which every coded bit updates."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.formats.fkq.context.coordinates import coordinates_of
from fastkq.formats.fkq.context.tables import INITIAL_SLOT, Table, tables

_MAX_LEVELS = 1 << 18  # entries of the table of levels of the palette's projections
_INITIAL_WEIGHT = 7000  # initial weight of each input of a mixer
_RUN_SLOTS = 4096  # slots of the run table
_SETS_A, _SETS_B, _SETS_C, _ROWS_B = 32 * 18, 8 * 512, 24 * 18, 1024  # sets a, b, c and rows b


class Model(NamedTuple):
    """Arguments of the kernel: the constant tables, the palette's tree, and the state that learns.

    Attributes
    ----------
    squash, predictions, successors, level, activities
        See `fastkq.formats.fkq.context.tables.Tables`.
    colors : (k, 3) int64
        Coordinates of the palette.
    paths : (k,) int64
    tree : (2^(depth + 1), 6) int64
        See `fastkq.kernels.coding.palette_tree.build`.
    levels : (rows, k) uint8
        Levels of the palette's projections on the axes of the first nodes; all other nodes use row 0.
    sizes : (6,) int64
        The variables bits, depth and group of the specification; the number of bits per channel in a cell;
        the first slot of the dense tables in `memory`, and that of the run table.
    memory : (n,) uint16
        All slots.
    weights_a, weights_b, weights_c : (576, 16), (4096, 16) and (432, 16) int32
    refined_a, refined_b : (576, 33) and (1024, 33) int32
    runs : (2^(bits - 1),) uint32
        Both run memories: the index, and in the low 8 bits the confidence in it.
    state : (5,) int64
        Low and high end of the range, the code value read, the place in the data, and the number of flat
        pixels hit since the last miss.
    """

    squash: Table
    predictions: Table
    successors: Table
    level: Table
    activities: Table
    colors: Table
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


def initial_model(palette: npt.NDArray[Any], pixels: int) -> Model:
    """Return the initial model for a part of `pixels` pixels."""
    constants = tables()
    k, depth = len(palette), (len(palette) - 1).bit_length()
    bits = min(16, max(6, pixels.bit_length() - 3))
    group = -(-depth // -(-depth // 4))
    colors = coordinates_of(palette)
    tree, paths = np.zeros((2 << depth, 6), np.int64), np.zeros(k, np.int64)
    kernels.coding.palette_tree.build(colors, depth, tree, paths)
    cell_bits = min(6, max(4, depth // 2 + 2))
    dense = kernels.coding.context_mixing.LINES << (bits + group)
    run = dense + (8 << bits)
    identity = 64 * constants.squash[np.clip(128 * np.arange(33) - 1, 0, 4094)]
    return Model(
        *constants,
        colors,
        paths,
        tree,
        _levels(colors, tree, constants.level),
        np.array((bits, depth, group, cell_bits, dense, run), np.int64),
        _aligned(run + _RUN_SLOTS),
        np.full((_SETS_A, kernels.coding.context_mixing.INPUTS), _INITIAL_WEIGHT, np.int32),
        np.full((_SETS_B, kernels.coding.context_mixing.INPUTS), _INITIAL_WEIGHT, np.int32),
        np.full((_SETS_C, kernels.coding.context_mixing.INPUTS), _INITIAL_WEIGHT, np.int32),
        np.tile(identity, (_SETS_A, 1)),
        np.tile(identity, (_ROWS_B, 1)),
        np.zeros(2 << (bits - 2), np.uint32),
        np.array((0, 0xFFFFFFFF, 0, 0, 0), np.int64),
    )


def _levels(colors: Table, tree: Table, level: Table) -> Table:
    """Return the levels of the palette's projections on the axes of the first nodes of the tree."""
    rows = min(len(tree) // 2, _MAX_LEVELS // len(colors))
    projections = tree[:rows, :3] @ colors.T - tree[:rows, 3:4]
    levels: Table = level[np.clip((projections >> 5) + 1024, 0, 2047)]
    return levels


def _aligned(slots: int) -> Table:
    """Return slots in their initial state, aligned to cache lines.

    At k = 64, four lines of a context then fill one cache line.
    """
    memory = np.full(slots + 32, INITIAL_SLOT, np.uint16)
    start = -memory.ctypes.data % 64 // 2
    return memory[start : start + slots]
