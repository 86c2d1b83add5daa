"""Error diffusion, written for clarity, not for speed."""

import math

ALPHA_WEIGHT = 361


def diffused(image, palette, strength):
    """Return indices by Floyd-Steinberg, in the integers of `fastkq.kernels.quantization.error_diffusion`."""
    height, width = image.shape[:2]
    rows = [coordinates(color) for color in palette.tolist()]
    errors = {}
    indices = []
    for y, line in enumerate(image.reshape(height, width, -1).tolist()):
        indices.append([])
        for x, color in enumerate(line):
            target, reach = coordinates(color), 255 * opacity(color)
            for channel in range(3):
                received = errors.get((y, x, channel), 0) * round(256 * strength)
                value = target[channel] + (received + 2048 >> 12)
                target[channel] = max(-reach, min(reach, value))
            index = min(range(len(rows)), key=lambda j: (squared(target, rows[j]), j))
            indices[-1].append(index)
            if reach == 0:
                continue
            residual = shortened([target[c] - rows[index][c] for c in range(3)], gap(rows, index))
            for down, right, share in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
                for channel in range(3):
                    place = (y + down, x + right, channel)
                    errors[place] = errors.get(place, 0) + share * residual[channel]
    return indices


def coordinates(color):
    """Return the coordinates of a color relative to mid-gray, in sixteenths of a level.

    Those of RGBA are the coordinates of `fastkq.color.spaces`.
    """
    shades = color * 3 if len(color) == 1 else color[:3]
    alpha = [ALPHA_WEIGHT * color[3]] if len(color) == 4 else []
    return [(2 * shade - 255) * opacity(color) for shade in shades] + alpha


def opacity(color):
    """Return alpha; without alpha 8, which makes the unit a sixteenth of a level."""
    return color[3] if len(color) == 4 else 8


def squared(a, b):
    """Return the squared distance of two points."""
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def gap(rows, index):
    """Return the squared distance of a row from the nearest different row, 2^56 if there is none."""
    return min((squared(rows[index], row) for row in rows if row != rows[index]), default=1 << 56)


def shortened(error, gap):
    """Shorten an error to at most 0.8 times the square root of `gap`."""
    length = squared(error, [0, 0, 0])
    if length <= 0.8 * 0.8 * gap:
        return error
    share = 0.8 * math.sqrt(gap / length)
    return [int(value * share) for value in error]
