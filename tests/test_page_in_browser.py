"""How the page behaves in Chromium; skipped where that, its driver or selenium is not installed."""

import base64
import json
import re
import shutil
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fastkq import CompressedImage
from fastkq.report.comparison import Original, compare
from fastkq.report.page import page
from tests.conftest import photograph_like

webdriver = pytest.importorskip("selenium.webdriver")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are optional")

KS = (2, 5, 12)
SCALE = 5
"""A picture of 120 x 90 is shown five times as large, as 600 x 450."""
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The address of a page, the source's pixels and the rows."""
    image = photograph_like(90, 120)
    rows = compare(image, KS)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(page(Original("photo.jpg", image, 20_000), rows))
    return path.as_uri(), image, rows


class Page:
    """The page as a user has it before them."""

    def __init__(self, driver, shown):
        self.driver = driver
        self.address, self.image, self.rows = shown

    def do(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def window(self, width, height=900):
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def media(self, kind="", scheme="light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.do("Emulation.setEmulatedMedia", media=kind, features=features)

    def open(self, fragment=""):
        self.driver.get("about:blank")
        self.driver.get(self.address + fragment)
        self.settle()

    def settle(self):
        """Until the chosen picture is decoded and painted."""
        self.driver.execute_async_script(
            "const [done] = arguments;"
            "reduced[chosen].decode().then(() => requestAnimationFrame(() => requestAnimationFrame(done)));"
        )

    def box(self, selector):
        return self.run(
            "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [box.left, box.top, box.width, box.height];",
            selector,
        )

    def chosen(self):
        return int(self.run("return document.querySelector('input[name=k]:checked').value"))

    def stage(self):
        """What is seen of the picture, (450, 600, 3)."""
        self.run("scrollTo(0, 0)")
        left, top, width, height = self.box("#stage")
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        picture = self.do("Page.captureScreenshot", clip=clip)["data"]
        return np.asarray(Image.open(BytesIO(base64.b64decode(picture))).convert("RGB"))

    def sees(self, edge, scale=SCALE, scrolled=0):
        """Whether the source is left of an edge and the chosen k right of it, where nothing covers them."""
        result = self.rows[KS.index(self.chosen())].compressed.decompress()
        columns = np.arange(self.run("return view.clientWidth"))
        open_rows = slice(45, 430)
        seen, source, reduced = (
            picture[open_rows, start : start + len(columns)]
            for picture, start in (
                (self.stage(), 0),
                (enlarged(self.image, scale), scrolled),
                (enlarged(result, scale), scrolled),
            )
        )
        before, after = columns < edge - 24, columns > edge + 24
        return (seen == source)[:, before].all() and (seen == reduced)[:, after].all()

    def press(self, selector, keys):
        self.driver.find_element("css selector", selector).send_keys(keys)
        self.settle()


def enlarged(picture, scale):
    return picture.repeat(scale, 0).repeat(scale, 1)


@pytest.fixture
def view(browser, shown):
    view = Page(browser, shown)
    view.window(900)
    view.media()
    view.open()
    return view


def test_left_of_the_handle_is_the_source_and_right_of_it_the_result(view):
    assert view.stage().shape == (450, 600, 3)
    assert view.chosen() == 5
    assert view.sees(300)


def test_behind_what_is_transparent_are_checks_and_not_the_source(browser, tmp_path):
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
    colours = {tuple(colour) for colour in np.unique(seen[:, 324:].reshape(-1, 3), axis=0).tolist()}
    assert {(255, 255, 255), (227, 230, 234)} <= colours
    assert min(map(min, colours)) >= 227


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
def test_the_handle_follows_the_pointer_from_wherever_it_is_put_down(view, drag, start):
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
    assert view.run("return slider.getAttribute('aria-valuetext')") == "5% source, the rest 5 colours"
    outline = "return getComputedStyle(at('handle'), '::after').outlineStyle"
    assert view.run(outline) == "solid"


CHOICES = {
    "by the keyboard": lambda view, k: view.press(
        "input[name=k]:checked", "\ue014" if k > view.chosen() else "\ue012"
    ),
    "by a click": lambda view, k: view.run(f"document.querySelector('input[value=\"{k}\"]').click()"),
    "in the table": lambda view, k: view.driver.find_element("css selector", f"th a[href='#k={k}']").click(),
    "in the plot": lambda view, k: view.driver.find_element(
        "css selector", f"svg a[href='#k={k}'] circle + circle"
    ).click(),
    "in the address": lambda view, k: view.open(f"#k={k}"),
}


@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
def test_each_k_can_be_chosen_and_all_follows(view, choose):
    for k in (12, 5, 2):
        choose(view, k)
        view.settle()
        row = view.rows[KS.index(k)]
        assert view.chosen() == k
        assert view.sees(300)
        assert view.run("return at('badge').textContent") == f"{k} colours"
        caption = view.run("return at('caption').textContent")
        assert caption.startswith(f"{k} colours: {row.fkq_bytes:,} bytes as .fkq")
        marked = view.run("return [...document.querySelectorAll('[aria-current]')].map(e => e.textContent)")
        assert len(marked) == 2
        assert f"{row.fkq_bytes:,}" in marked[0]
        assert f"{row.fkq_bytes:,}" in marked[1]
        names = view.run("return [...document.querySelectorAll('#palette code')].map(e => e.textContent)")
        assert names == [f"#{bytes(colour).hex()}" for colour in row.compressed.palette]
        widths = view.run(
            "return [...document.querySelectorAll('#strip i')].map(e => e.getBoundingClientRect().width)"
        )
        shares = np.bincount(row.compressed.indices.reshape(-1)) / row.compressed.indices.size
        assert widths == pytest.approx((600 * shares).tolist(), abs=0.1)
        assert view.run("return location.hash") == f"#k={k}"


def test_enlarged_the_picture_can_be_scrolled_beneath_the_handle(view):
    before = view.box("#stage")
    view.run("at('zoom').value = 8; at('zoom').dispatchEvent(new Event('change'))")
    assert view.box("#stage") == before
    assert view.run("return [view.scrollLeft, pictures.clientWidth]") == [pytest.approx(180, abs=8), 960]
    view.run("view.scrollTo(37, 0)")
    view.settle()
    assert view.sees(view.run("return view.clientWidth") / 2, scale=8, scrolled=37)


def test_the_palette_is_copied_as_text(view):
    view.run(
        "const writeText = async (text) => { window.text = text; };"
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText } });"
    )
    view.run("at('copy').click()")
    view.settle()
    names = [f"#{bytes(colour).hex()}" for colour in view.rows[1].compressed.palette]
    assert view.run("return window.text") == "\n".join(names)
    assert view.run("return at('copied').textContent") == "copied"


def test_nothing_is_complained_of_and_nothing_requested(browser, view):
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


def test_the_policy_keeps_it_from_loading_anything(browser, view):
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
    const colour = parse(getComputedStyle(node).backgroundColor);
    if (colour.length === 3) return colour;
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
def test_it_is_light_or_dark_as_the_reader_likes_and_can_be_read(view, scheme):
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


def test_nothing_moves_while_it_loads_or_another_k_is_chosen(view):
    view.run(
        "window.moved = 0;"
        "const add = (list) => list.getEntries().forEach((entry) => { window.moved += entry.value; });"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });"
    )
    for k in (2, 12):
        view.run(f"location.hash = 'k={k}'")
        view.settle()
    assert view.run("return window.moved") < 0.001  # the words on the picture, of another length


def test_printed_it_is_dark_on_light_whole_and_without_controls(view):
    view.window(794, 1123)  # A4
    view.media(kind="print", scheme="dark")
    assert view.run("return at('copy').checkVisibility()") is False
    assert view.run("return getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    _, _, width, height = view.box("#stage")
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    printed = base64.b64decode(view.do("Page.printToPDF")["data"])
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
