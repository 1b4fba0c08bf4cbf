"""Bodies of requests, as OpenAI's API has them; every fault is one `ApiError` that names the member.

Members that ask for what the server does not do are refused unless their value asks for nothing, as `n: 1`.
"""

import difflib
import json
import secrets
from typing import Annotated, Any, Literal

import pydantic
from pydantic import ConfigDict, Field

from ncvc.hf.chat import Message
from ncvc.printable import printable
from ncvc.serve.errors import ApiError
from ncvc.utf8 import is_utf8

MAX_PROMPTS = 256
"""Prompts of one request."""
MAX_STOPS = 16
MAX_LOGPROBS = 20

_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "suffix": ("",),
    "store": (False,),
    "dimensions": (),
    "audio": (),
    "prediction": (),
    "reasoning_effort": (),
    "web_search_options": (),
}
"""Members that ask for what this server does not do → values that ask for nothing; null always does."""
_IGNORED = ("user", "metadata", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key")
"""Members that change no answer."""

_FORMS = {
    "prompt": "give text, a list of texts, a list of ids from 0 up, or a list of such lists",
    "input": "give text, a list of texts, a list of ids from 0 up, or a list of such lists",
    "stop": "give a string or a list of strings",
}
"""Members of several forms → the sentence for one that has none of them."""

Ids = list[Annotated[int, Field(ge=0)]]
Stops = str | list[str] | None
Count = Annotated[int, Field(ge=0, le=MAX_LOGPROBS)]


def _each(given: str | list[str] | Ids | list[Ids]) -> list[str | list[int]]:
    if isinstance(given, str):
        return [given]
    ids = [each for each in given if isinstance(each, int)]
    return [ids] if ids else [each for each in given if not isinstance(each, int)]


class _Request(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str | None = None


class StreamOptions(pydantic.BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include_usage: bool = False
    include_obfuscation: bool = False
    """Asks for padding against readers of encrypted traffic; none is added."""


class GenerationRequest(_Request):
    """Members that completions and chat completions share."""

    max_tokens: Annotated[int, Field(ge=0)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Stops = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """Strings before which an answer ends."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    def drawn_seed(self) -> int:
        """The seed of the request, or one that nobody asked for."""
        return secrets.randbits(63) if self.seed is None else self.seed


class CompletionRequest(GenerationRequest):
    """Body of /v1/completions."""

    prompt: str | list[str] | Ids | list[Ids] = ""
    echo: bool | None = None
    logprobs: Count | None = None

    @property
    def prompts(self) -> list[str | list[int]]:
        """Each prompt, as text or ids."""
        return _each(self.prompt)


class ContentPart(pydantic.BaseModel):
    """A part of a message's content; text alone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["text"]
    text: str


class ChatMessage(pydantic.BaseModel):
    """A message of a conversation."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[ContentPart]
    name: str | None = None
    refusal: str | None = None

    def plain(self) -> Message:
        """The message as templates take it; a developer is a system here."""
        content = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": content}


class ChatRequest(GenerationRequest):
    """Body of /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Count | None = None


class EmbeddingRequest(_Request):
    """Body of /v1/embeddings."""

    input: str | list[str] | Ids | list[Ids]
    encoding_format: Literal["float", "base64"] | None = None

    @property
    def inputs(self) -> list[str | list[int]]:
        """Each text, as text or ids."""
        return _each(self.input)


class TokenizeRequest(_Request):
    """Body of /tokenize, as vLLM has it."""

    prompt: str
    add_special_tokens: bool = True


class DetokenizeRequest(_Request):
    """Body of /detokenize, as vLLM has it."""

    tokens: Ids


def read[Body: _Request](cls: type[Body], body: bytes) -> Body:
    """Reads the body of a request; raises `ApiError` with status 400."""
    values = read_object(body)
    for name in [name for name in values if name in _IGNORED or (name in _NEUTRAL and values[name] is None)]:
        if name not in cls.model_fields:
            del values[name]
    for name, neutral in _NEUTRAL.items():
        if name in values and name not in cls.model_fields and values.pop(name) not in neutral:
            raise ApiError(400, f"{name}: {_refusal(name)}", param=name, code="unsupported_parameter")
    try:
        request = cls.model_validate(values)
    except pydantic.ValidationError as error:
        raise _first(cls, error) from None
    _require_limits(request)
    return request


def read_object(body: bytes) -> dict[str, Any]:
    """Reads a JSON object; raises `ApiError` with status 400."""
    try:
        values = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ApiError(400, f"the body is not UTF-8 (byte {error.start}); encode it as UTF-8") from None
    except RecursionError:
        raise ApiError(400, "the body is nested too deeply") from None
    except ValueError as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ApiError(400, f"the body is not valid JSON{place}") from None
    if not isinstance(values, dict):
        raise ApiError(400, "the body is not a JSON object")
    if not is_utf8(_texts(values)):
        raise ApiError(400, "the body holds half of a surrogate pair, which is no character")
    return values


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _texts(values: dict[str, Any]) -> str:
    """All of the strings, one after the other."""
    found: list[str] = []
    pending: list[Any] = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            pending += value
    return "".join(found)


def _refusal(name: str) -> str:
    match name:
        case "n" | "best_of":
            return "this server makes one answer a request; send several requests, which share a batch"
        case "tools" | "functions" | "tool_choice" | "function_call":
            return "the model calls no tools"
        case "response_format":
            return 'the model is not held to a format; leave it out or give {"type": "text"}'
        case _:
            return "not supported by this server; leave it out"


def _first(cls: type[pydantic.BaseModel], error: pydantic.ValidationError) -> ApiError:
    """The first fault in one sentence, without what the client sent."""
    found = error.errors(include_input=False, include_url=False)
    # A union gives one error for each of its members, and the deepest is the one that was meant.
    first = max((each for each in found if each["loc"][:1] == found[0]["loc"][:1]), key=lambda each: len(each["loc"]))
    *outer, last = first["loc"]
    unknown = first["type"] == "extra_forbidden"  # its name is the client's own
    named = [*outer] if unknown else [*outer, last]
    names = [str(part) for part in named if isinstance(part, int) or str(part).isidentifier()]
    names += [printable(str(last))] * unknown
    param = ".".join(names[:1] + [name for name in names[1:] if name not in ("str", "int", "float")])
    if unknown:
        known = cls.model_fields if not outer else ()
        near = difflib.get_close_matches(str(last), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}" if known else "leave it out"
        return ApiError(400, f"{param[:80]}: unknown member; {hint}", param=param[:80], code="unknown_parameter")
    if first["loc"][0] in _FORMS and first["type"] != "missing":
        return ApiError(400, f"{names[0]}: {_FORMS[names[0]]}", param=names[0], code="invalid_value")
    if first["type"] == "missing":
        return ApiError(400, f"{param}: missing", param=param, code="missing_required_parameter")
    return ApiError(400, f"{param}: {first['msg'][0].lower()}{first['msg'][1:]}", param=param, code="invalid_value")


def _require_limits(request: _Request) -> None:
    if isinstance(request, GenerationRequest):
        if len(request.stops) > MAX_STOPS:
            raise ApiError(400, f"stop: at most {MAX_STOPS} strings", param="stop")
        if not all(request.stops):
            raise ApiError(400, "stop: an empty string would end every text at once", param="stop")
        if request.stream_options and not request.stream:
            raise ApiError(400, "stream_options: only with stream", param="stream_options")
    if isinstance(request, ChatRequest) and request.top_logprobs is not None and not request.logprobs:
        raise ApiError(400, "top_logprobs: only with logprobs", param="top_logprobs")
    for name, prompts in _prompts(request).items():
        if not 1 <= len(prompts) <= MAX_PROMPTS:
            raise ApiError(400, f"{name}: give 1 to {MAX_PROMPTS} of them", param=name)
        if not all(prompt or isinstance(prompt, str) for prompt in prompts):
            raise ApiError(400, f"{name}: a list of ids is empty", param=name)


def _prompts(request: _Request) -> dict[str, list[str | list[int]]]:
    match request:
        case CompletionRequest():
            return {"prompt": request.prompts}
        case EmbeddingRequest():
            return {"input": request.inputs}
        case _:
            return {}
