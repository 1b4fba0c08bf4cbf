"""Config of `ncvc synthesize`."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import pydantic

from ncvc.config import Config

Kind = Literal["textbooks", "exercises", "qa"]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=1)]
Name = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_][\w.-]{0,60}$")]

QUESTION_KINDS = (
    "事実を問う質問",
    "理由や機序を問う質問",
    "診断や鑑別の進め方を問う質問",
    "治療や対応を問う質問",
    "患者や家族への説明を求める質問",
)
TEXTS = {"textbooks": None, "exercises": 5, "qa": 1}
"""Default of `texts_per_topic`; None is one a writer."""


class TaskConfig(Config):
    """A kind of text, and what it is written about."""

    name: Name
    """Name of its documents: `OUTPUT/documents/NAME.jsonl`."""
    kind: Kind
    """`textbooks` are prose on a topic, `exercises` examination questions with five choices on a topic, `qa` pairs of
    instruction and output from articles."""
    topics: Annotated[list[str], pydantic.Field(min_length=1)]
    """Files of topics that `ncvc data topics` wrote; for `qa` articles, as JSON lines or text."""
    text_field: str = "text"
    """The member of a JSON object that holds an article's text."""
    prompts: list[str] = pydantic.Field(default_factory=list)
    """Prompt files, of which each text gets one; none stands for those that come with ncvc."""
    writers: list[str] = pydantic.Field(default_factory=list)
    """Names of the writers; none stands for all."""
    texts_per_topic: Annotated[int, pydantic.Field(ge=1, le=1000)] | None = None
    """Requests a topic or article. The default is one a writer for `textbooks`, 5 for `exercises` and 1 for `qa`.
    Writers take turns: none gets a second request of a topic before each had one."""
    most_topics: Count | None = None
    """Takes so many topics, spread evenly over the files; null takes all."""
    question_kinds: Annotated[list[str], pydantic.Field(min_length=1)] = pydantic.Field(
        default_factory=lambda: [*QUESTION_KINDS]
    )
    """Kinds of question for `qa`, of which each request names one."""
    least_characters: Annotated[int, pydantic.Field(ge=0)] | None = None
    """Sets shorter texts aside; the default is 200 for `textbooks`, 40 for `exercises` and 10 for `qa`."""

    def count(self, writers: int) -> int:
        """Returns the requests a topic with so many writers."""
        return self.texts_per_topic or TEXTS[self.kind] or writers


class WriterConfig(Config):
    """A model that writes: behind an OpenAI-compatible address, or in a folder on this machine."""

    name: Name
    """Name of the writer, on which the ids of its requests depend."""
    address: str | None = None
    """The base of a server, with `/v1`, such as `http://127.0.0.1:8000/v1`."""
    model: str | None = None
    """The model's name on the server."""
    folder: str | None = None
    """Instead of an address: a folder that transformers loads, or a GGUF file."""
    weight: Annotated[float, pydantic.Field(gt=0)] = 1.0
    """Share of the requests, relative to the other writers', where not every writer gets each topic."""
    temperature: Annotated[float, pydantic.Field(ge=0, le=2)] = 0.8
    """Higher is more varied; 0 takes the likeliest token always."""
    top_p: Annotated[float, pydantic.Field(gt=0, le=1)] = 0.95
    """Samples from the likeliest tokens that together have this probability."""
    max_tokens: Count = 2048
    """Length of the longest answer in tokens."""
    api_key_env: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Environment variable with the API key; without it and `api_key_file` no key is sent."""
    api_key_file: str | None = None
    """File with the API key."""
    in_flight: Annotated[int, pydantic.Field(ge=1, le=4096)] = 32
    """Requests to a server that are under way at once; answers of a folder that are written together."""
    requests_per_minute: Count | None = None
    """Most requests in any 60 seconds, repetitions included."""
    tokens_per_minute: Count | None = None
    """Most tokens of prompts and answers in any 60 seconds; an answer counts with `max_tokens` until it is there."""
    price_in: Annotated[float, pydantic.Field(ge=0)] = 0.0
    """Price of a million tokens of prompts."""
    price_out: Annotated[float, pydantic.Field(ge=0)] = 0.0
    """Price of a million tokens of answers."""
    structured: Literal["auto", "json_schema", "off"] = "auto"
    """Asks a server for JSON of a stated schema where a text has parts; `auto` stops asking when it refuses."""
    attempts: Annotated[int, pydantic.Field(ge=1, le=100)] = 6
    """Attempts at a request before it has failed; status 429 is not counted."""
    backoff: Annotated[float, pydantic.Field(ge=0)] = 1.0
    """Seconds before the first repetition, about; doubled with each further one, up to 60. A server that says
    `Retry-After` is obeyed, by all requests to it."""
    patience: Annotated[float, pydantic.Field(ge=0)] = 600.0
    """Seconds that a request waits between its attempts at most, all waits together."""
    timeout: Annotated[float, pydantic.Field(gt=0)] = 300.0
    """Seconds for a whole attempt."""
    largest_answer: Annotated[int, pydantic.Field(ge=1024)] = 2**20
    """Bytes of an answer's body beyond which it is not read."""
    failures_in_a_row: Count = 50
    """Stops when so many requests failed one after another."""
    device: str = "cpu"
    """Of a folder: cpu, cuda or cuda:N."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Type that a folder's model computes in."""

    @pydantic.field_validator("address")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        if address is None:
            return None
        try:
            parts = urlsplit(address)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or re.search(r"\s", address):
            raise ValueError("not an address; write it as http://HOST:PORT/v1")
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("holds more than host, port and path; a key belongs into api_key_env or api_key_file")
        return address.rstrip("/")

    @pydantic.model_validator(mode="after")
    def _fits(self) -> "WriterConfig":
        if (self.address is None) == (self.folder is None):
            raise ValueError(f"the writer {self.name!r} needs `address` with `model`, or `folder`")
        if self.address is not None and not self.model:
            raise ValueError(f"the writer {self.name!r} has an `address` and no `model`; name the model")
        if self.tokens_per_minute is not None and self.max_tokens > self.tokens_per_minute:
            raise ValueError("max_tokens is above tokens_per_minute, so that no request could ever be sent")
        if self.api_key_env is not None and self.api_key_file is not None:
            raise ValueError("give api_key_env or api_key_file, not both")
        return self

    @property
    def is_server(self) -> bool:
        """True for a model behind an address."""
        return self.address is not None

    def cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        """Returns the price of a request."""
        return (prompt_tokens * self.price_in + answer_tokens * self.price_out) / 1e6


class ChecksConfig(Config):
    """Limits beyond which a text is set aside."""

    least_japanese: Share = 0.5
    """Smallest fraction of kana and kanji among the letters."""
    most_copied: Share = 0.3
    """Largest fraction of an answer's characters that stand in its prompt in runs of 20 or more."""
    most_frequent_characters: Share = 0.16
    """Largest fraction of characters in the most frequent n-gram of 8 characters."""
    most_repeated_characters: Share = 0.3
    """Largest fraction of characters in repeated n-grams of 20 characters."""
    near: Annotated[float, pydantic.Field(ge=0.1, le=1)] | None = 0.8
    """Jaccard similarity of the 5-grams of characters from which a text is a near-duplicate; null tells exact ones
    alone."""
    least_grounded: Share = 0.3
    """Smallest fraction of the pairs of kanji and katakana of a `qa` record that stand in its article."""
    refusals: str | None = None
    """File of the beginnings by which refusals are known, a line each; null for the list that comes with ncvc."""


class SynthesizeConfig(Config):
    """Config of a synthesis. Paths are relative to the config file."""

    tasks: Annotated[list[TaskConfig], pydantic.Field(min_length=1)]
    """Kinds of text, each with topics and prompts."""
    writers: Annotated[list[WriterConfig], pydantic.Field(min_length=1)]
    """Models that write."""
    output: str
    """Output folder."""
    answers: str | None = None
    """Folder of the log of answers, which stays for later runs; null stands for OUTPUT-answers."""
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**31)] = 0
    """Seed of the choice of writers, prompts and samples; another one asks anew."""
    spending_limit: Annotated[float, pydantic.Field(gt=0)] | None = None
    """Amount, in the currency of the prices, that all requests in the log and under way may cost together."""
    most_failed: Share = 0.01
    """Largest fraction of failed requests with which the output is written."""
    checks: ChecksConfig = ChecksConfig()
    """Checks of the answers."""

    @pydantic.field_validator("output", "answers")
    @classmethod
    def _names_a_folder(cls, name: str | None) -> str | None:
        if name is not None and (any(ord(c) < ord(" ") for c in name) or Path(name).name in ("", "..")):
            raise ValueError(f"{name!r} names no new folder; write a name such as synthesized")
        return name

    @pydantic.model_validator(mode="after")
    def _names_differ(self) -> "SynthesizeConfig":
        for what, names in (("tasks", [t.name for t in self.tasks]), ("writers", [w.name for w in self.writers])):
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise ValueError(f"two {what} are named {twice!r}; give each a name of its own")
        known = {writer.name for writer in self.writers}
        for task in self.tasks:
            if unknown := next((name for name in task.writers if name not in known), None):
                raise ValueError(f"the task {task.name!r} names the writer {unknown!r}, which is not in `writers`")
        return self

    @property
    def log_folder(self) -> str:
        """Folder of the log, relative to the config."""
        return self.answers or f"{self.output.rstrip('/')}-answers"
