"""A server in a thread of the test's own process, over a tiny random model or an engine that is made up."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import pytest
import torch
import uvicorn

from ncvc.engines.base import Engine
from ncvc.engines.source import open_source
from ncvc.hf.chat import ChatFormat, PlainFormat
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.row import Row
from ncvc.progress import Reporter
from ncvc.serve.app import build, logger
from ncvc.serve.bind import bind
from ncvc.serve.guard import Guard
from ncvc.serve.metrics import Metrics
from ncvc.serve.run import settings
from ncvc.serve.service import Service
from ncvc.serve.worker import Worker
from tests.conftest import Recorder
from tests.hf.conftest import save_model

TEMPLATE = (
    "{% for message in messages %}{{ '<s>' + message.role + '\n' + message.content + '</s>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<s>assistant\n' }}{% endif %}"
)


@dataclass
class Server:
    """A server that runs."""

    url: str
    worker: Worker
    engine: Engine
    log: list[str]
    service: Service
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=300, trust_env=False)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers=headers)


Start = Callable[..., Server]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """A function that starts a server over an engine; all end with the module."""
    running: list[tuple[uvicorn.Server, threading.Thread, Worker]] = []

    def begin(
        engine: Engine,
        *,
        chat: ChatFormat | None = None,
        queue: int = 64,
        guard: Guard | None = None,
        text_in_log: bool = False,
    ) -> Server:
        worker = Worker(engine, queue)
        service = Service("tiny", engine, worker, chat, Metrics(), frozenset({"./tiny"}), text_in_log)
        lines: list[str] = []
        reporter: Reporter = Recorder(lines)
        app = build(service, guard or Guard(), logger(reporter, engine.tokenizer, text=text_in_log))
        bound = bind("127.0.0.1", 0)
        server = uvicorn.Server(settings(app, 60))
        thread = threading.Thread(target=lambda: server.run(sockets=[bound]), daemon=True)
        worker.start()
        thread.start()
        while not server.started:
            time.sleep(0.01)
        running.append((server, thread, worker))
        return Server(f"http://127.0.0.1:{bound.getsockname()[1]}", worker, engine, lines, service)

    yield begin
    for server, thread, worker in running:
        server.should_exit = True
        thread.join()
        worker.close()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama with byte-level pieces and a chat template."""
    folder = save_model("llama", tmp_path_factory.mktemp("served"))
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> LanguageModel:
    return load(tiny_folder)


@pytest.fixture(scope="module")
def server(tiny_folder: Path, start: Start) -> Server:
    """A server over the tiny model, four texts at once."""
    source = open_source(tiny_folder)
    return start(source.load(slots=4), chat=source.chat_format())


@pytest.fixture(scope="module")
def base_server(tiny_folder: Path, start: Start) -> Server:
    """The same as a base model."""
    return start(open_source(tiny_folder).load(slots=4))


@pytest.fixture(scope="module")
def plain_server(tiny_folder: Path, start: Start) -> Server:
    return start(open_source(tiny_folder).load(slots=4), chat=PlainFormat())


class Letters:
    """A letter is a token; token 0 ends a text."""

    end_ids = frozenset([0])

    def begin(self, ids: Sequence[int]) -> list[int]:
        return [1, *ids]

    def encode(self, text: str) -> list[int]:
        return [*text.encode()]

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(i for i in ids if i > 1).decode(errors="replace")

    def piece(self, token: int) -> str:
        return self.decode([token])


class Counting:
    """An engine that continues a text with its last letter, a token in `seconds`; `fault` is raised once."""

    name = "counting"
    is_open = True
    vocab_size = 256
    max_tokens = 1000

    def __init__(self, slots: int = 2, seconds: float = 0.01) -> None:
        self.tokenizer = Letters()
        self.slots = slots
        self.seconds = seconds
        self.rows: list[Row] = []
        self.fault: Exception | None = None
        self.steps = 0
        self.most = 0

    def join(self, rows: Sequence[Row]) -> None:
        self.rows += rows
        self.most = max(self.most, len(self.rows))
        assert self.most <= self.slots

    def step(self) -> None:
        time.sleep(self.seconds)
        if self.fault and self.rows:
            fault, self.fault = self.fault, None
            raise fault
        self.steps += 1
        self.rows = [row for row in self.rows if row.finish is None]
        for row in self.rows:
            row.add(row.ids[-1], torch.zeros(self.vocab_size))
        self.rows = [row for row in self.rows if row.finish is None]

    def reset(self) -> None:
        self.rows = []

    def embed(self, texts: Sequence[Sequence[int]]) -> list[list[float]]:
        return [[float(sum(text)), 0.0] for text in texts]
