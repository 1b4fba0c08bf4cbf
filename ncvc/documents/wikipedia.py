"""Reads the articles in XML dumps of Wikipedia and other wikis of MediaWiki (export schema 0.10 and 0.11)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ncvc.documents.lines import read_chunks
from ncvc.documents.unreadable import Members, UnreadableError
from ncvc.documents.wikitext import CANONICAL, plain_text

ROOT = "mediawiki"
FILES_AND_CATEGORIES = ("-2", "6", "14")
"""Numbers of the namespaces whose links show no text: media, files, categories."""
PAGE = f"{ROOT}/page"
TEXT = f"{PAGE}/revision/text"
KEPT = {f"{PAGE}/title", f"{PAGE}/ns", f"{PAGE}/id", TEXT}
"""Elements of a page whose content is used."""


@dataclass
class _Page:
    """A page of the dump, while it is read."""

    values: dict[str, list[str]] = field(default_factory=dict)
    size: int = 0
    """Bytes of its text."""
    is_redirect: bool = False

    def value(self, element: str) -> str:
        return "".join(self.values.get(element, []))


class _Dump:
    """Collects pages from the events of the parser."""

    def __init__(self, longest: int) -> None:
        self.pages: list[_Page] = []
        self.prefixes = set(CANONICAL)
        """Names of the namespaces whose links show no text, in lower case."""
        self._longest = longest
        self._page = _Page()
        self._path = ""
        self._is_prefix = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise ValueError("a dump has no document type, which could define endless entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path = f"{self._path}/{name}" if self._path else name
        if self._path == name and name != ROOT:
            raise ValueError("no dump of MediaWiki")
        if self._path == PAGE:
            self._page = _Page()
        elif self._path == f"{PAGE}/redirect":
            self._page.is_redirect = True
        self._is_prefix = name == "namespace" and attributes.get("key") in FILES_AND_CATEGORIES

    def _end(self, name: str) -> None:
        if self._path == PAGE:
            self.pages.append(self._page)
        self._path = self._path[: -len(name)].rstrip("/")
        self._is_prefix = False

    def _characters(self, data: str) -> None:
        if self._is_prefix:
            self.prefixes.add(data.lower())
        elif self._path in KEPT:
            size = len(data.encode())
            self._page.size += size if self._path == TEXT else 0
            if self._page.size <= self._longest:
                self._page.values.setdefault(self._path, []).append(data)
            else:
                self._page.values.pop(TEXT, None)


def read_dump(path: Path, longest: int) -> Iterator[tuple[int, Members | UnreadableError]]:
    """Yields the articles of a dump, each at the number of its page; redirects and other namespaces are left out.

    `longest` is the limit of an article's wikitext in bytes. A document has the members `title` and `id`.
    """
    dump = _Dump(longest)
    last = 0
    try:
        for chunk in read_chunks(path):
            dump.parser.Parse(chunk)
            for page in dump.pages:
                last = int(page.value(f"{PAGE}/id"))
                if page.value(f"{PAGE}/ns").strip() == "0" and not page.is_redirect:
                    yield last, _article(page, last, frozenset(dump.prefixes), longest)
            dump.pages.clear()
        dump.parser.Parse(b"", True)
    except OSError as error:
        yield last, UnreadableError("damaged_file" if error.errno is None else "unreadable_file", is_document=False)
    except (expat.ExpatError, ValueError):
        yield last, UnreadableError("damaged_file", is_document=False)


def _article(page: _Page, number: int, prefixes: frozenset[str], longest: int) -> Members | UnreadableError:
    if page.size > longest:
        return UnreadableError("line_too_long", size=page.size)
    try:
        text = plain_text(page.value(TEXT), prefixes)
    except UnreadableError as error:
        return error
    return {"text": text, "title": page.value(f"{PAGE}/title"), "id": number}
