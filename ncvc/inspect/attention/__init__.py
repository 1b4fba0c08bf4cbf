"""Attention over several documents in one sequence, as in training: maps, and the shares that special places get."""
