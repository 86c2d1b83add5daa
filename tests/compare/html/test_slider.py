"""The handle between the source and the result."""

import numpy as np
import pytest

from fastkq import CompressedImage
from fastkq.compare.comparison import Original, compare
from fastkq.compare.html import page
from tests.compare.html.browsing import Page

pytestmark = pytest.mark.slow  # starts a browser


def test_left_of_the_handle_is_the_source_and_right_of_it_the_result(view):
    assert view.stage().shape == (450, 600, 3)
    assert view.chosen() == 5
    assert view.sees(300)


def test_transparent_pixels_show_a_checkerboard(browser, tmp_path):
    image = np.full((90, 120, 4), (200, 30, 60, 255), np.uint8)
    (row,) = compare(image, [2])
    nothing = CompressedImage(np.zeros((1, 4), np.uint8), np.zeros((90, 120), int))
    path = tmp_path / "page.html"
    path.write_bytes(page(Original("red.png", image, 500), [row._replace(compressed=nothing)]))
    view = Page(browser, (path.as_uri(), image, [row]))
    view.window(900)
    view.media()
    view.open()
    seen = view.stage()[45:430]
    assert (seen[:, :276] == (200, 30, 60)).all()
    colors = {tuple(color) for color in np.unique(seen[:, 324:].reshape(-1, 3), axis=0).tolist()}
    assert {(255, 255, 255), (227, 230, 234)} <= colors
    assert min(map(min, colors)) >= 227


def drag_by_mouse(view, x, y, target):
    for kind, place in (("mousePressed", x), ("mouseMoved", (x + target) / 2), ("mouseMoved", target)):
        view.do("Input.dispatchMouseEvent", type=kind, x=place, y=y, button="left", clickCount=1)
    yield
    view.do("Input.dispatchMouseEvent", type="mouseReleased", x=target, y=y, button="left", clickCount=1)
    view.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    yield


def drag_by_touch(view, x, y, target):
    view.do("Emulation.setTouchEmulationEnabled", enabled=True)
    view.do("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    for place in np.linspace(x, target, 5)[1:]:
        view.do("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": place, "y": y}])
    yield
    view.do("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    view.do("Emulation.setTouchEmulationEnabled", enabled=False)
    yield


@pytest.mark.parametrize("drag", [drag_by_mouse, drag_by_touch])
@pytest.mark.parametrize("start", [300, 500])
def test_handle_follows_the_pointer_from_any_start(view, drag, start):
    left, top, _, height = view.box("#stage")
    for _ in drag(view, left + start, top + height / 2, left + 120):
        view.settle()
        assert view.sees(120)
        assert view.run("return slider.value") == "20"


def test_the_handle_stays_within_the_picture(view):
    left, top, _, height = view.box("#stage")
    for target, edge in ((left + 800, 600), (left - 20, 0)):
        for _ in drag_by_mouse(view, left + 200, top + height / 2, target):
            view.settle()
            assert view.sees(edge)


def test_the_keyboard_moves_the_handle(view):
    from selenium.webdriver.common.keys import Keys

    view.press("#slider", Keys.END)
    assert view.sees(600)
    view.press("#slider", Keys.HOME)
    assert view.sees(0)
    view.press("#slider", Keys.ARROW_RIGHT * 5)
    assert view.sees(30)
    assert view.run("return slider.getAttribute('aria-valuetext')") == "5% source, the rest 5 colors"
    outline = "return getComputedStyle(at('handle'), '::after').outlineStyle"
    assert view.run(outline) == "solid"


def test_enlarged_picture_scrolls_beneath_the_handle(view):
    before = view.box("#stage")
    view.run("at('zoom').value = 8; at('zoom').dispatchEvent(new Event('change'))")
    assert view.box("#stage") == before
    assert view.run("return [view.scrollLeft, pictures.clientWidth]") == [pytest.approx(180, abs=8), 960]
    view.run("view.scrollTo(37, 0)")
    view.settle()
    assert view.sees(view.run("return view.clientWidth") / 2, scale=8, scrolled=37)
