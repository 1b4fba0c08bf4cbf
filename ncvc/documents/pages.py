"""Reads web pages from HTML and WARC files and extracts their main text, which docs/pages.md describes."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ncvc._native as native
from ncvc.documents.http import BadBodyError, LongBodyError, looks_like_text, parse_response
from ncvc.documents.unreadable import Members, UnreadableError
from ncvc.documents.warc import CHUNK, Damage, Record, read_records

HTML = ("text/html", "application/xhtml+xml")
"""Media types of pages."""
HEAD = 4096
"""First bytes of a page, in which its encoding is declared."""

_META = re.compile(rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LETTERS = re.compile("[ぁ-んァ-ヶ가-힣]+")
_XML = re.compile(rb"^\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")


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
    """Yields the page in an HTML file, plain or compressed, at offset 0; `longest` is the limit in bytes."""
    data = bytearray()
    try:
        stream = native.SourceStream.open(path)
        while len(data) <= longest and (chunk := stream.read(CHUNK)):
            data += chunk
    except OSError as error:
        damaged = error.errno is None
        yield 0, UnreadableError("damaged_file" if damaged else "unreadable_file", is_document=damaged)
        return
    too_long = len(data) > longest
    yield 0, UnreadableError("line_too_long", size=path.stat().st_size) if too_long else Page(bytes(data))


def read_warc(path: Path, longest: int, passed_over: Counter[str]) -> Iterator[tuple[int, Page | UnreadableError]]:
    """Yields the pages in a WARC file, plain or gzip, each with the offset of its record in the uncompressed file.

    Pages are `response` records with status 200 and `resource` records, of HTML, and `conversion` records, which
    are plain text (WET). Responses and resources of other kinds are counted in `passed_over`, by media type or status.
    """
    try:
        raw = path.open("rb")
    except OSError:
        yield 0, UnreadableError("unreadable_file", is_document=False)
        return
    with raw:
        try:
            for record in read_records(raw, longest):
                if isinstance(record, Damage):
                    yield record.offset, UnreadableError("damaged_file", is_document=False)
                    continue
                try:
                    page = _page(record, longest, passed_over)
                except UnreadableError as error:
                    yield record.offset, error
                else:
                    if page is not None:
                        yield record.offset, page
        except OSError:
            yield 0, UnreadableError("unreadable_file", is_document=False)


def _page(record: Record, longest: int, passed_over: Counter[str]) -> Page | None:
    """Reads the page in a record; None if the record holds something else."""
    if record.type not in ("response", "resource", "conversion"):
        return None
    if record.block is None:
        raise UnreadableError("line_too_long", size=record.length)
    members: Members = {
        "url": record.headers.get("warc-target-uri"),
        "date": record.headers.get("warc-date"),
        "offset": record.offset,
    }
    if record.type == "conversion":
        return Page(record.block, is_html=False, members=members)
    if record.media_type != "application/http":
        if not _is_page(record.media_type, record.block):
            passed_over[_kind(record.media_type)] += 1
            return None
        return Page(record.block, members=members)
    try:
        response = parse_response(record.block)
        if response.status != 200:
            passed_over[f"status {response.status}"] += 1
            return None
        if response.media_type and response.media_type not in HTML:
            passed_over[_kind(response.media_type)] += 1
            return None
        body = response.body(longest)
    except BadBodyError:
        raise UnreadableError("malformed_page", size=record.length) from None
    except LongBodyError:
        raise UnreadableError("line_too_long", size=record.length) from None
    if not _is_page(response.media_type, body):
        passed_over[_kind("")] += 1
        return None
    return Page(body, encoding=response.charset, members=members)


def _is_page(media_type: str, body: bytes) -> bool:
    """Tests whether a body is a page: by its media type or, without one, by its beginning."""
    return media_type in HTML if media_type else looks_like_text(body)


def _kind(media_type: str) -> str:
    """Returns a media type as a kind to count; servers send anything."""
    return media_type if re.fullmatch(r"[\w.+-]{1,40}/[\w.+-]{1,80}", media_type, re.ASCII) else "no media type"


def to_document(page: Page, encoding: str | None) -> Members:
    """Extracts `text` and `title` and adds the page's members; raises `UnreadableError`.

    `encoding` takes precedence over the declarations of the page.
    """
    html = _decode(page, encoding)
    if not page.is_html:
        return {"text": html, "title": None, **page.members}
    extracted = native.extract_page(html)
    if extracted is None:
        raise UnreadableError("page_too_complex", size=len(page.data))
    text, title = extracted
    return {"text": text, "title": title, **page.members}


def _decode(page: Page, encoding: str | None) -> str:
    """Decodes a page. Pages often declare a wrong encoding; UTF-8 is tried first, as no other text is valid in it."""
    if encoding:
        text = native.decode_text(page.data, encoding)
    elif b"\x1b$" in page.data and page.data.isascii():
        # ISO-2022-JP is ASCII, and thereby UTF-8 too.
        text = native.decode_text(page.data, "iso-2022-jp")
    else:
        text = native.decode_text(page.data, "utf-8")
    if text is None and not encoding:
        text = _decode_declared(page)
    if text is None:
        raise UnreadableError("undecodable", size=len(page.data))
    return text


def _decode_declared(page: Page) -> str | None:
    """Decodes a page as server or page declare, or as detected if that gives Japanese and they do not."""
    head = page.data[:HEAD]
    in_page = _META.search(head) or _XML.search(head)
    names = [page.encoding, in_page[1].decode("ascii", "replace") if in_page else None]
    texts = [native.decode_text(page.data, name) for name in names if name]
    texts.append(native.decode_text(page.data))
    # The first of the best: servers declare Latin-1, in which every byte is a letter, for whatever they send.
    return max((text for text in texts if text is not None), key=_sense, default=None)


def _sense(text: str) -> float:
    """Returns the share of kana and hangul in a text's letters outside ASCII; a wrong encoding leaves few."""
    return sum(map(len, _LETTERS.findall(text))) / max(1, len(text) - len(text.encode("ascii", "ignore")))
