"""Scores of checkpoints over the tokens that they had seen (the papers' figure 6)."""
