"""Weighted points of images and the error of centroids on them."""

from fastkq.color import packed_counting
from fastkq.kmeans.morton_tree import Summary
from tests.helpers.fits import of_colors


def summary_of(image):
    """Return the colors of an image as a summary in which no colors are merged."""
    points = of_colors(packed_counting.count(image))
    return Summary(points.keys, points.coordinates, points.weights)


def error_of(points, centroids):
    """Return the weighted squared error of points that are assigned to their nearest centroids."""
    differences = points.coordinates.T[:, None].astype(float) - centroids.T[None].astype(float)
    return ((differences**2).sum(axis=2).min(axis=1) * points.weights).sum()
