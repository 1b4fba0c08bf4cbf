"""Files of HTML and WARC → files of JSON lines, which the engine then reads like any other source.

A document has the members `text`, `title` and `file`, and from WARC `url`, `date` and `offset`.
"""

import hashlib
import importlib.util
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ncvc._native as native
from ncvc.corpus.pages import ADVICE, PARSER, UnreadableError, read_html, read_warc, to_document
from ncvc.corpus.sources import Reading, SourceFile
from ncvc.files import sha256, sync, write_json

GROUP_BYTES = 64 * 2**20
"""Pages are extracted together until they have this many bytes."""
LEVEL = 1


@dataclass(frozen=True)
class Extraction:
    """What stands for the files of a source that hold pages."""

    files: list[SourceFile] = field(default_factory=list)
    """What to read, in order; files of other formats as they were."""
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    """Rows as in `quarantine.jsonl`, and whether each `is_document` of the input or the rest of a broken file."""
    inputs: list[dict[str, Any]] = field(default_factory=list)
    """Path, bytes and SHA-256 of each file of pages."""


def extract(files: Sequence[SourceFile], folder: Path, reading: Reading) -> Extraction:
    """Extracts the pages of `files` into `folder`, on `reading.threads` processes.

    What is there already from the same content is not done again. Raises `InputError` for the first page that
    cannot be read if `reading.on_error` is "stop", and `NcvcError` without the extra `web`.
    """
    groups = list(_groups(files))
    pages = [group for group in groups if group[0].format in ("html", "warc")]
    if pages:
        _require_web()
        folder.mkdir(parents=True, exist_ok=True)
    records = _extract_all(pages, folder, reading)
    extraction = Extraction()
    for group in groups:
        if group[0].format not in ("html", "warc"):
            extraction.files.extend(group)
            continue
        path = next(records)
        record = json.loads(path.read_text(encoding="utf-8"))
        extraction.files.append(SourceFile(_data(path), "jsonl"))
        extraction.quarantined.extend(record["quarantined"])
        extraction.inputs.extend(record["inputs"])
    return extraction


def extract_group(group: Sequence[SourceFile], folder: Path, reading: Reading) -> Path:
    """Extracts the pages of some files into one file; returns the path of its record, which is written last.

    The names come from the content, so that changed files give other names.
    """
    inputs = []
    digest = hashlib.sha256(json.dumps(_settings(reading)).encode())
    for file in group:
        try:
            content, size = sha256(file.path), file.path.stat().st_size
        except OSError:
            content, size = None, 0  # it is set aside below
        inputs.append({"path": str(file.path), "bytes": size, "sha256": content})
        digest.update(f"{file.path}\0{file.format}\0{content}\n".encode())
    record = folder / f"{digest.hexdigest()[:32]}.json"
    if not record.exists():
        with _whole(_data(record)) as partial:
            quarantined = _write(group, partial, reading)
        with _whole(record) as partial:
            write_json(partial, {"inputs": inputs, "quarantined": quarantined})
    return record


def _settings(reading: Reading) -> list[Any]:
    """What the bytes depend on, besides the content of the files."""
    return [reading.encoding, reading.longest_line, PARSER, version("resiliparse"), version("fastwarc")]


def _data(record: Path) -> Path:
    return record.with_suffix(".jsonl.zst")


def _require_web() -> None:
    if not all(importlib.util.find_spec(name) for name in ("fastwarc", "resiliparse", "zstandard")):
        raise native.NcvcError("HTML and WARC need three more packages; install them with pip install 'ncvc[web]'")


def _groups(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Neighbouring pages together; every other file by itself."""
    group: list[SourceFile] = []
    size = 0
    for file in files:
        more = file.path.stat().st_size if file.format == "html" else GROUP_BYTES
        if group and (size + more > GROUP_BYTES or file.format != "html"):
            yield group
            group, size = [], 0
        group.append(file)
        size += more
    if group:
        yield group


def _extract_all(groups: list[list[SourceFile]], folder: Path, reading: Reading) -> Iterator[Path]:
    processes = min(reading.threads or len(os.sched_getaffinity(0)), len(groups)) if groups else 0
    if processes <= 1:
        yield from (extract_group(group, folder, reading) for group in groups)
        return
    # Forked processes would inherit the engine's threads in the state that they happen to be in.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        tasks = [pool.submit(extract_group, group, folder, reading) for group in groups]
        try:
            for task in tasks:
                yield task.result()
        except BrokenProcessPool:
            raise native.NcvcError(
                "a process that extracted pages was killed, perhaps for want of memory; set `threads` lower"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A name to write to; the file gets its own when it is on disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        sync(partial)
        partial.rename(path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _write(group: Sequence[SourceFile], path: Path, reading: Reading) -> list[dict[str, Any]]:
    """Writes the documents of some files; returns what could not be read."""
    import zstandard

    quarantined = []
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    with path.open("wb") as raw, compressor.stream_writer(raw) as out:
        for file in group:
            read = read_html if file.format == "html" else read_warc
            for offset, page in read(file.path, reading.longest_line):
                try:
                    if isinstance(page, UnreadableError):
                        raise page
                    document = to_document(page, None if reading.encoding == "auto" else reading.encoding)
                except UnreadableError as error:
                    if reading.on_error == "stop":
                        advice = f"{ADVICE[error.reason]}, or set `on_error: quarantine`"
                        raise native.InputError(f"{file.path}:{offset}: {advice}") from None
                    where = {"file": str(file.path), "line": offset, "bytes": error.size}
                    quarantined.append({**where, "reason": error.reason, "is_document": error.is_document})
                else:
                    row = {**document, "file": str(file.path)}
                    out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return quarantined
