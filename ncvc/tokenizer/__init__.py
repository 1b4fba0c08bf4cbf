"""Trains the tokenizer that `ncvc.Tokenizer` loads."""
