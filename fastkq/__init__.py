"""Palette image compression by k-means.

>>> import numpy as np, fastkq
>>> image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
>>> compressed = fastkq.compress(image, k=16)
>>> compressed.palette.shape, compressed.indices.shape
((16, 3), (48, 64))
>>> compressed.decompress().shape
(48, 64, 3)

**Input.** Arrays (H, W) or (H, W, C) of integers of up to 32 bits, float32, float64 or bool, with 1 to 64
channels and any memory layout; PIL images; files by path, bytes or binary file object. Files are read as a
viewer shows them: EXIF rotation is applied, and palettes, CMYK and transparency are converted. All checksums
of PNG files are verified. k is 1 to 65,536. `max_error` and `preset` are for 8 bits per channel. Dithering
and ``space="oklab"`` are for gray and RGB, with or without alpha. For them, floats, signed integers and
uint32 need `value_range`, the values of black and white. Dithering is also for bool. Pixels under `mask` do
not count.

**Result.** A palette that is fitted freely and mapped without dithering has exactly min(k, distinct colors)
rows, all different and all used, ordered by alpha, then luminance. Each pixel has the index of its nearest
row. An image of at most k colors comes back unchanged. The result depends on the arguments alone, not on the
number of threads or the CPU. The palette of a gray image of integers whose range is at most 16 bits has the
least possible squared error.

**One palette for many images.** `fit_palette` takes an iterable of images, one of which is in memory at a
time; gray, RGB and RGBA images can be mixed. `apply_palette` uses a palette as it is. `count_colors` gives
counts that can be added and saved, so that the images of a batch can be counted on several machines.

>>> frames = [image[:24], image[24:]]
>>> counts = sum(fastkq.count_colors(frame) for frame in frames)
>>> palette = fastkq.fit_palette(counts, k=16)
>>> bool((palette == fastkq.fit_palette(image, k=16)).all())
True
>>> fastkq.apply_palette(image, palette).indices.shape
(48, 64)

**Which colors.** `fixed` puts given colors into the palette exactly. `weights` says how much each pixel
counts. `max_error` bounds the error of every color, however rare it is; `min_share` exempts rare colors.
`space="oklab"` measures distances as people see them.

>>> int(fastkq.compress(image, k=16, fixed=[[200, 16, 46]]).palette[0, 0])
200

**Given colors.** `palette` and `fixed` are arrays, CSS colors or files: GIMP (`.gpl`), Lospec (`.hex`), JASC
(`.pal`), Adobe (`.act`), JSON, `.fkq` and palette images. With k, the best k of the colors of `palette` are
chosen. A gray image becomes RGB if they have three channels; see `apply_palette`.

>>> fastkq.compress(image, k=2, palette=["red", "gray", "white", "#123"]).palette.tolist()
[[128, 128, 128], [17, 34, 51]]

**How many colors.** `target_psnr` looks for the fewest colors that reach a PSNR, `target_bytes` for the most
whose file fits: a `.fkq` file, or one of another `format`. A target that cannot be reached raises
`errors.UnreachableError`, which says what can be reached. `curve` gives error and packed size at many k in
less than half the time of separate fits.

>>> [point.k for point in fastkq.curve(image, [4, 8, 16])]
[4, 8, 16]

**Dithering.** `dither=True` or a strength from 0 to 1 dithers by error diffusion,
`dither_method="blue-noise"` by a mask that is the same for all frames. `dither_space="linear"` keeps the mean
light, for e-paper and LED matrices. `preset="visual"` fits palette and
indices together for a viewer, who sees the mean of a few pixels.

**Effort.** "balanced", the default, reaches the error of the best of ten scikit-learn runs. "fast" needs
about half the time, with 1 to 2 % more squared error. "best" takes 0.01 to 0.1 s longer, with up to 2 % less
(Kodak images).

**16 bits per channel.** Gray PNG and TIFF files are read at 16 bits; the extra `deep` does so for color
files. Without it, an `errors.PrecisionWarning` says that the low byte is dropped. `.fkq` and gray `.tif`
files hold 16 bits. `CompressedImage.to_8bit` gives a palette of 8 bits for other formats.

**Existing palettes.** `load` takes palette and indices of a palette PNG, GIF, TIFF or BMP file exactly as
they are, transparency included.

**Output.** `CompressedImage.save` chooses the format by suffix, and no pixel is changed: `.fkq`, `.png`,
`.gif`, `.tif` and `.bmp` keep the palette in its order, and `.webp` is lossless. If the format cannot hold
the image, an `errors.ArgumentError` names others. With the extra `png`, ``save(path, optimize=True)`` makes
PNG files 8 to 28 % smaller. A file is written whole or not at all: after a full disk or a crash, the old file
is unchanged.

**Metadata.** ICC profile, EXIF and DPI go from the input into each output that can hold them, except the EXIF
rotation and profiles of other color models (CMYK). ``save(path, metadata=False)`` leaves them out.

**Alpha.** The last of 2 or 4 channels of 8 or 16 bits is alpha, unless ``alpha=False`` or a TIFF file says
that it is not. RGBA is measured as it is seen: composited over black, mid-gray and white. All fully
transparent pixels are one color. From three colors on, transparent pixels stay exactly transparent, and
opaque pixels of 8 bits stay exactly opaque: they get the nearest of the opaque colors.

**Quality.** `CompressedImage.report` gives mse, PSNR, the largest error and its position, and for each color
its share of the pixels and of the error; with scikit-image (the extra `report`) also SSIM. It prints as a
table.

**Damaged files** raise `errors.FormatError`, which names the part and the byte. ``load(path, strict=False)``
returns the intact parts and reports the damage. Memory is allocated only as far as the length of the file and
`max_pixels` justify it.

**Regions.** ``load("photo.fkq", region=(top, left, height, width))`` reads and decodes only the parts that
overlap the region. `open` describes a file without decoding its pixels.

**Progress.** Functions that make, read or write an image take ``progress``; see `compress` and
`fastkq.runtime.progress`.

**Notebooks** show a `CompressedImage` as an image above its colors, each with its hex value.

**Other modules.** `fastkq.errors`, `fastkq.metrics`, `fastkq.pillow` (a plugin for Pillow),
`fastkq.estimator` (for scikit-learn), `fastkq.compare` and `fastkq.cli` (the command `fastkq`).
`fastkq.formats.fkq` specifies the file format.

The extras: `png` (smaller PNG files), `sklearn` (`fastkq.estimator`), `report` (contact sheets, SSIM), `deep`
(color files of 16 bits per channel), `cli` (progress bars of the command).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastkq import errors as errors

if TYPE_CHECKING:
    from fastkq.api.compress import compress, decompress
    from fastkq.api.counts import count_colors
    from fastkq.api.curve import CurvePoint, curve
    from fastkq.api.file import CompressedFile
    from fastkq.api.image import CompressedImage
    from fastkq.api.load import load, open  # noqa: A004
    from fastkq.api.palettes import apply_palette, fit_palette
    from fastkq.api.quality import Report
    from fastkq.api.quantize import quantize
    from fastkq.color.color_counts import ColorCounts
    from fastkq.color.indexed_image import Box, Damage
    from fastkq.color.metadata import Metadata
    from fastkq.errors import Cancelled

__version__ = "0.1.0"
__all__ = [
    "Box", "Cancelled", "ColorCounts", "CompressedFile", "CompressedImage", "CurvePoint", "Damage",
    "Metadata", "Report", "apply_palette", "compress", "count_colors", "curve", "decompress", "fit_palette",
    "load", "open", "quantize",
]  # fmt: skip

_MODULES = {
    "Box": "fastkq.color.indexed_image",
    "Cancelled": "fastkq.errors",
    "ColorCounts": "fastkq.color.color_counts",
    "CompressedFile": "fastkq.api.file",
    "CompressedImage": "fastkq.api.image",
    "CurvePoint": "fastkq.api.curve",
    "Damage": "fastkq.color.indexed_image",
    "Metadata": "fastkq.color.metadata",
    "Report": "fastkq.api.quality",
    "apply_palette": "fastkq.api.palettes",
    "compress": "fastkq.api.compress",
    "count_colors": "fastkq.api.counts",
    "curve": "fastkq.api.curve",
    "decompress": "fastkq.api.compress",
    "fit_palette": "fastkq.api.palettes",
    "load": "fastkq.api.load",
    "open": "fastkq.api.load",
    "quantize": "fastkq.api.quantize",
}


if not TYPE_CHECKING:  # with __getattr__, a type checker would accept every attribute of the module

    def __getattr__(name: str) -> Any:
        # A name is imported on first use: `fastkq --help` imports neither numpy (0.1 s) nor numba (0.3 s).
        if name not in _MODULES:
            raise AttributeError(f"module 'fastkq' has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
