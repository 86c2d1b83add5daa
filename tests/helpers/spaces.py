"""Conversion of 8-bit colors to the coordinates of a color space, and back."""

from fastkq.color.spaces import SpaceMetric


def to_coordinates(colors, space="rgb"):
    return SpaceMetric(space, colors.shape[1]).to_coordinates(colors)


def to_colors(coordinates, space="rgb"):
    return SpaceMetric(space, len(coordinates)).to_colors(coordinates)


def unit(channels, space="rgb"):
    return SpaceMetric(space, channels).unit
