"""Every wrong request gets one clear error in OpenAI's form, and nothing of its text reaches the log."""

import json
import socket

import pytest

from ncvc.errors import NcvcError
from ncvc.hf.chat import PlainFormat
from ncvc.serve.errors import ApiError
from ncvc.serve.guard import Guard, require_origins
from ncvc.serve.requests import ChatRequest, CompletionRequest, read
from tests.serve.conftest import Counting, Server, Start

KEY = "secret-key-1"


@pytest.fixture(scope="module")
def letters(start: Start) -> Server:
    return start(Counting(seconds=0), chat=PlainFormat(), guard=Guard(max_bytes=5000))


@pytest.fixture(scope="module")
def locked(start: Start) -> Server:
    guard = Guard(key=KEY, hosts=frozenset({"slm.hospital"}), origins=frozenset({"https://portal.hospital"}))
    return start(Counting(seconds=0), guard=guard)


MESSAGES = [{"role": "user", "content": "a"}]
WRONG = [
    ({"prompt": "a", "temperatur": 1}, "temperatur: unknown member; did you mean temperature?"),
    ({"prompt": "a", "zzz": 1}, "zzz: unknown member; known: echo, logprobs"),
    ({"prompt": "a", "max-tokens": 5}, "max-tokens: unknown member; did you mean max_tokens?"),
    ({"prompt": "a", "": 5}, ": unknown member; known: echo, logprobs"),
    ({"prompt": "a", "a\nb": 5}, r"a\nb: unknown member; known: echo, logprobs"),
    (
        {"prompt": "a", "stream": True, "stream_options": {"in clude": 1}},
        "stream_options.in clude: unknown member; leave",
    ),
    ({"prompt": "a", "n": 2}, "n: this server makes one answer a request"),
    ({"prompt": "a", "best_of": 3}, "best_of: this server makes one answer a request"),
    ({"prompt": "a", "max_tokens": 10**9}, "max_tokens: 1000000000 after a prompt of 2 tokens; the model holds 1000"),
    ({"prompt": "a", "max_tokens": -1}, "max_tokens: input should be greater than or equal to 0"),
    ({"prompt": "a", "max_tokens": "5"}, "max_tokens: input should be a valid integer"),
    ({"prompt": "a", "max_tokens": 2.5}, "max_tokens: "),
    ({"prompt": "a", "max_tokens": True}, "max_tokens: "),
    ({"prompt": "a", "max_tokens": 0}, "max_tokens: 0 only with echo"),
    ({"prompt": "a", "temperature": -0.1}, "temperature: "),
    ({"prompt": "a", "temperature": 3}, "temperature: "),
    ({"prompt": "a", "top_p": 0}, "top_p: "),
    ({"prompt": "a", "seed": 2**63}, "seed: "),
    ({"prompt": "a", "logprobs": 21}, "logprobs: "),
    ({"prompt": "a", "stop": [""]}, "stop: an empty string"),
    ({"prompt": "a", "stop": ["x"] * 17}, "stop: at most 16"),
    ({"prompt": "a", "stop": 5}, "stop: give a string or a list of strings"),
    ({"prompt": "a", "stream_options": {"include_usage": True}}, "stream_options: only with stream"),
    ({"prompt": "a", "frequency_penalty": 0.5}, "frequency_penalty: not supported"),
    ({"prompt": "a", "logit_bias": {"5": 1}}, "logit_bias: not supported"),
    ({"prompt": "a", "suffix": "x"}, "suffix: not supported"),
    ({"prompt": "a", "model": "gpt-4"}, "model: this server has tiny alone"),
    ({"prompt": []}, "prompt: give 1 to 256"),
    ({"prompt": ["a"] * 257}, "prompt: give 1 to 256"),
    ({"prompt": [[]]}, "prompt: a list of ids is empty"),
    ({"prompt": [256]}, "id 256: the model has the ids 0 to 255"),
    ({"prompt": [-1]}, "prompt: give text, a list of texts"),
    ({"prompt": [1, "a"]}, "prompt: give text, a list of texts"),
    ({"prompt": {"a": 1}}, "prompt: give text, a list of texts"),
    ({"prompt": "a" * 1000}, "the prompt has 1001 tokens; the model holds 1000"),
    ({"prompt": "\ud800"}, "half of a surrogate pair"),
    ({"messages": []}, "messages: "),
    ({}, "messages: missing"),
    ({"messages": [{"role": "robot", "content": "a"}]}, "messages.0.role: "),
    ({"messages": [{"role": "user"}]}, "messages.0.content: missing"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]}, "messages.0.content"),
    ({"messages": MESSAGES, "top_logprobs": 2}, "top_logprobs: only with logprobs"),
    ({"messages": MESSAGES, "tools": [{"type": "function"}]}, "tools: the model calls no tools"),
    ({"messages": MESSAGES, "response_format": {"type": "json_object"}}, "response_format: the model is not held"),
    ({"messages": MESSAGES, "max_completion_tokens": 0}, "max_completion_tokens: "),
]


@pytest.mark.parametrize(("body", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_wrong_member_is_named(letters: Server, body: dict[str, object], message: str) -> None:
    chat = "messages" in body or not body
    answer = letters.http.post(
        "/v1/chat/completions" if chat else "/v1/completions",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    error = answer.json()["error"]
    assert message in error["message"]
    assert "\n" not in error["message"]
    assert len(error["message"]) < 400
    assert error["type"] == ("not_found_error" if answer.status_code == 404 else "invalid_request_error")
    assert answer.status_code in (400, 404)
    assert error.keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"prompt": ', "not valid JSON (line 1, column 12)"),
        (b'{"prompt": NaN}', "not valid JSON"),
        (b'{"prompt": "\xff"}', "not UTF-8 (byte 12)"),
        (b"[1]", "not a JSON object"),
        (b"", "not valid JSON"),
        (b"[" * 2000 + b"]" * 2000, "nested too deeply"),
    ],
    ids=["cut off", "NaN", "bad UTF-8", "list", "empty", "deep"],
)
def test_a_body_that_is_no_object_is_told(letters: Server, body: bytes, message: str) -> None:
    answer = letters.http.post("/v1/completions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_members_that_ask_for_nothing_are_let_through() -> None:
    body = {
        **{
            "messages": MESSAGES,
            "n": 1,
            "frequency_penalty": 0,
            "presence_penalty": 0.0,
            "logit_bias": {},
            "tools": [],
        },
        **{
            "tool_choice": "none",
            "response_format": {"type": "text"},
            "user": "x",
            "metadata": {"a": "b"},
            "store": False,
        },
        **{"max_tokens": None, "stop": None, "temperature": 1, "seed": -5, "parallel_tool_calls": True},
    }
    request = read(ChatRequest, json.dumps(body).encode())
    assert (request.temperature, request.seed, request.stops) == (1, -5, ())
    for name in ("n", "logit_bias", "suffix", "best_of", "audio"):
        assert read(CompletionRequest, json.dumps({"prompt": "a", name: None}).encode()).prompts == ["a"]


def test_large_bodies_and_other_kinds_are_refused(letters: Server) -> None:
    large = letters.post("/v1/completions", {"prompt": "a" * 6000})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "body_too_large")

    def chunks() -> object:
        for _ in range(10):
            yield b" " * 1000

    streamed = letters.http.post("/v1/completions", content=chunks(), headers={"Content-Type": "application/json"})
    assert streamed.status_code == 413
    assert letters.http.post("/v1/completions", data={"prompt": "a"}).status_code == 415
    assert (
        letters.http.post(
            "/v1/completions", content=b'{"prompt": "a"}', headers={"Content-Type": "text/plain"}
        ).status_code
        == 415
    )


def test_unknown_paths_and_methods_are_told(letters: Server) -> None:
    missing = letters.post("/v1/images", {})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "unknown_url")
    wrong = letters.http.get("/v1/completions")
    assert (wrong.status_code, wrong.json()["error"]["code"], wrong.headers["allow"]) == (
        405,
        "method_not_allowed",
        "POST",
    )


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /health HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: a@127.0.0.1\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"403"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1.evil.example:80\r\n\r\n", b"403"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \xff\x00\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 60000 + b"\r\n", b"4"),
        (b"GET /health HTTP/1.1\r\nHost: localhost:99\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.1\r\nHost: [::1]:99\r\n\r\n", b"200"),
    ],
    ids=["none", "two", "user", "foreign", "suffix", "nul", "nonsense", "many", "localhost", "address"],
)
def test_odd_headers_are_refused(letters: Server, raw: bytes, status: bytes) -> None:
    host, _, port = letters.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        try:
            connection.sendall(raw)
            answer = connection.recv(4096)
        except ConnectionError:
            answer = b"HTTP/1.1 400 "
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_body_that_does_not_come_is_not_waited_for(letters: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ncvc.serve.app.BODY_SECONDS", 0.3)
    host, _, port = letters.url.removeprefix("http://").partition(":")
    head = b"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head + b'{"prompt"')
        assert connection.recv(4096).startswith(b"HTTP/1.1 408")


def test_pages_of_other_sites_are_refused_and_the_servers_own_is_not(letters: Server, locked: Server) -> None:
    ask = {"prompt": "a", "max_tokens": 1}
    own = letters.url
    for origin in ("http://evil.example", "null", "http://127.0.0.1", "http://localhost:1", f"{own}.evil.example"):
        answer = letters.post("/v1/completions", ask, Origin=origin)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in answer.headers
    assert letters.post("/v1/completions", ask, Origin=own).status_code == 200
    assert (
        letters.http.get(
            "/v1/models", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        ).status_code
        == 403
    )
    assert (
        letters.http.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200
    )
    portal = {"Origin": "https://portal.hospital", "Access-Control-Request-Method": "POST"}
    allowed = locked.http.request("OPTIONS", "/v1/completions", headers=portal)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "https://portal.hospital")
    assert letters.http.request("OPTIONS", "/v1/completions", headers=portal).status_code == 403
    answer = locked.post("/v1/completions", ask, Origin="https://portal.hospital", Authorization=f"Bearer {KEY}")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://portal.hospital")


def test_a_proxy_may_use_a_name_that_was_given(locked: Server) -> None:
    headers = {"Host": "SLM.hospital", "Authorization": f"Bearer {KEY}", "Origin": "https://SLM.hospital"}
    assert locked.http.get("/v1/models", headers=headers).status_code == 200


def test_only_requests_with_the_key_are_answered(locked: Server) -> None:
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}, {"Authorization": "Bearer \u00e9"}):
        raw = {name: value.encode() for name, value in given.items()}
        answer = locked.http.get("/v1/models", headers=raw)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        assert locked.http.get("/metrics", headers=raw).status_code == 401
    assert locked.http.get("/v1/models", headers={"Authorization": f"bearer {KEY}"}).status_code == 200
    for path in ("/", "/health"):
        assert locked.http.get(path).status_code == 200
    assert KEY not in "".join(locked.log)


@pytest.mark.parametrize("origin", ["*", "portal.hospital", "https://portal.hospital/", "ftp://x", "https://"])
def test_an_origin_is_as_browsers_send_it(origin: str) -> None:
    with pytest.raises(NcvcError, match="no origin; write https://NAME"):
        require_origins([origin])


def test_no_text_of_a_request_is_logged_unless_asked_for(start: Start, letters: Server) -> None:
    letters.post("/v1/completions", {"prompt": "himitsu", "max_tokens": 3})
    letters.post("/v1/completions", {"prompt": "himitsu", "himitsu": 3})
    letters.http.get("/himitsu")
    assert not [line for line in letters.log if "himitsu" in line]
    assert any(line.startswith("GET other 404 ") for line in letters.log)
    assert any(line.startswith("POST /v1/completions 200 8+3 tokens") for line in letters.log)
    open_server = start(Counting(seconds=0), text_in_log=True)
    open_server.post("/v1/completions", {"prompt": "himitsu", "max_tokens": 3})
    assert json.loads(open_server.log[-1]) == {"prompt": "himitsu", "text": "uuu"}


def test_errors_have_openais_types() -> None:
    kinds = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
    for status, kind in {**kinds, 500: "server_error", 503: "server_error", 413: "invalid_request_error"}.items():
        assert ApiError(status, "x").body()["error"]["type"] == kind
