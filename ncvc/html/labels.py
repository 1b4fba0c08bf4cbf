"""HTML of text in two languages; the page's style shows the one that the reader chose."""

import html
import unicodedata


def both(english: str, japanese: str) -> str:
    """The same in English and in Japanese; neither comes from the data."""
    return f'<span lang="en">{html.escape(english)}</span><span lang="ja">{html.escape(japanese)}</span>'


def escaped(text: str) -> str:
    """Text of the corpus: nothing in it is markup, and nothing in it turns the text around it."""
    visible = "".join(f"⟨U+{ord(c):04X}⟩" if _hidden(c) else c for c in text)
    return f"<bdi>{html.escape(visible)}</bdi>"


def _hidden(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") and c not in "\n\t"


def named(name: str, japanese: dict[str, str]) -> str:
    """A rule's, reason's or script's name; one that is not known here stands as it is."""
    words = name.replace("_", " ")
    return both(words, japanese.get(words, words))


def rank(name: str, japanese: dict[str, str]) -> int:
    """Where a name stands among those that are known; the others come last."""
    words = name.replace("_", " ")
    return list(japanese).index(words) if words in japanese else len(japanese)
