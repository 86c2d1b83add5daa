"""Images with alpha: squared error as it is seen, beside the rivals that keep alpha."""
