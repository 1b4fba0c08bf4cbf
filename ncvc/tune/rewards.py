"""Rewards of answers to questions with one right answer."""

import unicodedata


def reward(answer: str, right: str) -> float:
    """1 if both are the same text, else 0.

    Width, case of Latin letters, and white space around do not count: an answer is what cleaned text can say.
    """
    return float(_plain(answer) == _plain(right))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
