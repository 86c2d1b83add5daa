"""Comparison of several k: a table, a contact sheet and an HTML page.

On the command line::

    fastkq compare photo.jpg                              # a table; --json for scripts, - for standard input
    fastkq compare photo.jpg --html several.html --open   # a page
    fastkq compare photo.jpg -k 8,16,32 -o sheet.png      # a contact sheet; or .pdf, .svg (extra report)
    fastkq compare photo.jpg --dither --space oklab       # options of compress: --effort, --preset, ...

The page is one file that loads nothing; its content security policy forbids loading. Mouse, finger or arrow
keys move the handle between source and result. The reader chooses k by the buttons above the image, in the
plot, in the table or in the address (``page.html#k=16``). The table compares the sizes as `.fkq`, PNG and
lossless WebP with the size of the source file, and shows PSNR and, if scikit-image is installed, SSIM. The
palette shows the colors with their shares. The page follows the reader's light or dark mode, and it can be
printed. Images of more than 4 megapixels are shown by every n-th pixel of every n-th row, and the page says
so. EXIF is not written into the page.

WebP is measured at libwebp's method 4. `CompressedImage.save` uses method 6, whose files are 0 to 6 %
smaller, but which takes 20 to 70 times as long.
"""
