"""Models in Hugging Face folders, ours or any that stock transformers loads, and in GGUF files."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ncvc.data.rows import Message
from ncvc.engines.base import Engine, finish
from ncvc.engines.source import open_source
from ncvc.errors import ModelFolderError, PromptError
from ncvc.evaluate.engine import TOO_LONG, Answer, Prompt, Settings, Weight
from ncvc.evaluate.wording import plain_stop, plain_text, without_system
from ncvc.hf.chat import ChatFormat, TemplateFormat
from ncvc.hf.chat import Message as Turn
from ncvc.hf.folder import read_manifest
from ncvc.hf.generate import generate
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.row import Continuation, Row, Sampling
from ncvc.hf.score import score


class LocalEngine:
    """A model on this machine, with a key-value cache and batches; folders by transformers, files by llama.cpp."""

    def __init__(self, path: Path, settings: Settings, device: str = "cpu", batch_size: int = 8) -> None:
        """Checks and loads what is there; raises `ModelFolderError` or `NcvcError`.

        `batch_size`: rows that llama.cpp continues at once.
        """
        source = open_source(path)
        self._path = path
        self._lm: LanguageModel | None = None
        self._engine: Engine | None = None
        self._settings = settings
        self._tokenizer, self._max_tokens = source.tokenizer, source.max_tokens
        self._chat = None if settings.form == "plain" else source.chat_format()
        if settings.form == "chat" and self._chat is None:
            raise ModelFolderError(f"{path}: has no chat template; use --form plain")
        self.facts: dict[str, Any] = {"form": "chat" if self._chat else "plain"}
        if source.folder:
            self._lm = load(source.folder, device, settings.dtype, tokenizer=self._tokenizer)
            self.facts["parameters"] = sum(parameter.numel() for parameter in self._lm.model.parameters())
            manifest = read_manifest(path)
            self.facts |= {name: manifest[name] for name in ("step", "tokens_seen") if manifest.get(name)}
        else:
            self._engine = source.load(slots=batch_size)

    def word(self, messages: Sequence[Message], *, exam: bool) -> Prompt:
        """As `EvaluationEngine.word` says."""
        if self._chat is None:
            text = plain_text(messages, exam=exam)
            ids = self._tokenizer.begin(self._tokenizer.encode(text))
            return Prompt(text, tuple(ids), stop=plain_stop(exam=exam))
        try:
            ids = self._conversation(self._chat, messages)
        except PromptError:
            try:
                ids = self._conversation(self._chat, without_system(messages))
            except PromptError as error:
                raise ModelFolderError(f"{self._path}: {error}") from None
        return Prompt(self._shown(ids), tuple(ids), is_chat=True, stop=self._chat.stop)

    def _conversation(self, chat: ChatFormat, messages: Sequence[Message]) -> list[int]:
        turns: list[Turn] = [{"role": message.role, "content": message.content} for message in messages]
        return chat.encode(self._tokenizer, turns)

    def _shown(self, ids: Sequence[int]) -> str:
        """Text of a conversation with the names of its special tokens."""
        special = self._chat.special if isinstance(self._chat, TemplateFormat) else {}
        names = {token: name for name, token in special.items()}
        parts = []
        for is_special, run in groupby(ids, names.__contains__):
            tokens = list(run)
            parts.append("".join(names[token] for token in tokens) if is_special else self._tokenizer.decode(tokens))
        return "".join(parts)

    def length(self, prompt: Prompt) -> int:
        """As `EvaluationEngine.length` says: tokens."""
        return len(prompt.ids)

    def answer(self, prompts: Sequence[Prompt], batch_size: int) -> Iterator[tuple[int, Answer]]:
        """As `EvaluationEngine.answer` says."""
        fits = [place for place, prompt in enumerate(prompts) if self._holds(len(prompt.ids) + 1)]
        sampling = Sampling(max_new_tokens=self._settings.max_new_tokens, temperature=0, seed=self._settings.seed)
        requests = [(prompts[place].ids, replace(sampling, stop=prompts[place].stop)) for place in fits]
        answers = [Answer("", TOO_LONG, 0)] * len(prompts)
        for place, made in zip(fits, self._continued(requests, batch_size), strict=True):
            answers[place] = Answer(made.text, made.finish, made.tokens)
        yield from enumerate(answers)

    def _continued(self, requests: Sequence[tuple[tuple[int, ...], Sampling]], batch_size: int) -> list[Continuation]:
        if self._lm is not None:
            return generate(self._lm, requests, batch_size=batch_size)
        return [row.continuation() for row in self._finished(requests)]

    def _finished(self, requests: Sequence[tuple[tuple[int, ...], Sampling]]) -> Iterator[Row]:
        assert self._engine is not None
        rows = [Row(self._tokenizer, ids, sampling, max_tokens=self._max_tokens) for ids, sampling in requests]
        return finish(self._engine, rows)

    def _holds(self, tokens: int) -> bool:
        return self._max_tokens is None or tokens <= self._max_tokens

    def weigh(self, pairs: Sequence[tuple[Prompt, str]], batch_size: int) -> list[Weight | None]:
        """As `EvaluationEngine.weigh` says; not by llama.cpp."""
        found: list[Weight | None] = [None] * len(pairs)
        if self._lm is None:
            return found
        # A joint encoding of both is at most a few pieces longer than the two apart.
        places = [
            place
            for place, (prompt, text) in enumerate(pairs)
            if (after := self._tokenizer.encode(text)) and self._holds(len(prompt.ids) + len(after) + 8)
        ]
        # A plain prompt is given as text, so that a piece that reaches over its end is seen.
        chosen = [pairs[place] for place in places]
        asked = [(prompt.ids if prompt.is_chat else prompt.text, text) for prompt, text in chosen]
        for place, scored in zip(places, score(self._lm, asked, batch_size=batch_size), strict=True):
            found[place] = Weight(scored.logprob, scored.characters)
        return found
