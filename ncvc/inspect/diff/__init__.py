"""Differences of two models."""
