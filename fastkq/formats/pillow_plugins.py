"""Formats that Pillow reads with plugins of other packages: the library names them, the command imports them.

To import a plugin changes Pillow's registries, which the library leaves alone.
"""

from typing import NamedTuple


class Plugin(NamedTuple):
    """A plugin of Pillow.

    Attributes
    ----------
    format, package : str
        Names of the format and of the package.
    module : str
        Name of the module; importing it registers the plugin, if `register` is empty.
    register : str
        Function of the module that registers the plugin, or an empty string.
    suffixes : tuple of str
    """

    format: str
    package: str
    module: str
    register: str
    suffixes: tuple[str, ...]

    @property
    def hint(self) -> str:
        """What to do in Python so that files of the format are read."""
        call = f"{self.module}.{self.register}()" if self.register else f"import {self.module}"
        return f"{call} (package {self.package}) lets Pillow and fastkq read it"


JPEG_XL = Plugin("JPEG XL", "pillow-jxl-plugin", "pillow_jxl", "", (".jxl",))
HEIF = Plugin("HEIF", "pillow-heif", "pillow_heif", "register_heif_opener", (".heic", ".heif", ".hif"))
PLUGINS = (JPEG_XL, HEIF)

_JPEG_XL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


def plugin_for(start: bytes) -> Plugin | None:
    """Return the plugin for a file that begins with these bytes, at least 12; None if it needs none."""
    if start.startswith(_JPEG_XL_STARTS):
        return JPEG_XL
    return HEIF if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS else None
