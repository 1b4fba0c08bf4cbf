"""Reads HTTP responses as archives keep them: with headers that need not fit the body."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import ncvc._native as native

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)


class BadBodyError(Exception):
    """A body that is not what its headers say, nor plain."""


class LongBodyError(Exception):
    """A body that is longer than the limit."""


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    """Values by names in small letters."""
    raw_body: bytes
    """The body as it was sent."""

    @property
    def media_type(self) -> str:
        """Media type, in small letters and without parameters; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """Encoding that the server declared."""
        found = _CHARSET.search(self.headers.get("content-type", ""))
        return found[1] if found else None

    def body(self, longest: int) -> bytes:
        """Undoes the transfer and content encodings.

        A header that the body does not bear out is ignored: archives keep the headers of bodies that they have
        decoded. Raises `BadBodyError`, and `LongBodyError` for a body of more than `longest` bytes.
        """
        body = self.raw_body
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            body = _join_chunks(body)
        codings = [coding.strip().lower() for coding in self.headers.get("content-encoding", "").split(",")]
        for coding in reversed(codings):
            decode = _CODINGS.get(coding)
            if decode is not None:
                body = decode(body, longest)
        if len(body) > longest:
            raise LongBodyError
        return body


def parse_response(block: bytes) -> Response:
    """Splits a response into its status, headers and body; raises `BadBodyError` if it is none."""
    status = _STATUS.match(block)
    if status is None:
        raise BadBodyError
    end = _HEADER_END.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon:
            # Of a repeated header the codings add up, and the first type counts.
            name = name.strip().lower()
            before = headers.get(name)
            added = before is not None and name in ("content-encoding", "transfer-encoding")
            headers[name] = f"{before}, {value.strip()}" if added else before or value.strip()
    return Response(int(status[1]), headers, body)


def looks_like_text(data: bytes) -> bool:
    """Tests whether bytes begin like a page or another text."""
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"<")


def _join_chunks(body: bytes) -> bytes:
    """Joins the chunks of a body; returns one that has none as it is."""
    pieces: list[bytes] = []
    at = 0
    while size := _CHUNK_SIZE.match(body, at):
        length = int(size[1], 16)
        if not length:
            return b"".join(pieces)
        begin = size.end()
        pieces.append(body[begin : begin + length])
        at = begin + length
        if at >= len(body):
            break
        at += 2 if body.startswith(b"\r\n", at) else 1 if body.startswith(b"\n", at) else 0
    if not pieces:
        return body
    if at < len(body):
        raise BadBodyError
    # Crawlers cut long bodies, and servers forget the last chunk.
    return b"".join(pieces)


def _inflate(data: bytes, wbits: int, longest: int) -> bytes:
    """Decompresses all members of gzip or zlib data; raises `zlib.error` and `LongBodyError`."""
    pieces: list[bytes] = []
    left = longest + 1
    while data:
        inflate = zlib.decompressobj(wbits)
        pieces.append(inflate.decompress(data, left))
        left -= len(pieces[-1])
        if left <= 0:
            raise LongBodyError
        if not inflate.eof:
            raise zlib.error("cut")
        data = inflate.unused_data
        if wbits != _GZIP or not data.startswith(b"\x1f\x8b"):
            break
    return b"".join(pieces)


_GZIP, _ZLIB, _RAW = 31, 15, -15


def _gunzip(body: bytes, longest: int) -> bytes:
    return _try(body, longest, _GZIP) if body.startswith(b"\x1f\x8b") else _plain(body)


def _undeflate(body: bytes, longest: int) -> bytes:
    return _try(body, longest, _ZLIB, _RAW)


def _try(body: bytes, longest: int, *formats: int) -> bytes:
    for wbits in formats:
        try:
            return _inflate(body, wbits, longest)
        except zlib.error:
            continue
    return _plain(body)


def _unbrotli(body: bytes, longest: int) -> bytes:
    return _native(body, longest, "br")


def _unzstd(body: bytes, longest: int) -> bytes:
    return _native(body, longest, "zstd")


def _native(body: bytes, longest: int, coding: Literal["br", "zstd"]) -> bytes:
    try:
        data = native.decompress_body(body, coding, longest + 1)
    except ValueError:
        return _plain(body)
    if len(data) > longest:
        raise LongBodyError
    return data


def _plain(body: bytes) -> bytes:
    """Returns a body that cannot be decompressed if it is plain; raises `BadBodyError` otherwise."""
    if body and not looks_like_text(body):
        raise BadBodyError
    return body


_CODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
