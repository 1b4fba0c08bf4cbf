"""A server that misbehaves: every request ends in one state, the one that its answers call for, and none is asked twice.

Written by another author than the command, from docs/synthesis.md.
"""

import json
import random
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import SLOW
from tests.synthesize.answers import TEXTBOOK, Key, Plan, Shares, expected
from tests.synthesize.asking import (
    command,
    key_of,
    log_lines,
    requests_of,
    states,
    synthesize,
    tree,
    write_config,
)
from tests.synthesize.misbehaving import Misbehaving, Server

SEED = 7
FAST = Shares(trouble=0.3, rare=0.0, failed=0.03, hangs=False)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Misbehaving]:
    """A run of 300 requests, and what its server saw."""
    folder = tmp_path_factory.mktemp("first")
    script = Misbehaving(SEED, FAST)
    with Server(script) as server:
        done = synthesize(write_config(folder, server.address, 40, 36, most_failed=0.1))
    assert done.returncode == 0, done.stderr
    return folder, script


def test_each_request_ends_in_the_state_its_answers_call_for(first: tuple[Path, Misbehaving]) -> None:
    folder, script = first
    assert len(script.attempts) == 300
    found = states(folder / "out")
    assert found == expected(script.attempts, SEED, FAST)
    summary = json.loads((folder / "out/summary.json").read_text())
    kept, aside, failed = (
        sum(number for state, number in found.items() if state.startswith(word)) for word in ("kept", "aside", "failed")
    )
    assert (kept, aside, failed, 0) == tuple(summary[name] for name in ("kept", "set_aside", "failed", "missing"))
    assert summary["requests"] == 300 == kept + aside + failed
    assert min(kept, aside, failed) > 0


def test_nothing_is_there_twice(first: tuple[Path, Misbehaving]) -> None:
    folder, script = first
    lines = [line for _, line in requests_of(folder / "out")]
    assert Counter(map(key_of, lines)) == Counter(dict.fromkeys(script.attempts, 1))
    assert len({line["id"] for line in lines}) == 300
    logged = Counter(line["id"] for line in log_lines(folder / "out-answers"))
    assert logged == Counter({line["id"]: 1 for line in lines})
    assert max(script.delivered.values()) == 1


def test_attempts_are_those_that_the_trouble_calls_for(first: tuple[Path, Misbehaving]) -> None:
    _, script = first
    for key, attempts in script.attempts.items():
        plan = Plan.draw(SEED, key, FAST)
        if plan.end == "always_400":  # of an exercise, perhaps a server's dislike of `response_format`
            assert attempts - len(plan.trouble) in ({1} if key.kind == TEXTBOOK else {1, 2})
        elif plan.end.startswith("always_"):
            assert attempts == 6 + plan.trouble.count("429")
        else:
            assert attempts == len(plan.trouble) + 1


def test_the_order_of_answers_changes_no_byte(first: tuple[Path, Misbehaving], tmp_path: Path) -> None:
    folder, _ = first
    script = Misbehaving(SEED, FAST, delays=1)
    with Server(script) as server:
        config = write_config(tmp_path, server.address, 40, 36, most_failed=0.1, writer={"in_flight": 7})
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    logs = [[line["id"] for line in log_lines(path / "out-answers")] for path in (folder, tmp_path)]
    assert sorted(logs[0]) == sorted(logs[1])
    assert logs[0] != logs[1]
    one, other = tree(folder / "out"), tree(tmp_path / "out")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name] and name != "manifest.json"] == []


def test_a_second_start_asks_for_failures_alone(first: tuple[Path, Misbehaving], tmp_path: Path) -> None:
    """With every failure mended, all 300 have answers, and one counts for each."""
    folder, before = first
    failed = {key_of(line) for state, line in requests_of(folder / "out") if state.startswith("failed")}
    mended = Shares(trouble=0.0, rare=0.0, aside=0.0, shared=0.0, failed=0.0)
    script = Misbehaving(SEED, mended)
    answers = tmp_path / "out-answers"
    answers.mkdir()
    (answers / "log.jsonl").write_bytes((folder / "out-answers/log.jsonl").read_bytes())
    with Server(script) as server:
        done = synthesize(write_config(tmp_path, server.address, 40, 36))
    assert done.returncode == 0, done.stderr
    assert set(script.attempts) == failed
    assert set(script.attempts.values()) == {1}
    found, old = states(tmp_path / "out"), states(folder / "out")
    assert found["kept"] == old["kept"] + len(failed)
    assert +(found - Counter(kept=found["kept"])) == Counter({k: n for k, n in old.items() if k.startswith("aside")})
    assert len(before.attempts) == 300


def test_a_kill_while_the_output_is_written_is_no_hindrance(first: tuple[Path, Misbehaving], tmp_path: Path) -> None:
    folder, script = first
    answers = tmp_path / "out-answers"
    answers.mkdir()
    (answers / "log.jsonl").write_bytes((folder / "out-answers/log.jsonl").read_bytes())
    config = write_config(tmp_path, "http://127.0.0.1:9/v1", 40, 36)
    for _ in range(20):
        run = subprocess.Popen(
            command(config, "--no-ask", "--force"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while run.poll() is None and not any(tmp_path.glob(".*/**/*.jsonl")):
            time.sleep(0.001)
        run.kill()
        run.wait()
        if any(tmp_path.glob(".*/**/*.jsonl")):
            break
    else:
        raise AssertionError("every kill came too late")
    done = synthesize(config, "--no-ask", "--force")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == expected(script.attempts, SEED, FAST)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in folder.iterdir()}


def start_and_kill(config: Path, log: Path, chance: random.Random, longest: float) -> set[str]:
    """Starts a run, kills it at a drawn moment after its first line, and returns the ids with an answer then."""
    size = log.stat().st_size if log.exists() else 0
    run = subprocess.Popen(command(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and (not log.exists() or log.stat().st_size <= size):
        time.sleep(0.02)
    time.sleep(chance.uniform(0, longest))
    assert run.poll() is None, "ended before the kill"
    run.kill()
    run.wait()
    return {line["id"] for line in log_lines(log.parent) if line["state"] == "answered"}


class Kill(NamedTuple):
    """What was so a moment after a kill."""

    answered: set[str]
    """Ids with an answer in the log."""
    attempts: Counter[Key]
    delivered: Counter[Key]
    """Whole good answers that the server sent."""


@SLOW
def test_ten_thousand_requests_and_twenty_kills(tmp_path: Path) -> None:
    shares = Shares()
    seed = 11
    script = Misbehaving(seed, shares, slowest=0.1)
    chance = random.Random(3)
    log = tmp_path / "out-answers/log.jsonl"
    kills: list[Kill] = []
    with Server(script) as server:
        writer = {"timeout": 30.0, "attempts": 5, "failures_in_a_row": 500}
        config = write_config(tmp_path, server.address, 1500, 1100, writer=writer)
        for _ in range(20):
            answered = start_and_kill(config, log, chance, longest=6.0)
            server.settle()
            kills.append(Kill(answered, script.attempts.copy(), script.delivered.copy()))
        done = synthesize(config)
        most_under_way = server.most_under_way
    assert done.returncode == 0, done.stderr
    requests = requests_of(tmp_path / "out")
    keys = {line["id"]: key_of(line) for _, line in requests}
    assert len(requests) == len(keys) == 10_000
    assert Counter(keys.values()) == Counter(dict.fromkeys(script.attempts, 1))
    assert states(tmp_path / "out") == expected(script.attempts, seed, shares)

    lost: Counter[Key] = Counter()  # how often an answer was on its way when its reader was killed
    before = Kill(set(), Counter(), Counter())
    for kill in kills:
        kept = {keys[id_] for id_ in kill.answered}
        assert before.answered <= kill.answered
        assert [key for key in kept if script.attempts[key] != kill.attempts[key]] == [], "asked after it was answered"
        under_way = Counter({key: kill.delivered[key] - before.delivered[key] for key in kill.delivered.keys() - kept})
        assert sum(under_way.values()) <= most_under_way <= 96
        lost.update(under_way)
        before = kill
    assert script.delivered == Counter(dict.fromkeys(script.delivered, 1)) + lost, "answered twice for another reason"
    lines = Counter(line["id"] for line in log_lines(log.parent) if line["state"] == "answered")
    assert set(lines.values()) == {1}
