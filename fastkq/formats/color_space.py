"""Definitions of the colors of an image beside its ICC profile, and what is lost where none can be written.

The chunks cICP, sRGB, gAMA and cHRM of PNG define the colors of its values. Of several definitions, the
first of cICP, ICC profile, sRGB, and gAMA with cHRM holds.
"""

import numbers
import struct
import warnings
from collections.abc import Sequence

from fastkq.color.metadata import Metadata
from fastkq.errors import ColorSpaceWarning
from fastkq.formats import icc

_UNIT = 100_000  # of the integers in gAMA and cHRM
_MAX_INTEGER = (1 << 31) - 1  # of PNG
_SRGB_CODE_POINTS = (1, 13)  # primaries of BT.709, transfer function of sRGB
_SRGB_CHROMATICITY = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_CHROMATICITY_TOLERANCE = 0.002  # other color spaces differ by more than 0.01
_GAMMA_OF_SRGB = 1 / 2.2
_GAMMA_TOLERANCE = 0.01  # relative: less than a level of 8 bits


def valid_intent(value: object) -> int | None:
    """Return a rendering intent, 0 to 3; None for any other value."""
    return _integer(value, 3)


def valid_gamma(value: object) -> float | None:
    """Return a gamma that the chunk gAMA can hold; None for any other value."""
    gamma = _number(value)
    return gamma if gamma is not None and round(gamma * _UNIT) > 0 else None


def valid_chromaticity(value: object) -> tuple[float, ...] | None:
    """Return eight coordinates that the chunk cHRM can hold; None for any other value."""
    if not isinstance(value, Sequence) or len(value) != len(_SRGB_CHROMATICITY):
        return None
    coordinates = tuple(_number(number) for number in value)
    kept = tuple(number for number in coordinates if number is not None)
    return kept if len(kept) == len(coordinates) and round(kept[1] * _UNIT) > 0 else None


def valid_cicp(value: object) -> tuple[int, int, int, int] | None:
    """Return four code points that the chunk cICP can hold, for R, G and B; None for any other value."""
    if not isinstance(value, Sequence) or len(value) != 4:
        return None
    primaries, transfer, matrix, full_range = (
        _integer(number, most) for number, most in zip(value, (255, 255, 0, 1), strict=True)
    )
    if primaries is None or transfer is None or matrix is None or full_range is None:
        return None
    return primaries, transfer, matrix, full_range


def _integer(value: object, most: int) -> int | None:
    if not isinstance(value, numbers.Integral) or not 0 <= (number := int(value)) <= most:
        return None
    return number


def _number(value: object) -> float | None:
    """Return a number from 0 to the largest one that gAMA and cHRM can hold, or None."""
    if not isinstance(value, numbers.Real) or not 0 <= (number := float(value)) * _UNIT <= _MAX_INTEGER:
        return None
    return number


def png_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the chunks that define the colors, as type and contents, without iCCP; invalid values have none.

    With an ICC profile there is no sRGB, unless the profile is sRGB: then there is sRGB instead of iCCP.
    """
    chunks = []
    if cicp := valid_cicp(metadata.cicp):
        chunks.append((b"cICP", bytes(cicp)))
    intent = valid_intent(metadata.srgb)
    if metadata.icc is not None and icc.color_space(metadata.icc) is not None:
        intent = icc.rendering_intent(metadata.icc) if icc.is_srgb(metadata.icc) else None
    if intent is not None:
        chunks.append((b"sRGB", bytes((intent,))))
    if gamma := valid_gamma(metadata.gamma):
        chunks.append((b"gAMA", _integers((gamma,))))
    if chromaticity := valid_chromaticity(metadata.chromaticity):
        chunks.append((b"cHRM", _integers(chromaticity)))
    return chunks


def _integers(values: Sequence[float]) -> bytes:
    return struct.pack(f">{len(values)}I", *(round(value * _UNIT) for value in values))


def definition(metadata: Metadata) -> str | None:
    """Return what defines the colors of an image, in words; None if they are sRGB, or nearly."""
    if cicp := valid_cicp(metadata.cicp):
        return None if cicp[:2] == _SRGB_CODE_POINTS else f"code points {cicp}"
    if metadata.icc is not None and (space := icc.color_space(metadata.icc)) is not None:
        return None if icc.is_nearly_srgb(metadata.icc) else f"ICC profile for {space}"
    if valid_intent(metadata.srgb) is not None:
        return None
    gamma, chromaticity = valid_gamma(metadata.gamma), valid_chromaticity(metadata.chromaticity)
    parts = []
    if gamma is not None and abs(gamma / _GAMMA_OF_SRGB - 1) > _GAMMA_TOLERANCE:
        parts.append(f"gamma {gamma:g}")
    if chromaticity is not None and any(
        abs(value - expected) > _CHROMATICITY_TOLERANCE
        for value, expected in zip(chromaticity, _SRGB_CHROMATICITY, strict=True)
    ):
        parts.append(f"chromaticities {chromaticity}")
    return " and ".join(parts) or None


def warn_of_loss(metadata: Metadata, place: str, name: str, remedy: str) -> None:
    """Warn that a file holds no definition of the colors of an image, unless they are sRGB or nearly.

    Parameters
    ----------
    metadata : Metadata
        Of the image.
    place : str
        What cannot hold the definition, for example the format.
    name, remedy : str
        Name of the file, and what to do.
    """
    lost = definition(metadata)
    if lost is not None:
        warnings.warn(
            f"{name}: the color space of the image ({lost}) cannot be kept in {place}, viewers will show its "
            f"colors as sRGB: {remedy}",
            ColorSpaceWarning,
            stacklevel=2,
        )
