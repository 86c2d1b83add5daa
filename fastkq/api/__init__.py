"""What users call: images and files in, palettes, indices and facts out."""
