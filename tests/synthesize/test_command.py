"""The command: its needs, its config's mistakes, its dry run, its report."""

import json
from pathlib import Path
from typing import Any

import pytest

from ncvc.config import Config
from ncvc.errors import ConfigError
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.report.sample import distinct_share
from tests.conftest import run_ncvc
from tests.needs import require_needs
from tests.synthesize.made_up import answer, write_config, writer
from tests.synthesize.server import Server

ADDRESS = "http://127.0.0.1:1/v1"


def test_the_command_needs_what_it_imports(tmp_path: Path) -> None:
    with Server(answer) as server:
        path = write_config(tmp_path, server.address, topics=1)
        require_needs("synthesize run", [path], tmp_path / "check")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"writers": [writer("ftp://host/v1")]}, "not an address; write it as http://HOST:PORT/v1"),
        ({"writers": [writer("http://user:word@host/v1")]}, "a key belongs into api_key_env or api_key_file"),
        ({"writers": [writer("http://host/v1?key=1")]}, "a key belongs into api_key_env or api_key_file"),
        ({"writers": [writer(ADDRESS, folder="m")]}, "needs `address` with `model`, or `folder`"),
        ({"writers": [{"name": "a", "address": ADDRESS}]}, "has an `address` and no `model`"),
        ({"writers": [writer(ADDRESS), writer(ADDRESS)]}, "two writers are named 'a'"),
        ({"writers": [writer(ADDRESS, tokens_per_minute=100)]}, "max_tokens is above tokens_per_minute"),
        ({"writers": [writer(ADDRESS, inflight=3)]}, r"unknown key 'writers.0.inflight'; did you mean 'in_flight'\?"),
        ({"tasks": [{"name": "a", "kind": "textbooks", "topics": ["t"], "writers": ["z"]}]}, "names the writer 'z'"),
        ({"output": ".."}, "names no new folder"),
    ],
)
def test_a_mistake_in_the_config_is_said_with_its_line(keys: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = write_config(tmp_path, ADDRESS, **keys)
    with pytest.raises(ConfigError, match=rf"synthesize\.yaml:\d+: .*{said}"):
        SynthesizeConfig.load(path)
    assert issubclass(SynthesizeConfig, Config)


@pytest.mark.parametrize("line", ["{", "[]", '{"name": ""}', '{"kind": "a", "name": "b", "synonyms": "c"}', '{"kind": "a", "name": "\\ud800"}'])  # fmt: skip
def test_a_topic_that_is_none_is_said_with_its_line(line: str, tmp_path: Path) -> None:
    path = write_config(tmp_path, ADDRESS)
    with (tmp_path / "topics.jsonl").open("a") as file:
        file.write(f"\n{line}\n")
    done = run_ncvc("synthesize", path, "--dry-run", ok=False)
    assert done.returncode == 1
    assert "topics.jsonl:6: " in done.stderr


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    path = write_config(tmp_path, ADDRESS, topics=4, writers=[writer(ADDRESS, price_out=10.0, max_tokens=1000)])
    before = sorted(tmp_path.rglob("*"))
    found = json.loads(run_ncvc("synthesize", path, "--dry-run", "--json").stdout)
    assert found["tasks"] == {"textbooks": 4, "exercises": 8}
    assert found["writers"] == {"a": 12}
    assert found["most_cost"] == pytest.approx(12 * 1000 * 10 / 1e6)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_report_shows_counts_and_samples(tmp_path: Path) -> None:
    with Server(answer) as server:
        writers = [writer(server.address, name) for name in "ab"]
        path = write_config(tmp_path, server.address, topics=3, writers=writers)
        summary = json.loads(run_ncvc("synthesize", path, "--json").stdout)
    text = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert (summary["kept"], summary["documents"]) == (12, {"textbooks": 6, "exercises": 6})
    assert "<script" not in text
    for topic in (tmp_path / "topics.jsonl").read_text(encoding="utf-8").splitlines():
        assert json.loads(topic)["name"] in text
    assert "textbook-1" in text


def test_distinct_shares_by_hand() -> None:
    assert distinct_share(["あいうえお", "あいうえか"]) == 3 / 4
    assert distinct_share(["ああああああああ"]) == 1 / 5
    assert distinct_share([]) == distinct_share(["短い"]) == 0
