"""The README's picture of the page that `fastkq compare --html` writes, taken by Chromium."""

import base64
import shutil
import tempfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from PIL import Image

import fastkq
from bench.cases import scikit_learn_photograph
from bench.picture import FOLDER
from fastkq.compare.html import page
from fastkq.compare.table import Original, compare

PICTURE = FOLDER / "report.png"
_KS = (2, 4, 8, 16, 32, 64, 128, 256)
_SIZE = {"width": 1360, "height": 690}


def is_possible() -> bool:
    """Whether Chromium, its driver and selenium are there."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver") and find_spec("selenium"))


def draw() -> None:
    """Write it, itself a palette PNG by fastkq."""
    original = Original.read(scikit_learn_photograph("china.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_bytes(page(original, compare(original.pixels, _KS)))
        picture = _taken(f"{path.as_uri()}#k=16")
    fastkq.compress(picture, 256).save(PICTURE)


def _taken(address: str) -> Image.Image:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")
    options.binary_location = shutil.which("chromium") or ""
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as browser:
        metrics = {**_SIZE, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        browser.get(address)
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
    return Image.open(BytesIO(base64.b64decode(shot))).convert("RGB")
