"""The model that a tuning starts from, with its tokenizer and the form of its conversations."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ncvc.errors import ConfigError, ModelFolderError
from ncvc.hf.conversation import CHAT_TOKENS, ROLES, Role
from ncvc.hf.folder import TOKENIZER, ModelFolder, open_folder, read_manifest
from ncvc.hf.tokenizer import ExactTokenizer, TextTokenizer, load_tokenizer
from ncvc.tune.config import TuneConfig
from ncvc.tune.samples import Form, InstructionForm, OwnForm, TemplateForm


@dataclass(frozen=True)
class Base:
    """A checked folder; loading its tokenizer needs transformers only for models of others."""

    folder: ModelFolder
    tokenizer: TextTokenizer
    config: TuneConfig

    @property
    def is_ours(self) -> bool:
        """True if the folder holds a tokenizer of ncvc."""
        return (self.folder.path / TOKENIZER).is_dir()

    @cached_property
    def end(self) -> int:
        """Id that ends a text: the tokenizer's where the model has several."""
        if isinstance(self.tokenizer, ExactTokenizer):
            return min(self.tokenizer.end_ids)
        own = self.stock.eos_token_id
        ends = self.tokenizer.end_ids
        if own is None and not ends:
            raise ModelFolderError(f"{self.folder.path}: its tokenizer has no token that ends a text; name eos_token")
        return int(min(ends) if own is None else own)

    @cached_property
    def stock(self) -> Any:
        """The tokenizer as transformers loads it."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder.path, local_files_only=True, trust_remote_code=False)

    @cached_property
    def new_tokens(self) -> tuple[str, ...]:
        """Special tokens that the model gets: the three of a chat, unless it has them or needs none."""
        wanted = self.is_ours and self.config.template == "chat" and self.config.method != "continued"
        if not wanted or self._known_roles() is not None:
            return ()
        return CHAT_TOKENS

    def _known_roles(self) -> dict[Role, int] | None:
        assert isinstance(self.tokenizer, ExactTokenizer)
        ids = [self.tokenizer.piece_to_id(token) for token in CHAT_TOKENS]
        found = {role: number for role, number in zip(ROLES, ids, strict=True) if number is not None}
        return found if len(found) == len(ROLES) else None

    @cached_property
    def form(self) -> Form:
        """The form of conversations; raises `ConfigError` where the model has no template."""
        if self.config.template == "instruction":
            return InstructionForm(self.tokenizer, self.end)
        if self.is_ours:
            assert isinstance(self.tokenizer, ExactTokenizer)
            first = self.tokenizer.vocab_size
            roles = self._known_roles() or {role: first + number for number, role in enumerate(ROLES)}
            return OwnForm(self.tokenizer, roles, self.end)
        if not self.stock.chat_template:
            raise ConfigError(
                f"{self.folder.path}: its tokenizer has no chat template; write `template: instruction`, or add one"
            )
        return TemplateForm(self.stock, self.tokenizer.end_ids)

    @cached_property
    def embedding_factor(self) -> float:
        """√d where the embedding holds a product with it (`ncvc convert` folded it in), else 1."""
        model = read_manifest(self.folder.path).get("model", {})
        return math.sqrt(model["hidden_size"]) if model.get("scale_embedding", False) else 1.0


def open_base(config: TuneConfig) -> Base:
    """Checks the folder of the base and loads its tokenizer.

    Raises `ModelFolderError` or `TokenizerError` for what is in the folder, `ConfigError` for a config that does not
    fit it.
    """
    folder = open_folder(Path(config.base))
    longest = folder.max_tokens
    if longest is not None and config.data.max_length > longest:
        raise ConfigError(
            f"data.max_length {config.data.max_length} is above the {longest} tokens that {config.base} holds; lower it"
        )
    base = Base(folder, load_tokenizer(folder, trains=True), config)
    if not base.is_ours and folder.config.get("model_type") == "arcee":
        raise ModelFolderError(f"{config.base}: no {TOKENIZER} in it; convert the checkpoint again")
    return base
