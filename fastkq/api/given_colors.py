"""Colors that are given as `palette` or `fixed`: numbers, CSS colors, palette files and palette images."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.api.image import CompressedImage
from fastkq.api.load import load
from fastkq.color.kinds import GRAY_WITH_ALPHA, RGBA, ImageKind, with_channels
from fastkq.errors import ArgumentError, for_parameter
from fastkq.formats.css_colors import EXAMPLES, parse_color, parse_colors
from fastkq.formats.picture import palette_of
from fastkq.formats.source import opened
from fastkq.runtime.options import term
from fastkq.runtime.validation import check_palette

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    Colors: TypeAlias = (
        npt.ArrayLike | str | os.PathLike[str] | Image.Image | Sequence[str | Sequence[int]] | "GivenColors"
    )


class GivenColors(NamedTuple):
    """Colors that are given as an argument, before it is known for which images.

    Attributes
    ----------
    name : str
        Name of the argument.
    values : array_like (k, C)
        Values of the images; or uint8 (k, 3) or (k, 4) if `is_8bit`.
    is_8bit : bool
        Whether the values are levels from 0 to 255 of R, G, B and alpha, whatever the images are: those of
        CSS colors and of files. They are scaled for images of 16 bits.
    """

    name: str
    values: Any
    is_8bit: bool = False

    @classmethod
    def read(cls, given: Any, name: str) -> GivenColors | None:
        """Read colors; None if there are none.

        Parameters
        ----------
        given : see `fastkq.compress`, or GivenColors
        name : str
            Name of the argument.

        Raises
        ------
        ArgumentError
            If a text is neither a file nor colors, or a PIL image has no palette.
        FormatError
            If a file is damaged or has no palette.
        OSError
            If a file cannot be read.
        """
        if given is None or isinstance(given, GivenColors):
            return given
        if isinstance(given, str) and (os.path.isdir(given) or not os.path.exists(given)):
            return cls._of_text(given, name)
        if isinstance(given, str | os.PathLike):
            return cls._of_file(given, name)
        if formats.is_pil_image(given):
            if given.mode != "P":
                message = "expected {} to be an image of mode P, got mode {}"
                raise ArgumentError(message, term(name), given.mode)
            return cls._of_palette(palette_of(given), name)
        if isinstance(given, CompressedImage):
            return cls._of_image(given, name)
        if isinstance(given, list | tuple) and any(isinstance(color, str) for color in given):
            return cls(name, _fewest_channels(np.array([_color(color, name) for color in given])), True)
        if isinstance(given, np.ndarray) and given.dtype.kind == "U":
            return cls.read(given.ravel().tolist(), name)
        return cls(name, given)

    @classmethod
    def _of_text(cls, text: str, name: str) -> GivenColors:
        try:
            colors = np.array(parse_colors(text), np.uint8)
        except ValueError as error:
            is_name = Path(text).suffix or os.path.isdir(text)
            if not is_name or not text.isprintable() or "," in text or text.startswith("#"):
                message = "expected {} to be colors such as {}, or a file, got {!r}: {}"
                raise ArgumentError(message, term(name), EXAMPLES, text, error) from None
            return cls._of_file(text, name)  # raises the error of a missing file
        return cls(name, _fewest_channels(colors), is_8bit=True)

    @classmethod
    def _of_file(cls, path: str | os.PathLike[str], name: str) -> GivenColors:
        """Read a palette file, a `.fkq` file or an image file with a palette."""
        from fastkq.formats import palette_files  # here, because few calls need it

        suffix = Path(path).suffix.lower()
        if suffix not in palette_files.SUFFIXES:
            return cls._of_image(load(path), name)
        with opened(path) as source:
            data = bytes(source.read(0, source.length))
        return cls._of_palette(palette_files.decode(data, suffix, os.fspath(path)), name)

    @classmethod
    def _of_image(cls, image: CompressedImage, name: str) -> GivenColors:
        """Take the palette without the row of masked pixels, which is no color of the image."""
        index, palette = image.masked_index, image.palette
        rows = palette if index is None else np.delete(palette, index, axis=0)
        return cls(name, rows) if image.is_plain else cls._of_palette(rows, name)

    @classmethod
    def _of_palette(cls, palette: npt.NDArray[Any], name: str) -> GivenColors:
        if palette.dtype != np.uint8 or palette.shape[1] > RGBA:
            return cls(name, palette)
        return cls(name, _fewest_channels(with_channels(palette[np.newaxis], RGBA)[0]), is_8bit=True)

    @property
    def is_empty(self) -> bool:
        """Whether there is no color."""
        return isinstance(self.values, Sized) and len(self.values) == 0

    def common_kind(self, kind: ImageKind) -> ImageKind:
        """Return the kind of images of `kind` once they can have these colors: gray becomes RGB, for example.

        If there is no such kind, it is `kind`.
        """
        with contextlib.suppress(ValueError):  # of rows of unequal length
            shape = np.shape(self.values)
            if len(shape) == 2:
                return self._joined(kind, shape[1]) or kind
        return kind

    def rows(self, kind: ImageKind) -> npt.NDArray[Any]:
        """Return the colors (k, C) for images of a kind that `common_kind` returned.

        Raises
        ------
        ArgumentError
            If images of this kind cannot have them.
        """
        array = self._scaled(kind) if self.is_8bit else self._array(kind)
        is_table = array.dtype == kind.dtype and array.ndim == 2
        if not is_table or self._joined(kind, array.shape[1]) != kind:
            raise ArgumentError(
                "expected {} to be (k, {}) of {} as the image, got {} of {}",
                term(self.name), kind.channels, kind.dtype, array.shape, array.dtype,
            )  # fmt: skip
        with for_parameter(self.name):
            rows: npt.NDArray[Any] = with_channels(check_palette(array)[np.newaxis], kind.channels)[0]
            return rows

    def _joined(self, kind: ImageKind, channels: int) -> ImageKind | None:
        """Return the kind that holds images of `kind` and colors of this many channels; None if none does.

        Rows of two numbers are taken for gray with alpha only if the image is of that kind.
        """
        if not self.is_8bit and channels == GRAY_WITH_ALPHA != kind.channels:
            return None
        return kind.joined(ImageKind(kind.dtype, channels, kind.is_plain and channels == kind.channels))

    def _array(self, kind: ImageKind) -> npt.NDArray[Any]:
        """Return the values as an array; integers get the dtype of the image if it can hold them."""
        try:
            array = np.asarray(self.values)
        except ValueError:
            message = "expected {} to be (k, {}), got rows of unequal length"
            raise ArgumentError(message, term(self.name), kind.channels) from None
        if array.dtype == kind.dtype or self._has_other_scale(array, kind):
            return array
        with contextlib.suppress(TypeError, ValueError, OverflowError), np.errstate(all="ignore"):
            converted: npt.NDArray[Any] = array.astype(kind.dtype)
            is_float = kind.dtype.kind == "f" and bool(np.isfinite(converted).all())
            if is_float or np.array_equal(converted, array):
                return converted
        is_numbers = isinstance(self.values, np.ndarray) and array.size > 0
        got = f"{array.min()} to {array.max()}" if is_numbers else array.tolist()
        message = "expected {} to hold values of {} as the image, got {}"
        raise ArgumentError(message, term(self.name), kind.dtype, got)

    def _has_other_scale(self, array: npt.NDArray[Any], kind: ImageKind) -> bool:
        """Return whether the dtype of given colors says that their scale is not that of the image.

        Lists have no dtype, and most arrays of integers have that of any integer.
        """
        if not isinstance(self.values, np.ndarray | np.generic):
            return False
        return array.dtype.kind not in "iu" or (array.dtype == np.uint8 and kind.dtype == np.uint16)

    def _scaled(self, kind: ImageKind) -> npt.NDArray[Any]:
        """Return levels of 8 bits, scaled to the range of images of bool, uint8 or uint16."""
        levels: npt.NDArray[np.uint8] = self.values
        if kind.dtype == np.uint16:
            return levels.astype(np.uint16) * np.uint16(257)
        if kind.dtype == np.bool_ and levels.shape[1] == 1 and np.isin(levels, (0, 255)).all():
            return levels > 0
        if kind.dtype == np.uint8 and kind.channels <= RGBA:
            return levels
        what = "black and white" if kind.dtype == np.bool_ else "numbers, not 8-bit colors,"
        raise ArgumentError("expected {} to be {} for an image of {}", term(self.name), what, kind)


def _color(color: Any, name: str) -> tuple[int, ...]:
    """Return R, G, B and alpha of a CSS color or of 3 or 4 levels from 0 to 255."""
    with contextlib.suppress(TypeError, ValueError):
        if isinstance(color, str):
            return parse_color(color)
        levels = np.asarray(color)
        if (
            levels.shape in ((3,), (4,))
            and levels.dtype.kind in "iu"
            and levels.min() >= 0
            and levels.max() <= 255
        ):
            return (*levels.tolist(), 255)[:RGBA]
    message = "expected {} to hold colors such as {}, or R, G and B from 0 to 255, got {!r}"
    raise ArgumentError(message, term(name), EXAMPLES, color)


def _fewest_channels(colors: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return RGBA colors (k, 4) with the fewest channels that hold them: as gray, opaque, or both."""
    levels = colors.astype(np.uint8)
    shown = levels[:, :1] if (levels[:, :3] == levels[:, :1]).all() else levels[:, :3]
    is_opaque = (levels[:, 3] == 255).all()
    return np.ascontiguousarray(shown if is_opaque else np.column_stack((shown, levels[:, 3])))
