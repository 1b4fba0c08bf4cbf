"""Digests of what stages read and make, by which a later start knows what changed.

A folder of ncvc's counts by its manifest, a run folder by its checkpoints' manifests, anything else by the SHA-256 of
its files. A file is read again only when its size or its time of change is another one.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from ncvc.errors import NcvcError
from ncvc.files import files_below, read_json, sha256, write_whole
from ncvc.manifest import own_manifest
from ncvc.yaml12 import YamlError, load

CHECKPOINTS = "checkpoints"


class Digests:
    """Digests of paths of a folder; those of files are remembered in a file, if it is named."""

    def __init__(self, folder: Path, remembered: Path) -> None:
        self._folder = folder
        self._file = remembered
        self._known: dict[str, list[int | str]] = {}
        # Damaged or not there: all files are read.
        with contextlib.suppress(NcvcError):
            self._known = read_json(remembered) if remembered.is_file() else {}

    def of(self, name: str) -> str | None:
        """Returns the digest of a path; None if nothing is there, or a run folder without a checkpoint."""
        return self._of(self._folder / name)

    def save(self) -> None:
        """Writes down what is known of files, for the next start."""
        write_whole(self._file, self._known)

    def _of(self, path: Path) -> str | None:
        if path.is_file():
            return self._of_file(path)
        if not path.is_dir():
            return None
        manifest = own_manifest(path)
        if manifest is not None:
            return str(manifest["manifest_sha256"])
        if (path / CHECKPOINTS).is_dir():
            steps = sorted((path / CHECKPOINTS).glob("step_*"))
            facts = [(step.name, (own_manifest(step) or {}).get("manifest_sha256")) for step in steps]
        else:
            facts = [(str(file.relative_to(path)), self._of_file(file)) for file in files_below(path)]
        return _digest(facts) if facts else None

    def _of_file(self, file: Path) -> str:
        status = file.stat()
        name = str(file.relative_to(self._folder))
        size, changed, digest = self._known.get(name, (0, 0, ""))
        if not digest or (size, changed) != (status.st_size, status.st_mtime_ns):
            digest = sha256(file)
            self._known[name] = [status.st_size, status.st_mtime_ns, digest]
        base = extended(file) if file.suffix in (".yaml", ".yml") else None
        return _digest([digest, self._of_file(base)]) if base is not None else str(digest)


def extended(config: Path) -> Path | None:
    """Returns the config in the same folder or below that a config extends."""
    try:
        _, values = load(config.read_text(encoding="utf-8"))
    except (YamlError, UnicodeDecodeError):
        return None  # the command that reads it says so
    name = values.get("extends") if isinstance(values, dict) else None
    base = config.parent / name if isinstance(name, str) else None
    return base if base is not None and base.is_file() and base.resolve() != config.resolve() else None


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()
