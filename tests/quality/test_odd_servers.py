"""Labellers and embedders that answer oddly; written by another author than the code, from the specification."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ncvc._native as native
from ncvc.documents.lines import read_lines
from ncvc.errors import InputError, NcvcError
from ncvc.evaluate.models import find_models
from ncvc.quality.documents import find_inputs, read_documents
from ncvc.quality.embed import Embedding, embed
from ncvc.quality.label import LONGEST_ANSWER, Labelling, label
from ncvc.quality.prompt import read_label

HIGH = ["高", "高。", "「高」", "’高’", "“高”", "高\r\n", "\u3000高", "｢高｣｡", "『高』．"]
NEITHER = [
    "",
    "high",
    "高くない",
    "高低",
    "低くはない",
    "高い",
    "高 低",
    "高\n理由：",
    "答え：高",
    "申し訳ありません。",
    "５",
]


@contextmanager
def server(answer: Callable[[dict[str, Any]], Any]) -> Iterator[str]:
    """An OpenAI-compatible server that gives what `answer` makes of a request's body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            data = json.dumps(answer(body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/v1#m"
    running.shutdown()
    running.server_close()


def documents(path: Path, count: int) -> list[Path]:
    lines = (json.dumps({"text": f"{number}番の文書。"}, ensure_ascii=False) for number in range(count))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return find_inputs([str(path)])


def number_of(text: str) -> int:
    return int(text.partition("番")[0])


@pytest.mark.parametrize("answer", HIGH)
def test_marks_around_a_label_do_not_count(answer: str) -> None:
    assert read_label(answer) == "高"
    assert read_label(answer.replace("高", "低")) == "低"


@pytest.mark.parametrize("answer", NEITHER)
def test_anything_else_is_no_label(answer: str) -> None:
    assert read_label(answer) is None


def test_answers_are_counted_and_long_ones_cut(tmp_path: Path) -> None:
    answers = [*HIGH, *NEITHER, "x" * 10**7, "高" + " " * 2000 + "低", None]

    def chat(body: dict[str, Any]) -> Any:
        text = answers[number_of(body["messages"][-1]["content"])]
        return chat_answer(text)

    with server(chat) as address:
        inputs = documents(tmp_path / "a.jsonl", len(answers))
        summary = label(Labelling(inputs, find_models([address])), tmp_path / "out")
    assert summary["labellers"] == {"m": {"高": len(HIGH), "低": 0, "left_out": len(NEITHER) + 3}}
    rows = [json.loads(line.text or "") for line in read_lines(tmp_path / "out/labels.jsonl.zst", "utf-8", 10**6)]
    assert max(len(row["answers"]["m"]) for row in rows) == LONGEST_ANSWER + 1


def chat_answer(text: str) -> Any:
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


def test_each_answer_is_kept_when_it_comes(tmp_path: Path) -> None:
    """The first answer of a batch comes when the others are in the log."""
    log = tmp_path / ".out.partial/answers/00.jsonl"
    seen: list[int] = []

    def chat(body: dict[str, Any]) -> Any:
        if number_of(body["messages"][-1]["content"]) == 0:
            end = time.monotonic() + 30
            while log.read_bytes().count(b"\n") < 3 and time.monotonic() < end:
                time.sleep(0.05)
            seen.append(log.read_bytes().count(b"\n"))
        return chat_answer("高")

    with server(chat) as address:
        summary = label(Labelling(documents(tmp_path / "a.jsonl", 4), find_models([address])), tmp_path / "out")
    assert seen == [3]
    assert summary["labellers"] == {"m": {"高": 4, "低": 0, "left_out": 0}}


def test_a_request_that_fails_costs_no_other_answer(tmp_path: Path) -> None:
    asked: list[int] = []
    broken = True

    def chat(body: dict[str, Any]) -> Any:
        asked.append(number := number_of(body["messages"][-1]["content"]))
        return {} if number == 2 and broken else chat_answer("低")

    with server(chat) as address:
        labelling = Labelling(documents(tmp_path / "a.jsonl", 8), find_models([address]))
        with pytest.raises(NcvcError, match="the answer is not of OpenAI's form"):
            label(labelling, tmp_path / "out", batch_size=8)
        assert (tmp_path / ".out.partial/answers/00.jsonl").read_bytes().count(b"\n") == 7
        broken = False
        label(labelling, tmp_path / "out", batch_size=8)
    assert sorted(asked) == [0, 1, 2, 2, 3, 4, 5, 6, 7]


def vectors(of: Callable[[int], list[float]]) -> Callable[[dict[str, Any]], Any]:
    def answer(body: dict[str, Any]) -> Any:
        return {"data": [{"index": 0, "embedding": of(number_of(body["input"][0]))}]}

    return answer


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (lambda _: [1.0, float("nan")], "no numbers of 32 bits"),
        (lambda _: [float("inf"), 1.0], "no numbers of 32 bits"),
        (lambda _: [1e300, 1.0], "no numbers of 32 bits"),
        (lambda _: [], "without values"),
        (lambda number: [1.0] * (3 + number % 2), "of 3 and 4 dimensions"),
        (lambda number: [1.0] * (3 if number < 4 else 4), "of 3 and 4 dimensions"),
    ],
)
def test_embeddings_that_cannot_be_learned_from(
    of: Callable[[int], list[float]], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ncvc.quality.embed.PART", 4)
    with server(vectors(of)) as address:
        embedding = Embedding(documents(tmp_path / "a.jsonl", 8), find_models([address])[0])
        with pytest.raises(NcvcError, match=said):
            embed(embedding, tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_embeddings_are_those_of_the_server(tmp_path: Path) -> None:
    with server(vectors(lambda number: [float(number), -0.5])) as address:
        embed(Embedding(documents(tmp_path / "a.jsonl", 8), find_models([address])[0]), tmp_path / "out")
    found = np.load(tmp_path / "out/embeddings_00000.npy", allow_pickle=False)
    assert found.dtype == np.float32
    assert found.tolist() == [[float(number), -0.5] for number in range(8)]


def test_halves_of_surrogate_pairs_are_read_as_the_pass_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "肺\\ud83d炎"}\n{"text": "\\ud842\\udfb7野"}\n', encoding="utf-8")
    whole = native.clean_batch(["肺\ufffd炎", "𠮷野"])
    assert [document.text for document in read_documents([path])] == whole
    assert whole[1] == "𠮷野"


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"text": "肺炎"}\n'.encode() + b'{"text": "\xff"}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:2: is not UTF-8"):
        list(read_documents([path]))
