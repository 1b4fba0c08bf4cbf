"""Whole runs against a server on this machine: what is asked, logged, written, and said."""

import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ncvc.data.chat import read_chats
from ncvc.errors import ConfigError, NcvcError
from ncvc.manifest import verify
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.errors import UnfinishedError
from ncvc.synthesize.run import Result, synthesize
from tests.conftest import ROOT, run_ncvc
from tests.synthesize.made_up import answer, topic_in, write_config, writer
from tests.synthesize.server import Answer, Server

KEY = "sk-Very/Secret+0123456789"


def run(path: Path, **options: Any) -> Result:
    return synthesize(SynthesizeConfig.load(path), path.parent, **options)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def kinds(result: Result) -> tuple[int, ...]:
    return tuple(result.summary[name] for name in ("requests", "kept", "set_aside", "failed", "missing"))


def test_every_request_becomes_a_document_with_its_origin(tmp_path: Path) -> None:
    with Server(answer) as server:
        path = write_config(tmp_path, server.address, topics=3)
        assert kinds(run(path)) == (9, 9, 0, 0, 0)
        asked = len(server.asked)
    assert asked == 9
    books, exercises = (lines(tmp_path / f"out/documents/{name}.jsonl") for name in ("textbooks", "exercises"))
    topics = [row["name"] for row in lines(tmp_path / "topics.jsonl")]
    assert [row["topic"] for row in books] == topics
    assert [(row["topic"], row["number"]) for row in exercises] == [(name, n) for name in topics for n in (1, 2)]
    assert all(row["origin"] == "synthetic" and row["writer"] == "a" for row in books + exercises)
    assert len({row["id"] for row in books + exercises}) == 9
    for row in exercises:
        assert set(row["choices"]) == set("abcde")
        assert row["answer"] in row["choices"]
        assert f"\n{row['answer']}. {row['choices'][row['answer']]}\n" in row["text"]
    assert len(list(read_chats(tmp_path / "out/documents/exercises.jsonl"))) == 6
    assert list(verify(tmp_path / "out")) == []


def test_the_seed_and_the_schema_are_sent(tmp_path: Path) -> None:
    with Server(answer) as server:
        run(write_config(tmp_path, server.address, topics=1))
        asked = server.asked
    assert len({each["seed"] for each in asked}) == 3
    formats = Counter((each.get("response_format") or {}).get("type") for each in asked)
    assert formats == {None: 1, "json_schema": 2}


def test_a_server_without_schemas_is_asked_without(tmp_path: Path) -> None:
    def script(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        if "response_format" in asked:
            return Answer(status=400, body=b'{"error": {"message": "response_format is not supported"}}')
        return answer(asked, headers)

    with Server(script) as server:
        path = write_config(tmp_path, server.address, topics=6, writers=[writer(server.address, in_flight=1)])
        assert kinds(run(path)) == (18, 18, 0, 0, 0)
        refused = sum("response_format" in each for each in server.asked)
    assert refused == 1


def test_the_bytes_depend_on_the_answers_alone(tmp_path: Path) -> None:
    def slowly(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        found = answer(asked, headers)
        found.wait = random.Random(topic_in(asked) + str(asked["seed"])).random() / 20
        return found

    outputs = []
    for number, (script, in_flight) in enumerate([(answer, 1), (slowly, 16)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Server(script) as server:
            writers = [
                writer("http://127.0.0.1:1/v1", name) | {"address": server.address, "in_flight": in_flight}
                for name in "ab"
            ]
            path = write_config(folder, server.address, topics=6, writers=writers)
            run(path)
        outputs.append(content(folder / "out"))
        arrived = [row["id"] for row in lines(folder / "out-answers/log.jsonl")[1:]]
        outputs[-1]["arrived"] = repr(arrived).encode()
    one, other = outputs
    assert one.pop("arrived") != other.pop("arrived")
    different = [name for name in one if one[name] != other.get(name)]
    assert different == ["manifest.json"]  # it has the config, with address and in_flight


Script = Callable[[dict[str, Any], dict[str, str]], Answer]


def once_bad(bad: Callable[[], Answer]) -> Script:
    """Answers each request badly the first time, and well the second."""
    seen: set[int] = set()
    guard = threading.Lock()

    def script(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        with guard:
            first = asked["seed"] not in seen
            seen.add(asked["seed"])
        return bad() if first else answer(asked, headers)

    return script


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Answer(status=500),
        lambda: Answer(status=503, headers={"Retry-After": "0"}),
        lambda: Answer(status=429),
        lambda: Answer(status=429, headers={"Retry-After": "0.02"}),
        lambda: Answer(status=429, headers={"Retry-After": "soon"}),
        lambda: Answer(body=b"<html><body>gateway</body></html>"),
        lambda: Answer(body=b'{"choices": ['),
        lambda: Answer(body=b"[1]"),
        lambda: Answer(body=b'{"choices": [{"message": {"content": 5}}]}'),
        lambda: Answer(content="長い", cut=True),
        lambda: Answer(content="あ" * 40_000),
        lambda: Answer(content="遅い", wait=30),
    ],
    ids=["500", "503-now", "429", "429-after", "429-odd", "html", "half", "list", "number", "cut", "large", "hang"],
)
def test_a_bad_answer_is_asked_for_again(bad: Callable[[], Answer], tmp_path: Path) -> None:
    with Server(once_bad(bad)) as server:
        own = writer(server.address, largest_answer=50_000, timeout=1.0, structured="off")
        path = write_config(tmp_path, server.address, topics=2, writers=[own])
        assert kinds(run(path)) == (6, 6, 0, 0, 0)
        assert len(server.asked) == 12
    log = lines(tmp_path / "out-answers/log.jsonl")[1:]
    assert sorted(Counter(row["id"] for row in log).values()) == [1] * 6
    assert {row["attempts"] for row in log} == {2}


def test_failed_requests_are_counted_and_asked_again_by_the_next_start(tmp_path: Path) -> None:
    is_ill = True

    def script(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        if is_ill and asked["seed"] % 2:
            return Answer(status=413, body=b'{"error": {"message": "too long"}}')
        return answer(asked, headers)

    with Server(script) as server:
        path = write_config(tmp_path, server.address, topics=4)
        with pytest.raises(UnfinishedError, match=r"failed, .* of them with status_413, more than most_failed allows"):
            run(path)
        assert not (tmp_path / "out").exists()
        allowed = SynthesizeConfig.load(path, ("most_failed=1.0", "output=some", "answers=out-answers"))
        partly = synthesize(allowed, tmp_path, ask=False).summary
        failed = lines(tmp_path / "some/failed.jsonl")
        assert partly["failed"] == len(failed) > 0
        assert partly["failed"] + partly["kept"] == 12
        assert {row["reason"] for row in failed} == {"status_413"}
        before, is_ill = len(server.asked), False
        assert kinds(run(path)) == (12, 12, 0, 0, 0)
        assert len(server.asked) - before == partly["failed"]


def test_a_killed_run_goes_on_and_asks_for_nothing_twice(tmp_path: Path) -> None:
    def slow(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        found = answer(asked, headers)
        found.wait = 0.02
        return found

    with Server(slow) as server:
        path = write_config(tmp_path, server.address, topics=40, writers=[writer(server.address, in_flight=3)])
        log = tmp_path / "out-answers/log.jsonl"
        command = [sys.executable, "-m", "ncvc", "synthesize", str(path), "-q"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=environment)
        while not log.exists() or log.read_bytes().count(b"\n") < 20:
            assert process.poll() is None
        process.kill()
        process.wait()
        done = log.read_bytes().count(b"\n") - 1
        assert not (tmp_path / "out").exists()
        with log.open("ab") as file:
            file.write(b'{"id":"cut off')
        asked = len(server.asked)
        assert kinds(run(path)) == (120, 120, 0, 0, 0)
        assert len(server.asked) - asked == 120 - done
    ids = [row["id"] for row in lines(log)[1:]]
    assert len(ids) == len(set(ids)) == 120


def test_another_start_asks_nothing_and_the_checks_may_change(tmp_path: Path) -> None:
    with Server(answer) as server:
        path = write_config(tmp_path, server.address, topics=2)
        run(path)
        asked = len(server.asked)
        with pytest.raises(NcvcError, match="exists already"):
            run(path)
        strict = SynthesizeConfig.load(path, ("tasks.0.least_characters=100000",))
        found = synthesize(strict, tmp_path, replace=True).summary
        assert len(server.asked) == asked
    assert found["reasons"] == {"too_short": 2}
    assert [row["reason"] for row in lines(tmp_path / "out/aside/too_short.jsonl")] == ["too_short"] * 2


def test_only_what_is_new_is_asked(tmp_path: Path) -> None:
    with Server(answer) as server:
        run(write_config(tmp_path, server.address, topics=3))
        asked = len(server.asked)
        run(write_config(tmp_path, server.address, topics=5), replace=True)
        assert len(server.asked) - asked == 2 * 3


def test_the_spending_limit_holds_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    with Server(answer) as server:
        # An answer costs 400 tokens at 1; the highest price of an attempt is that of 2,048 and the prompt.
        own = writer(server.address, price_in=1000.0, price_out=1000.0, in_flight=8)
        path = write_config(tmp_path, server.address, topics=10, writers=[own], spending_limit=6.0)
        with pytest.raises(UnfinishedError, match=r"the spending limit of 6 is reached: .* start again to go on"):
            run(path)
        spent = sum(row["cost"] for row in lines(tmp_path / "out-answers/log.jsonl")[1:])
        assert len(server.asked) == round(spent / 0.4)
        assert 2.4 <= spent <= 6.0
        result = synthesize(SynthesizeConfig.load(path, ("spending_limit=100",)), tmp_path)
    assert result.spent == pytest.approx(30 * 0.4)


def test_one_writer_that_is_gone_does_not_stop_the_other(tmp_path: Path) -> None:
    with Server(answer) as server:
        gone = writer("http://127.0.0.1:9/v1", "gone", attempts=1, failures_in_a_row=3)
        path = write_config(tmp_path, server.address, topics=8, writers=[writer(server.address), gone])
        with pytest.raises(UnfinishedError, match=r"'gone' .* failed one after another, the last with no_connection"):
            run(path)
        assert len(server.asked) == 8 + 8
        gone["address"] = server.address
        path = write_config(tmp_path, server.address, topics=8, writers=[writer(server.address), gone])
        assert kinds(run(path)) == (32, 32, 0, 0, 0)
        assert len(server.asked) == 32


def test_a_key_is_sent_and_stands_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN_KEY", KEY)
    seen = []
    number = itertools.count()

    def script(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        seen.append(headers.get("authorization"))
        i = next(number)
        if i % 4 == 0:
            return Answer(status=400, body=json.dumps({"error": {"message": f"wrong key {KEY}"}}).encode())
        if i % 4 == 1:
            return Answer(content=f"あなたの鍵は{KEY}で、{KEY.lower()}とも書く。")
        if i % 4 == 2:
            return Answer(body=f"<html>{KEY}</html>".encode())
        return answer(asked, headers)

    with Server(script) as server:
        own = writer(server.address, api_key_env="OWN_KEY", attempts=2, structured="off")
        path = write_config(tmp_path, server.address, topics=12, writers=[own], most_failed=1.0)
        done = run_ncvc("synthesize", path, "--json")
    assert set(seen) == {f"Bearer {KEY}"}
    texts = {name: data for name, data in content(tmp_path).items() if not name.endswith(".partial")}
    assert any(b"[API key]" in data for name, data in texts.items() if "aside" in name)
    everything = [*texts.values(), done.stdout.encode(), done.stderr.encode()]
    assert not any(KEY.lower().encode() in data.lower() for data in everything)


def test_a_missing_key_is_said_before_anything_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_KEY", raising=False)
    with Server(answer) as server:
        path = write_config(tmp_path, server.address, writers=[writer(server.address, api_key_env="NO_KEY")])
        with pytest.raises(ConfigError, match="the environment variable NO_KEY holds no API key"):
            run(path)
        assert server.asked == []


@pytest.mark.parametrize("status", [401, 302, 404])
def test_a_server_that_refuses_all_ends_the_run(status: int, tmp_path: Path) -> None:
    with Server(lambda *_: Answer(status=status, body=b"{}", headers={"Location": "http://127.0.0.1:1/"})) as server:
        path = write_config(tmp_path, server.address, topics=30)
        done = run_ncvc("synthesize", path, ok=False)
        assert done.returncode == 75
        assert f"answers status_{status}" in done.stderr
        assert done.stderr.count("\n") == 1
        assert len(server.asked) <= 8


def test_duplicates_are_told_from_near_ones(tmp_path: Path) -> None:
    def script(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        found = answer({**asked, "seed": topic_in(asked), "model": "same"}, headers)
        found.content += "" if asked["model"] != "model-c" else "最後に一文だけを加える。"
        return found

    with Server(script) as server:
        writers = [writer(server.address, name) for name in "abc"]
        tasks = [{"name": "books", "kind": "textbooks", "topics": ["topics.jsonl"]}]
        path = write_config(tmp_path, server.address, topics=2, tasks=tasks, writers=writers)
        assert run(path).summary["reasons"] == {"duplicate": 2, "near_duplicate": 2}
    kept = lines(tmp_path / "out/documents/books.jsonl")
    aside = lines(tmp_path / "out/aside/duplicate.jsonl") + lines(tmp_path / "out/aside/near_duplicate.jsonl")
    assert len(kept) == 2
    assert {row["detail"].split()[1].rstrip(",") for row in aside} == {row["id"] for row in kept}


def test_questions_are_traced_to_their_articles(tmp_path: Path) -> None:
    articles = [
        f"第{n}報。{name}の患者では{sign}が続き、早期の受診が望ましい。"
        for n, (name, sign) in enumerate([("気管支喘息", "喘鳴"), ("尿路結石", "側腹部痛"), ("緑内障", "視野障害")])
    ]
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/a.jsonl").write_text(
        "".join(json.dumps({"body": text}, ensure_ascii=False) + "\n" for text in articles), encoding="utf-8"
    )

    def script(asked: dict[str, Any], _: dict[str, str]) -> Answer:
        own = next(text for text in articles if text in asked["messages"][-1]["content"])
        said = {"instruction": f"{asked['seed']}番の質問です。何に注意しますか。", "output": own.partition("。")[2]}
        return Answer(f"```json\n{json.dumps(said, ensure_ascii=False)}\n```")

    task = {"name": "qa", "kind": "qa", "topics": ["articles/*.jsonl"], "text_field": "body", "texts_per_topic": 2}
    with Server(script) as server:
        path = write_config(tmp_path, server.address, tasks=[task], checks={"near": None})
        assert kinds(run(path)) == (6, 6, 0, 0, 0)
    rows = lines(tmp_path / "out/documents/qa.jsonl")
    assert [row["article"] for row in rows] == [f"articles/a.jsonl:{n}" for n in (1, 1, 2, 2, 3, 3)]
    for row, text in zip(rows, [text for text in articles for _ in range(2)], strict=True):
        assert row["article_sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert row["output"] in text
    assert len(list(read_chats(tmp_path / "out/documents/qa.jsonl"))) == 6


def test_ctrl_c_ends_in_one_line_and_keeps_what_is_there(tmp_path: Path) -> None:
    def slow(asked: dict[str, Any], headers: dict[str, str]) -> Answer:
        found = answer(asked, headers)
        found.wait = 0.05
        return found

    with Server(slow) as server:
        path = write_config(tmp_path, server.address, topics=40, writers=[writer(server.address, in_flight=2)])
        log = tmp_path / "out-answers/log.jsonl"
        command = [sys.executable, "-m", "ncvc", "synthesize", str(path), "-q"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        while not log.exists() or log.read_bytes().count(b"\n") < 5:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) == (130, "ncvc: stopped")
    assert len(lines(log)) >= 5
