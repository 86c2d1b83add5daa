"""Pixels to palette rows, and back."""

import numpy as np

from fastkq.kernels.color import oklab
from fastkq.kernels.jit import kernel, part
from fastkq.kernels.kmeans.nearest import buffers, candidates, nearest

_ALPHA_WEIGHT = 361  # as in fastkq.color.spaces.rgb
PIXELS_PER_RUN = 128  # 24 megapixels with k = 256 take 0.46 s; 0.53 s in runs of 64, 0.54 s of 32


@kernel
def map_pixels(pixels, start, stop, centroids, for_opaque, linear, indices):
    """Nearest palette row of each RGBA pixel (N, 4) uint8, the lowest index among equals.

    centroids (4, k) float64, coordinates as in `fastkq.color.spaces`, and for_opaque, those as opaque pixels
    see them, in; linear (256,), in, for Oklab the linear light of the levels, else empty; indices (N,), out.
    Neighbours in an image resemble each other, so a run of them has few candidates.
    """
    k = centroids.shape[1]
    low, high, scratch, ids, _, _, few, few_ids = buffers(centroids)
    coordinates, places = np.empty((4, PIXELS_PER_RUN)), np.empty(PIXELS_PER_RUN, np.int64)
    light = oklab.buffers()
    best, label = np.empty(PIXELS_PER_RUN), np.empty(PIXELS_PER_RUN, np.int32)
    for first in range(start, stop, PIXELS_PER_RUN):
        last = min(first + PIXELS_PER_RUN, stop)
        for is_opaque in (False, True):
            number = _choose(pixels, first, last, is_opaque, places)
            if number == 0:
                continue
            if linear.shape[0] > 0:
                _to_oklab(pixels, places, number, linear, *light, coordinates)
            else:
                _to_rgb(pixels, places, number, coordinates)
            _bound(coordinates, number, low, high)
            seen = for_opaque if is_opaque else centroids
            count = candidates(low, high, seen, k, scratch, ids, few, few_ids)
            nearest(coordinates, np.int64(0), np.int64(number), few, count, best, label)
            for i in range(number):
                indices[places[i]] = few_ids[label[i]]


@part
def _choose(pixels, first, last, is_opaque, places):
    """Places (n,), out, of the pixels that are opaque, or of the others; how many."""
    number = 0
    for i in range(first, last):
        if (pixels[i, 3] == 255) == is_opaque:
            places[number] = i
            number += 1
    return number


@part
def _to_rgb(pixels, places, number, coordinates):
    """Coordinates (4, >= number), out, of the pixels, as in `fastkq.color.spaces.rgb`."""
    for i in range(number):
        pixel = pixels[places[i]]
        alpha = np.int64(pixel[3])
        coordinates[3, i] = alpha * _ALPHA_WEIGHT
        for d in range(3):
            coordinates[d, i] = (2 * np.int64(pixel[d]) - 255) * alpha


@part
def _to_oklab(pixels, places, number, linear, responses, roots, bits, coordinates):
    """The same as in `fastkq.color.spaces.oklab`."""
    for i in range(number):
        for d in range(3):
            responses[d, i] = linear[pixels[places[i], d]]
    oklab.convert(responses, roots, bits, number, coordinates)
    for i in range(number):
        oklab.veil(coordinates, i, np.float64(pixels[places[i], 3]))


@part
def _bound(coordinates, number, low, high):
    """Box low, high (4,), out, of the first points of coordinates (4, >= number)."""
    for d in range(4):
        row = coordinates[d, :number]
        low[d] = row[0]
        high[d] = row[0]
        for i in range(number):
            low[d] = row[i] if row[i] < low[d] else low[d]
            high[d] = row[i] if row[i] > high[d] else high[d]


@kernel
def paint(palette, indices, start, stop, out):
    """out (N, C) = palette (k, C) at indices (N,), all unsigned integers, over [start, stop)."""
    channels = palette.shape[1]
    if channels == 3:  # unrolled: 0.6 ns a pixel against 1.9
        for i in range(start, stop):
            row = np.intp(indices[i])
            out[i, 0] = palette[row, 0]
            out[i, 1] = palette[row, 1]
            out[i, 2] = palette[row, 2]
        return
    for i in range(start, stop):
        row = np.intp(indices[i])
        for channel in range(channels):
            out[i, channel] = palette[row, channel]
