"""Lists of terms: which column, which rows, in which encoding."""

from pathlib import Path

import pytest

import ncvc
from ncvc.dictionary.terms import read_terms
from tests.conftest import run_ncvc

CASES: dict[str, tuple[str, list[str]]] = {
    "first column": ('胃癌,C169,胃癌\n"1,2-酸",,\n', ["胃癌", "1,2-酸"]),
    "header": ('surface,icd10\r\n胃癌,C169\r\n"1,2-酸",E00\r\n', ["胃癌", "1,2-酸"]),
    "TSV with a mark": ("\ufeff出現形\tICDコード\n胃癌\tC169\n1,2-酸\tE00\n", ["胃癌", "1,2-酸"]),
    "TSV": ('胃癌\tC169\n"癌\n', ["胃癌", '"癌']),
    "one column": ('胃癌\n"a""b"\n', ["胃癌", 'a"b']),
    "code first": ("ICDコード,病名\nC169,胃癌\nI10,高血圧症\n", ["胃癌", "高血圧症"]),
    "no header of terms": ("コード,よみ\n胃癌,いがん\n", ["胃癌"]),
    "Latin terms with digits": ("HER2,x\nCOVID-19,y\nB12,z\n", ["HER2", "COVID-19", "B12"]),
    "a term like a header": ("病名告知,a\n語,b\n", ["病名告知", "語"]),
    "blank lines": ("\n,,\n胃癌\n\n肺癌\n", ["胃癌", "肺癌"]),
    "nothing": ("", []),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
def test_the_column_of_the_terms(tmp_path: Path, case: str, codec: str) -> None:
    text, terms = CASES[case]
    (tmp_path / "terms.csv").write_bytes(text.removeprefix("\ufeff" * (codec != "utf-8")).encode(codec))
    assert read_terms(tmp_path / "terms.csv").terms == terms


def test_a_column_by_name_or_number(tmp_path: Path) -> None:
    path = tmp_path / "drugs.csv"
    path.write_text("YJコード,区分,薬\n1124023F1,内服,エチゾラム\n2149041F1,内服,カルベジロール\n", encoding="cp932")
    drugs = ["エチゾラム", "カルベジロール"]
    for column in ("薬", 3):
        assert read_terms(path, column).terms == drugs
    assert read_terms(path, 1).terms == ["1124023F1", "2149041F1"]
    assert read_terms(path, 3).notes == [
        "drugs.csv: the first row, YJコード, 区分, 薬, names the columns and is no term"
    ]
    with pytest.raises(ncvc.InputError, match=r"drugs\.csv: column 1 holds codes, such as 1124023F1, not terms; name"):
        read_terms(path)
    for column in ("品名", 4):
        with pytest.raises(ncvc.InputError, match=rf"drugs\.csv:1: no column '?{column}'?; its first row has YJコード"):
            read_terms(path, column)


def test_what_cannot_be_read_has_a_line(tmp_path: Path) -> None:
    path = tmp_path / "terms.csv"
    path.write_bytes('胃癌,C\n"肺癌,C\n肝癌,C\n'.encode())
    with pytest.raises(ncvc.InputError, match=r"terms\.csv:2: a quotation mark is not closed; close it or double it"):
        read_terms(path)
    path.write_bytes("胃癌という病気\n肺癌という病気\n".encode() + b"\x82\n")
    with pytest.raises(ncvc.InputError, match=r"terms\.csv:3: not text in the file's encoding"):
        read_terms(path)


def test_excel(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "terms.xlsx") as book:
        for name, rows in {
            "内服": [["コード", "薬品名"], [1, "エチゾラム"]],
            "外用": [["薬品名"], ["尿素軟膏"]],
        }.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    assert read_terms(tmp_path / "terms.xlsx").terms == ["エチゾラム", "尿素軟膏"]
    (tmp_path / "terms.xlsx").write_bytes(b"PK")
    with pytest.raises(ncvc.InputError, match=r"terms\.xlsx: cannot be read; it is damaged or too large"):
        read_terms(tmp_path / "terms.xlsx")


def test_the_command_says_what_it_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("番号,名称\n1,特発性試験症候群\n", encoding="cp932")
    (tmp_path / "b.tsv").write_text("x\t架空性試験症候群\n", encoding="utf-8")
    lists = ["--terms", tmp_path / "a.csv", "--terms", tmp_path / "b.tsv"]
    output = tmp_path / "d"
    built = run_ncvc("dictionary", "build", output, *lists, "--column", "名称", "--column", 2)
    assert "a.csv: the first row, 番号, 名称, names the columns and is no term" in built.stderr
    shown = run_ncvc("dictionary", "show", output, "--terms").stdout
    assert [line.split(",")[0] for line in shown.splitlines()] == ["架空性試験症候群", "特発性試験症候群"]
    refused = run_ncvc("dictionary", "build", output, *lists, *["--column", 1] * 3, ok=False)
    assert "give --column once, or once for each --terms" in refused.stderr


def test_json_lines_are_refused(tmp_path: Path) -> None:
    (tmp_path / "terms.jsonl").write_text('{"term": "糖尿病"}\n', encoding="utf-8")
    with pytest.raises(ncvc.InputError, match="JSON, which has no columns; save the terms as CSV, TSV or Excel"):
        read_terms(tmp_path / "terms.jsonl")
