"""/v1/embeddings, and the tokenizer's paths as vLLM has them."""

import base64
import struct

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ncvc import __version__
from ncvc.serve.errors import ApiError
from ncvc.serve.listen import Listener
from ncvc.serve.requests import DetokenizeRequest, EmbeddingRequest, TokenizeRequest, read
from ncvc.serve.service import Service
from ncvc.serve.worker import Job


async def embeddings(service: Service, request: Request, body: bytes) -> Response:
    """The mean of the last hidden states of each text, scaled to length 1."""
    asked = read(EmbeddingRequest, body)
    service.require_model(asked.model)
    texts = [await service.encode(service.ids, text) for text in asked.inputs]
    for ids in texts:
        service.room([*ids][:-1], 1, None)
    listener = Listener(streams=False)
    job = Job([], listener, texts=texts)
    service.submit(job)
    await service.result(request, job, listener)
    assert job.embeddings is not None
    data = [
        {"object": "embedding", "index": place, "embedding": _vector(vector, asked.encoding_format)}
        for place, vector in enumerate(job.embeddings)
    ]
    count = sum(map(len, texts))
    service.metrics.tokens["prompt"] += count
    tokens = {"prompt_tokens": count, "total_tokens": count}
    return JSONResponse({"object": "list", "data": data, "model": service.name, "usage": tokens})


def _vector(vector: list[float], form: str | None) -> list[float] | str:
    if form != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def tokenize(service: Service, request: Request, body: bytes) -> Response:
    """Ids of raw text, as vLLM's path of this name gives them; the name of a special token alone is its id."""
    asked = read(TokenizeRequest, body)
    tokenizer = service.engine.tokenizer

    def encode() -> list[int]:
        special = {tokenizer.piece(token): token for token in tokenizer.end_ids}
        if asked.prompt in special:
            return [special[asked.prompt]]
        ids = tokenizer.encode(asked.prompt)
        return tokenizer.begin(ids) if asked.add_special_tokens else ids

    ids = await service.encode(encode)
    return JSONResponse({"tokens": ids, "count": len(ids), "max_model_len": service.engine.max_tokens})


async def detokenize(service: Service, request: Request, body: bytes) -> Response:
    """Text of ids, without special ones."""
    asked = read(DetokenizeRequest, body)
    if asked.tokens and max(asked.tokens) >= service.engine.vocab_size:
        raise ApiError(400, f"tokens: the model has the ids 0 to {service.engine.vocab_size - 1}", param="tokens")
    return JSONResponse({"prompt": await service.encode(service.engine.tokenizer.decode, asked.tokens)})


def tokenizer_info(service: Service, request: Request) -> Response:
    """Facts of the tokenizer that lm-evaluation-harness asks for."""
    tokenizer = service.engine.tokenizer
    ends = sorted(tokenizer.end_ids)
    begins = tokenizer.begin([])
    template = getattr(service.chat, "template", None)
    return JSONResponse(
        {
            "tokenizer_class": type(tokenizer).__name__,
            "bos_token": tokenizer.piece(begins[0]),
            "eos_token": tokenizer.piece(ends[0]) if ends else None,
            "chat_template": template,
            "ncvc": __version__,
        }
    )
