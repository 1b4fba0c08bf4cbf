"""Reads WARC files record by record; a record that is damaged costs no other."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 2**16
"""Bytes to read at a time."""
LONGEST_HEADER = 2**20
"""Longest header of a record, in bytes."""
MOST_ATTEMPTS = 10_000
"""Places in a damaged gzip file that are tried in a row as the start of the next member."""
MOST_REREAD = 2**30
"""Bytes of blocks of a wrong length that are searched for the records in them, in one file."""

GZIP = b"\x1f\x8b\x08"
_LINE_BREAKS = re.compile(rb"[\r\n]*")
_START = re.compile(rb"(?<=\n)WARC/[01]\.\d+\r?\n")


class DamagedError(Exception):
    """Bytes that end early or cannot be decompressed; what follows may be readable."""


@dataclass(frozen=True)
class Record:
    """A record of a WARC file."""

    offset: int
    """Place in the uncompressed file."""
    headers: dict[str, str]
    """Values of the header's fields by their names in small letters."""
    length: int
    """Length of the block in bytes."""
    block: bytes | None
    """The block; None if it is longer than the limit."""

    @property
    def type(self) -> str:
        """Type of the record, in small letters."""
        return self.headers.get("warc-type", "").lower()

    @property
    def media_type(self) -> str:
        """Media type of the block, in small letters and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Damage:
    """A place where no record can be read."""

    offset: int


def read_records(raw: BinaryIO, longest: int) -> Iterator[Record | Damage]:
    """Yields the records of a file, plain or gzip, and the places of damage between them.

    A record is given only if the next one, or the end, follows where its length says, and in gzip only if no damage is
    found before either: a member that is cut short goes on with the next one's bytes. Blocks of more than `longest`
    bytes are left out, so that memory stays bounded.
    """
    stream = _Bytes(raw)
    while True:
        offset = end = stream.position
        record = None
        try:
            record = _read_record(stream, longest)
            if record is None:
                return
            end = stream.position
            follows = stream.find_record_or_end()
            found = follows or stream.find_start()
        except DamagedError:
            if record is not None and end <= stream.sound:
                yield record
                offset = end
            yield Damage(offset)
            if not _find_next(stream):
                return
            continue
        yield record
        if not follows:
            yield Damage(end)
            if not found:
                return


def _read_record(stream: "_Bytes", longest: int) -> Record | None:
    """Reads a record; None at the end. Raises `DamagedError` and leaves the stream where the search has to begin."""
    line = stream.readline()
    while line in (b"\r\n", b"\n"):
        line = stream.readline()
    if not line:
        return None
    offset = stream.position - len(line)
    headers = _read_headers(stream) if line.startswith(b"WARC/") else {}
    length_field = headers.get("content-length", "")
    if not headers.get("warc-type") or not (length_field.isascii() and length_field.isdigit()):
        raise DamagedError
    length = int(length_field)
    if length > longest:
        stream.skip(length)
        stream.require_end_of_record()
        return Record(offset, headers, length, None)
    block = b""
    try:
        block = stream.read(length)
        stream.require_end_of_record()
    except DamagedError:
        # The length may be wrong: the next record is sought from the start of the block.
        stream.unread(block)
        raise
    return Record(offset, headers, length, block)


def _read_headers(stream: "_Bytes") -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    size = 0
    while (line := stream.readline()).strip():
        size += len(line)
        if size > LONGEST_HEADER:
            raise DamagedError
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text[0] in " \t" and name:
            headers[name] += " " + text.strip()
            continue
        name, _, value = text.partition(":")
        name = name.strip().lower()
        headers[name] = value.strip()
    return headers


def _find_next(stream: "_Bytes") -> bool:
    """Moves to the next start of a record; returns whether there is one."""
    while True:
        try:
            return stream.find_start()
        except DamagedError:
            continue


class _Bytes:
    """Bytes of a file, decompressed, with a place to go on behind damage."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._buffer = b""
        self._at = 0
        self._consumed = 0
        self._packed = raw.read(len(GZIP)) == GZIP
        raw.seek(0)
        self._inflate = zlib.decompressobj(wbits=31) if self._packed else None
        self._compressed = b""
        self._member = 0
        """Place in the file of the current gzip member."""
        self._ended = False
        self._reread = 0
        self.sound = 0
        """Place up to which checksums of gzip were right."""

    @property
    def position(self) -> int:
        """Place in the uncompressed bytes."""
        return self._consumed + self._at

    def readline(self) -> bytes:
        """Reads a line, or the rest; raises `DamagedError` for a line longer than a header."""
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            if len(self._buffer) - self._at > LONGEST_HEADER:
                raise DamagedError
            if not self._fill():
                end = len(self._buffer) - 1
                break
        return self._take(end + 1 - self._at)

    def read(self, length: int) -> bytes:
        """Reads that many bytes; raises `DamagedError` if there are fewer, with what there is back in the stream."""
        pieces = []
        left = length
        try:
            while left:
                if self._at == len(self._buffer) and not self._fill():
                    raise DamagedError
                pieces.append(self._take(min(left, len(self._buffer) - self._at)))
                left -= len(pieces[-1])
        except DamagedError:
            self.unread(b"".join(pieces))
            raise
        return b"".join(pieces)

    def skip(self, length: int) -> None:
        """Reads over that many bytes; raises `DamagedError` if there are fewer."""
        while length:
            if self._at == len(self._buffer) and not self._fill():
                raise DamagedError
            length -= len(self._take(min(length, len(self._buffer) - self._at)))

    def unread(self, data: bytes) -> None:
        """Puts bytes back that were read last, up to `MOST_REREAD` in all."""
        self._reread += len(data)
        if self._reread > MOST_REREAD:
            return
        # What is put back begins a line.
        self._consumed = self.position - len(data) - 1
        self._buffer = b"\n" + data + self._buffer[self._at :]
        self._at = 1

    def require_end_of_record(self) -> None:
        """Raises `DamagedError` unless a line break, the next record or the end follows."""
        while self._buffer[self._at : self._at + 1] not in (b"\r", b"\n"):
            following = self._buffer[self._at : self._at + len(b"WARC/")]
            if following == b"WARC/":
                return
            if not b"WARC/".startswith(following):
                raise DamagedError
            if not self._fill():
                # A last record needs no line break behind it.
                if following:
                    raise DamagedError
                return

    def find_record_or_end(self) -> bool:
        """Moves over line breaks; returns whether a record or the end follows."""
        while True:
            breaks = _LINE_BREAKS.match(self._buffer, self._at)
            self._at = breaks.end() if breaks else self._at
            following = self._buffer[self._at : self._at + len(b"WARC/")]
            if following == b"WARC/" or not b"WARC/".startswith(following):
                return following == b"WARC/"
            if not self._fill():
                return not following

    def find_start(self) -> bool:
        """Moves to the next `WARC/` at the start of a line; returns whether there is one."""
        while True:
            found = _START.search(self._buffer, self._at)
            if found:
                self._take(found.start() - self._at)
                return True
            # A start may be cut by the end of the buffer.
            self._take(max(0, len(self._buffer) - self._at - 16))
            if not self._fill():
                return False

    def _take(self, length: int) -> bytes:
        data = self._buffer[self._at : self._at + length]
        self._at += length
        return data

    def _fill(self) -> bool:
        """Adds bytes to the buffer; returns whether there were any."""
        data = self._next_bytes()
        # The byte before tells whether a line begins.
        kept = max(0, self._at - 1)
        self._consumed += kept
        self._buffer = self._buffer[kept:] + data
        self._at -= kept
        return bool(data)

    def _next_bytes(self) -> bytes:
        if self._inflate is None:
            return self._raw.read(CHUNK)
        while not self._ended:
            if self._inflate.eof:
                self.sound = self._consumed + len(self._buffer)
                if not self._begin_member():
                    return b""
            if not self._compressed:
                self._compressed = self._raw.read(CHUNK)
                if not self._compressed:
                    # A member that is cut short may take all members behind it for its own bytes.
                    self._ended = not self._find_member()
                    raise DamagedError
            try:
                data = self._inflate.decompress(self._compressed, CHUNK)
            except zlib.error:
                self._ended = not self._find_member()
                raise DamagedError from None
            self._compressed = self._inflate.unconsumed_tail
            if data:
                return data
        return b""

    def _begin_member(self) -> bool:
        """Begins the gzip member behind the one that has ended; returns whether there is one."""
        assert self._inflate is not None
        rest = self._inflate.unused_data.lstrip(b"\0")
        while not rest:
            rest = self._raw.read(CHUNK)
            if not rest:
                self._ended = True
                return False
            rest = rest.lstrip(b"\0")
        self._member = self._raw.tell() - len(rest)
        self._compressed = rest
        self._inflate = zlib.decompressobj(wbits=31)
        return True

    def _find_member(self) -> bool:
        """Looks for a gzip member of WARC behind the damaged one; returns whether there is one."""
        place = self._member
        for _ in range(MOST_ATTEMPTS):
            place = self._find_magic(place + 1)
            if place < 0:
                return False
            self._raw.seek(place)
            inflate = zlib.decompressobj(wbits=31)
            try:
                begins = inflate.decompress(self._raw.read(2**12), 8).startswith(b"WARC/")
            except zlib.error:
                continue
            if begins:
                self._raw.seek(place)
                self._member, self._compressed = place, b""
                self._inflate = zlib.decompressobj(wbits=31)
                # The search for a record looks for a start behind a line break.
                self._buffer += b"\n"
                return True
        return False

    def _find_magic(self, place: int) -> int:
        self._raw.seek(place)
        kept = b""
        while chunk := self._raw.read(CHUNK):
            data = kept + chunk
            found = data.find(GZIP)
            if found >= 0:
                return self._raw.tell() - len(data) + found
            kept = data[-2:]
        return -1
