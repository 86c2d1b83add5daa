"""Facets of the convex hull of points in space."""

import numpy as np
import numpy.typing as npt

from fastkq.quantization.hull import Points, vertices

_THICKNESS = 1e6  # times as far as the points: the hull of points in a plane is extended on both sides
_TOLERANCE = 1e-9  # relative to the length of a normal: less outside is inside


def facets(points: Points) -> npt.NDArray[np.float64]:
    """Return the outward unit normals and offsets (f, 4) of the facets of the convex hull of points (n, 3).

    A point is in the hull if its product with each normal is at most the offset. The hull of points in a
    plane, on a line or in one place is taken as infinitely thick across it. Results are the same on every
    CPU: only elementwise + - * / and square roots are used.

    >>> facets(np.array([[0.0, 0, 0], [8, 0, 0]])).shape
    (12, 4)
    """
    corners = _thickened(vertices(np.unique(points, axis=0)))
    first = _simplex(corners)
    inside = corners[first[0]]
    for place in first[1:]:
        inside = inside + corners[place]
    inside = inside / 4.0
    triangles = [(a, b, c) for a, b, c, _ in (np.roll(first, turn) for turn in range(4))]
    found = _Facets(corners, inside)
    found.add(np.array(triangles))
    for place in range(len(corners)):
        found.extend(place)
    return np.column_stack((found.normals, found.offsets))


class _Facets:
    """The facets of the hull of the points so far: corners (f, 3), unit normals (f, 3) and offsets (f,)."""

    def __init__(self, points: Points, inside: Points) -> None:
        self._points, self._inside = points, inside
        self.corners = np.empty((0, 3), np.int64)
        self.normals, self.offsets = np.empty((0, 3)), np.empty(0)

    def add(self, corners: npt.NDArray[np.int64]) -> None:
        """Add triangles, turned so that the point inside is on their inner side."""
        origins = self._points[corners[:, 0]]
        normals = _cross(self._points[corners[:, 1]] - origins, self._points[corners[:, 2]] - origins)
        lengths = np.sqrt(_dot(normals, normals))
        keep = lengths > 0.0
        corners, origins, normals = corners[keep], origins[keep], normals[keep] / lengths[keep, np.newaxis]
        offsets = _dot(normals, origins)
        turned = _dot(normals, self._inside[np.newaxis]) > offsets
        normals[turned], offsets[turned] = -normals[turned], -offsets[turned]
        corners[turned] = corners[turned][:, [0, 2, 1]]
        self.corners = np.concatenate((self.corners, corners))
        self.normals = np.concatenate((self.normals, normals))
        self.offsets = np.concatenate((self.offsets, offsets))

    def extend(self, place: int) -> None:
        """Extend the hull by a point: facets that it sees are replaced by a cone to their outline."""
        point = self._points[place]
        scale = _TOLERANCE * (1.0 + np.abs(self.offsets))
        seen = _dot(self.normals, point[np.newaxis]) > self.offsets + scale
        if not seen.any():
            return
        edges = {edge for a, b, c in self.corners[seen].tolist() for edge in ((a, b), (b, c), (c, a))}
        outline = sorted(edge for edge in edges if edge[::-1] not in edges)
        self.corners, self.normals = self.corners[~seen], self.normals[~seen]
        self.offsets = self.offsets[~seen]
        self.add(np.array([(a, b, place) for a, b in outline], np.int64))


def _thickened(points: Points) -> Points:
    """Return the points, copied along each direction in which all of them lie in one plane."""
    origin = points[0]
    spanned = points - origin
    extent = 1.0 + float(np.abs(spanned).max())
    axes: list[Points] = []
    for _ in range(3):
        rest = spanned.copy()
        for axis in axes:
            rest = rest - _dot(rest, axis[np.newaxis])[:, np.newaxis] * axis
        squares = _dot(rest, rest)
        place = int(np.argmax(squares))
        if squares[place] <= 1e-12 * extent * extent:
            break
        axes.append(rest[place] / np.sqrt(squares[place]))
    for unit in np.eye(3):
        rest = unit[np.newaxis]
        for axis in axes:
            rest = rest - _dot(rest, axis[np.newaxis])[:, np.newaxis] * axis
        square = float(_dot(rest, rest)[0])
        if len(axes) < 3 and square > 0.1:
            axes.append(rest[0] / np.sqrt(square))
            thickness = _THICKNESS * axes[-1]
            points = np.concatenate((points - thickness, points + thickness))
    return points


def _simplex(points: Points) -> npt.NDArray[np.int64]:
    """Return four points that are not in a plane, far from each other."""
    places = [0]
    rest = points - points[0]
    for _ in range(3):
        squares = _dot(rest, rest)
        place = int(np.argmax(squares))
        axis = rest[place] / np.sqrt(squares[place])
        places.append(place)
        rest = rest - _dot(rest, axis[np.newaxis])[:, np.newaxis] * axis
    return np.array(places)


def _dot(a: Points, b: Points) -> Points:
    products = a * b
    total: Points = products[:, 0] + products[:, 1] + products[:, 2]
    return total


def _cross(a: Points, b: Points) -> Points:
    (x, y, z), (u, v, w) = a.T, b.T
    return np.stack((y * w - z * v, z * u - x * w, x * v - y * u), axis=1)
