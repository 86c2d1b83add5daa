"""Colors: kinds of images, color spaces, tables of counted colors, and the indexed image."""
