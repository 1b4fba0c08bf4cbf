"""What `ncvc doctor` says that a command needs is what it imports, for the commands without torch."""

import json
from pathlib import Path

import click
import pytest
import yaml

from ncvc.cli.commands import ncvc
from ncvc.cli.doctor import _names
from ncvc.doctor import NEEDS
from tests.needs import require_needs


def test_every_command_is_known() -> None:
    assert set(_names(ncvc)) == set(NEEDS)
    assert isinstance(ncvc, click.Group)


@pytest.mark.parametrize(
    "command", ["clean", "dictionary build", "dictionary show", "doctor", "init", "inspect canaries", "split"]
)
def test_a_command_needs_what_it_imports(command: str, tmp_path: Path, dictionary: Path) -> None:
    arguments: dict[str, list[object]] = {
        "dictionary build": [tmp_path / "dictionary"],
        "dictionary show": [dictionary],
        "inspect canaries": ["-o", tmp_path / "canaries"],
        "init": ["train", tmp_path / "train.yaml"],
        "split": ["--dictionary", dictionary],
    }
    require_needs(command, arguments.get(command, []), tmp_path / "check")


@pytest.mark.parametrize(
    ("command", "row"),
    [
        ("data manbyo", "出現形,標準病名\n疼痛,疼痛\n"),
        ("data drug-prices", "品名,成分名\nユーロジン錠1mg,エスタゾラム\n"),
    ],
)
def test_term_lists_need_nothing_more(command: str, row: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(row, encoding="utf-8")
    require_needs(command, [tmp_path / "list.csv", tmp_path / "out.csv"], tmp_path / "check")


@pytest.mark.parametrize("command", ["data web", "data wiki40b", "data oscar"])
def test_sources_need_what_configs_need(command: str, tmp_path: Path) -> None:
    article = "_START_ARTICLE_\n発熱\n_START_PARAGRAPH_\n発熱と咳嗽が続いたため受診した。"
    members = {"content": article, "warc_headers": {}, "metadata": {}} if command == "data oscar" else {"text": article}
    file = tmp_path / ("a.html" if command == "data web" else "a.jsonl")
    page = f"<html><body><article><p>{'発熱と咳嗽が続いたため受診した。' * 9}</p></article></body></html>"
    file.write_text(page if command == "data web" else json.dumps(members), encoding="utf-8")
    require_needs(command, [file, tmp_path / "config.yaml"], tmp_path / "check")


def test_the_corpus_commands_need_what_they_import(tmp_path: Path, dictionary: Path, corpus: Path) -> None:
    tokenizer = tmp_path / "tokenizer"
    arguments = [tokenizer, corpus, "--dictionary", dictionary, "--vocab-size", 12000]
    require_needs("tokenizer train", arguments, tmp_path / "1")
    config = {"sources": [{"name": "a", "inputs": [str(corpus)]}], "tokenizer": "tokenizer", "output": "out"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    require_needs("preprocess", [tmp_path / "config.yaml"], tmp_path / "2")
    require_needs("verify", [tmp_path / "out", tokenizer], tmp_path / "3")
    require_needs("inspect tokens", [tokenizer, "発熱"], tmp_path / "4")
