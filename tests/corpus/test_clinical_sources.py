"""What of a clinical source is written, and when the pass asks whether a source is one."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.preprocess import preprocess
from tests.conftest import Recorder, run_ncvc
from tests.corpus.run import NO_FILTERS, read_zst

LINE = {"患者ID": "0012345", "text": "氏名：山田太郎、発熱あり。", "meta": {"date": "2024-01-31", "by": "佐藤"}}


def config(folder: Path, **keys: Any) -> PreprocessConfig:
    source = {"name": "notes", "inputs": ["in"], "filters": NO_FILTERS} | keys.pop("source", {})
    return PreprocessConfig.model_validate({"sources": [source], "output": "out", **keys})


def said(folder: Path, **keys: Any) -> list[str]:
    lines: list[str] = []
    preprocess(config(folder, **keys), folder, to="text", replace=True, restart=True, reporter=Recorder(lines))
    return [line for line in lines if "patient records" in line]


def put(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        ({}, {"患者ID", "text", "meta"}),
        ({"clinical": False}, {"患者ID", "text", "meta"}),
        ({"clinical": True}, {"text"}),
        ({"source": {"cleaning": {"clinical": True}}}, {"text"}),
        ({"clinical": True, "source": {"cleaning": {"clinical": False}}}, {"患者ID", "text", "meta"}),
        ({"clinical": True, "source": {"keep_fields": ["meta"]}}, {"text", "meta"}),
        ({"clinical": True, "source": {"keep_fields": "all"}}, {"患者ID", "text", "meta"}),
        ({"source": {"keep_fields": []}}, {"text"}),
        ({"source": {"keep_fields": ["not there"]}}, {"text"}),
    ],
)
def test_members_that_are_kept(tmp_path: Path, keys: dict[str, Any], kept: set[str]) -> None:
    put(tmp_path, "a.jsonl", json.dumps(LINE, ensure_ascii=False))
    said(tmp_path, **keys)
    (document,) = read_zst(tmp_path / "out/notes.jsonl.zst")
    assert set(document) == kept
    assert {name: document[name] for name in kept - {"text"}} == {name: LINE[name] for name in kept - {"text"}}
    clinical = keys.get("source", {}).get("cleaning", keys).get("clinical", False)
    assert ("山田" in document["text"]) != clinical


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ({"clinical": True}, True),
        ({"hospitals": True}, False),
        ({"hospitals": True, "source": {"cleaning": {"hospitals": False}}}, True),
        ({"source": {"cleaning": {"hospitals": True, "clinical": True}}}, False),
    ],
)
def test_hospitals_are_a_switch_of_their_own(tmp_path: Path, keys: dict[str, Any], left: bool) -> None:
    put(tmp_path, "a.jsonl", '{"text": "青葉総合病院に転院。"}\n')
    said(tmp_path, **keys)
    (document,) = read_zst(tmp_path / "out/notes.jsonl.zst")
    assert ("青葉" in document["text"]) == left
    cleaning = json.loads(config(tmp_path, **keys).sources[0].cleaning.to_engine())
    assert ("hospitals" in cleaning) != left, "options without hospitals are those of runs before there were any"


@pytest.mark.parametrize(("names", "kept"), [([], {}), (["meta.date"], {"date": "2024-01-31"}), (["id"], {})])
def test_members_beside_a_text_in_an_object(tmp_path: Path, names: list[str], kept: dict[str, str]) -> None:
    line = {"id": 7, "meta": {"date": "2024-01-31", "text": "発熱あり。", "by": "佐藤"}}
    put(tmp_path, "a.jsonl", json.dumps(line, ensure_ascii=False))
    said(tmp_path, source={"text_field": "meta.text", "keep_fields": names})
    (document,) = read_zst(tmp_path / "out/notes.jsonl.zst")
    assert document == {"meta": kept | {"text": "発熱あり。"}} | ({"id": 7} if "id" in names else {})


RECORDS = {
    "columns.csv": "患者ID,生年月日,text\n1,1955-03-05,発熱あり。\n",
    "english.tsv": "patient_id\ttext\n1\t発熱あり。\n",
    "members.jsonl": '{"text": "発熱あり。", "patient": {"patient_id": "1"}}\n',
    "labels.jsonl": '{"text": "氏名：山田太郎\\n発熱あり。"}\n',
    "note.txt": "【患者氏名】：山田太郎\n発熱あり。\n".encode("cp932"),
}
ARTICLES = {
    "article.txt": "患者は発熱を訴えて受診した。高血圧の患者に降圧薬を投与した。",
    "article.jsonl": '{"text": "氏名と生年月日の確認は患者誤認を防ぐ。", "title": "患者安全"}\n',
    "table.csv": "id,text,date\n1,患者数は増えた。,2024\n",
}


@pytest.mark.parametrize("name", RECORDS)
def test_patient_records_ask_for_a_decision(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, RECORDS[name])
    (line,) = said(tmp_path)
    assert line.startswith("source notes looks like patient records (")
    assert "山田" not in line
    for decision in (True, False):
        assert said(tmp_path, clinical=decision) == []
        assert said(tmp_path, source={"cleaning": {"clinical": decision}}) == []


@pytest.mark.parametrize("name", ARTICLES)
def test_articles_ask_for_none(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, ARTICLES[name])
    assert said(tmp_path) == []


def test_closing_lines_count_what_was_removed(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", json.dumps(LINE, ensure_ascii=False) + '\n{"text": "電話 03-1234-5678、氏名：佐藤花子。"}')
    settings = config(tmp_path, clinical=True).model_dump(mode="json")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = run_ncvc("preprocess", tmp_path / "config.yaml", "--to", "text")
    assert "private data removed: 2 氏名, 1 telephone, e-mail" in done.stdout
    assert "山田" not in done.stdout + done.stderr
