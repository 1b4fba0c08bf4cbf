"""Writes synthetic text with language models: textbooks, exercises, and questions from articles."""
