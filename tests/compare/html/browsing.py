"""The page of `compare` in a browser, as the tests operate it."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image

KS = (2, 5, 12)
SCALE = 5
"""Pixels on the screen per pixel of the image, in each direction: 120 x 90 pixels are shown as 600 x 450."""


class Page:
    """A page in a browser, with the pixels of its source and its rows."""

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
        """Wait until the chosen picture is decoded and painted."""
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
        """Return a screenshot of the picture, (450, 600, 3) of uint8."""
        self.run("scrollTo(0, 0)")
        left, top, width, height = self.box("#stage")
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        picture = self.do("Page.captureScreenshot", clip=clip)["data"]
        return np.asarray(Image.open(BytesIO(base64.b64decode(picture))).convert("RGB"))

    def sees(self, edge, scale=SCALE, scrolled=0):
        """Tell whether the source is left of the column `edge` and the result of the chosen k right of it.

        Only pixels that neither the handle (24 columns on both sides of the edge) nor the labels cover count.
        """
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
