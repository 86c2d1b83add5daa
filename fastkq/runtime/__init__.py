"""Execution of work and writing of files: threads, progress, options. Nothing here computes with colors."""
