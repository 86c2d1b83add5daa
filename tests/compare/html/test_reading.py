"""The page in light and dark mode, at any width and in print; it loads nothing."""

import base64
import json
import re

import numpy as np
import pytest

from fastkq.compare.comparison import Original, compare
from fastkq.compare.html import page
from tests.compare.html.browsing import Page

pytestmark = pytest.mark.slow  # starts a browser


def test_page_logs_no_errors_and_requests_nothing(browser, view):
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    view.open("#k=12")
    view.run("document.querySelector('svg a').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
    view.settle()
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert requests
    assert all(request.startswith(("data:", view.address, "about:blank")) for request in requests)


def test_policy_blocks_requests(browser, view):
    blocked = view.driver.execute_async_script(
        "const [done] = arguments;"
        "addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));"
        "document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/a.png' }));"
    )
    assert blocked == "img-src"
    browser.get_log("browser")


CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const luminance = (rgb) => rgb.slice(0, 3).map((value) => value / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, j) => sum + v * [0.2126, 0.7152, 0.0722][j], 0);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const color = parse(getComputedStyle(node).backgroundColor);
    if (color.length === 3) return color;
  }
};
return [...document.querySelectorAll("h1, p, label, legend, th, td, small, a, code, li span, button, text")]
  .filter((node) => node.textContent.trim() && node.checkVisibility())
  .map((node) => {
    const style = getComputedStyle(node);
    const [high, low] = [parse(node.tagName === "text" ? style.fill : style.color), ground(node)]
      .map(luminance).sort((a, b) => b - a);
    return [node.tagName, (high + 0.05) / (low + 0.05)];
  });
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_schemes_have_enough_contrast(view, scheme):
    view.media(scheme=scheme)
    red, green, blue = map(
        int, re.findall(r"\d+", view.run("return getComputedStyle(document.body).backgroundColor"))
    )
    assert (min(red, green, blue) > 240) if scheme == "light" else (max(red, green, blue) < 40)
    contrasts = view.run(CONTRAST)
    assert len(contrasts) > 50
    assert min(contrasts, key=lambda found: found[1])[1] >= 4.5


def test_nothing_is_wider_than_the_window(view):
    for width in (320, 360, 600, 1000, 1400, 2560):
        view.window(width)
        view.settle()
        assert view.run("return document.documentElement.scrollWidth") <= width
        left, _, across, _ = view.box("#stage")
        assert 0 <= left < left + across <= width


def test_names_and_shares_stand_on_one_line_on_a_phone(browser, tmp_path):
    image = np.zeros((200, 200, 4), np.uint8)
    image[0, 0] = 9
    view = page_of(image, browser, tmp_path)
    for width in range(320, 400, 4):
        view.window(width)
        lines = "return [...document.querySelectorAll('.palette code')].map((name) => name.offsetHeight)"
        heights = view.run(lines)
        assert len(heights) == 2
        assert max(heights) < 25


def test_handle_on_a_flat_picture_covers_neither_choice_nor_colors(browser, tmp_path):
    view = page_of(np.arange(2000, dtype=np.uint8)[None].repeat(3, 0), browser, tmp_path)
    view.window(900)
    _, top, _, height = view.box("#stage")
    choice, strip = view.box(".choice"), view.box("#strip")
    assert top + height / 2 - 16 >= choice[1] + choice[3]
    assert top + height / 2 + 16 <= strip[1]


def test_rarely_used_color_has_a_share_above_0(browser, tmp_path):
    image = np.zeros((200, 200), np.uint8)
    image[0, 0] = 255
    view = page_of(image, browser, tmp_path)
    shares = view.run("return [...document.querySelectorAll('.palette li')].map((line) => line.innerText)")
    assert sorted(share.split()[-1] for share in shares) == ["100.00%", "<0.01%"]


def page_of(image, browser, folder):
    rows = compare(image, [16])
    (folder / "page.html").write_bytes(page(Original("a.png", image, 1000), rows))
    view = Page(browser, ((folder / "page.html").as_uri(), image, rows))
    view.media()
    view.open()
    return view


def test_layout_is_stable_while_loading_and_choosing(view):
    view.run(
        "window.moved = 0;"
        "const add = (list) => list.getEntries().forEach((entry) => { window.moved += entry.value; });"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });"
    )
    for k in (2, 12):
        view.run(f"location.hash = 'k={k}'")
        view.settle()
    assert view.run("return window.moved") < 0.001  # the badge on the picture changes its width


def test_print_shows_the_whole_picture_dark_on_light_without_controls(view):
    view.window(794, 1123)  # A4
    view.media(kind="print", scheme="dark")
    assert view.run("return at('copy').checkVisibility()") is False
    assert view.run("return getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    _, _, width, height = view.box("#stage")
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    printed = base64.b64decode(view.do("Page.printToPDF")["data"])
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
