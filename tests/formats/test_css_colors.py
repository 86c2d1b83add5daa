"""Colors in CSS notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.formats.css_colors import RGBA, parse_color, parse_colors


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#f80", (255, 136, 0, 255)),
        ("#F808", (255, 136, 0, 136)),
        ("#ff8000", (255, 128, 0, 255)),
        ("#ff800040", (255, 128, 0, 64)),
        (" Red ", (255, 0, 0, 255)),
        ("rebeccapurple", (102, 51, 153, 255)),
        ("transparent", (0, 0, 0, 0)),
        ("rgb(1, 2, 3)", (1, 2, 3, 255)),
        ("rgb(1 2 3 / 50%)", (1, 2, 3, 128)),
        ("RGBA( 1 , 2 , 3 , 1 )", (1, 2, 3, 255)),
        ("rgba(1,2,3,.25)", (1, 2, 3, 64)),
        ("rgb(100%, 50%, 0%)", (255, 128, 0, 255)),
        ("hsl(120, 100%, 50%)", (0, 255, 0, 255)),
    ],
)
def test_colors_are_read_as_css_defines_them(text, color):
    assert parse_color(text) == color


NO_COLORS = """
#|#12345|#ggg|no-color|rgb(1,2)|rgb(1,2,3,4,5)|rgb(256,0,0)|rgb(-1,0,0)|rgb()|rgba(0,0,0,2)|rgb(nan,0,0)
rgb(inf,0,0)|rgb(1,,2)|hsl(9,100%,900%)|red,blue
"""


@pytest.mark.parametrize("text", ["", "r" * 999, *NO_COLORS.strip().replace("\n", "|").split("|")])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="expected a color such as '#ff8000', '#ff8000ff' or 'orange', got"):
        parse_color(text)


def test_lists_are_divided_at_commas_outside_parentheses():
    expected = [RGBA(0, 0, 0), RGBA(1, 2, 3), RGBA(255, 0, 0)]
    assert parse_colors("#000,rgb(1,2,3), red") == expected


@given(st.text(max_size=30) | st.from_regex(r"(rgb|hsl|hsv)a?\([-0-9.,/ %e]*\)", fullmatch=True))
def test_any_text_is_a_color_or_a_value_error(text):
    try:
        colors = parse_colors(text)
    except ValueError:
        return
    assert all(0 <= level <= 255 and type(level) is int for color in colors for level in color)
