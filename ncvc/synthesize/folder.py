"""A writer on this machine: a model folder or a GGUF file, in batches."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ncvc.engines.source import ModelSource, open_source
from ncvc.errors import PromptError
from ncvc.hf.chat import ChatFormat, PlainFormat
from ncvc.hf.chat import Message as Turn
from ncvc.synthesize.config import WriterConfig
from ncvc.synthesize.plan import Request
from ncvc.synthesize.record import Record

if TYPE_CHECKING:
    from ncvc.engines.base import Engine


class FolderWriter:
    """See `Writer`."""

    def __init__(self, config: WriterConfig, folder: Path) -> None:
        """Checks the model's files; raises `ModelFolderError`. `folder`: of the config's paths."""
        assert config.folder is not None
        self.config = config
        self.stopped: str | None = None
        self._source: ModelSource = open_source(folder / Path(config.folder).expanduser())
        self._chat: ChatFormat = self._source.chat_format() or PlainFormat()
        self._engine: Engine | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._engine = None

    async def run(self, requests: Iterator[Request], take: Callable[[Record], None]) -> None:
        """As `Writer.run` says; a batch at a time, in a thread of its own."""
        while batch := list(islice(requests, self.config.in_flight)):
            for record in await asyncio.to_thread(self._write, batch):
                take(record)

    def _write(self, batch: Sequence[Request]) -> list[Record]:
        from ncvc.engines.base import finish
        from ncvc.hf.row import Row, Sampling

        config = self.config
        if self._engine is None:
            self._engine = self._source.load(device=config.device, dtype=config.dtype, slots=config.in_flight)
        engine, started = self._engine, time.monotonic()
        records: list[Record] = []
        asked: list[Request] = []
        rows: list[Row] = []
        for request in batch:
            try:
                ids = self._ids(engine, request)
            except PromptError as error:
                records.append(Record(id=request.id, state="failed", reason="prompt", detail=str(error)[:200]))
                continue
            sampling = Sampling(
                max_new_tokens=config.max_tokens,
                temperature=config.temperature,
                top_p=config.top_p,
                seed=request.seed,
                stop=self._chat.stop,
            )
            asked.append(request)
            rows.append(Row(engine.tokenizer, ids, sampling, max_tokens=engine.max_tokens))
        for request, row in zip(asked, finish(engine, rows), strict=True):
            made = row.continuation()
            records.append(
                Record(
                    id=request.id,
                    state="answered",
                    text=made.text.encode("utf-8", "replace").decode("utf-8"),
                    finish="length" if made.finish == "length" else "stop",
                    prompt_tokens=row.prompt_length,
                    answer_tokens=made.tokens,
                    seconds=round(time.monotonic() - started, 3),
                )
            )
        return records

    def _ids(self, engine: "Engine", request: Request) -> list[int]:
        """Encodes a request's messages; raises `PromptError` for a prompt that leaves no room for an answer."""
        messages: list[Turn] = [
            {"role": "system" if each["role"] == "system" else "user", "content": each["content"]}
            for each in request.messages()
        ]
        try:
            ids = self._chat.encode(engine.tokenizer, messages)
        except PromptError:
            if messages[0]["role"] != "system":
                raise
            # Templates without a system turn get its text before the user's.
            joined: Turn = {"role": "user", "content": "\n\n".join(each["content"] for each in messages)}
            ids = self._chat.encode(engine.tokenizer, [joined])
        if engine.max_tokens is not None and len(ids) >= engine.max_tokens:
            raise PromptError(f"a prompt of {len(ids)} tokens leaves no room in {engine.max_tokens}")
        return ids
