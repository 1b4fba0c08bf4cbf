"""Analogies of token embeddings."""
