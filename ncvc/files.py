"""Folders that appear whole or not at all, and the manifest that says what is in them."""

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ncvc._native import NcvcError

MANIFEST = "manifest.json"


@contextlib.contextmanager
def whole_folder(final: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder to write into that gets its final name when everything in it is on disk.

    On an error it is removed and `final` stays as it was. `replace` allows `final` to exist.
    """
    if not replace:
        refuse_existing(final)
    partial = final.with_name(f".{final.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        move_folder(partial, final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def refuse_existing(final: Path) -> None:
    """Raises `NcvcError` if there is something at `final` that writing would replace."""
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise NcvcError(f"{final}: exists already; remove it, choose another output, or replace it with --force")


def move_folder(partial: Path, final: Path) -> None:
    """Syncs `partial` and names it `final`; an old folder goes only when the new one is in its place."""
    for path in [*partial.rglob("*"), partial]:
        sync(path)
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    sync(final.parent)
    shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Sees to it that a file or a folder's list of names is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(folder: Path) -> int:
    """Locks a folder for this process; closing the returned descriptor, or the process's end, unlocks it.

    Raises `BlockingIOError` if another one has it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def listed(folder: Path, pattern: str) -> list[Path]:
    """What is in a folder under names of a pattern, in the order of the names.

    A folder that cannot be read is an error; `Path.glob` takes it for empty.
    """
    return sorted(path for path in folder.iterdir() if fnmatch.fnmatchcase(path.name, pattern))


def files_below(folder: Path) -> list[Path]:
    """The files in a folder and the folders in it, sorted; one that cannot be read is an error."""

    def refuse(error: OSError) -> None:
        raise error

    walk = os.walk(folder, onerror=refuse)
    return sorted(Path(parent, name) for parent, _, names in walk for name in names)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_if_readable(path: Path) -> str | None:
    """The SHA-256 of a file, in hexadecimal; None if the operating system does not let it be read."""
    try:
        return sha256(path)
    except OSError:
        return None


def damage(file: Path, size: int, digest: str) -> str | None:
    """What is wrong with a file that had `size` bytes and the SHA-256 `digest`, in a sentence; None if nothing is."""
    try:
        if not file.is_file():
            return f"{file}: missing"
        if file.stat().st_size != size:
            return f"{file}: damaged: {file.stat().st_size} bytes instead of {size}"
        if sha256(file) != digest:
            return f"{file}: damaged: not what was written"
    except OSError as error:
        return f"{file}: cannot be read: {error.strerror}"
    return None


def write_json(path: Path, value: Any) -> None:
    """Writes JSON that people can read, Japanese as it is."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """What a JSON file of ours holds; `NcvcError` if it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NcvcError(f"{path}: damaged: not JSON ({error}); write it again") from None


@contextlib.contextmanager
def whole_file(final: Path) -> Iterator[Path]:
    """A name to write a file under; it gets its own when it is on disk, and on an error it is removed."""
    partial = final.with_name(f".{final.name}.{os.getpid()}.partial")
    try:
        yield partial
        sync(partial)
        partial.rename(final)
        sync(final.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, value: Any) -> None:
    """Writes JSON that is there whole or not at all."""
    with whole_file(path) as partial:
        write_json(partial, value)


def write_manifest(folder: Path, **facts: Any) -> None:
    """Writes `manifest.json`: the given facts, and size and SHA-256 of every other file of the folder.

    `manifest_sha256` is that of the manifest with these digits left out.
    """
    own = folder / MANIFEST
    files = [path for path in files_below(folder) if path != own]
    outputs = {str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in files}
    manifest = {**facts, "files": outputs, "manifest_sha256": ""}
    write_json(own, manifest)
    write_json(own, {**manifest, "manifest_sha256": sha256(own)})


def verify(folder: Path) -> Iterator[str]:
    """What is wrong with a folder that has a manifest, a sentence each; nothing if every bit is as it was written.

    Raises `NcvcError` if there is no manifest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise NcvcError(f"{folder}: has no {MANIFEST}; name a folder that ncvc wrote")
    text = path.read_bytes()
    try:
        manifest = json.loads(text)
        digest, files = manifest["manifest_sha256"], manifest["files"]
        rows = {name: (entry["bytes"], entry["sha256"]) for name, entry in files.items()}
        whole = hashlib.sha256(text.replace(digest.encode(), b"", 1)).hexdigest() == digest
    except (ValueError, KeyError, TypeError, AttributeError):
        rows, whole = {}, False
    if not whole:
        yield f"{path}: damaged: not what was written"
        return
    for name, (size, digest) in rows.items():
        if problem := damage(folder / name, size, digest):
            yield problem
    found = {str(file.relative_to(folder)) for file in files_below(folder)}
    for name in sorted(found - rows.keys() - {MANIFEST}):
        yield f"{folder / name}: not in the manifest: ncvc did not write it"
