"""Code the indices of one part by context mixing and an adaptive binary range coder.

`fastkq.formats.fkq.context` specifies the model in the same terms. The index of a pixel is coded as a
sequence of binary decisions. For each decision, 16 predictions are mixed and refined to a probability, with
which the bit is coded; then the model learns from the bit. All arithmetic is on integers that do not
overflow, so every CPU, with or without compilation, decodes what any other encoded. The same kernel encodes
and decodes, so that the two cannot differ.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, kernel

INPUTS = 16  # predictions per decision
LOW, HIGH, CODE, PLACE = 0, 1, 2, 3
"""Entries of the state of the range coder: both ends of the range, the code value (the last 4 bytes read),
and the position of the next byte in the data."""
WEIGHT_LIMIT = 1 << 19
"""Largest magnitude of a weight: its product with a prediction, of magnitude at most 2047, fits 32 bits."""

_MASK = 0xFFFFFFFF


@inlined
def shift_out(state, data, decoding):
    """Write or read the leading bytes on which both ends of the range agree.

    state (5,) int64, in and out; data (n,) uint8, out or, when decoding, in.
    """
    low, high, code, place = state[LOW], state[HIGH], state[CODE], state[PLACE]
    while (low ^ high) >> 24 == 0:
        if decoding:
            code = (code << 8) & _MASK
            if place < len(data):
                code |= np.int64(data[place])
        else:
            data[place] = high >> 24
        place += 1
        low = (low << 8) & _MASK
        high = ((high << 8) & _MASK) | 255
    state[LOW], state[HIGH], state[CODE], state[PLACE] = low, high, code, place


@inlined
def code_bit(bit, probability, state, data, decoding):
    """Encode `bit`, or decode a bit and ignore `bit`; return the bit.

    probability: that the bit is 1, in 1/65536; state, data, decoding: see `shift_out`.
    """
    low, high = state[LOW], state[HIGH]
    middle = low + (((high - low) * probability) >> 16)
    if decoding:
        bit = np.int64(state[CODE] <= middle)
    # Without branches: the CPU cannot predict a branch on a bit that takes space to code.
    state[HIGH] = high + bit * (middle - high)
    state[LOW] = low + (1 - bit) * (middle + 1 - low)
    shift_out(state, data, decoding)
    return bit


@inlined
def mix(weights, stretched):
    """Return the weighted sum of the predictions, a logit in 1/256, clipped to -2047 .. 2047.

    weights and stretched (INPUTS,) int32, in.
    """
    total = np.int32(0)
    for i in range(len(stretched)):  # not INPUTS: LLVM would unroll the loop before vectorizing it
        total += np.int32(np.int32(weights[i] * stretched[i]) >> 8)
    return min(np.int64(2047), max(np.int64(-2047), np.int64(total) >> 8))


@inlined
def learn(weights, stretched, error):
    """Change each weight in proportion to its prediction and to the error.

    weights (INPUTS,) int32, in and out; stretched (INPUTS,) int32, in; error: bit minus probability, in
    1/65536.
    """
    step = np.int32(error * 3)
    for i in range(len(stretched)):
        moved = weights[i] + np.int32(np.int32(np.int32(stretched[i] * step) + 65536) >> 17)
        weights[i] = min(np.int32(WEIGHT_LIMIT), max(np.int32(-WEIGHT_LIMIT), np.int32(moved)))


@inlined
def decide(bit, sets, rows, scratch, model, data, decoding):
    """Code one binary decision, and update the slots, weights and refinements used for it. Returns the bit.

    scratch.slots, in: the slots whose predictions are mixed; sets: indices of the weight sets a, b and c;
    rows: indices of the refinement rows a and b.
    """
    memory, squash, slots, stretched = model.memory, model.squash, scratch.slots, scratch.stretched
    weights_a, weights_b = model.weights_a[np.uint64(sets[0])], model.weights_b[np.uint64(sets[1])]
    weights_c = model.weights_c[np.uint64(sets[2])]
    refined_a, refined_b = model.refined_a[np.uint64(rows[0])], model.refined_b[np.uint64(rows[1])]
    for i in range(INPUTS):
        stretched[i] = model.predictions[memory[slots[i]]]
    mixed_a, mixed_b = mix(weights_a, stretched), mix(weights_b, stretched)
    mixed_c = mix(weights_c, stretched)
    mixed = (((mixed_a + mixed_b + mixed_c) * 85) >> 8) + 2048  # the mean: 85 / 256 is about a third
    low, share = np.uint64(mixed >> 7), mixed & 127
    high = low + np.uint64(1)
    refined = (refined_a[low] + refined_b[low]) * (128 - share) + (refined_a[high] + refined_b[high]) * share
    probability = (2 * np.int64(squash[np.uint64(mixed - 1)]) + (refined >> 13)) >> 2
    bit = code_bit(bit, min(65528, max(8, probability)), model.state, data, decoding)
    learn(weights_a, stretched, (bit << 16) - squash[np.uint64(mixed_a + 2047)])
    learn(weights_b, stretched, (bit << 16) - squash[np.uint64(mixed_b + 2047)])
    learn(weights_c, stretched, (bit << 16) - squash[np.uint64(mixed_c + 2047)])
    near = np.uint64((mixed + 64) >> 7)
    refined_a[near] += ((bit << 22) - bit - refined_a[near]) >> 6
    refined_b[near] += ((bit << 22) - bit - refined_b[near]) >> 6
    successors = model.successors[np.uint64(bit)]
    for i in range(INPUTS):
        memory[slots[i]] = successors[memory[slots[i]]]
    return bit


LINES, RUNS = 11, 2
"""Numbers of predictions from lines of slots, and from runs; three more come from dense tables. All slots are
in one memory: LINES tables of 2^bits lines, dense tables of 4, 2 and 2 times 2^bits slots, and 4096 slots of
runs. Half of the time is spent waiting for this memory, so slots that are used together are stored together:
that saves a quarter of the time at k = 64."""
TOP, LEFT, RIGHT = 3, 2, 2
"""Pixels: margins of the canvas above, left and right of the image."""
W, WW, N, NW, NE, NWW, NEE, NN, NNE, NNN = range(10)
"""Entries of `Scratch.near`: the neighbors of a pixel, named by compass directions."""
BITS, DEPTH, GROUP, CELL_BITS, DENSE_START, RUN_START = range(6)
"""Entries of `sizes` of `fastkq.formats.fkq.context.model.Model`."""
LENGTH = 4
"""Entry of the state after those of the range coder: the number of consecutive flat pixels (see `code_flat`)
that equaled their neighbors."""

# Odd multipliers of the hashes, below 2^32: their products with a 16-bit index stay below 2^48.
_A, _B, _C, _D, _E = 0x1E3779B1, 0x05EBCA77, 0x42B2AE3D, 0x27D4EB2F, 0x165667B1
_F, _G, _H, _I = 0x53A2646D, 0x3D4D51CB, 0x71234567, 0x01234567


class Scratch(NamedTuple):
    """Values computed for the current pixel and for the current decision.

    Attributes
    ----------
    near : (10,) int64
        Indices of the neighbors.
    predicted : (3,) int64
        Coordinates predicted from the neighbors.
    contexts : (LINES,) int64
        The context by which each line is chosen.
    lines : (LINES,) int64
        The first slot of each line.
    run_state : (3, RUNS) int64
        For each run: position in the memory of runs, guess, and confidence.
    slots : (INPUTS,) uint64
        The slots whose predictions are mixed.
    stretched : (INPUTS,) int32
        Their predictions.
    """

    near: Any
    predicted: Any
    contexts: Any
    lines: Any
    run_state: Any
    slots: Any
    stretched: Any


@inlined
def scatter(context, node, bits):
    """Return a hash of `bits` bits of a context at a node of the tree."""
    value = (context + node * 0x2545F491) & _MASK
    value = ((value ^ (value >> 15)) * 0x5851F42D) & _MASK
    value = ((value ^ (value >> 13)) * 0x2C1B3C6D) & _MASK
    return value >> (32 - bits)


@inlined
def set_neighbors(canvas, y, x, near):
    """Write the indices of the ten neighbors of a pixel to near, in the order of the constants W to NNN."""
    near[W], near[WW] = canvas[y, x - 1], canvas[y, x - 2]
    near[N], near[NW], near[NE] = canvas[y - 1, x], canvas[y - 1, x - 1], canvas[y - 1, x + 1]
    near[NWW], near[NEE] = canvas[y - 1, x - 2], canvas[y - 1, x + 2]
    near[NN], near[NNE], near[NNN] = canvas[y - 2, x], canvas[y - 2, x + 1], canvas[y - 3, x]


@inlined
def predict(colors, near, predicted):
    """Predict the color of a pixel from the gradient of its neighbors.

    Returns the sum of absolute differences between these neighbors.

    colors (k, 3) int64 and near (10,), in; predicted (3,), out.
    """
    difference = np.int64(0)
    for c in range(3):
        west, north = colors[near[W], c], colors[near[N], c]
        northwest, northeast = colors[near[NW], c], colors[near[NE], c]
        predicted[c] = min(255, max(0, (2 * (west + north) + northeast - northwest + 2) >> 2))
        difference += abs(west - northwest) + abs(north - northwest) + abs(north - northeast)
    return difference


@inlined
def set_contexts(near, paths, depth, predicted, cell_bits, contexts):
    """Compute the contexts (LINES,), out, by which the lines of slots are chosen."""
    w, ww, n, nw, ne = near[W], near[WW], near[N], near[NW], near[NE]
    nww, nee, nn, nne, nnn = near[NWW], near[NEE], near[NN], near[NNE], near[NNN]
    drop_3, drop_2 = max(np.int64(0), depth - 3), max(np.int64(0), depth - 2)
    drop = 8 - cell_bits
    cell = (((predicted[0] >> drop) << cell_bits | predicted[1] >> drop) << cell_bits) | predicted[2] >> drop
    contexts[0] = w * _A + ww * _B
    contexts[1] = n * _A + nn * _B
    contexts[2] = n * _A + ne * _B
    contexts[3] = w * _A + ne * _B
    contexts[4] = w * _A
    contexts[5] = n * _A + nn * _B + nnn * _C
    contexts[6] = (paths[w] >> drop_3) * _A + (paths[n] >> drop_3) * _B + (paths[nw] >> drop_2) * _C
    contexts[6] += (paths[ne] >> drop_3) * _D + (paths[ww] >> drop_2) * _E + (paths[nn] >> drop_2) * _F
    contexts[6] += (paths[nne] >> drop_2) * _G + (paths[nee] >> drop_2) * _H + (paths[nww] >> drop_2) * _I
    contexts[7] = cell * _A
    contexts[8] = w * _A + n * _B + nw * _C
    contexts[9] = w * _A + n * _B + ne * _C + nee * _D + nne * _E
    contexts[10] = ne * _A + nee * _B


@inlined
def look_up_runs(near, runs, bits, run_state):
    """Look up the two long contexts of a pixel in the memory of runs.

    run_state (3, RUNS), out: for each context its position in the memory, the index that followed the context
    the last time (the guess), and the confidence in the guess.
    """
    long = near[W] * _A + near[N] * _B + near[NW] * _C + near[NE] * _D + near[WW] * _E + near[NN] * _F
    longer = long + near[NNE] * _G + near[NEE] * _H + near[NWW] * _I
    run_state[0, 0] = scatter(long, 0, bits - 2)
    run_state[0, 1] = (1 << (bits - 2)) + scatter(longer, 0, bits - 2)
    for r in range(RUNS):
        entry = np.int64(runs[np.uint64(run_state[0, r])])
        run_state[1, r], run_state[2, r] = entry >> 8, entry & 255


@inlined
def update_runs(runs, run_state, index):
    """Update the two runs with the index of the pixel: more confidence if the guess was right, else less."""
    for r in range(RUNS):
        guess, confidence = run_state[1, r], run_state[2, r]
        if guess == index:
            confidence = min(255, confidence + 1)
        elif confidence > 1:
            confidence >>= 1
        else:
            guess, confidence = index, np.int64(1)
        runs[np.uint64(run_state[0, r])] = guess << 8 | confidence


@inlined
def turn_at(path, node, below):
    """Return the turn of a path at a node, 0 or 1; 2 if the path does not pass the node.

    path: the turns as bits after a leading 1; below: number of levels below the children of the node.
    """
    path >>= below
    return 2 - np.int64(path >> 1 == node) * (2 - (path & 1))


@inlined
def code_flat(index, equal, activity, length, scratch, model, data, decoding):
    """Code whether a flat pixel equals its neighbors; return 1 if so, else 0.

    A pixel is flat if its neighbors W, N, NW and NE are equal.
    """
    near, run_state, slots = scratch.near, scratch.run_state, scratch.slots
    bits, group = model.sizes[BITS], model.sizes[GROUP]
    dense, run = model.sizes[DENSE_START], model.sizes[RUN_START]
    w = near[W]
    pattern = (w == near[WW]) + 2 * (w == near[NN]) + 4 * (w == near[NEE])
    pattern += 8 * (near[NN] == near[NNE]) + 16 * (w == near[NWW]) + 32 * (near[NN] == near[NNN])
    since = np.int64(0)
    while length >> since and since < 11:
        since += 1
    for i in range(LINES):
        slots[i] = (i << (bits + group)) + (scatter(scratch.contexts[i], 0, bits) << group)
    for r in range(RUNS):
        slots[LINES + r] = (
            run + 1024 * r + (2 * min(run_state[2, r], 7) + (run_state[1, r] == w)) * 64 + pattern
        )
    slots[LINES + 2] = dense + ((pattern * 12 + since) & ((4 << bits) - 1))
    slots[LINES + 3] = dense + (4 << bits) + scatter(w * 64 + pattern, 0, bits + 1)
    slots[LINES + 4] = dense + (6 << bits) + scatter(w * 16 + since, 0, bits + 1)
    row, bit = equal * 18 + 17, np.int64(index == w)
    sets, rows = (row, activity * 512, 431), (row, 512 + (w & 511))
    return decide(bit, sets, rows, scratch, model, data, decoding)


@inlined
def set_slots(activity, node, level, inner, scratch, model):
    """Choose the slots of a decision at a node of the tree.

    Returns the quantized projection of the predicted color on the axis of the node.
    """
    near, predicted, run_state, slots = scratch.near, scratch.predicted, scratch.run_state, scratch.slots
    bits, depth = model.sizes[BITS], model.sizes[DEPTH]
    dense, run = model.sizes[DENSE_START], model.sizes[RUN_START] + 2048
    axis = model.tree[node]
    row = model.levels[np.uint64(node if node < len(model.levels) else 0)]
    slope = axis[0] * predicted[0] + axis[1] * predicted[1] + axis[2] * predicted[2] - axis[3]
    slope = np.int64(model.level[np.uint64(min(2047, max(0, (slope >> 5) + 1024)))])
    around = (np.int64(row[near[W]]) >> 2) * 128 + (row[near[N]] >> 2) * 16
    around += (row[near[NW]] >> 3) * 4 + (row[near[NE]] >> 3)
    for i in range(LINES):
        slots[i] = scratch.lines[i] + inner
    for r in range(RUNS):
        turn = turn_at((1 << depth) | model.paths[run_state[1, r]], node, depth - level - 1)
        slots[LINES + r] = run + 1024 * r + (3 * min(run_state[2, r], 15) + turn) * 17 + level
    slots[LINES + 2] = dense + ((node * 1024 + around) & ((4 << bits) - 1))
    slots[LINES + 3] = dense + (4 << bits) + ((node * 192 + slope * 8 + activity) & ((2 << bits) - 1))
    slots[LINES + 4] = dense + (6 << bits) + (node & ((2 << bits) - 1))
    return slope


@inlined
def code_turns(path, flat, equal, activity, scratch, model, data, decoding):
    """Code the turns from the root of the tree to a color. Returns the index of the color."""
    near, contexts, lines = scratch.near, scratch.contexts, scratch.lines
    bits, depth, group = model.sizes[BITS], model.sizes[DEPTH], model.sizes[GROUP]
    tree = model.tree
    excluded = (1 << depth) | model.paths[near[W]]
    node, inner, level = np.int64(1), np.int64(1), np.int64(0)
    while tree[node, 4] > 1:
        if level % group == 0:
            inner = np.int64(1)
            for i in range(LINES):
                line = scatter(contexts[i], node >> 2, bits) ^ (node & 3)
                lines[i] = (i << (bits + group)) + (line << group)
        bit = (path >> (depth - level - 1)) & 1
        turn = turn_at(excluded, node, depth - level - 1)
        if flat and turn < 2 and tree[2 * node + turn, 4] == 1:
            bit = 1 - turn
        else:
            slope = set_slots(activity, node, level, inner, scratch, model)
            last = min(node, 511)
            sets = (equal * 18 + level, activity * 512 + last, slope * 18 + level)
            bit = decide(bit, sets, (sets[0], last), scratch, model, data, decoding)
        node, inner, level = 2 * node + bit, 2 * inner + bit, level + 1
    return tree[node, 5]


@kernel
def code(canvas, first, last, model, data, decoding):
    """Encode the indices in the rows first .. last - 1 of a canvas to data, or decode them from data.

    canvas (TOP + H, LEFT + W + RIGHT) int32, in and out: indices, in or, when decoding, out; the margins are
    zeros at first. model, a `fastkq.formats.fkq.context.model.Model`, in and out: its state after coding the
    rows above. data (n,) uint8, out or, when decoding, in.
    """
    width = canvas.shape[1] - LEFT - RIGHT
    scratch = Scratch(
        np.empty(10, np.int64), np.empty(3, np.int64), np.empty(LINES, np.int64), np.empty(LINES, np.int64),
        np.empty((3, RUNS), np.int64), np.empty(INPUTS, np.uint64), np.empty(INPUTS, np.int32),
    )  # fmt: skip
    near, predicted, run_state = scratch.near, scratch.predicted, scratch.run_state
    depth, cell_bits = model.sizes[DEPTH], model.sizes[CELL_BITS]
    length = model.state[LENGTH]
    for y in range(TOP + first, TOP + last):
        for x in range(LEFT):
            canvas[y, x] = canvas[y - 1, LEFT]
        for x in range(LEFT, LEFT + width):
            set_neighbors(canvas, y, x, near)
            difference = predict(model.colors, near, predicted)
            activity = np.int64(model.activities[np.uint64(min(255, difference))])
            equal = (near[W] == near[N]) + 2 * (near[N] == near[NW]) + 4 * (near[N] == near[NE])
            equal += 8 * (near[W] == near[WW]) + 16 * (near[N] == near[NN])
            set_contexts(near, model.paths, depth, predicted, cell_bits, scratch.contexts)
            look_up_runs(near, model.runs, model.sizes[BITS], run_state)
            index = np.int64(canvas[y, x])
            flat, hit = equal & 7 == 7, np.int64(0)
            if flat:
                hit = code_flat(index, equal, activity, length, scratch, model, data, decoding)
                length = (length + 1) * hit
            if hit:
                index = near[W]
            else:
                path = model.paths[index]
                index = code_turns(path, flat, equal, activity, scratch, model, data, decoding)
            update_runs(model.runs, run_state, index)
            canvas[y, x] = index
        for x in range(LEFT + width, canvas.shape[1]):
            canvas[y, x] = canvas[y, LEFT + width - 1]
    model.state[LENGTH] = length
