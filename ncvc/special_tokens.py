"""Special pieces of every tokenizer that `ncvc tokenizer train` makes, and their ids."""

UNKNOWN = "<unk>"
BEGIN_OF_TEXT = "<|begin_of_text|>"
END_OF_TEXT = "<|end_of_text|>"
SPECIAL_PIECES = (UNKNOWN, BEGIN_OF_TEXT, END_OF_TEXT, "\n")
"""Pieces with the ids 0 to 3."""
BEGIN_OF_TEXT_ID = SPECIAL_PIECES.index(BEGIN_OF_TEXT)
END_OF_TEXT_ID = SPECIAL_PIECES.index(END_OF_TEXT)


def first_id(*, begin_of_text: bool) -> int:
    """Returns the id that a text begins with, by whether the documents of the training data began with a piece for it.

    Where they did not, each began behind the end of the one before it.
    """
    return BEGIN_OF_TEXT_ID if begin_of_text else END_OF_TEXT_ID
