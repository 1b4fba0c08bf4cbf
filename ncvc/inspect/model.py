"""Model to be inspected: a Hugging Face folder or a checkpoint of training, told apart before torch is imported."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import ncvc
from ncvc.checkpoint.manifest import NAMED, read_manifest
from ncvc.errors import ModelFolderError
from ncvc.hf.folder import CONFIG, TOKENIZER, ModelFolder, open_folder, run_checkpoints
from ncvc.hf.folder import read_manifest as read_facts
from ncvc.hf.tokenizer import ExactTokenizer, TextTokenizer, load_tokenizer
from ncvc.manifest import CHECKPOINT, own_manifest
from ncvc.special_tokens import first_id

if TYPE_CHECKING:
    from torch import Tensor

    from ncvc.hf.load import LanguageModel
    from ncvc.progress import Reporter


@dataclass(frozen=True)
class FoundModel:
    """A model of one of the two kinds, checked but not loaded."""

    path: Path
    folder: ModelFolder | None
    """None for a checkpoint."""
    given_tokenizer: Path | None

    @property
    def name(self) -> str:
        """A short name for titles: a checkpoint's with that of its run."""
        parts = self.path.resolve().parts
        return "/".join((parts[-3], parts[-1])) if parts[-2:-1] == ("checkpoints",) else parts[-1]

    @property
    def layers_and_heads(self) -> tuple[int | None, int | None]:
        """Numbers of layers and of attention heads; None where a config calls them otherwise."""
        if self.folder:
            config = self.folder.config
            return config.get("num_hidden_layers"), config.get("num_attention_heads")
        model = read_manifest(self.path).model
        return model.num_layers, model.num_attention_heads

    @property
    def document_mask(self) -> bool:
        """True if attention stayed within a document in training, as far as the model says it."""
        if self.folder:
            return read_facts(self.path).get("document_mask") is True
        return read_manifest(self.path).document_mask

    @cached_property
    def tokenizer_folder(self) -> Path | None:
        """Folder of the exact tokenizer; None for a model of others, which has files of its own.

        Raises `ConvertError` where the tokenizer that a checkpoint names is not there.
        """
        if self.folder:
            own = self.given_tokenizer or self.path / TOKENIZER
            return own if own.is_dir() else None
        if self.given_tokenizer:
            return self.given_tokenizer
        from ncvc.convert.kinds import named_tokenizer

        return named_tokenizer(self.path, read_manifest(self.path))

    @cached_property
    def tokenizer(self) -> TextTokenizer:
        """The tokenizer; raises `ModelFolderError`, `ConvertError` or `TokenizerError`."""
        if self.folder:
            return load_tokenizer(self.folder)

        assert self.tokenizer_folder is not None
        begins = read_manifest(self.path).begin_of_text
        return ExactTokenizer(ncvc.Tokenizer.load(self.tokenizer_folder), first_id(begin_of_text=begins))

    @contextlib.contextmanager
    def loaded(self, reporter: Reporter, device: str = "cpu", dtype: str = "float32") -> Iterator[LanguageModel]:
        """Yields the model, ready to compute; a checkpoint is converted into a temporary folder first."""
        from ncvc.hf.quick_start import skip_unused

        if self.folder:
            skip_unused()
            from ncvc.hf.load import load

            yield self._finite(load(self.folder, device, dtype, tokenizer=self.tokenizer))
            return
        from ncvc.convert.export import to_huggingface
        from ncvc.hf.load import load

        with tempfile.TemporaryDirectory(prefix="ncvc-inspect-") as temporary:
            folder = Path(temporary, "model")
            to_huggingface(self.path, folder, tokenizer=self.given_tokenizer, reporter=reporter)
            yield self._finite(load(folder, device, dtype))

    def _finite(self, lm: LanguageModel) -> LanguageModel:
        """Raises `ModelFolderError` for a model that can compute nothing but NaN."""
        for name, parameter in lm.model.named_parameters():
            require_finite(self.path, name, parameter)
        return lm


def names(models: Sequence[FoundModel]) -> list[str]:
    """Short names, or paths where two would have the same."""
    short = [model.name for model in models]
    return short if len(set(short)) == len(short) else [str(model.path) for model in models]


def require_finite(path: Path, name: str, weight: Tensor) -> None:
    """Raises `ModelFolderError` for a weight with NaN or an infinite number."""
    if not weight.isfinite().all():
        raise ModelFolderError(f"{path}: {name} has numbers that are not finite; give an earlier checkpoint")


def find_model(path: Path, tokenizer: Path | None = None) -> FoundModel:
    """Checks a Hugging Face folder, with the hashes of its manifest, or the manifest of a checkpoint.

    `tokenizer` stands for the tokenizer that a model of ours names or holds. Raises an `NcvcError` for anything else.
    """
    manifest = None if (path / CONFIG).is_file() else own_manifest(path)
    if manifest is not None and manifest.get("format") == CHECKPOINT:
        return FoundModel(path, None, tokenizer)
    if manifest is None and NAMED.fullmatch(path.resolve().name):
        read_manifest(path)  # says what is wrong with the checkpoint
    if steps := run_checkpoints(path):
        raise ModelFolderError(f"{path}: is a training run; give one of its checkpoints: {steps}")
    if path.is_file():
        raise ModelFolderError(f"{path}: a file; give a Hugging Face folder, or a checkpoint of `ncvc train`")
    return FoundModel(path, open_folder(path, tokenizer), tokenizer)


def with_checkpoints(paths: Sequence[Path]) -> list[Path]:
    """Puts the checkpoints of a run, from the first step on, in the place of its folder."""
    found = []
    for path in paths:
        found += sorted(path.glob("checkpoints/step_*")) or [path]
    return found
