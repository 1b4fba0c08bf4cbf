"""Models in Hugging Face folders: ours, or any that stock transformers loads."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ncvc.data.rows import Message, dump_messages
from ncvc.errors import ModelFolderError
from ncvc.evaluate.engine import TOO_LONG, Answer, Prompt, Settings, Weight
from ncvc.evaluate.wording import plain_stop, plain_text, without_system
from ncvc.hf.folder import TOKENIZER, open_folder, read_manifest
from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.score import score
from ncvc.hf.tokenizer import one_line


class LocalEngine:
    """A model of a folder, with a key-value cache and batches that are padded at the left."""

    def __init__(self, folder: Path, settings: Settings, device: str = "cpu") -> None:
        """Checks and loads the folder; raises `ModelFolderError` or `NcvcError`."""
        self._settings = settings
        self._lm = load(open_folder(folder), device, settings.dtype)
        self._chat = _chat_template(self._lm, settings)
        manifest = read_manifest(folder)
        self.facts: dict[str, Any] = {
            "parameters": sum(parameter.numel() for parameter in self._lm.model.parameters()),
            "form": "chat" if self._chat else "plain",
            **{name: manifest[name] for name in ("step", "tokens_seen") if manifest.get(name)},
        }

    def word(self, messages: Sequence[Message], *, exam: bool) -> Prompt:
        """As `Engine.word` says."""
        if self._chat is None:
            text = plain_text(messages, exam=exam)
            ids = self._lm.tokenizer.begin(self._lm.tokenizer.encode(text))
            return Prompt(text, tuple(ids), stop=plain_stop(exam=exam))
        text = self._render(messages)
        return Prompt(text, tuple(self._lm.tokenizer.encode(text)), is_chat=True)

    def _render(self, messages: Sequence[Message]) -> str:
        for turns in (messages, without_system(messages)):
            try:
                text = self._chat.apply_chat_template(dump_messages(turns), tokenize=False, add_generation_prompt=True)
            except Exception as error:  # whatever a template from elsewhere leads to
                problem = one_line(error)
            else:
                return str(text)
        raise ModelFolderError(f"{self._lm.folder}: its chat template refuses a conversation: {problem}")

    def length(self, prompt: Prompt) -> int:
        """As `Engine.length` says: tokens."""
        return len(prompt.ids)

    def answer(self, prompts: Sequence[Prompt], batch_size: int) -> list[Answer]:
        """As `Engine.answer` says."""
        fits = [place for place, prompt in enumerate(prompts) if self._fits(prompt)]
        sampling = Sampling(max_new_tokens=self._settings.max_new_tokens, temperature=0, seed=self._settings.seed)
        requests = [(prompts[place].ids, replace(sampling, stop=prompts[place].stop)) for place in fits]
        answers = [Answer("", TOO_LONG, 0)] * len(prompts)
        for place, made in zip(fits, generate(self._lm, requests, batch_size=batch_size), strict=True):
            answers[place] = Answer(made.text, made.finish, made.tokens)
        return answers

    def _fits(self, prompt: Prompt) -> bool:
        return self._lm.max_tokens is None or len(prompt.ids) < self._lm.max_tokens

    def weigh(self, pairs: Sequence[tuple[Prompt, str]], batch_size: int) -> list[Weight | None]:
        """As `Engine.weigh` says."""
        found: list[Weight | None] = [None] * len(pairs)
        places = [place for place, (prompt, text) in enumerate(pairs) if self._holds(prompt, text)]
        # A plain prompt is given as text, so that a piece that reaches over its end is seen.
        chosen = [pairs[place] for place in places]
        asked = [(prompt.ids if prompt.is_chat else prompt.text, text) for prompt, text in chosen]
        for place, scored in zip(places, score(self._lm, asked, batch_size=batch_size), strict=True):
            found[place] = Weight(scored.logprob, scored.characters)
        return found

    def _holds(self, prompt: Prompt, text: str) -> bool:
        tokens = self._lm.tokenizer.encode(text)
        # A joint encoding of both is at most a few pieces longer than the two apart.
        return bool(tokens) and (
            self._lm.max_tokens is None or len(prompt.ids) + len(tokens) + 8 <= self._lm.max_tokens
        )


def _chat_template(lm: LanguageModel, settings: Settings) -> Any:
    """The tokenizer of transformers whose chat template words conversations; None for plain prompts.

    Raises `ModelFolderError` where a template is asked for and there is none.
    """
    if settings.form == "plain":
        return None
    from transformers import AutoTokenizer

    names = ("chat_template.jinja", "tokenizer_config.json")
    found = None
    if any((lm.folder / name).is_file() for name in names) and not (lm.folder / TOKENIZER).is_dir():
        found = AutoTokenizer.from_pretrained(lm.folder, local_files_only=True, trust_remote_code=False)
    if found is not None and found.chat_template:
        return found
    if settings.form == "chat":
        raise ModelFolderError(f"{lm.folder}: has no chat template; use --form plain")
    return None
