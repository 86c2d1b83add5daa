"""Colors in CSS notation as levels of 8 bits."""

import re
from typing import NamedTuple

EXAMPLES = "'#ff8000', '#ff8000ff' or 'orange'"
_RGB = re.compile(r"rgba?\(([^()]*)\)")
_COMMA_OUTSIDE_PARENTHESES = re.compile(r",(?![^()]*\))")


class RGBA(NamedTuple):
    """R, G, B and alpha, each from 0 to 255."""

    red: int
    green: int
    blue: int
    alpha: int = 255


def parse_color(text: str) -> RGBA:
    """Return the color of a text such as "#f80", "#ff800080", "rgb(255, 128, 0)" or "orange".

    Names are those of CSS, in upper or lower case, and "transparent". `hsl` takes numbers as Pillow does.

    Raises
    ------
    ValueError
        If the text is no color.

    Examples
    --------
    >>> tuple(parse_color("RebeccaPurple")), tuple(parse_color("rgb(100% 0% 0% / 50%)"))
    ((102, 51, 153, 255), (255, 0, 0, 128))
    """
    from PIL import ImageColor

    plain = text.strip().lower()
    try:
        if plain == "transparent":
            return RGBA(0, 0, 0, 0)
        function = _RGB.fullmatch(plain)
        levels = _levels(function[1]) if function else ImageColor.getrgb(plain)
        if len(levels) in (3, 4) and min(levels) >= 0 and max(levels) <= 255:
            return RGBA(*levels)
    except ValueError:
        pass
    raise ValueError(f"expected a color such as {EXAMPLES}, got {text!r}")


def parse_colors(text: str) -> list[RGBA]:
    """Return the colors of a text that separates them by commas, as `parse_color` reads each."""
    return [parse_color(part) for part in _COMMA_OUTSIDE_PARENTHESES.split(text)]


def _levels(text: str) -> list[int]:
    """Return the levels of the arguments of the function `rgb`: alpha is from 0 to 1, or a percentage."""
    numbers = re.split(r"\s*[\s,/]\s*", text.strip())
    red, green, blue, alpha = numbers if len(numbers) == 4 else [*numbers, "1"]
    return [_level(red, 1), _level(green, 1), _level(blue, 1), _level(alpha, 255)]


def _level(text: str, unit: int) -> int:
    """Return a number times `unit`, or a percentage of 255, rounded; -1 if it is out of range."""
    level = float(text[:-1]) * 255 / 100 if text.endswith("%") else float(text) * unit
    return int(level + 0.5) if 0 <= level < 255.5 else -1
