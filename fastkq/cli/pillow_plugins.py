"""Pillow plugins for JPEG XL and HEIF: the command registers one when it meets a file of its format."""

import contextlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fastkq.cli.shared_options import READABLE
from fastkq.formats.pillow_plugins import PLUGINS, plugin_for

if TYPE_CHECKING:
    from fastkq.formats.source import Source

_LONGEST_START = 16  # bytes


def readable_suffixes() -> tuple[str, ...]:
    """Return the suffixes of the files that are taken from folders, with those of installed plugins."""
    plugins = (plugin for plugin in PLUGINS if find_spec(plugin.module))
    return (*READABLE, *(suffix for plugin in plugins for suffix in plugin.suffixes))


def register_plugin(source: "str | Path | Source") -> None:
    """Register the plugin that the source needs, if it needs one and that is installed."""
    plugin = plugin_for(_start(source))
    if plugin is None:
        return
    with contextlib.suppress(ImportError):  # the error of the reader says what to install
        module = import_module(plugin.module)
        if plugin.register:
            getattr(module, plugin.register)()


def _start(source: "str | Path | Source") -> bytes:
    if not isinstance(source, str | Path):
        return bytes(source.read(0, min(source.length, _LONGEST_START)))
    with contextlib.suppress(OSError), open(source, "rb") as file:  # the reader reports the error
        return file.read(_LONGEST_START)
    return b""
