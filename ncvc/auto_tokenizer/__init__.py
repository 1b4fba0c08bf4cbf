"""`AutoTokenizer` of transformers for folders of ours: exact on raw text, with places in it."""

EXACT = "ncvc/tokenizer"
"""The tokenizer folder in a model folder: cleaning rules, dictionary, pieces."""
