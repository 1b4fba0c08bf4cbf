"""Finds out what a path holds for an engine, before anything heavy is imported, and loads the engine."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import ncvc
from ncvc.engines.gguf_header import GgufHeader, read_header
from ncvc.errors import ModelFolderError
from ncvc.hf.chat import ChatFormat, template_of_folder, template_of_gguf
from ncvc.hf.folder import TOKENIZER, ModelFolder, open_folder
from ncvc.hf.tokenizer import ExactTokenizer, TextTokenizer, load_tokenizer
from ncvc.manifest import GGUF, own_manifest, verify
from ncvc.printable import printable

if TYPE_CHECKING:
    from ncvc.engines.base import Engine

MAGIC = b"GGUF"


@dataclass(frozen=True)
class ModelSource:
    """A model folder or a GGUF file that `open_source` has checked."""

    path: Path
    """The model folder, or the GGUF file."""
    folder: ModelFolder | None
    """None for a GGUF file."""
    header: GgufHeader | None
    """None for a model folder."""

    @property
    def name(self) -> str:
        """The name by which a server calls the model: that of its folder, or of the file outside of ours."""
        folder = self.path if self.folder else self.path.parent
        own = self.folder is not None or (own_manifest(folder) or {}).get("format") == GGUF
        return printable(folder.resolve().name if own else self.path.stem)

    @property
    def max_tokens(self) -> int | None:
        """Length of the longest text in tokens; None where the model has no limit."""
        return self.folder.max_tokens if self.folder else self._header.max_tokens

    @cached_property
    def tokenizer(self) -> TextTokenizer:
        """The exact tokenizer where it lies beside the model, else the model's own.

        Raises `ModelFolderError` or `TokenizerError`.
        """
        if self.folder:
            return load_tokenizer(self.folder)
        exact = self.path.parent / TOKENIZER
        if exact.is_dir():
            tokenizer = ncvc.Tokenizer.load(exact)
            first = self._header.first
            return ExactTokenizer(tokenizer, tokenizer.eos_id if first is None else first)
        if self._header.tokenizer == "t5":
            raise ModelFolderError(
                f"{self.path}: its pieces are SentencePiece's, and no {TOKENIZER} lies beside it, without which text"
                " would get other ids than in training; keep the folder of `ncvc convert --to gguf` together"
            )
        from ncvc.engines.llama_cpp import LlamaCppTokenizer

        return LlamaCppTokenizer(self.path)

    def chat_format(self) -> ChatFormat | None:
        """The model's own chat template; None for a base model."""
        return (
            template_of_folder(self.path)
            if self.folder
            else template_of_gguf(self._header.template, self._header.special)
        )

    def load(self, *, device: str = "cpu", dtype: str = "float32", slots: int = 8) -> Engine:
        """Loads the model; raises an `NcvcError` where the engine cannot.

        `device` and `dtype` are for transformers; llama.cpp takes them from how it was built and from the file.
        """
        if self.folder:
            from ncvc.hf.quick_start import skip_unused

            skip_unused()
            from ncvc.engines.huggingface import TransformersEngine
            from ncvc.hf.load import load

            return TransformersEngine(load(self.folder, device, dtype, tokenizer=self.tokenizer), slots)
        from ncvc.engines.llama_cpp import LlamaCppEngine

        return LlamaCppEngine(self.path, self.tokenizer, self._header, slots)

    @property
    def _header(self) -> GgufHeader:
        assert self.header is not None
        return self.header


def open_source(path: Path, tokenizer: Path | None = None) -> ModelSource:
    """Checks a model folder, a GGUF file or the folder of one; hashes the files that a manifest lists.

    `tokenizer` is a tokenizer folder, for a model folder of ours that was saved without it.
    Raises `ModelFolderError` with one sentence for the first thing that is wrong.
    """
    file = _gguf(path)
    if file is None:
        return ModelSource(path, open_folder(path, tokenizer), None)
    if tokenizer is not None:
        raise ModelFolderError(f"{file}: --tokenizer is for model folders; keep a GGUF file beside its {TOKENIZER}")
    header = read_header(file)
    if (own_manifest(file.parent) or {}).get("format") == GGUF:
        problem = next((each for each in verify(file.parent) if each.path.name not in ("README.md", "Modelfile")), None)
        if problem:
            raise ModelFolderError(f"{problem}; copy the folder again, or convert again")
    if find_spec("llama_cpp") is None:
        raise ModelFolderError(
            f"{file}: a GGUF file is run by llama-cpp-python, which is not installed in {sys.prefix}; install it,"
            " or give a folder of `ncvc convert --to hf`"
        )
    return ModelSource(file, None, header)


def _gguf(path: Path) -> Path | None:
    """The GGUF file that a path names; None if it names something else."""
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                return path
        raise ModelFolderError(f"{path}: neither a model folder nor a GGUF file; give what `ncvc convert` made")
    manifest = own_manifest(path) or {}
    if manifest.get("format") == GGUF:
        return path / f"model-{manifest.get('dtype')}.gguf"
    files = sorted(path.glob("*.gguf")) if path.is_dir() and not (path / "config.json").exists() else []
    if len(files) > 1:
        raise ModelFolderError(f"{path}: holds {len(files)} GGUF files; name one, as {files[0]}")
    return files[0] if files else None
