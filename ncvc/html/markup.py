"""Markup apart from text: what is not `Html` is text, and text is escaped."""

import html
import unicodedata
from collections.abc import Iterable


class Html(str):
    """Markup that may stand on a page as it is."""

    __slots__ = ()


def visible(text: str) -> str:
    """Replaces control, bidi and other unseen characters by their number; line feeds and tabs stay.

    Lone surrogates are replaced too, so that the text can be written as UTF-8.
    """
    return "".join(f"⟨U+{ord(c):04X}⟩" if _is_unseen(c) else c for c in text)


def plain(text: str) -> str:
    """Escapes text for an attribute or a drawing, and makes it `visible`."""
    return html.escape(visible(text))


def _is_unseen(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and c not in "\n\t"


def escaped(text: str) -> Html:
    """Escapes text, and isolates it from the direction of the text around it."""
    return Html(f"<bdi>{plain(text)}</bdi>")


def markup(content: str | Html) -> Html:
    """Returns markup as it is, and other text escaped."""
    if isinstance(content, Html) or not content:
        return Html(content)
    return escaped(content)


def joined(parts: Iterable[str | Html], between: Html | None = None) -> Html:
    """Joins markup, and text as `markup` makes of it."""
    return Html((between or "").join(map(markup, parts)))


def element(tag: str, *content: str | Html, **attributes: str | float) -> Html:
    """An element with its content; `class_` stands for `class`, an underscore for a hyphen.

    Numbers have one decimal, as pixels of a drawing do. An attribute without a text is left out.
    """
    said = "".join(
        f' {name.removesuffix("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value != ""
    )
    return Html(f"<{tag}{said}>{joined(content)}</{tag}>")


def _attribute(value: str | float) -> str:
    return plain(value) if isinstance(value, str) else f"{value:.1f}"
