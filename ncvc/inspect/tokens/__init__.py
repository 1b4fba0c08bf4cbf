"""Cleaning, morphemes and pieces of texts side by side, and the fertility of a tokenizer beside others."""
