"""Comparison of several k: a table, a contact sheet and an HTML page.

On the command line::

    fastkq compare photo.jpg                              # a table; --json for scripts, - for standard input
    fastkq compare photo.jpg --html several.html --open   # a page
    fastkq compare photo.jpg -k 8,16,32 -o sheet.png      # a contact sheet; or .pdf, .svg (extra report)
    fastkq compare photo.jpg --dither --space oklab       # options of compress: --effort, --preset, ...

The page is one file that loads nothing, and its content security policy says so. Mouse, finger or arrow keys
move the handle between source and result. k is chosen above, in the plot, in the table or in the address
(``page.html#k=16``). Below stand the sizes as `.fkq`, PNG and lossless WebP beside that of the source file,
PSNR, SSIM where scikit-image is installed, and every color with its share. The page follows the reader's
light or dark mode, and it prints. Images of more than four megapixels are shown by every n-th pixel of every
n-th row, and the page says so. EXIF is not written into it.

WebP is measured at libwebp's method 4. `CompressedImage.save` uses method 6, whose files are 0 to 6 %
smaller, but which takes 20 to 70 times as long.
"""
