"""Finds out, before torch is imported, the kinds of the models of a command line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ncvc.engines.source import open_source
from ncvc.errors import NcvcError
from ncvc.files import sha256
from ncvc.hf.folder import CONFIG, require_safe
from ncvc.manifest import CHECKPOINT, GGUF, MANIFEST, own_manifest

Kind = Literal["folder", "checkpoint", "gguf", "server"]


@dataclass(frozen=True)
class Model:
    """A model to be measured."""

    given: str
    """As the command line has it."""
    kind: Kind
    name: str
    """Short and unlike the others', for tables."""
    identity: dict[str, Any]
    """Hashes and sizes of the files that its answers depend on."""

    @property
    def slug(self) -> str:
        """The name as a folder's."""
        return re.sub(r"[^\w.+=-]+", "_", self.name).strip("._") or "model"

    @property
    def path(self) -> Path:
        """The folder or file; not for a server."""
        return Path(self.given)


def find_models(given: Sequence[str]) -> list[Model]:
    """Tells what each is, and gives each a name; raises an `NcvcError` for what cannot be measured."""
    kinds = [_kind(text) for text in given]
    if len(set(given)) < len(given):
        raise NcvcError(f"{next(text for text in given if given.count(text) > 1)}: is given twice")
    names = _names([_place(text) for text in given])
    return [
        Model(text, kind, name, _identity(text, kind)) for text, kind, name in zip(given, kinds, names, strict=True)
    ]


def _kind(text: str) -> Kind:
    if re.match(r"https?://", text):
        return "server"
    path = Path(text)
    if path.is_file():
        open_source(path)
        return "gguf"
    if path.is_dir() and not (path / CONFIG).is_file():
        manifest = own_manifest(path) or {}
        if manifest.get("format") == CHECKPOINT:
            return "checkpoint"
        if manifest.get("format") == GGUF or list(path.glob("*.gguf")):
            open_source(path)
            return "gguf"
    require_safe(path)
    return "folder"


def _place(text: str) -> list[str]:
    """Parts of which the last ones name a model."""
    if re.match(r"https?://", text):
        base, _, name = text.partition("#")
        return [base, name] if name else [base]
    parts = list(Path(text).resolve().parts)
    # A step says little without its run.
    return [*parts[:-3], "/".join((parts[-3], parts[-1]))] if parts[-2:-1] == ["checkpoints"] else parts


def _names(places: list[list[str]]) -> list[str]:
    """The shortest ends of the places that differ from each other."""
    names: list[str] = []
    for count in range(1, max(map(len, places), default=0) + 1):
        names = ["/".join(place[-count:]) for place in places]
        if len(set(names)) == len(names):
            break
    return names


def _identity(text: str, kind: Kind) -> dict[str, Any]:
    if kind == "server":
        return {"address": text}
    path = Path(text)
    if path.is_file():
        return {"sha256": sha256(path)}
    manifest = own_manifest(path)
    if manifest is not None:
        return {"manifest": sha256(path / MANIFEST)}
    # Weights of others are known by their sizes and times: hashing 140 GB takes longer than many an evaluation.
    files = sorted(each for each in path.iterdir() if each.is_file())
    return {
        each.name: sha256(each)
        if each.suffix in (".json", ".jinja", ".model")
        else f"{each.stat().st_size} bytes, {each.stat().st_mtime_ns}"
        for each in files
    }
