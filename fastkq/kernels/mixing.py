"""One binary decision: sixteen opinions are mixed, refined and coded, and then learn."""

import numpy as np

from fastkq.kernels._jit import inlined

INPUTS = 16
LOW, HIGH, CODE, PLACE = 0, 1, 2, 3
"""What the state of the range coder holds: both ends, what is read of the code, and the place in the data."""
WEIGHT_LIMIT = 1 << 19
"""So that a product with an input, 11 bits, fits 32."""

_MASK = 0xFFFFFFFF


@inlined
def shift_out(state, data, decoding):
    """Move the bytes on which both ends of the range agree."""
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
    """Encode the bit, or decode it; the probability of a 1 in 16 bits."""
    low, high = state[LOW], state[HIGH]
    middle = low + (((high - low) * probability) >> 16)
    if decoding:
        bit = np.int64(state[CODE] <= middle)
    # Without branches: nothing predicts a bit that is worth coding.
    state[HIGH] = high + bit * (middle - high)
    state[LOW] = low + (1 - bit) * (middle + 1 - low)
    shift_out(state, data, decoding)
    return bit


@inlined
def mix(weights, stretched):
    """The weighted sum of the inputs, -2047 to 2047."""
    total = np.int32(0)
    for i in range(len(stretched)):  # not INPUTS: LLVM would unroll the loop before it vectorises it
        total += np.int32(np.int32(weights[i] * stretched[i]) >> 8)
    return min(np.int64(2047), max(np.int64(-2047), np.int64(total) >> 8))


@inlined
def learn(weights, stretched, error):
    """Move the weights against the error of the probability, in 16 bits."""
    step = np.int32(error * 3)
    for i in range(len(stretched)):
        moved = weights[i] + np.int32(np.int32(np.int32(stretched[i] * step) + 65536) >> 17)
        weights[i] = min(np.int32(WEIGHT_LIMIT), max(np.int32(-WEIGHT_LIMIT), np.int32(moved)))


@inlined
def decide(bit, sets, rows, scratch, model, data, decoding):
    """Code one binary decision: its inputs stand in the slots; then all that was asked learns.

    sets: numbers of the weights a, b and c; rows: of the refinements a and b.
    """
    memory, squash, slots, stretched = model.memory, model.squash, scratch.slots, scratch.stretched
    weights_a, weights_b = model.weights_a[np.uint64(sets[0])], model.weights_b[np.uint64(sets[1])]
    weights_c = model.weights_c[np.uint64(sets[2])]
    refined_a, refined_b = model.refined_a[np.uint64(rows[0])], model.refined_b[np.uint64(rows[1])]
    for i in range(INPUTS):
        stretched[i] = model.opinions[memory[slots[i]]]
    mixed_a, mixed_b = mix(weights_a, stretched), mix(weights_b, stretched)
    mixed_c = mix(weights_c, stretched)
    mixed = (((mixed_a + mixed_b + mixed_c) * 85) >> 8) + 2048  # a third
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
    following = model.successors[np.uint64(bit)]
    for i in range(INPUTS):
        memory[slots[i]] = following[memory[slots[i]]]
    return bit
