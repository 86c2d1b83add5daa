"""Quantization: palettes for tables of counted colors, and indices for pixels."""
