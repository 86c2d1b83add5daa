"""Weighted k-means on vectors; nothing here knows a color."""
