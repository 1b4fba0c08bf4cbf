"""A line of the log: what became of one request."""

from typing import Literal

import pydantic

State = Literal["answered", "failed"]
Finish = Literal["stop", "length", "content_filter"]


class Record(pydantic.BaseModel):
    """The answer to a request, or the reason why there is none."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    state: State
    text: str = ""
    """The answer as the writer gave it."""
    finish: Finish = "stop"
    """`length`: cut off at `max_tokens`; `content_filter`: cut off by the server's own rules."""
    reason: str = ""
    """Of a failure: a word, such as `status_500`, `timeout`, `not_json`."""
    detail: str = ""
    """Of a failure: what was answered, in short, without the key."""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    attempts: int = 1
    cost: float = 0.0
    """Price of all attempts; one whose answer could not be used counts as if it were the longest."""
    seconds: float = 0.0
    """From the first attempt to the answer, waits included."""
