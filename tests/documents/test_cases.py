"""The shared small files that once failed, each with the value that the list beside them calls right.

Their kinds are tested from made-up files too: pages, WARC, JSON, Parquet and encodings have files of tests of their own.
"""

from pathlib import Path
from typing import Any

import pytest

from ncvc import _native as native
from tests.documents.test_sources import clean, cleaned, texts


@pytest.fixture
def cases(shared: Path) -> Path:
    return shared.parent / "cases/text"


def read(folder: Path, path: Path, **settings: Any) -> list[str]:
    """Texts of the documents in a file."""
    return texts(clean(folder, inputs=[str(path)], **settings)[0])


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        ("02_single_char_nodes.html",
         ["この癌は悪性です", "喘息の既往はありません", "熱\n咳\n頭痛", "尿糖▁−", "性別▁女"], ["ぜん", "そく"]),
        ("04_sup.html",
         ["白血球▁5.2×10³/μL", "1.6m²", "CO2", "10⁻⁶", "Ca²⁺"], ["103", "m2", "10-6"]),
        ("16_del.html",
         ["投与量は5mgに変更。", "折りたたみの本文です。"], ["10mg", "不要", "隠し文", "非表示文"]),
    ],
)  # fmt: skip
def test_pages(tmp_path: Path, cases: Path, name: str, there: list[str], absent: list[str]) -> None:
    [text] = read(tmp_path, cases / name)
    # Cleaning has one form of the minus sign.
    text = text.replace("▁-", "▁−").replace("\n-\n", "\n−\n")
    assert [part for part in there if part not in text] == []
    assert [part for part in absent if part in text] == []


def test_a_page_in_iso_2022_jp(tmp_path: Path, cases: Path) -> None:
    [text] = read(tmp_path, cases / "03_iso2022jp_meta.html")
    assert text == "糖尿病は、血糖値が慢性的に高くなる病気です。早めの受診が大切です。"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("05_sjis_refused.txt", "風邪気味なのでとりあえず解熱剤を飲んだ。"),
        ("05_euc_refused.txt", "術後は順調に経過し,術後第18病日に退院となった"),
    ],
)
def test_short_notes_in_other_encodings(tmp_path: Path, cases: Path, name: str, text: str) -> None:
    assert read(tmp_path, cases / name) == cleaned([text])
    assert native.decode_text((cases / name).read_bytes()) == text


PAGES_OF_WARC = [
    "普通", "チャンク", "嘘チャンク", "ジップ", "嘘ジップ", "両方",
    "デフレート", "生デフレート", "エックスジップ", "ヘッダSJIS", "嘘UTF8", "無ヘッダEUC",
    "変な名前", "型なし", "大文字", "リソース", "HTTP二", "改行のみ",
    "application/http型",
]  # fmt: skip


def test_records_whose_headers_do_not_fit_cost_no_other(tmp_path: Path, cases: Path) -> None:
    documents, report = clean(tmp_path, inputs=[str(cases / "06_lying_record.warc")], on_error="quarantine")
    sentences = "。血糖値が慢性的に高くなる病気です。早めの受診が大切です。"
    expected = [name + sentences for name in PAGES_OF_WARC]
    assert [text for text in texts(documents) if text.endswith(sentences)] == expected
    assert [text for text in texts(documents) if not text.endswith(sentences)] == ["hello", "変換された本文です。"]
    assert report["sources"][0]["passed_over"] == {"status 206": 1, "status 404": 1, "text/plain": 1}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("07_CC-MAIN-1.warc.wet.gz", ["変換された本文です。"]),
        ("08_zst_window28.jsonl.zst", ["一つ目。", "一つ目。"]),
        ("09_binary_text.parquet", ["一行目の文。", "二行目の文。"]),
        ("11_lone_surrogate.jsonl", ["孤立\ufffdサロゲート。"]),
        ("12_nan.jsonl", ["NaNあり。"]),
        ("13_sjis.jsonl", ["シフトJIS、①㈱髙﨑。"]),
        ("14_wiki40b_bytes.jsonl",
         ["肺炎\n概要\n肺の炎症。\n原因は細菌。", "肺炎\n肺。", "肺炎\n肺。", "普通の文。"]),
    ],
)  # fmt: skip
def test_files_of_documents(tmp_path: Path, cases: Path, name: str, expected: list[str]) -> None:
    assert read(tmp_path, cases / name) == cleaned(expected)


def test_all_columns_of_parquet(tmp_path: Path, cases: Path) -> None:
    """The values that pyarrow reads, as docs/sources.md writes them."""
    table = pytest.importorskip("pyarrow.parquet").read_table(cases / "10_rich_columns.parquet")
    documents, _ = clean(tmp_path, inputs=[str(cases / "10_rich_columns.parquet")])
    assert [list(document) for document in documents] == [table.column_names] * 2
    same = ("l", "f16", "bool", "u64", "null", "half")
    assert [[document[name] for name in same] for document in documents] == [
        list(row) for row in zip(*(table[name].to_pylist() for name in same), strict=True)
    ]
    first = {"d": "2020-01-01", "ts": "2020-01-01T00:00:00.000000Z", "dec": "1.50", "b": "/wA=", "t": "00:00:00.000001"}
    assert {name: documents[0][name] for name in first} == first
    assert (documents[0]["m"], documents[0]["s"], documents[1]["m"]) == ({"k": 1}, {"a": 1, "b": "x"}, {})


def test_paragraphs_between_lines_of_ideographic_spaces(tmp_path: Path, cases: Path) -> None:
    found = read(tmp_path, cases / "15_paragraphs_u3000.txt", format="paragraphs")
    assert found == ["一段落。\n続き。", "二段落。", "三段落。"]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({}, ["警告なし。", "小さい。", "成人。", "有害。", "空。", "メタ無し。", "OSCAR2019の形。"]),
        ({"quality_warnings": ["tiny", "adult"]},
         ["警告なし。", "ノイジー。", "有害。", "空。", "メタ無し。", "OSCAR2019の形。", "22.01の形。"]),
        ({"categories": ["adult"], "quality_warnings": []},
         ["警告なし。", "ノイジー。", "小さい。", "有害。", "空。", "メタ無し。", "OSCAR2019の形。", "22.01の形。"]),
        ({"least_harmful_pp": 10, "quality_warnings": []},
         ["警告なし。", "ノイジー。", "小さい。", "成人。", "空。", "メタ無し。", "OSCAR2019の形。", "22.01の形。"]),
    ],
)  # fmt: skip
def test_rules_of_oscar(tmp_path: Path, cases: Path, rules: dict[str, Any], kept: list[str]) -> None:
    documents, _ = clean(tmp_path, inputs=[str(cases / "17_oscar.jsonl")], **rules)
    assert [document.get("content", document.get("text")) for document in documents] == kept
