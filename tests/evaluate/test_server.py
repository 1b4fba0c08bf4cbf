"""Models behind an address, by a small server of the test's own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ncvc.errors import NcvcError
from ncvc.evaluate import server
from ncvc.evaluate.run import evaluate
from ncvc.files import files_below
from tests.evaluate.conftest import plan_of

KEY = "sk-very-secret-7f3a"


class Fake:
    """Requests that the server got, and its next answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.troubles: list[tuple[int, str]] = []
        self.answer: Any = "B"


@pytest.fixture
def fake() -> Iterator[tuple[Fake, str]]:
    state = Fake()

    class Handler(BaseHTTPRequestHandler):
        def reply(self, status: int, value: Any, **headers: str) -> None:
            body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.reply(200, {"data": [{"id": "only-one"}]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append((self.path, asked, self.headers.get("Authorization", "")))
            if state.troubles:
                status, said = state.troubles.pop(0)
                location = {"Location": said} if status == 307 else {}
                self.reply(status, said, **location)
            elif isinstance(state.answer, str) and "chat" in self.path:
                message = {"role": "assistant", "content": state.answer}
                self.reply(
                    200, {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {"completion_tokens": 1}}
                )
            elif isinstance(state.answer, str):
                self.reply(200, {"choices": [{"text": state.answer, "finish_reason": "length"}]})
            else:
                self.reply(200, state.answer)

        def log_message(self, *_arguments: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield state, f"http://127.0.0.1:{running.server_port}/v1"
    running.shutdown()
    running.server_close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "WAITS", (0.0, 0.0))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_server_is_asked_every_question_with_the_key_and_the_key_is_kept_nowhere(
    fake: tuple[Fake, str], benchmarks: Path, tmp_path: Path
) -> None:
    state, address = fake
    state.troubles = [(503, "busy"), (429, "slow down")]
    (tmp_path / "key").write_text(f"{KEY}\n")
    result = evaluate(plan_of([address], benchmarks), tmp_path / "out", key_file=tmp_path / "key")
    assert len(state.asked) == 44 + 2
    path, asked, key = state.asked[-1]
    assert (path, key) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert asked | {"messages": 0} == {
        "model": "only-one",
        "temperature": 0,
        "seed": 42,
        "max_tokens": 12,
        "messages": 0,
    }
    assert asked["messages"][0]["role"] == "system"
    assert max(len(each["messages"]) for _, each, _ in state.asked) == 6  # with two solved examples
    [found] = result.models
    assert found.tasks["smdis"].scores["accuracy"].value == 0.5
    assert "likelihood" not in found.tasks["smdis"].scores
    for file in files_below(tmp_path / "out"):
        assert KEY not in file.read_text(encoding="utf-8")


def test_plain_prompts_go_to_completions(
    fake: tuple[Fake, str], benchmarks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, address = fake
    monkeypatch.setenv("NCVC_API_KEY", "from-the-environment")
    state.answer = "ａ"
    result = evaluate(plan_of([f"{address}#mine"], benchmarks, form="plain", limit=1), tmp_path / "out")
    path, asked, key = state.asked[-1]
    assert (path, key, asked["model"]) == ("/v1/completions", "Bearer from-the-environment", "mine")
    stops = {"問題: " in each["prompt"]: each.get("stop") for _, each, _ in state.asked}
    assert stops == {True: ["\n"], False: None}
    assert result.models[0].model.name == "mine"
    assert {row.record.answer for rows in result.models[0].rows.values() for row in rows} == {"ａ"}


def test_a_prompt_that_is_too_long_for_the_server_is_no_error(
    fake: tuple[Fake, str], benchmarks: Path, tmp_path: Path
) -> None:
    state, address = fake
    state.troubles = [(400, '{"error": {"message": "This model\'s maximum context length is 8 tokens"}}')]
    result = evaluate(plan_of([address], benchmarks, limit=1), tmp_path / "out", batch_size=1)
    kinds = [scores.unparseable.get("too long", 0) for scores in result.models[0].tasks.values()]
    assert sum(kinds) == 1


@pytest.mark.parametrize(
    ("troubles", "answer", "message"),
    [
        ([(500, "broken")] * 3, "", "status 500: broken; what was answered is kept"),
        ([(401, "no")], "", "status 401: no"),
        ([(307, "http://127.0.0.1:9/steal")], "", "status 307"),
        ([(200, "<html>")], "", "the answer is not JSON; what was answered is kept"),
        ([(200, "[" * 200_000)], "", "the answer is not JSON; what was answered is kept"),
        ([], {"choices": []}, "not of OpenAI's form"),
        ([], {"choices": [{"message": None}]}, "not of OpenAI's form"),
    ],
)
def test_what_a_server_does_wrong_is_said_in_a_sentence(
    troubles: list[tuple[int, str]], answer: Any, message: str, fake: tuple[Fake, str], benchmarks: Path, tmp_path: Path
) -> None:
    state, address = fake
    state.troubles = troubles * (3 if troubles and troubles[0][0] == 200 else 1)
    state.answer = answer
    with pytest.raises(NcvcError, match=message):
        evaluate(plan_of([address], benchmarks, limit=1), tmp_path / "out", batch_size=1)
    state.troubles, state.answer = [], "A"
    evaluate(plan_of([address], benchmarks, limit=1), tmp_path / "out", batch_size=1)  # goes on


def test_an_address_where_nothing_answers_is_refused(benchmarks: Path, tmp_path: Path) -> None:
    with pytest.raises(NcvcError, match=r"http://127\.0\.0\.1:9/v1/models: .*refused"):
        evaluate(plan_of(["http://127.0.0.1:9/v1"], benchmarks, limit=1), tmp_path / "out")
