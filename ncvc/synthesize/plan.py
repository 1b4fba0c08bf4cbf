"""Lists the requests of a synthesis in topic order, each with an id that depends on what is asked."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.errors import ConfigError
from ncvc.files import sha256
from ncvc.manifest import MANIFEST, own_manifest
from ncvc.synthesize.config import SynthesizeConfig, TaskConfig, WriterConfig
from ncvc.synthesize.prompts import Prompt, read_prompts
from ncvc.synthesize.topics import ARTICLE, Topic, read_topics


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one writer; its answer is one text."""

    id: str
    """32 hexadecimal digits, of task, topic, prompt, writer and number; see `request_id`."""
    task: TaskConfig
    topic: Topic
    prompt: Prompt
    writer: str
    number: int
    """Number of the request among those of the topic, from 1."""
    of: int
    """Requests of the topic."""

    @property
    def seed(self) -> int:
        """Seed of the sampling, of the id."""
        return int(self.id[:7], 16)

    @property
    def question_kind(self) -> str:
        """Kind of question that a request about an article asks for."""
        kinds = self.task.question_kinds
        # The first kind of an article depends on it, so that one request an article asks for all kinds.
        return kinds[(int(self.topic.digest[:8], 16) + self.number - 1) % len(kinds)]

    def messages(self, *, article: bool = True) -> list[dict[str, str]]:
        """Renders the messages; without `article` the article's text is left out, for comparing."""
        variables: dict[str, Any] = {"number": self.number, "of": self.of}
        if self.topic.kind == ARTICLE:
            variables |= {
                "article": {"text": self.topic.text if article else ""},
                "question_kind": self.question_kind,
            }
        else:
            topic = self.topic
            variables["topic"] = {"kind": topic.kind, "name": topic.name, "synonyms": list(topic.synonyms)}
        return self.prompt.messages(variables)

    def origin(self) -> dict[str, Any]:
        """Says where a text comes from, for the lines of the output."""
        topic = {"article": self.topic.name} if self.topic.kind == ARTICLE else {"topic": self.topic.name}
        return {
            "id": self.id,
            "task": self.task.name,
            "kind": self.topic.kind,
            **topic,
            "prompt": self.prompt.name,
            "prompt_version": self.prompt.version,
            "writer": self.writer,
            "number": self.number,
            "origin": "synthetic",
        }


@dataclass(frozen=True)
class Plan:
    """All requests, in the order of the output."""

    config: SynthesizeConfig
    folder: Path
    """Folder that the config's paths are relative to."""
    requests: list[Request]
    inputs: list[Path]
    """Files of topics and articles."""
    models: list[Path]
    """Folders of writers on this machine."""

    @property
    def prompts(self) -> dict[str, Prompt]:
        """Prompts by their versions."""
        return {request.prompt.version: request.prompt for request in self.requests}

    @property
    def reads(self) -> list[Path]:
        """Files and folders that the command reads."""
        return [*self.inputs, *self.models, *(prompt.path for prompt in self.prompts.values())]

    @property
    def output(self) -> Path:
        """Output folder."""
        return self.folder / self.config.output

    @property
    def log(self) -> Path:
        """Folder of the log of answers."""
        return self.folder / self.config.log_folder


def make_plan(config: SynthesizeConfig, folder: Path) -> Plan:
    """Reads topics and prompts and lists the requests.

    A topic's writers come in an order drawn by their weights, each once before any comes again; its prompts come in
    turn, from one that is drawn. Both draws depend on the seed, the task and the topic alone. Raises an `NcvcError`.
    """
    requests: list[Request] = []
    inputs: dict[Path, None] = {}
    identities = {writer.name: writer_identity(writer, folder) for writer in config.writers}
    for task in config.tasks:
        prompts = read_prompts(task.kind, task.prompts, folder)
        writers = [writer for writer in config.writers if not task.writers or writer.name in task.writers]
        topics, files = read_topics(task, folder)
        inputs |= dict.fromkeys(files)
        for topic in topics:
            requests += _of_topic(config.seed, task, topic, prompts, writers, identities)
    for request in {request.prompt.version: request for request in requests}.values():
        request.messages()  # a prompt that cannot be rendered is an error before anything is asked
    models = [folder / Path(writer.folder).expanduser() for writer in config.writers if writer.folder]
    return Plan(config, folder, requests, list(inputs), models)


def _of_topic(
    seed: int,
    task: TaskConfig,
    topic: Topic,
    prompts: Sequence[Prompt],
    writers: Sequence[WriterConfig],
    identities: dict[str, list[Any]],
) -> list[Request]:
    digest = topic.digest
    drawn = random.Random(f"{seed}/{task.name}/{digest}")  # noqa: S311 (a choice, not a secret)
    count = task.count(len(writers))
    order: list[WriterConfig] = []
    while len(order) < count:
        order += drawn_order(writers, drawn)
    first = drawn.randrange(len(prompts))
    found = []
    for number in range(1, count + 1):
        writer, prompt = order[number - 1], prompts[(first + number - 1) % len(prompts)]
        own = request_id(task, digest, prompt.version, identities[writer.name], number, seed)
        found.append(Request(own, task, topic, prompt, writer.name, number, count))
    return found


def drawn_order(writers: Sequence[WriterConfig], drawn: random.Random) -> list[WriterConfig]:
    """Orders writers by draws without replacement, each draw in proportion to the weights left.

    The keys u^(1/w) of Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir".
    """
    keys = {writer.name: drawn.random() ** (1 / writer.weight) for writer in writers}
    return sorted(writers, key=lambda writer: keys[writer.name], reverse=True)


def request_id(task: TaskConfig, topic: str, prompt: str, writer: list[Any], number: int, seed: int) -> str:
    """Returns the first 32 digits of the SHA-256 of all that an answer depends on."""
    asked = [task.name, task.kind, topic, prompt, writer, number, seed]
    if task.kind == "qa":
        asked.append(task.question_kinds)
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()[:32]


def writer_identity(writer: WriterConfig, folder: Path) -> list[Any]:
    """Lists what a writer's answers depend on: its model and sampling, not its address, limits and price.

    Raises `ConfigError` for a folder that is not there.
    """
    model = writer.model
    if writer.folder is not None:
        path = folder / Path(writer.folder).expanduser()
        if not path.exists():
            raise ConfigError(f"{path}: there is no such model folder; correct `folder` of the writer {writer.name!r}")
        manifest = path / MANIFEST
        known = path.is_dir() and own_manifest(path) is not None
        model = f"{path.name}/{sha256(manifest)}" if known else path.name
    return [writer.name, model, writer.temperature, writer.top_p, writer.max_tokens]
