"""Palettes for tables of counted colors, and indices for pixels."""
