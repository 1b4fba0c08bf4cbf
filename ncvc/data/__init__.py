"""Benchmarks and question–answer data as JSON lines of one form; checks of anybody's chat-form JSON lines."""

SUITES = ("jmed-llm", "igakuqa")
"""Published benchmarks that can be prepared."""
OWN = "own"
"""Suite of somebody's own questions."""
