"""ICC profiles and EXIF tags for tests."""

from PIL import Image, ImageCms

ORIENTATION, DESCRIPTION, ARTIST, EXPOSURE_TIME = 0x0112, 0x010E, 0x013B, 0x829A
EXIF_DIRECTORY = 0x8769


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile(space=b"RGB "):
    """Return an ICC profile with this color space in its header."""
    return SRGB[:16] + space + SRGB[20:]


def exif(orientation=None):
    """Return EXIF bytes with a description, an artist, an exposure time and an optional orientation."""
    tags = Image.Exif()
    tags[DESCRIPTION], tags[ARTIST] = "a temple", "somebody"
    tags[EXIF_DIRECTORY] = {EXPOSURE_TIME: 0.25}
    if orientation:
        tags[ORIENTATION] = orientation
    return tags.tobytes()


def described(data):
    """Return the description, the artist and the exposure time in EXIF bytes."""
    tags = Image.Exif()
    tags.load(data)
    return tags.get(DESCRIPTION), tags.get(ARTIST), tags.get_ifd(EXIF_DIRECTORY).get(EXPOSURE_TIME)
