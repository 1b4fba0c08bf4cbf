"""CSV, TSV and Excel: cells as Python's csv and the workbook's XML have them."""

import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

import ncvc
from tests.documents.promises import Case, Output, by_name, check, preprocess, run_cases, write

A, B, C = "肺炎と診断した。", "抗菌薬を始めた。", "三日で解熱した。"
ROWS = [["番号", "text"], ["1", A], ["2", B]]
TRICKY = [
    ["番号", "text", "備考"],
    ["1", "一行目\n二行目", ""],
    ["2", '彼は"痛い"と言った', "x,y"],
    ["3", "咳、痰, 発熱", ""],
    ["4", "一\r\n二\n\n四", '"'],
    ["5", ",始まり", ""],
    ["6", '"全体"', ""],
    ["7", "前\t後", ""],
]


def written(rows: Sequence[Sequence[object]], encoding: str = "utf-8", **options: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows(rows)
    return text.getvalue().encode(encoding)


def texts(rows: Sequence[Sequence[str]], column: int = 1) -> list[str]:
    return [row[column] for row in rows[1:]]


def joined(field: Any) -> dict[str, Any]:
    return {"text_field": field}


HOSPITAL = [["患者ID", "日付", "主訴", "現病歴"], ["7", "2024-01-31", "咳", A], ["8", "2024-02-01", "", B]]

CSV = [
    Case("plain", {"a.csv": written(ROWS)}, [A, B]),
    Case("tricky", {"a.csv": written(TRICKY)}, texts(TRICKY)),
    Case("quoted_all", {"a.csv": written(TRICKY, quoting=csv.QUOTE_ALL)}, texts(TRICKY)),
    Case("line_feeds", {"a.csv": written(TRICKY, lineterminator="\n")}, texts(TRICKY)),
    Case("carriage_returns", {"a.csv": written(ROWS, lineterminator="\r")}, [A, B]),
    Case("bom", {"a.csv": written(ROWS, "utf-8-sig")}, [A, B]),
    Case("bom_first_column", {"a.csv": written([["text"], [A], [B]], "utf-8-sig")}, [A, B]),
    Case("bom_quoted_header", {"a.csv": written([["text", "x"], [A, "1"]], "utf-8-sig", quoting=csv.QUOTE_ALL)}, [A]),
    Case("no_last_line_feed", {"a.csv": written(ROWS).rstrip()}, [A, B]),
    Case(
        "cp932",
        {"a.csv": written([["番号", "本文"], ["1", "①髙橋病棟で診察。"]], "cp932")},
        ["①髙橋病棟で診察。"],
        0,
        joined("本文"),
    ),
    Case(
        "cp932_named",
        {"a.csv": written([["番号", "本文"], ["①", "髙い熱。"], ["2", "ｱﾚﾙｷﾞｰ歴、表。"]], "cp932")},
        ["髙い熱。", "ｱﾚﾙｷﾞｰ歴、表。"],
        source={"text_field": "本文", "encoding": "shift_jis"},
    ),
    # The second byte of 表, ソ and 能 is that of a backslash, and that of others is a bar or brackets.
    Case("cp932_backslash", {"a.csv": written([["text", "表"], ["表ソ能ポ十", "x"]], "cp932")}, ["表ソ能ポ十"]),
    Case("by_number", {"a.csv": written(ROWS)}, [A, B], 0, joined(2)),
    Case("several", {"a.csv": written(HOSPITAL)}, [f"咳\n{A}", B], 0, joined(["主訴", "現病歴"])),
    Case("several_by_number", {"a.csv": written(HOSPITAL)}, [f"咳\n{A}", B], 0, joined([3, 4])),
    Case("several_mixed_reversed", {"a.csv": written(HOSPITAL)}, [f"{A}\n咳", B], 0, joined(["現病歴", 3])),
    Case("column_of_digits", {"a.csv": written([["2024", "x"], [A, "y"]])}, [A], 0, joined("2024")),
    Case("no_header", {"a.csv": written(ROWS[1:])}, [A, B], 0, {"text_field": 2, "header": False}),
    Case("duplicate_names", {"a.csv": written([["text", "text"], [A, B]])}, [f"{A}\n{B}"]),
    Case("ragged_short", {"a.csv": f"番号,text,備考\n1,{A}\n2,{B},x\n".encode()}, [A, B]),
    Case("ragged_long", {"a.csv": f"番号,text\n1,{A},3\n2,{B}\n".encode()}, [B], quarantined=1),
    Case("ragged_long_blank", {"a.csv": f"番号,text\n1,{A},,\n2,{B}\n".encode()}, [A, B]),
    Case("blank_lines", {"a.csv": f"\n番号,text\n\n1,{A}\n\n\n,\n2,{B}\n\n".encode()}, [A, B]),
    Case(
        "missing_column",
        {"a.csv": written([["番号", "本文"], ["1", A]]), "b.csv": written(ROWS)},
        [A, B],
        quarantined=1,
    ),
    Case("header_only", {"a.csv": written(ROWS[:1]), "b.csv": written(ROWS)}, [A, B]),
    Case("quote_inside", {"a.csv": f'番号,text\n1,彼は"痛い"と\n2,{B}\n'.encode()}, ['彼は"痛い"と', B]),
    Case("quote_after_space", {"a.csv": f'番号,text\n1, "痛い"と\n2,{B}\n'.encode()}, [' "痛い"と', B]),
    Case("text_after_quote", {"a.csv": f'番号,text\n1,"痛い"と\n2,{B}\n'.encode()}, [B], quarantined=1),
    Case("never_closed", {"a.csv": f'番号,text\n1,"痛い\n2,{B}\n3,{C}\n'.encode()}, [B, C], quarantined=1),
    Case("bad_bytes", {"a.csv": f"番号,text\n1,{A}\n2,".encode() + b"\xff\xfe\n" + f"3,{B}\n".encode()}, [A, B], 1),
    Case("nul", {"a.csv": f"番号,text\n1,肺\0炎。\n2,{B}\n".encode()}, ["肺\0炎。", B]),
    Case("gz", {"a.csv.gz": gzip.compress(written(TRICKY))}, texts(TRICKY)),
    Case("xz", {"a.csv.xz": lzma.compress(written(TRICKY))}, texts(TRICKY)),
    Case("tsv", {"a.tsv": written(TRICKY, delimiter="\t")}, texts(TRICKY)),
    Case(
        "tsv_cp932",
        {"a.tsv": written([["番号", "text"], ["1", "①髙い熱が出た。"]], "cp932", delimiter="\t")},
        ["①髙い熱が出た。"],
    ),
    Case(
        "tsv_quotes", {"a.tsv": f'番号\ttext\n1\t"痛い"と\n2\t"始まり\n3\t{B}\n'.encode()}, ['"痛い"と', '"始まり', B]
    ),
    Case("tsv_commas", {"a.tsv": f"番号\ttext\n1\t咳、痰, 熱\n2\t{B}\n".encode()}, ["咳、痰, 熱", B]),
    Case("capitals", {"A.CSV": written(ROWS)}, [A, B]),
    Case(
        "many_rows",
        {"a.csv": written([["text"], *[[f"{i}番目の記録。"] for i in range(3000)]])},
        [f"{i}番目の記録。" for i in range(3000)],
    ),
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("csv"), CSV)


@by_name(CSV)
def test_csv(output: Output, case: Case) -> None:
    check(output, case)


def test_other_columns_are_members(output: Output) -> None:
    assert output.source("several").documents[0] == {"text": f"咳\n{A}", "患者ID": "7", "日付": "2024-01-31"}


def test_quarantine_names_the_line_on_which_the_row_begins(output: Output) -> None:
    lines = {
        name: [q["line"] for q in output.source(name).quarantine]
        for name in ("ragged_long", "never_closed", "bad_bytes")
    }
    assert lines == {"ragged_long": [2], "never_closed": [2], "bad_bytes": [3]}


def test_long_field_costs_its_row(tmp_path: Path) -> None:
    long = "あ" * 3_500_000
    content = written([["番号", "text"], ["1", A], ["2", long], ["3", B]])
    quoted = written([["番号", "text"], ["1", A], ["2", long], ["3", B]], quoting=csv.QUOTE_ALL)
    write(tmp_path / "in-long", {"a.csv": content, "b.csv": quoted})
    output = preprocess(tmp_path, [{"name": "long", "inputs": ["in-long"]}], longest_line=1_000_000)
    read = output.source("long")
    assert read.texts == [A, B, A, B]
    assert len(read.quarantine) == 2


NAMES = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def number(place: str, value: object, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def sheet(*rows: str, merged: str = "") -> str:
    body = "".join(f'<row r="{i}">{cells}</row>' for i, cells in enumerate(rows, 1))
    merges = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    return f'<worksheet xmlns="{NAMES}"><sheetData>{body}</sheetData>{merges}</worksheet>'


def workbook(sheets: dict[str, str], shared: Sequence[str] = ()) -> bytes:
    """A workbook of sheets in XML; style 1 is a date, style 2 a date with a time."""
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    package = "http://schemas.openxmlformats.org/package/2006"
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{types}.worksheet+xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    listed = "".join(f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(sheets, 1))
    relations = "".join(
        f'<Relationship Id="rId{i}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    extra = (
        f'<Relationship Id="rId90" Type="{RELATIONS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId91" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="{types}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{types}.sharedStrings+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{NAMES}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{relations}{extra}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{NAMES}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{NAMES}">' + "".join(f"<si>{s}</si>" for s in shared) + "</sst>",
        **{f"xl/worksheets/sheet{i}.xml": content for i, content in enumerate(sheets.values(), 1)},
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return file.getvalue()


TOP = text_cell("A1", "番号") + text_cell("B1", "text") + text_cell("C1", "日付")
ONE = sheet(TOP, number("A2", 1) + text_cell("B2", A) + number("C2", 45322, 1), number("A3", 2.5) + text_cell("B3", B))
EXCEL = [
    Case("x_plain", {"a.xlsx": workbook({"表": ONE})}, [A, B]),
    Case(
        "x_sheets",
        {"a.xlsx": workbook({"一": ONE, "空": sheet(), "二": sheet(text_cell("A1", "text"), text_cell("A2", C))})},
        [A, B, C],
    ),
    Case(
        "x_shared",
        {
            "a.xlsx": workbook(
                {
                    "表": sheet(
                        '<c r="A1" t="s"><v>0</v></c>', '<c r="A2" t="s"><v>1</v></c>', '<c r="A3" t="s"><v>2</v></c>'
                    )
                },
                [
                    "<t>text</t>",
                    "<r><t>肺炎</t></r><r><rPr><b/></rPr><t>と診断した。</t></r>",
                    "<t>喘息</t><rPh sb='0' eb='2'><t>ゼンソク</t></rPh>",
                ],
            )
        },
        [A, "喘息"],
    ),
    Case(
        "x_formula",
        {
            "a.xlsx": workbook(
                {"表": sheet(text_cell("A1", "text"), f'<c r="A2" t="str"><f>B2&amp;C2</f><v>{A}</v></c>')}
            )
        },
        [A],
    ),
    Case(
        "x_error_cell",
        {
            "a.xlsx": workbook(
                {"表": sheet(text_cell("A1", "text"), '<c r="A2" t="e"><v>#DIV/0!</v></c>', text_cell("A3", A))}
            )
        },
        [A],
    ),
    Case(
        "x_merged",
        {
            "a.xlsx": workbook(
                {"表": sheet(TOP, text_cell("A2", "甲") + text_cell("B2", A), text_cell("B3", B), merged="A2:A3")}
            )
        },
        [A, B],
    ),
    Case(
        "x_line_break",
        {"a.xlsx": workbook({"表": sheet(text_cell("A1", "text"), text_cell("A2", "一行目\n二行目"))})},
        ["一行目\n二行目"],
    ),
    Case("x_by_number", {"a.xlsx": workbook({"表": ONE})}, [A, B], 0, joined(2)),
    Case("x_several", {"a.xlsx": workbook({"表": ONE})}, [f"1\n{A}", f"2.5\n{B}"], 0, joined(["番号", "text"])),
    Case(
        "x_no_header",
        {"a.xlsx": workbook({"表": sheet(text_cell("A1", A), text_cell("A2", B))})},
        [A, B],
        0,
        {"text_field": 1, "header": False},
    ),
    Case("x_skipped_rows", {"a.xlsx": workbook({"表": ONE.replace('r="3"', 'r="9"').replace('3"', '9"')})}, [A, B]),
    Case("x_first_column_empty", {"a.xlsx": workbook({"表": sheet(text_cell("C1", "text"), text_cell("C2", A))})}, [A]),
    Case("x_empty", {"a.xlsx": workbook({"空": sheet()}), "b.csv": written(ROWS)}, [A, B]),
    Case("x_no_workbook", {"a.xlsx": b"PK\x03\x04no zip", "b.csv": written(ROWS)}, [A, B], quarantined=1),
    Case("x_cut", {"a.xlsx": workbook({"表": ONE})[:-200], "b.csv": written(ROWS)}, [A, B], quarantined=1),
    Case(
        "x_missing_column",
        {"a.xlsx": workbook({"表": sheet(text_cell("A1", "本文"), text_cell("A2", A))}), "b.csv": written(ROWS)},
        [A, B],
        1,
    ),
]


@pytest.fixture(scope="module")
def excel(tmp_path_factory: pytest.TempPathFactory) -> Output:
    pytest.importorskip("python_calamine")
    return run_cases(tmp_path_factory.mktemp("excel"), EXCEL)


@by_name(EXCEL)
def test_excel(excel: Output, case: Case) -> None:
    check(excel, case)


def test_dates_and_numbers_of_workbooks(excel: Output) -> None:
    first, second = excel.source("x_plain").documents
    assert {name: str(first[name]) for name in ("番号", "日付", "sheet")} == {
        "番号": "1",
        "日付": "2024-01-31",
        "sheet": "表",
    }
    assert str(second["番号"]) == "2.5"
    assert [d["sheet"] for d in excel.source("x_sheets").documents] == ["一", "一", "二"]


def test_zeros_in_a_workbook_are_limited(tmp_path: Path) -> None:
    """A workbook that unpacks to much more than `longest_line` is set aside without being unpacked."""
    pytest.importorskip("python_calamine")
    bomb = workbook({"表": sheet(text_cell("A1", "text"), text_cell("A2", "0" * 30_000_000))})
    write(tmp_path / "in-bomb", {"a.xlsx": bomb, "b.csv": written(ROWS)})
    output = preprocess(tmp_path, [{"name": "bomb", "inputs": ["in-bomb"]}], longest_line=1_000_000)
    read = output.source("bomb")
    assert read.texts == [ncvc.clean(A), ncvc.clean(B)]
    assert len(read.quarantine) == 1
    assert json.dumps(read.quarantine).count("0000000") == 0
