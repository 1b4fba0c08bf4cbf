"""The line of requests: shared batches, a full queue, clients that go, engines that fail."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx
import pytest

from ncvc.errors import NcvcError
from tests.serve.conftest import Counting, Server, Start


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def ask(server: Server, prompt: str, count: int) -> httpx.Response:
    return httpx.post(
        f"{server.url}/v1/completions", json={"prompt": prompt, "max_tokens": count}, timeout=120, trust_env=False
    )


def test_requests_at_once_share_the_batch_and_none_are_mixed_up(start: Start) -> None:
    engine = Counting(slots=4, seconds=0.002)
    server = start(engine)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: ask(server, chr(97 + n), 5 + n), range(12)))
    assert [answer.json()["choices"][0]["text"] for answer in answers] == [chr(97 + n) * (5 + n) for n in range(12)]
    assert engine.most == 4


def test_one_request_may_have_more_prompts_than_there_are_slots(start: Start) -> None:
    server = start(Counting(slots=2, seconds=0))
    body = {"prompt": list("abcdefg"), "max_tokens": 3}
    choices = server.post("/v1/completions", body).json()["choices"]
    assert [choice["text"] for choice in choices] == [letter * 3 for letter in "abcdefg"]


def test_a_full_queue_is_answered_at_once(start: Start) -> None:
    server = start(Counting(slots=1, seconds=0.05), queue=1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, server, "a", 60)
        wait(lambda: server.worker.under_way == 1)
        second = pool.submit(ask, server, "b", 2)
        wait(lambda: server.worker.waiting == 1)
        refused = ask(server, "c", 2)
        assert (refused.status_code, refused.json()["error"]["type"]) == (429, "rate_limit_error")
        assert refused.headers["retry-after"] == "1"
        assert "ncvc_requests_waiting 1" in server.http.get("/metrics").text
        assert [first.result().status_code, second.result().status_code] == [200, 200]
    assert ask(server, "c", 2).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_work_for_a_client_that_has_gone_stops(start: Start, stream: bool) -> None:
    engine = Counting(slots=1, seconds=0.02)
    server = start(engine)
    body = {"prompt": "a", "max_tokens": 900, "stream": stream}
    client = httpx.Client(timeout=60, trust_env=False)
    if stream:
        with client.stream("POST", f"{server.url}/v1/completions", json=body) as answer:
            next(answer.iter_lines())
    else:
        with pytest.raises(httpx.HTTPError):
            client.post(f"{server.url}/v1/completions", json=body, timeout=0.3)
    client.close()
    wait(lambda: server.worker.under_way == 0)
    assert engine.steps < 300
    wait(lambda: "ncvc_requests_cancelled_total 1" in server.http.get("/metrics").text)
    assert ask(server, "b", 2).json()["choices"][0]["text"] == "bb"
    assert any("499" in line for line in server.log)


def test_a_client_that_goes_while_it_waits_is_never_begun(start: Start) -> None:
    engine = Counting(slots=1, seconds=0.02)
    server = start(engine)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, server, "a", 100)
        wait(lambda: server.worker.under_way == 1)
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"{server.url}/v1/completions", json={"prompt": "b"}, timeout=0.3, trust_env=False)
        wait(lambda: server.worker.waiting == 0)
        assert server.worker.under_way == 1
        assert first.result().status_code == 200


def test_an_engine_that_fails_fails_its_requests_alone(start: Start) -> None:
    engine = Counting(slots=2, seconds=0.01)
    server = start(engine)
    engine.fault = NcvcError("no memory")
    failed = ask(server, "a", 5)
    assert (failed.status_code, failed.json()["error"]["message"]) == (500, "the engine failed: no memory")
    assert ask(server, "a", 5).status_code == 200
    engine.fault = RuntimeError("odd")
    with server.http.stream("POST", "/v1/completions", json={"prompt": "a", "max_tokens": 9, "stream": True}) as answer:
        events = [line[6:] for line in answer.iter_lines() if line.startswith("data: ")]
    assert json.loads(events[-1])["error"]["type"] == "server_error"
    assert server.http.get("/health").status_code == 200


def test_an_engine_that_has_ended_is_told(start: Start) -> None:
    server = start(Counting())
    server.worker.close()
    assert server.http.get("/health").status_code == 503
    assert ask(server, "a", 5).status_code == 503


def test_a_defect_is_told_without_its_message(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(Counting())

    def broken(_text: str) -> list[int]:
        raise ZeroDivisionError("himitsu")

    monkeypatch.setattr(server.engine.tokenizer, "encode", broken)
    answer = ask(server, "a", 5)
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == "a defect of the server; its log names the place"
    assert "ZeroDivisionError at " in server.log[-1]
    assert "himitsu" not in "".join(server.log)


def test_metrics_are_in_prometheus_form(start: Start) -> None:
    server = start(Counting(seconds=0))
    ask(server, "ab", 4)
    server.post("/v1/completions", {"prompt": "a", "max_tokens": 2, "stream": True})
    server.post("/v1/embeddings", {"input": "abc"})
    page = server.http.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.text.splitlines()
    assert 'ncvc_requests_total{path="/v1/completions",status="200"} 2' in lines
    assert 'ncvc_tokens_total{kind="prompt"} 9' in lines  # 3 + 2 + 4, with the one that begins a text
    assert 'ncvc_tokens_total{kind="generated"} 6' in lines
    assert "ncvc_first_token_seconds_count 1" in lines
    assert 'ncvc_request_seconds_bucket{le="+Inf"} 3' in lines
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    for line in lines:
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            float(value)
            assert any(name.startswith(each) for each in names), line
