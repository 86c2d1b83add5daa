"""How images look that have their colours reduced, beside those of other programs."""
