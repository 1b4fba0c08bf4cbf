"""Reads web pages from HTML and WARC files and extracts their main text.

The extractor is resiliparse: on hand-written Japanese pages it kept what trafilatura kept, left out the readings of
ruby, and was twenty times as fast (docs/lab-notes.md).
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import ncvc._native as native

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

Members = dict[str, str | int | None]
"""Members of a document besides its text."""

PARSER: dict[str, Any] = {
    "main_content": True,
    "preserve_formatting": True,
    "list_bullets": False,
    "alt_texts": False,
    "comments": False,
    # Readings of words in ruby and the brackets around them; advertisements.
    "skip_elements": ["rt", "rp", ".ad", ".ads", ".advertisement", ".adsbygoogle"],
}
HTML = ("text/html", "application/xhtml+xml")
"""Media types of pages."""
CHUNK = 2**16
"""Bytes to read at a time."""


class UnreadableError(Exception):
    """Unreadable page, or rest of a file."""

    def __init__(self, reason: str, *, size: int = 0, is_document: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        """`undecodable`, `line_too_long`, `damaged_file`, `unreadable_file` or `malformed_page`."""
        self.size = size
        """Length in bytes."""
        self.is_document = is_document
        """True if it counts as a document; a file that cannot be opened or breaks between two records does not."""


@dataclass(frozen=True)
class Page:
    """A stored page."""

    data: bytes
    is_html: bool = True
    encoding: str | None = None
    """Encoding that the server declared."""
    members: Members = field(default_factory=dict)
    """Members of the document besides text and title."""


def read_html(path: Path, longest: int) -> Iterator[tuple[int, Page | UnreadableError]]:
    """Yields the page in an HTML file, at offset 0; `longest` is the limit in bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError:
        yield 0, UnreadableError("unreadable_file", is_document=False)
        return
    yield 0, UnreadableError("line_too_long", size=path.stat().st_size) if len(data) > longest else Page(data)


def read_warc(path: Path, longest: int) -> Iterator[tuple[int, Page | UnreadableError]]:
    """Yields the pages in a WARC file, plain or gzip, each with the offset of its record in the uncompressed file.

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
    """Bytes of a file, plain or gzip; notices compressed data that ends early, which fastwarc does not."""

    def __init__(self, raw: BinaryIO) -> None:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        self._input = cast(io.BufferedReader, gzip.GzipFile(fileobj=raw) if packed else raw)
        self.damaged = False
        self._position = 0

    def tell(self) -> int:
        """Returns the position in bytes; fastwarc panics without this method."""
        return self._position

    def read(self, size: int = CHUNK) -> bytes:
        """Reads at most `size` bytes; none at the end and at damage."""
        try:
            # `read` would lose the bytes before the damage.
            data = self._input.read1(min(size, CHUNK) if size > 0 else CHUNK)
        except (OSError, EOFError, zlib.error):
            self.damaged = True
            return b""
        self._position += len(data)
        return data


def _page(record: "WarcRecord", longest: int, offset: int) -> Page | None:
    """Reads the page in a record; None if the record holds something else."""
    from fastwarc.warc import WarcRecordType

    length = record.content_length
    if length > longest:
        raise UnreadableError("line_too_long", size=length)
    record.freeze()
    if record.content_length != length:
        raise UnreadableError("damaged_file", size=record.content_length)
    members: Members = {
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


def to_document(page: Page, encoding: str | None) -> Members:
    """Extracts `text` and `title` and adds the page's members; raises `UnreadableError`.

    `encoding` takes precedence over the declarations of the page.
    """
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
    """Decodes a page. Pages often declare a wrong encoding; UTF-8 is tried first, as no other text is valid in it."""
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
