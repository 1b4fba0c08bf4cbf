"""Pages of HTML and records of WARC → their main text.

resiliparse finds the main text. On hand-written Japanese pages it kept what trafilatura kept, left the readings of
ruby out, and was twenty times as fast (docs/lab-notes.md).
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import ncvc._native as native

PARSER: dict[str, Any] = {
    "main_content": True,
    "preserve_formatting": True,
    "list_bullets": False,
    "alt_texts": False,
    "comments": False,
    # The reading of a word in ruby, with the brackets around it for browsers without ruby; advertisements.
    "skip_elements": ["rt", "rp", ".ad", ".ads", ".advertisement", ".adsbygoogle"],
}
HTML = ("text/html", "application/xhtml+xml")
CHUNK = 2**16


class UnreadableError(Exception):
    """A page, or the rest of a file, that cannot be read."""

    def __init__(self, reason: str, *, size: int = 0, is_document: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        """`undecodable`, `line_too_long`, `damaged_file`, `unreadable_file` or `malformed_page`."""
        self.size = size
        """Its length in bytes."""
        self.is_document = is_document
        """Whether it counts as a document; a file that cannot be opened or breaks between two records does not."""


@dataclass(frozen=True)
class Page:
    """A page as it was stored."""

    data: bytes
    is_html: bool = True
    encoding: str | None = None
    """What the server said."""
    members: dict[str, Any] = field(default_factory=dict)
    """What the document gets besides its text and title."""


def read_html(path: Path, longest: int) -> Iterator[tuple[int, Page | UnreadableError]]:
    """The page in an HTML file, at 0; `longest` is in bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError:
        yield 0, UnreadableError("unreadable_file", is_document=False)
        return
    yield 0, UnreadableError("line_too_long", size=path.stat().st_size) if len(data) > longest else Page(data)


def read_warc(path: Path, longest: int) -> Iterator[tuple[int, Page | UnreadableError]]:
    """The pages in a WARC file, plain or gzip, each with the offset of its record in the uncompressed file.

    Pages are `response` records with status 200 and `resource` records, of HTML, and `conversion` records, which
    are plain text (WET).
    """
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    try:
        raw = path.open("rb")
    except OSError:
        yield 0, UnreadableError("unreadable_file", is_document=False)
        return
    offset = 0
    with raw:
        stream = _Stream(raw)
        try:
            for record in ArchiveIterator(cast(BinaryIO, stream), parse_http=False):
                offset = record.stream_pos
                if record.record_type in (WarcRecordType.unknown, WarcRecordType.no_type):
                    raise OSError("the record has no type")
                if record.record_type & (WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion):
                    try:
                        page = _page(record, longest, offset)
                    except UnreadableError as error:
                        yield offset, error
                        if error.reason == "damaged_file":
                            return
                    else:
                        if page is not None:
                            yield offset, page
        except OSError:
            stream.damaged = True
        if stream.damaged:
            yield offset, UnreadableError("damaged_file", is_document=False)


class _Stream:
    """The bytes of a file, of which fastwarc would not notice that its compression ends early."""

    def __init__(self, raw: BinaryIO) -> None:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        self._input = cast(io.BufferedReader, gzip.GzipFile(fileobj=raw) if packed else raw)
        self.damaged = False
        self._position = 0

    def tell(self) -> int:
        """How many bytes were read; without it fastwarc panics."""
        return self._position

    def read(self, size: int = CHUNK) -> bytes:
        """At most `size` bytes; none at the end, and where the file is damaged."""
        try:
            # `read` would keep what it has read before the damage to itself.
            data = self._input.read1(min(size, CHUNK) if size > 0 else CHUNK)
        except (OSError, EOFError, zlib.error):
            self.damaged = True
            return b""
        self._position += len(data)
        return data


def _page(record: Any, longest: int, offset: int) -> Page | None:
    """The page in a record; None if the record holds something else."""
    from fastwarc.warc import WarcRecordType

    length = record.content_length
    if length > longest:
        raise UnreadableError("line_too_long", size=length)
    record.freeze()
    if record.content_length != length:
        raise UnreadableError("damaged_file", size=record.content_length)
    members = {
        "url": record.headers.get("WARC-Target-URI"),
        "date": record.headers.get("WARC-Date"),
        "offset": offset,
    }
    if record.record_type == WarcRecordType.conversion:
        return Page(record.reader.read(longest), is_html=False, members=members)
    if not record.is_http:
        media_type = (record.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        return Page(record.reader.read(longest), members=members) if media_type in HTML else None
    try:
        record.parse_http(auto_decode="all")
        if record.http_content_type not in HTML or record.http_headers.status_code != 200:
            return None
        data = record.reader.read(longest + 1)
    except OSError:
        raise UnreadableError("malformed_page", size=length) from None
    if len(data) > longest:
        raise UnreadableError("line_too_long", size=length)
    return Page(data, encoding=record.http_charset, members=members)


def to_document(page: Page, encoding: str | None) -> dict[str, Any]:
    """`text`, `title` and the page's members; raises `UnreadableError`. `encoding` goes before what the page says."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    html = _decode(page, encoding)
    if not page.is_html:
        return {"text": html, "title": None, **page.members}
    try:
        tree = HTMLTree.parse(html)
        text = extract_plain_text(tree, **PARSER)
        title = tree.title
    except (RuntimeError, ValueError):
        raise UnreadableError("malformed_page", size=len(page.data)) from None
    return {"text": text, "title": title, **page.members}


def _decode(page: Page, encoding: str | None) -> str:
    """The page's text. Pages often lie about their encoding, but what is not UTF-8 never passes for it."""
    from resiliparse.parse.encoding import detect_encoding

    def candidates() -> Iterator[str | None]:
        if encoding is not None:
            yield encoding
            return
        yield "utf-8"
        if page.encoding:
            yield page.encoding
        yield detect_encoding(page.data, from_html_meta=True)
        yield None

    for candidate in candidates():
        text = native.decode_text(page.data, candidate)
        if text is not None:
            return text
    raise UnreadableError("undecodable", size=len(page.data))
