"""How work is run and files are written; nothing here knows a color."""
