"""Runs every stage on synthetic text that the package makes itself."""
