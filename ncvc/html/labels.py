"""Labels in two languages; the page's style shows the one that the reader chose."""

from collections.abc import Mapping, Sequence

from ncvc.html.markup import Html, plain


def both(english: str, japanese: str) -> Html:
    """A label in English and in Japanese."""
    return Html(f'<span lang="en">{plain(english)}</span><span lang="ja">{plain(japanese)}</span>')


def named(name: str, japanese: Mapping[str, str]) -> Html:
    """A name and its Japanese one; a name that `japanese` lacks stands as it is."""
    words = name.replace("_", " ")
    return both(words, japanese.get(words, words))


def rank(name: str, known: Sequence[str] | Mapping[str, str]) -> int:
    """The place of a name among those that are known; the others come last."""
    words = name.replace("_", " ")
    return list(known).index(words) if words in known else len(known)
