"""Map RGBA pixels to their nearest palette rows."""

import numpy as np

from fastkq.kernels.color import oklab
from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.candidates import Subset, candidates
from fastkq.kernels.kmeans.nearest_centroid import buffers, nearest

PIXELS_PER_RUN = 128  # measured: 24 megapixels at k = 256 take 0.46 s; with 64 0.53 s, with 32 0.54 s


@kernel
def map_pixels(pixels, start, stop, centroids, for_opaque, linear, alpha_weight, indices):
    """Write the index of the nearest palette row of each pixel, the lowest index among equals.

    pixels (N, 4) uint8, in, of which start .. stop - 1 are mapped; centroids (4, k) float64, in: the palette
    in coordinates of `fastkq.color.spaces`; for_opaque (4, k) float64, in: the palette for opaque pixels, in
    which rows that are not opaque are far away; linear (256,) float64, in: the linear light of each level for
    Oklab, empty for RGB; alpha_weight, in: that of `fastkq.color.spaces.rgb`; indices (N,), out.

    Candidates are selected for a run of pixels. They are few, since neighboring pixels have similar colors.
    """
    k = centroids.shape[1]
    low, high, scratch, everything, _, few = buffers(centroids)
    coordinates, places = np.empty((4, PIXELS_PER_RUN)), np.empty(PIXELS_PER_RUN, np.int64)
    light = oklab.buffers()
    best, label = np.empty(PIXELS_PER_RUN), np.empty(PIXELS_PER_RUN, np.int32)
    for first in range(start, stop, PIXELS_PER_RUN):
        last = min(first + PIXELS_PER_RUN, stop)
        for is_opaque in (False, True):
            number = _select(pixels, first, last, is_opaque, places)
            if number == 0:
                continue
            if linear.shape[0] > 0:
                _to_oklab(pixels, places, number, linear, *light, coordinates)
            else:
                _to_rgb(pixels, places, number, alpha_weight, coordinates)
            _bound(coordinates, number, low, high)
            rows = Subset(for_opaque if is_opaque else centroids, everything.ids)
            count = candidates(low, high, rows, k, 0.0, 0.0, scratch, few)
            nearest(coordinates, np.int64(0), np.int64(number), few.coordinates, count, best, label)
            for i in range(number):
                indices[places[i]] = few.ids[label[i]]


@inner_kernel
def _select(pixels, first, last, is_opaque, places):
    """Select the pixels first .. last - 1 that are opaque, or those that are not. Returns their number.

    places (>= number,) int64, out: the numbers of these pixels.
    """
    number = 0
    for i in range(first, last):
        if (pixels[i, 3] == 255) == is_opaque:
            places[number] = i
            number += 1
    return number


@inner_kernel
def _to_rgb(pixels, places, number, alpha_weight, coordinates):
    """Convert pixels to coordinates (4, >= number), out, of `fastkq.color.spaces.rgb`.

    pixels (N, 4) uint8, in; places (>= number,) int64, in: which pixels; alpha_weight: coordinate units
    per step of alpha.
    """
    for i in range(number):
        pixel = pixels[places[i]]
        alpha = np.int64(pixel[3])
        coordinates[3, i] = alpha * alpha_weight
        for d in range(3):
            coordinates[d, i] = (2 * np.int64(pixel[d]) - 255) * alpha


@inner_kernel
def _to_oklab(pixels, places, number, linear, responses, roots, bits, coordinates):
    """Convert pixels to coordinates (4, >= number), out, of `fastkq.color.spaces.oklab`.

    pixels (N, 4) uint8, in; places (>= number,) int64, in: which pixels; linear (256,), in: the linear light
    of each level; responses, roots and bits: scratch, see `fastkq.kernels.color.oklab.buffers`.
    """
    for i in range(number):
        for d in range(3):
            responses[d, i] = linear[pixels[places[i], d]]
    oklab.convert(responses, roots, bits, number, coordinates)
    for i in range(number):
        oklab.weigh_by_alpha(coordinates, i, np.float64(pixels[places[i], 3]))


@inner_kernel
def _bound(coordinates, number, low, high):
    """Write the bounding box of the first `number` points of coordinates.

    coordinates (4, >= number), in; low, high (4,), out.
    """
    for d in range(4):
        row = coordinates[d, :number]
        low[d] = row[0]
        high[d] = row[0]
        for i in range(number):
            low[d] = row[i] if row[i] < low[d] else low[d]
            high[d] = row[i] if row[i] > high[d] else high[d]
