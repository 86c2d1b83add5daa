"""The page of `compare` parsed into elements."""

import base64
import json
from html.parser import HTMLParser
from io import BytesIO

from PIL import Image

from fastkq.color.metadata import Metadata
from fastkq.compare.comparison import Original, compare
from fastkq.compare.html import page

VOID = {"meta", "link", "input", "img"}
SHAPES_OF_SVG = {"path", "circle", "polyline"}


class Parsed(HTMLParser):
    """Elements in order, each as [tag, attributes, text]; fails if tags are not nested."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes)
        self.elements.append([tag, dict(attributes), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        assert tag in SHAPES_OF_SVG
        self.elements.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def all(self, tag, **attributes):
        wanted = attributes.items()
        return [found for found in self.elements if found[0] == tag and wanted <= found[1].items()]


def parsed(image, ks=(2, 5), name="photo.jpg", nbytes=1000, metadata=None, **options):
    rows = compare(image, ks, **options)
    return rows, Parsed(page(Original(name, image, nbytes, metadata or Metadata()), rows).decode())


def embedded(element):
    kind, data = element[1]["src"].split(",")
    assert kind == "data:image/png;base64"
    return Image.open(BytesIO(base64.b64decode(data)))


def shown_rows(document):
    return json.loads(document.all("script", id="rows")[0][2])
