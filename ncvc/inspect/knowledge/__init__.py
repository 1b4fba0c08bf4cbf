"""Probabilities of choices by layer."""
