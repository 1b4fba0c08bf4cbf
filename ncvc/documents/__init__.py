"""Finds input files, declares the options of reading them, and extracts the text of web pages."""
