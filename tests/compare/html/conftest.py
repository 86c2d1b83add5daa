"""Fixtures that show the page in Chromium; skipped if Chromium, its driver or selenium is not installed."""

import shutil

import pytest

from fastkq.compare.comparison import Original, compare
from fastkq.compare.html import page
from tests.compare.html.browsing import KS, Page
from tests.helpers.images import photograph_like

OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and chromedriver):
        pytest.skip("Chromium and its driver are optional")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=chromedriver)
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver


@pytest.fixture(scope="session")
def shown(tmp_path_factory):
    """Write a page; return its URI, the pixels of the source and the rows."""
    image = photograph_like(90, 120)
    rows = compare(image, KS)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(page(Original("photo.jpg", image, 20_000), rows))
    return path.as_uri(), image, rows


@pytest.fixture
def view(browser, shown):
    view = Page(browser, shown)
    view.window(900)
    view.media()
    view.open()
    return view
