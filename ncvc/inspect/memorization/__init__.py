"""Memorization: canaries in the training data, and stretches of a text that a model continues word for word."""
