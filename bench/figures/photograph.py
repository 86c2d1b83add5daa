"""The figures of china.jpg: a sheet of several k, fastkq and its peers side by side, and the HTML page."""

import base64
import shutil
import tempfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import fastkq
from bench.cases import Pixels, photograph, photograph_path
from bench.peers import SIDE_BY_SIDE_METHODS
from fastkq.compare.comparison import Original, compare
from fastkq.compare.html import page
from fastkq.formats.png import optimized

_FOLDER = Path(__file__).parent
SHEET = _FOLDER / "china.png"
SIDE_BY_SIDE = _FOLDER / "side-by-side.png"
PAGE = _FOLDER / "report.png"
SIDE_BY_SIDE_PACKAGES = ("imagequant", "oxipng")
_SHEET_KS = (4, 16, 64)
_SIDE_BY_SIDE_K = 16
_CROP = np.s_[0:290, 60:290]  # sky, water, roofs and trees
_COLUMNS, _MARGIN, _TEXT_HEIGHT = 4, 8, 22
_INK, _PAPER = (40, 40, 40), (250, 250, 250)
_PAGE_KS = (2, 4, 8, 16, 32, 64, 128, 256)
_PAGE_SIZE = {"width": 1360, "height": 690}


def draw_sheet() -> None:
    """Draw the photograph and its reductions to several k, as a palette PNG by fastkq."""
    from fastkq.compare.sheet import contact_sheet

    original = Original.read(photograph_path())
    sheet = contact_sheet(original, compare(original.pixels, _SHEET_KS), columns=2)
    fastkq.compress(Image.open(BytesIO(sheet)).convert("RGB"), 256).save(SHEET)


def draw_side_by_side() -> None:
    """Reduce the whole photograph by each method, and show the same crop of each at its own size."""
    image = photograph()
    reduced = {"original": image} | {
        method.label: method.reduced(image, _SIDE_BY_SIDE_K) for method in SIDE_BY_SIDE_METHODS.values()
    }
    tiles = [_tile(pixels[_CROP], label) for label, pixels in reduced.items()]
    width, height = tiles[0].size
    rows = -(-len(tiles) // _COLUMNS)
    size = (_COLUMNS * (width + _MARGIN) + _MARGIN, rows * (height + _MARGIN) + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, _COLUMNS)
        sheet.paste(tile, (_MARGIN + column * (width + _MARGIN), _MARGIN + row * (height + _MARGIN)))
    written = BytesIO()
    sheet.save(written, "PNG")
    SIDE_BY_SIDE.write_bytes(optimized(written.getvalue()))


def _tile(image: Pixels, label: str) -> Image.Image:
    tile = Image.new("RGB", (image.shape[1], image.shape[0] + _TEXT_HEIGHT), _PAPER)
    tile.paste(Image.fromarray(image), (0, 0))
    font = ImageFont.load_default(size=14)
    ImageDraw.Draw(tile).text((0, image.shape[0] + 3), label, fill=_INK, font=font)
    return tile


def can_draw_page() -> bool:
    """Tell whether Chromium, its driver and selenium are there."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver") and find_spec("selenium"))


def draw_page() -> None:
    """Take a screenshot of the page that `fastkq compare --html` writes, as a palette PNG by fastkq."""
    original = Original.read(photograph_path())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_bytes(page(original, compare(original.pixels, _PAGE_KS)))
        picture = _screenshot(f"{path.as_uri()}#k=16")
    fastkq.compress(picture, 256).save(PAGE)


def _screenshot(address: str) -> Image.Image:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")
    options.binary_location = shutil.which("chromium") or ""
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as browser:
        metrics = {**_PAGE_SIZE, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        browser.get(address)
        data = browser.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
    return Image.open(BytesIO(base64.b64decode(data))).convert("RGB")
