"""Turns wikitext into plain text with mwparserfromhell: templates, tables, references and files go, text stays."""

import re
from collections.abc import Iterator
from typing import Any

from ncvc.documents.superscript import superscript
from ncvc.documents.unreadable import UnreadableError

CANONICAL = ("file", "image", "media", "category", "ファイル", "画像", "メディア", "カテゴリ")
"""Namespaces whose links show no text, with names that older pages use."""
WITHOUT_TEXT = re.compile(
    "ref|references|table|gallery|math|chem|ce|timeline|score|imagemap|hiero|graph|templatestyles|mapframe|maplink"
    "|syntaxhighlight|source|style|script|rt|rp|del|includeonly|section|indicator"
)
"""Elements that go with all that is in them."""
INTERWIKI = re.compile(r"[a-z]{2,3}(-[a-z-]+)?:")
"""Beginning of a link to the same article in another language."""
STYLE = re.compile(r"'{2,}")
SWITCH = re.compile(r"__[^\s_]+__")
"""Switches like __NOTOC__ and __目次非表示__."""
OPEN_TABLE = re.compile(r"^\s*(\{\||\|\}|\|-|[|!]).*$\n?", re.MULTILINE)
"""Lines of tables whose markup does not fit together."""
EMPTY_BRACKETS = re.compile(r"[（(][\s、，,;；:：]*[）)]")
OPENING = re.compile(r"(?<=[（(])[、，,;；]\s*")
CLOSING = re.compile(r"[、，,;；]\s*(?=[）)])")
HEADING = "\0"
"""Mark of a heading: `HEADING` level `HEADING` title; control characters are no wikitext."""


def plain_text(wikitext: str, prefixes: frozenset[str] = frozenset(CANONICAL)) -> str:
    """Returns the text of an article: headings, paragraphs and list items, a line each.

    A heading with nothing beneath it goes. `prefixes` are the namespaces, in lower case, whose links show no text.
    Raises `UnreadableError` for what the parser cannot take.
    """
    import mwparserfromhell
    from mwparserfromhell.parser import ParserError

    try:
        code = mwparserfromhell.parse(wikitext.replace(HEADING, ""), skip_style_tags=True)
        text = "".join(_text(code, prefixes))
    except (ParserError, RecursionError):
        raise UnreadableError("malformed_page", size=len(wikitext.encode())) from None
    text = SWITCH.sub("", STYLE.sub("", OPEN_TABLE.sub("", text)))
    text = CLOSING.sub("", OPENING.sub("", EMPTY_BRACKETS.sub("", text)))
    return "\n".join(_without_empty_sections(line.strip() for line in text.splitlines()))


def _text(code: Any, prefixes: frozenset[str]) -> Iterator[str]:
    """Yields the text of the nodes of parsed wikitext."""
    from mwparserfromhell import nodes

    for node in code.nodes:
        match node:
            case nodes.Text():
                yield node.value
            case nodes.HTMLEntity():
                yield node.normalize()
            case nodes.Heading():
                title = "".join(_text(node.title, prefixes)).strip()
                yield f"\n{HEADING}{node.level}{HEADING}{title}\n"
            case nodes.ExternalLink():
                if node.title is not None:
                    yield from _text(node.title, prefixes)
            case nodes.Wikilink():
                yield from _link(node, prefixes)
            case nodes.Tag():
                yield from _tag(node, prefixes)
            case _:  # templates, their arguments, comments
                pass


def _link(node: Any, prefixes: frozenset[str]) -> Iterator[str]:
    title = str(node.title).strip()
    namespace = title.partition(":")[0].strip().lower()
    if ":" in title and (namespace in prefixes or INTERWIKI.match(title)):
        return
    yield from _text(node.title if node.text is None else node.text, prefixes)


def _tag(node: Any, prefixes: frozenset[str]) -> Iterator[str]:
    name = str(node.tag).strip().lower()
    if name == "br":
        yield "\n"
    elif not WITHOUT_TEXT.fullmatch(name) and node.contents is not None:
        inside = "".join(_text(node.contents, prefixes))
        yield superscript(inside) if name == "sup" else inside


def _without_empty_sections(lines: Iterator[str]) -> list[str]:
    """Removes blank lines, and headings that no text and no deeper heading follows."""
    kept: list[tuple[int, str]] = []
    for line in lines:
        _, level, title = line.split(HEADING) if line.startswith(HEADING) else ("", "0", line)
        if not title:
            continue
        if int(level):
            _drop_empty(kept, int(level))
        kept.append((int(level), title))
    _drop_empty(kept, 1)
    return [line for _, line in kept]


def _drop_empty(kept: list[tuple[int, str]], level: int) -> None:
    """Removes headings at the end that the next one, of this level, leaves empty."""
    while kept and kept[-1][0] >= level:
        kept.pop()
