"""Hugging Face folders: loading them offline and continuing a text with their model."""
