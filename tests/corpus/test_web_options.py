"""Each source says which web notations cleaning removes; expected values follow from the option's description."""

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest

from ncvc.corpus.cleaning import CleaningConfig
from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.progress import Reporter
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, read_zst

URLS, ACCOUNTS, TAGS = "https://a.example.jp/b?c=1#d", "@taro_99", "#京都"
TEXT = f"資料{URLS} 、投稿 {ACCOUNTS} 、旅行 {TAGS} 、終わり。"
STAYS: list[tuple[dict[str, bool], list[str]]] = [
    ({}, []),
    ({"urls": True, "accounts": True, "tags": True}, []),
    ({"urls": False}, [URLS]),
    ({"accounts": False}, [ACCOUNTS]),
    ({"tags": False}, [TAGS]),
    ({"urls": False, "accounts": False}, [URLS, ACCOUNTS]),
    ({"urls": False, "tags": False}, [URLS, TAGS]),
    ({"accounts": False, "tags": False}, [ACCOUNTS, TAGS]),
    ({"urls": False, "accounts": False, "tags": False}, [URLS, ACCOUNTS, TAGS]),
]
MANUAL = '@Override を付ける。@article{key, title} と @app.route("/") の例。'


def cleaned(folder: Path, text: str, webs: list[dict[str, bool]]) -> list[str]:
    """The cleaned text of a source for each set of options, from one pass."""
    (folder / "in.jsonl").write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    sources: list[dict[str, Any]] = [
        {"name": f"s{i}", "inputs": ["in.jsonl"], "filters": NO_FILTERS, "cleaning": {"web": web}}
        for i, web in enumerate(webs)
    ]
    config = PreprocessConfig.model_validate({"sources": sources, "output": "out", "duplicates": NO_DUPLICATES})
    preprocess(config, folder, to="text", reporter=Reporter())
    return [row["text"] for i in range(len(webs)) for row in read_zst(folder / f"out/s{i}.jsonl.zst")]


def test_a_source_switches_off_each_web_notation(tmp_path: Path) -> None:
    found = cleaned(tmp_path, TEXT, [web for web, _ in STAYS])
    for text, (web, stays) in zip(found, STAYS, strict=True):
        assert [each for each in (URLS, ACCOUNTS, TAGS) if each in text] == stays, (web, text)
        assert all(word in text for word in ("資料", "、投稿", "、旅行", "、終わり。")), (web, text)


def test_annotations_of_source_code_stay_without_options(tmp_path: Path) -> None:
    [text] = cleaned(tmp_path, MANUAL, [{}])
    assert text.replace("▁", " ") == MANUAL


def test_an_unknown_web_notation_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="hashtags"):
        CleaningConfig.model_validate({"web": {"hashtags": False}})
