"""JSON and Parquet as other programs write them, text with other line endings, names in other forms."""

import datetime
import decimal
import json
import struct
import unicodedata
import uuid
from pathlib import Path
from typing import Any

import pydantic
import pytest
import zstandard

import ncvc
from ncvc.corpus.config import SourceConfig
from tests.documents.test_sources import clean, cleaned, put, quarantine, texts

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

NOTE = "発熱あり。"


def lines(*rows: str) -> bytes:
    return "".join(row + "\n" for row in rows).encode()


def test_numbers_that_json_does_not_have_and_half_a_surrogate_keep_the_document(tmp_path: Path) -> None:
    put(
        tmp_path / "in/a.jsonl",
        lines(
            '{"text":"発熱\\ud83dあり。","half":"\\udc00"}',
            '{"text":"NaN でした。","score":NaN,"bounds":[-Infinity, Infinity]}',
            '{"text":"笑顔\\ud83d\\ude00。"}',
            '{"score":NaN',
        ),
    )
    documents, _ = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == cleaned(["発熱\ufffdあり。", "NaN でした。", "笑顔😀。"])
    assert documents[1]["score"] is None
    assert documents[1]["bounds"] == [None, None]
    assert quarantine(tmp_path) == [("a.jsonl", 4, "malformed_json")]


@pytest.mark.parametrize("name", ["a.json", "a", "a.jsonl"])
def test_an_array_of_objects(tmp_path: Path, name: str) -> None:
    rows = [{"text": NOTE, "n": i, "m": {"t": 'a,"]}\\'}} for i in range(3)]
    put(tmp_path / "in" / name, json.dumps(rows, ensure_ascii=False, indent=2).encode())
    documents, _ = clean(tmp_path, inputs=[f"in/{name}"])
    assert documents == [{**row, "text": ncvc.clean(NOTE)} for row in rows]
    put(tmp_path / "in" / name, json.dumps([*rows[:1], 3, {"n": 1}]).encode()[:-1])
    clean(tmp_path, inputs=[f"in/{name}"], on_error="quarantine")
    reasons = ["not_an_object", "missing_field", "damaged_file"]
    assert [reason for _, _, reason in quarantine(tmp_path)][-1] == reasons[-1]


def test_a_dotted_text_field(tmp_path: Path) -> None:
    put(tmp_path / "in/a.jsonl", lines(f'{{"id":1,"meta":{{"a":[1],"text":"{NOTE}","b":2}},"z":0}}'))
    (tmp_path / "in/b.parquet").parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"meta": [{"text": NOTE, "b": 2}], "z": [0]}), tmp_path / "in/b.parquet")
    documents, _ = clean(tmp_path, text_field="meta.text")
    text = ncvc.clean(NOTE)
    assert documents == [
        {"id": 1, "meta": {"a": [1], "text": text, "b": 2}, "z": 0},
        {"meta": {"text": text, "b": 2}, "z": 0},
    ]


def test_a_missing_text_field_names_the_members(tmp_path: Path) -> None:
    put(tmp_path / "in/a.jsonl", lines(f'{{"id":1,"body":"{NOTE}","meta":{{"title":"x","n":1}}}}'))
    with pytest.raises(ncvc.InputError, match=r'lacks the text field; .*; there are "body", "meta\.title", "id"$'):
        clean(tmp_path)


def test_wiki40b_as_literals_of_bytes(tmp_path: Path) -> None:
    article = "\n_START_ARTICLE_\n肺炎\n_START_PARAGRAPH_\n肺の炎症。_NEWLINE_細菌による。"
    returns = article.replace("\n", "\r\n")
    rows = [json.dumps({"text": text}) for text in (article, repr(article.encode()), returns, repr(NOTE.encode()))]
    put(tmp_path / "in/a.jsonl", lines(*rows))
    documents, _ = clean(tmp_path)
    expected = "肺炎\n肺の炎症。\n細菌による。"
    assert texts(documents) == cleaned([expected, expected, expected, repr(NOTE.encode())])


@pytest.mark.parametrize("window", [28, 31])
def test_large_windows_of_zstandard(tmp_path: Path, window: int) -> None:
    content = lines(f'{{"text":"{NOTE}"}}')
    block = struct.pack("<I", (len(content) << 3) | 1)[:3] + content
    # Header of RFC 8878: magic, a descriptor without size or checksum, the exponent of the window.
    frame = b"\x28\xb5\x2f\xfd\x00" + bytes([(window - 10) << 3]) + block
    put(tmp_path / "in/a.jsonl.zst", frame)
    documents, _ = clean(tmp_path)
    assert texts(documents) == cleaned([NOTE])


def test_parquet_keeps_every_column(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 2, 29, 9, 30, 0, 500)
    columns: dict[str, Any] = {
        "text": [NOTE.encode()],  # without annotation
        "day": [when.date()],
        "utc": pa.array([when.replace(tzinfo=datetime.UTC)], pa.timestamp("ms", "UTC")),
        "local": pa.array([when], pa.timestamp("us")),
        "time": pa.array([when.time()], pa.time64("us")),
        "price": [decimal.Decimal("-1.50")],
        "raw": [b"\xff\x00"],
        "uuid": pa.array([uuid.UUID(int=1).bytes], pa.uuid()),
        "days": [[when.date(), None]],
        "none": pa.nulls(1),
        "nan": [float("nan")],
    }
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "in/a.parquet")
    documents, _ = clean(tmp_path)
    assert documents == [
        {
            "text": ncvc.clean(NOTE),
            "day": "2024-02-29",
            "utc": "2024-02-29T09:30:00.000Z",
            "local": "2024-02-29T09:30:00.000500",
            "time": "09:30:00.000500",
            "price": "-1.50",
            "raw": "/wA=",
            "uuid": "00000000-0000-0000-0000-000000000001",
            "days": ["2024-02-29", None],
            "none": None,
            "nan": None,
        }
    ]


def test_parquet_text_that_is_not_utf_8_costs_its_row(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"text": [NOTE.encode(), b"\xff", NOTE.encode()]}), tmp_path / "in/a.parquet")
    documents, _ = clean(tmp_path, on_error="quarantine")
    assert len(documents) == 2
    assert quarantine(tmp_path) == [("a.parquet", 2, "undecodable")]


def test_a_page_of_parquet_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"text": ["a" * (300 << 20)]}), tmp_path / "in/a.parquet", compression="zstd")
    put(tmp_path / "in/b.jsonl", lines(f'{{"text":"{NOTE}"}}'))
    clean(tmp_path, on_error="quarantine")
    assert quarantine(tmp_path) == [("a.parquet", 0, "line_too_long")]


def test_paragraphs_between_lines_of_ideographic_spaces(tmp_path: Path) -> None:
    put(tmp_path / "in/a.txt", "一。\r\n続き。\r\n\r\n二。\r\n \u3000\r\n三。\r\n".encode("cp932"))
    documents, _ = clean(tmp_path, format="paragraphs")
    assert texts(documents) == cleaned(["一。\n続き。", "二。", "三。"])


def test_lines_that_end_with_carriage_returns(tmp_path: Path) -> None:
    put(tmp_path / "in/a.txt", "一。\r続き。\r\r二。\r".encode())
    documents, _ = clean(tmp_path, format="paragraphs")
    assert texts(documents) == cleaned(["一。\n続き。", "二。"])
    documents, _ = clean(tmp_path)
    assert texts(documents) == cleaned(["一。\n続き。\n\n二。"])
    put(tmp_path / "in/b.jsonl", f'{{"text":"{NOTE}"}}\r{{"text":"一。"}}\r'.encode())
    documents, _ = clean(tmp_path, inputs=["in/b.jsonl"])
    assert texts(documents) == cleaned([NOTE, "一。"])


def test_judgements_of_oscar_drop_documents(tmp_path: Path) -> None:
    def row(**metadata: Any) -> str:
        return json.dumps({"content": NOTE, "warc_headers": {}, "metadata": metadata})

    rows = [
        row(quality_warnings=None, harmful_pp=100.0, categories=None),
        row(categories=["adult"], harmful_pp=100.0),
        row(harmful_pp=3.5),
        row(annotation=["noisy"]),
    ]
    put(tmp_path / "in/a.jsonl", lines(*rows))
    _, report = clean(tmp_path, categories=["adult"], least_harmful_pp=10)
    assert report["reasons"] == {"category": 1, "harmful": 1, "quality_warning": 1}
    _, report = clean(tmp_path)
    assert report["reasons"] == {"quality_warning": 1}


@pytest.mark.parametrize(
    "mistake", [{"quality_warnings": ["nosiy"]}, {"categories": ["adlt"]}, {"least_harmful_pp": 0}]
)
def test_rules_that_oscar_does_not_have_are_refused(mistake: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        SourceConfig(name="a", inputs=["in"], **mistake)


def test_names_in_another_normal_form_and_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decomposed = unicodedata.normalize("NFD", "カルテ_ガーゼ.txt")
    put(tmp_path / "in" / decomposed, NOTE.encode())
    for name in ("in/カルテ_ガーゼ.txt", "in/*ガーゼ*"):
        documents, _ = clean(tmp_path, inputs=[name])
        assert len(documents) == 1
    monkeypatch.setenv("HOME", str(tmp_path))
    documents, _ = clean(tmp_path, inputs=["~/in"])
    assert len(documents) == 1


def test_zstandard_of_other_writers_is_read_as_before(tmp_path: Path) -> None:
    put(tmp_path / "in/a.jsonl.zst", zstandard.compress(lines(f'{{"text":"{NOTE}"}}')))
    assert texts(clean(tmp_path)[0]) == cleaned([NOTE])
