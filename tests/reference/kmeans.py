"""Color counts, nearest palette rows and Lloyd's iteration by brute force, as references for the kernels."""

import numpy as np


def as_pixels(image):
    """Return the pixels (N, C) of an image; RGBA pixels of alpha 0 are set to 0 in all channels."""
    pixels = image.reshape(-1, image.shape[2] if image.ndim == 3 else 1).copy()
    if pixels.shape[1] == 4:
        pixels[pixels[:, 3] == 0] = 0
    return pixels


def count(image):
    """Return the distinct colors (M, C), sorted by value, and the number of pixels (M,) of each."""
    return np.unique(as_pixels(image), axis=0, return_counts=True)


def seen(colors):
    """Return integer coordinates whose squared distance is the metric documented in `fastkq.color.spaces`."""
    values = colors.astype(np.int64)
    if colors.shape[1] != 4:
        return values
    alpha = values[:, 3:]
    return np.concatenate(((2 * values[:, :3] - 255) * alpha, 361 * alpha), axis=1)


def nearest(colors, palette):
    """Return the index (M,) of the nearest palette row of each color, the lowest among equals.

    Opaque colors get opaque rows if the palette has any, and at least 3 rows.
    """
    difference = seen(colors)[:, None, :] - seen(palette)[None, :, :]
    distances = (difference**2).sum(axis=2)
    if palette.shape[1] == 4 and len(palette) >= 3 and (palette[:, 3] == 255).any():
        distances[np.ix_(colors[:, 3] == 255, palette[:, 3] < 255)] = np.iinfo(np.int64).max
    return distances.argmin(axis=1)


def squared_error(image, other):
    """Return the squared error, summed over channels, mean over pixels."""
    difference = image.astype(np.int64) - other.astype(np.int64)
    return (difference**2).sum() / (image.shape[0] * image.shape[1])


def lloyd_step(points, weights, centroids):
    """Return the means (k, C) of the clusters; the centroid of an empty cluster stays where it is."""
    labels = ((points[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    moved = centroids.copy()
    for j in range(len(centroids)):
        own = labels == j
        if own.any():
            moved[j] = np.average(points[own], axis=0, weights=weights[own])
    return moved
