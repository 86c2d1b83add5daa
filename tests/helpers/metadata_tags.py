"""ICC profiles and EXIF tags for tests."""

from PIL import Image

from tests.helpers import icc_profiles

ORIENTATION, DESCRIPTION, ARTIST, EXPOSURE_TIME = 0x0112, 0x010E, 0x013B, 0x829A
EXIF_DIRECTORY = 0x8769

P3 = icc_profiles.rgb(icc_profiles.P3_PRIMARIES)


def profile(space=b"RGB "):
    """Return an ICC profile with this color space in its header: of Display P3 if it is RGB, else damaged."""
    return P3[:16] + space + P3[20:]


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
