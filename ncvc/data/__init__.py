"""Benchmarks and question–answer data as JSON lines of one form; checks of anybody's chat-form JSON lines."""

SUITES = ("jmed-llm", "igakuqa")
"""Benchmarks that can be prepared."""
