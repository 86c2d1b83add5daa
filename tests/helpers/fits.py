"""Fits of palettes and mappings to them, with options as keywords."""

import numpy as np

from fastkq.color.embedding import Embedding
from fastkq.color.row_table import RowTable
from fastkq.color.spaces import SpaceMetric
from fastkq.quantization import points
from fastkq.quantization.fit_table import fit_table
from fastkq.quantization.max_error import fit_within_max_error
from fastkq.quantization.nearest import label, map_colors
from fastkq.quantization.options import FitOptions


def fit(table, k, effort="balanced", threads=1, *, weights=None, **options):
    """Fit a palette to a table; returns the palette and the labels of the colors."""
    return fit_table(table, k, FitOptions(effort=effort, threads=threads, **options), weights)


def fit_within(table, k, *, weights=None, **options):
    """Fit a palette under a maximum error; returns the palette and the labels of the colors."""
    return fit_within_max_error(table, k, FitOptions(**options), weights)


def fit_rows(colors, weights, k, effort="balanced", threads=1, fixed=None):
    """Fit a palette to weighted distinct colors of any dtype, in a table of rows."""
    table = RowTable(colors, np.ones(len(colors), np.int64))
    return fit(table, k, effort, threads, weights=weights, fixed=fixed)[0]


def label_rows(colors, palette, threads=1):
    """Return the nearest palette rows of colors of any dtype, by their embedding."""
    return label(RowTable(colors, np.ones(len(colors), np.int64)), palette, threads).labels


def map_image(image, table, palette, threads=1, space="rgb"):
    """Return the indices of an image by the labels of its counted colors."""
    return map_colors(image, table, label(table, palette, threads, space).labels, len(palette), threads)


def uses_all(colors, palette):
    """Return whether each palette row is found to be the nearest one of some color."""
    table = RowTable(colors, np.ones(len(colors), np.int64))
    metric = Embedding.of(colors, palette)
    centroids = metric.to_coordinates(palette)
    return points.RowColors(table, metric, 1).uses_all(centroids, 0, 1)


def of_colors(table, space="rgb"):
    """Return the colors of a packed table as points."""
    return points.of_colors(table, SpaceMetric(space, table.channels))


def of_cells(table, threads=1):
    """Return the cells of a packed table as points."""
    return points.of_cells(table, SpaceMetric("rgb", table.channels), threads)
