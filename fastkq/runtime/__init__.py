"""Execution of work and writing of files: threads, progress, argument checks. Nothing here knows a color."""
