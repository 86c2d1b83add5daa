"""Convert CMYK by its ICC profile, and Lab, to sRGB."""

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from fastkq.errors import ColorSpaceWarning, FormatError
from fastkq.formats import icc
from fastkq.runtime.progress import checkpoint

if TYPE_CHECKING:
    from PIL import Image

_ROWS = 256  # rows that are converted between two checkpoints


def to_srgb(image: "Image.Image", name: str) -> "Image.Image | None":
    """Convert a loaded image of CMYK that has an ICC profile, or of Lab, which needs none, to RGB.

    The rendering intent is perceptual, as in browsers and by Pillow's default.

    Parameters
    ----------
    image : PIL image
        It is not changed. If it has an ICC profile, that does not fit the pixels that are read.
    name : str
        Name of the file in messages.

    Returns
    -------
    PIL image or None
        None if there is no profile, or with a `ColorSpaceWarning` if it cannot be used. Bytes that are no
        profile count as none, except for CMYK.

    Raises
    ------
    FormatError
        If the image is Lab, and this Pillow lacks Little CMS.
    """
    profile = image.info.get("icc_profile")
    if image.mode == "LAB":
        try:
            return _converted(image, None)
        except ImportError:
            raise FormatError(f"{name}: expected Pillow with Little CMS for Lab, got one without") from None
    space = icc.color_space(profile)
    if not profile or (space is None and image.mode != "CMYK"):
        return None
    if (space, image.mode) == ("CMYK", "CMYK"):
        try:
            return _converted(image, profile)
        except ImportError:
            reason = "this Pillow lacks Little CMS"
        except (OSError, TypeError, ValueError) as error:
            reason = f"it is damaged: {error}"
    else:
        reason = "it is damaged" if space is None else f"it is for {space}, the image is {image.mode}"
    warnings.warn(
        f"{name}: colors are read without the ICC profile, which cannot be used: {reason}",
        ColorSpaceWarning,
        stacklevel=4,
    )
    return None


def _converted(image: "Image.Image", profile: bytes | None) -> "Image.Image":
    from PIL import Image, ImageCms

    source = ImageCms.createProfile("LAB") if profile is None else BytesIO(profile)
    transform = ImageCms.ImageCmsTransform(
        ImageCms.ImageCmsProfile(source),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        image.mode,
        "RGB",
        ImageCms.Intent.PERCEPTUAL,
    )
    converted = Image.new("RGB", image.size)
    for top in range(0, image.height, _ROWS):
        checkpoint()
        box = (0, top, image.width, min(top + _ROWS, image.height))
        converted.paste(transform.apply(image.crop(box)), box)
    return converted
