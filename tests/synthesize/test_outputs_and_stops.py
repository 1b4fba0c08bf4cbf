"""What a run may replace, how it ends when it is stopped, what it asks anew, and how much memory large answers take.

Written by another author than the command, from docs/synthesis.md.
"""

import asyncio
import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import SLOW
from tests.synthesize.answers import prose
from tests.synthesize.asking import command, log_lines, states, synthesize, tree, write_config
from tests.synthesize.misbehaving import MEGABYTES, Asked, Reply, Server

ONE = [{"name": "w-a", "model": "a"}]


async def good(asked: Asked, reply: Reply) -> None:
    """Answers as asked."""
    await reply.chat(prose(asked.key, asked.key.topic))


def foreign(place: Path) -> None:
    """Somebody's folder."""
    place.mkdir()
    (place / "thesis.txt").write_text("ten years")


def linked(place: Path) -> None:
    """A link to somebody's folder."""
    foreign(place.with_name("precious"))
    place.symlink_to("precious", target_is_directory=True)


def dangling(place: Path) -> None:
    """A link to nothing."""
    place.symlink_to("nowhere")


def plain_file(place: Path) -> None:
    """Somebody's file."""
    place.write_text("ten years")


PLACES = [foreign, linked, dangling, plain_file]


@pytest.mark.parametrize("force", [pytest.param([], marks=SLOW), ["--force"]], ids=["plain", "force"])
@pytest.mark.parametrize("make", PLACES)
@pytest.mark.parametrize("name", ["out", "out-answers"])
def test_what_is_not_ours_stays(name: str, make: Callable[[Path], None], force: list[str], tmp_path: Path) -> None:
    """In place of the output, before anything is asked; in place of the log's folder, other files stay as they are."""
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        make(tmp_path / name)
        before = tree(tmp_path)
        done = synthesize(config, *force)
        assert "Traceback" not in done.stderr
        assert before.items() <= tree(tmp_path).items()
        if make in {linked, dangling}:
            assert (tmp_path / name).is_symlink()
        if name == "out":
            assert done.returncode == 1, done.stderr
            assert server.asked == []
        else:
            assert done.returncode in {0, 1}


def test_force_replaces_what_nobody_changed(tmp_path: Path) -> None:
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 3, writers=ONE)
        assert synthesize(config).returncode == 0
        before = tree(tmp_path / "out")
        again = synthesize(config, "--set", "checks.least_japanese=0.6")
        assert tree(tmp_path / "out") == before
        assert again.returncode in {0, 1}
        assert synthesize(config, "--set", "checks.least_japanese=0.6", "--force").returncode == 0
        (tmp_path / "out/note.txt").write_text("mine")
        done = synthesize(config, "--force")
        assert done.returncode == 1
        assert (tmp_path / "out/note.txt").read_text() == "mine"
        (tmp_path / "out/note.txt").unlink()
        with (tmp_path / "out/documents/textbooks.jsonl").open("a") as file:
            file.write("{}\n")
        changed = tree(tmp_path / "out")
        assert synthesize(config, "--force").returncode == 1
        assert tree(tmp_path / "out") == changed
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("output", "answers"), [("x", "x"), ("x", "x/answers"), ("x/out", "x"), (".", None), ("textbook.jsonl", None)]
)
def test_folders_in_each_other_harm_nothing(output: str, answers: str | None, tmp_path: Path) -> None:
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE, output=output, answers=answers)
        before = tree(tmp_path)
        first, second = synthesize(config), synthesize(config, "--force")
        assert "Traceback" not in first.stderr + second.stderr
        assert before.items() <= tree(tmp_path).items()
        assert len(server.asked) <= 2
        if first.returncode == 0:
            assert second.returncode == 0, second.stderr
            log = next(tmp_path.rglob("log.jsonl"))
            assert len(log_lines(log.parent)) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_that_goes_on_later(number: int, tmp_path: Path) -> None:
    async def slow(asked: Asked, reply: Reply) -> None:
        await asyncio.sleep(0.2)
        await good(asked, reply)

    with Server(slow) as server:
        config = write_config(tmp_path, server.address, 60, writers=ONE, writer={"in_flight": 4})
        run = subprocess.Popen(command(config), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while len(server.asked) < 12:
            time.sleep(0.02)
        run.send_signal(number)
        _, said = run.communicate(timeout=60)
        assert run.returncode == (130 if number == signal.SIGINT else run.returncode) != 0
        assert "Traceback" not in said
        there = len(log_lines(tmp_path / "out-answers"))
        assert there >= len(server.asked) - 4
        before = len(server.asked)
        server.script = good
        assert synthesize(config).returncode == 0
        assert len(server.asked) - before == 60 - there
    assert states(tmp_path / "out") == {"kept": 60}


SAME: dict[str, object] = {
    **{"price_in": 1.0, "price_out": 2.0, "in_flight": 3, "requests_per_minute": 1000, "tokens_per_minute": 10**7},
    **{"structured": "off", "attempts": 2, "backoff": 0.5, "patience": 7.0, "timeout": 9.0, "largest_answer": 10**5},
    **{"failures_in_a_row": 9, "weight": 3.0},
}
"""Keys of a writer on which no id depends."""
OTHER: dict[str, object] = {
    "temperature": 0.5,
    "top_p": 0.5,
    "max_tokens": 100,
    "model": "a2",
    "name": "w-a2",
    "seed": 5,
    "prompt": 0,
}
"""Changes that ask anew."""
QUICK_ONES = {"temperature", "prompt"}


def test_what_makes_no_id_asks_nothing_anew(tmp_path: Path) -> None:
    with Server(good) as server, Server(good) as other:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        assert synthesize(config).returncode == 0
        value = yaml.safe_load(config.read_text())
        value["writers"][0] |= {**SAME, "address": other.address}
        value |= {
            "checks": {"near": 0.5},
            "spending_limit": 9.0,
            "most_failed": 0.5,
            "output": "out2",
            "answers": "out-answers",
        }
        config.write_text(yaml.safe_dump(value))
        done = synthesize(config)
        assert done.returncode == 0, done.stderr
        assert (len(server.asked), len(other.asked)) == (2, 0)
    assert tree(tmp_path / "out")["documents/textbooks.jsonl"] == tree(tmp_path / "out2")["documents/textbooks.jsonl"]


@pytest.mark.parametrize("change", [pytest.param(name, marks=() if name in QUICK_ONES else SLOW) for name in OTHER])
def test_what_makes_an_id_asks_anew_and_the_old_answers_stay(change: str, tmp_path: Path) -> None:
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        assert synthesize(config).returncode == 0
        text, prompt = config.read_text(), (tmp_path / "textbook.txt").read_text()
        value = yaml.safe_load(text)
        if change == "prompt":
            (tmp_path / "textbook.txt").write_text("新" + prompt)
        elif change == "seed":
            value["seed"] = OTHER[change]
        else:
            value["writers"][0][change] = OTHER[change]
        config.write_text(yaml.safe_dump({**value, "output": "out2", "answers": "out-answers"}))
        assert synthesize(config).returncode == 0
        assert len(server.asked) == 4
        config.write_text(text)
        (tmp_path / "textbook.txt").write_text(prompt)
        assert synthesize(config, "--force").returncode == 0
        assert len(server.asked) == 4
        assert len(log_lines(tmp_path / "out-answers")) == 4


@pytest.mark.parametrize(
    "unit",
    [1.0, 1e-5],
)
def test_weights_are_shares_whatever_their_unit(unit: float, tmp_path: Path) -> None:
    writers = [
        {"name": f"w-{model}", "model": model, "weight": weight * unit} for model, weight in [("a", 1), ("b", 2)]
    ]
    config = write_config(tmp_path, "http://127.0.0.1:9/v1", 1500, writers=writers)
    value = yaml.safe_load(config.read_text())
    value["tasks"][0]["texts_per_topic"] = 1
    config.write_text(yaml.safe_dump(value))
    done = synthesize(config, "--no-ask")
    assert done.returncode == 0, done.stderr
    counted = json.loads((tmp_path / "out/summary.json").read_text())["writers"]
    share = counted["w-b"]["missing"] / 1500
    assert abs(share - 2 / 3) < 4 * (2 / 9 / 1500) ** 0.5


def test_a_server_that_is_gone_ends_the_run_unfinished(tmp_path: Path) -> None:
    with Server(good) as server:
        address = server.address
    config = write_config(tmp_path, address, 100, writers=ONE, writer={"attempts": 2, "failures_in_a_row": 10})
    done = synthesize(config)
    assert done.returncode == 75, done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    there = len(log_lines(tmp_path / "out-answers"))
    assert there <= 10 + 32
    looked = synthesize(config, "--no-ask")
    assert looked.returncode == 0, looked.stderr
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["requests"], summary["kept"], summary["failed"] + summary["missing"]) == (100, 0, 100)
    assert summary["failed"] == there


def most_memory(config: Path) -> int:
    """Runs the command and returns the most bytes of memory that it had."""
    run = subprocess.Popen(command(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    assert run.returncode == 0
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss * 1024


def test_large_answers_take_no_memory(tmp_path: Path) -> None:
    """32 answers of 10 MB at once, beside 32 small ones."""

    async def large(asked: Asked, reply: Reply) -> None:
        await asyncio.sleep(1)
        await reply.send(MEGABYTES)

    memory: list[int] = []
    for script in (good, large):
        with Server(script) as server:
            folder = tmp_path / script.__name__
            config = write_config(folder, server.address, 32, writers=ONE, writer={"attempts": 2}, most_failed=1.0)
            memory.append(most_memory(config))
    assert server.most_under_way >= 16
    assert states(tmp_path / "large/out") == {"failed too_large": 32}
    assert memory[1] - memory[0] < 32 * 3 * 2**20 < 32 * len(MEGABYTES)
