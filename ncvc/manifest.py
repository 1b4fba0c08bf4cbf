"""Writes, reads and verifies `manifest.json`: the facts of a folder, and size and SHA-256 of every other file.

`manifest_sha256` is the SHA-256 of the manifest itself with these digits left out.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ncvc.errors import NcvcError
from ncvc.files import empty_folders, files_below, sha256, write_json

MANIFEST = "manifest.json"

PREPROCESS = "preprocess"
TOKENIZER = "tokenizer"
HUGGINGFACE = "ncvc-huggingface/1"
GGUF = "ncvc-gguf/1"
ONNX = "ncvc-onnx/1"
BUNDLE = "ncvc-bundle/1"
BENCHMARK = "benchmark"
EVALUATION = "evaluation"
QUALITY_LABELS = "quality-labels"
QUALITY_EMBEDDINGS = "quality-embeddings"
QUALITY_MODEL = "quality-model"
QUALITY_SCORES = "quality-scores"
SYNTHESIS = "synthesis"
TOPICS = "topics"
INSPECTION = "inspection"
CANARIES = "canaries"
CHECKPOINT: Literal["ncvc-checkpoint/1"] = "ncvc-checkpoint/1"
TUNING = "ncvc-tuning/1"
"""Kinds of folders of ours, by their manifest's `stage` or `format`."""
KINDS = {
    PREPROCESS: "a dataset of `ncvc preprocess`",
    TOKENIZER: "a tokenizer",
    GGUF: "a GGUF file's folder",
    ONNX: "an ONNX file's folder",
    TUNING: "a checkpoint of `ncvc tune`, whose `output` is the model",
    BENCHMARK: "a benchmark of `ncvc data`",
    EVALUATION: "a report of `ncvc evaluate`",
    QUALITY_LABELS: "the labels of `ncvc quality label`",
    QUALITY_EMBEDDINGS: "the embeddings of `ncvc quality embed`",
    QUALITY_MODEL: "a classifier of `ncvc quality fit`",
    QUALITY_SCORES: "the scores of `ncvc quality apply`",
    SYNTHESIS: "an output of `ncvc synthesize`",
    TOPICS: "topics of `ncvc data topics`",
    INSPECTION: "pictures of `ncvc inspect`",
    CANARIES: "the canaries of `ncvc inspect canaries`",
}
"""Kinds of folders that are no model to be loaded or converted, in words."""


@dataclass(frozen=True)
class Difference:
    """A file that is not as its folder's manifest says."""

    path: Path
    kind: Literal["missing", "changed", "unreadable", "added"]
    detail: str = ""

    def __str__(self) -> str:
        """The difference in a sentence."""
        match self.kind:
            case "missing":
                return f"{self.path}: missing"
            case "changed":
                return f"{self.path}: damaged: {self.detail}"
            case "unreadable":
                return f"{self.path}: cannot be read: {self.detail}"
            case "added":
                return f"{self.path}: not in the manifest: ncvc did not write it"


def write_manifest(folder: Path, digests: Mapping[str, str] | None = None, /, **facts: Any) -> None:
    """Writes `manifest.json`, last of the folder's files, with the given facts.

    `digests`: SHA-256 of files that were hashed while they were written; the others are read.
    """
    own = folder / MANIFEST
    files = [path for path in files_below(folder) if path != own]
    empty = [str(path.relative_to(folder)) for path in empty_folders(folder)]
    known = digests or {}
    names = [str(path.relative_to(folder)) for path in files]
    outputs = {
        name: {"bytes": path.stat().st_size, "sha256": known.get(name) or sha256(path)}
        for name, path in zip(names, files, strict=True)
    }
    manifest = {**facts, **({"empty_folders": empty} if empty else {}), "files": outputs, "manifest_sha256": ""}
    write_json(own, manifest)
    write_json(own, {**manifest, "manifest_sha256": sha256(own)})


def is_whole(text: bytes, digest: str) -> bool:
    """Returns whether a manifest's bytes have the digest that they state."""
    return len(digest) == 64 and hashlib.sha256(text.replace(digest.encode(), b"", 1)).hexdigest() == digest


def is_inside(name: str) -> bool:
    """Returns whether a file's name in a manifest stays in the manifest's folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.name != "" and "\0" not in name


def own_manifest(folder: Path) -> dict[str, Any] | None:
    """Returns the manifest if ncvc wrote it and nobody changed it since; None otherwise.

    Also None if it names a file outside of the folder, which ncvc never writes.
    """
    path = folder / MANIFEST
    try:
        if not path.is_file():  # not a FIFO either, on which reading would wait
            return None
        text = path.read_bytes()
        manifest = json.loads(text)
        whole = is_whole(text, manifest["manifest_sha256"]) and all(is_inside(name) for name in {**manifest["files"]})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return manifest if whole else None


def is_ours(path: Path) -> bool:
    """Returns whether a file says that it is a manifest of ours, damaged or not."""
    try:
        return "manifest_sha256" in json.loads(path.read_bytes())
    except (OSError, ValueError, TypeError, RecursionError):
        return path.is_file() and b'"manifest_sha256"' in path.read_bytes()


def file_difference(path: Path, size: int, digest: str) -> Difference | None:
    """Compares a file with its size in bytes and its SHA-256; None if it is as it was written."""
    try:
        if not path.is_file():
            return Difference(path, "missing")
        if path.stat().st_size != size:
            return Difference(path, "changed", f"{path.stat().st_size} bytes instead of {size}")
        if sha256(path) != digest:
            return Difference(path, "changed", "not what was written")
    except OSError as error:
        return Difference(path, "unreadable", error.strerror or str(error))
    return None


def verify(folder: Path) -> Iterator[Difference]:
    """Yields what differs from the folder's manifest; nothing if every bit is as it was written.

    Raises `NcvcError` if there is no manifest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        below = sorted(str(found.parent.relative_to(folder)) for found in folder.glob(f"*/*/{MANIFEST}"))
        below += sorted(found.parent.name for found in folder.glob(f"*/{MANIFEST}"))
        names = f", such as {below[-1]} in it" if below else ""
        raise NcvcError(f"{folder}: has no {MANIFEST}; name a folder that ncvc wrote{names}")
    manifest = own_manifest(folder)
    if manifest is None:
        yield Difference(path, "changed", "not what was written")
        return
    yield from changes(folder, manifest)


def unread_inputs(folder: Path) -> list[str]:
    """Returns the inputs that the folder was made without, since they could not be read; none without a manifest."""
    inputs = (own_manifest(folder) or {}).get("inputs")
    return [path for path, digest in inputs.items() if digest is None] if isinstance(inputs, dict) else []


def changes(folder: Path, manifest: dict[str, Any], since: int | None = None) -> Iterator[Difference]:
    """Yields what differs from a folder's manifest; only files whose inode changed after `since`, in ns, are read."""
    for name, entry in manifest["files"].items():
        path = folder / name
        size = entry["bytes"]
        if since is not None and path.is_file():
            status = path.lstat()
            if status.st_ctime_ns <= since and status.st_size == size:
                continue
        if difference := file_difference(path, size, entry["sha256"]):
            yield difference
    found = {str(path.relative_to(folder)) for path in (*files_below(folder), *empty_folders(folder))}
    known = {MANIFEST, *manifest["files"], *manifest.get("empty_folders", ())}
    known |= {str(parent) for name in manifest["files"] for parent in Path(name).parents}
    for name in sorted(found - known):
        yield Difference(folder / name, "added")
