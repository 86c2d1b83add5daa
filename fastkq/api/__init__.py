"""Public functions and classes: images and files in; palettes, indices, files and facts out."""
