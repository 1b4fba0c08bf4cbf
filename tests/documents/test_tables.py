"""CSV, TSV and Excel: hand-written bytes, and workbooks of xlsxwriter."""

import base64
import bz2
import csv
import datetime
import gzip
import io
import json
import lzma
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ncvc
from ncvc.corpus.config import PreprocessConfig
from ncvc.documents.csv_rows import read_rows
from ncvc.documents.tables import read_excel
from ncvc.documents.unreadable import UnreadableError
from ncvc.errors import ConfigError
from tests.documents.test_sources import clean, put, quarantine, texts

pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.parquet")
xlsxwriter = pytest.importorskip("xlsxwriter")

NOTES = ["発熱あり。", "「咳」が続く。\n夜間に悪化、\nWBC 12,300", 'いわゆる"風邪"', "腹痛。"]


def rows_of(path: Path, separator: str = ",", longest: int = 10_000, encoding: str | None = None) -> list[Any]:
    found = read_rows(path, separator, encoding, longest)
    return [(n, cells.reason if isinstance(cells, UnreadableError) else cells) for n, cells in found]


def export(separator: str = ",", end: str = "\r\n") -> str:
    """A hospital's export as Excel writes it: an ID, a note, a code."""
    quoted = ['"' + note.replace('"', '""') + '"' if any(c in note for c in '",\n') else note for note in NOTES]
    lines = [separator.join(["ID", "記録", "病名"])]
    lines += [separator.join([str(i), note, "J00"]) for i, note in enumerate(quoted)]
    return end.join(lines) + end


CODECS = ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16"]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_hospitals_export(tmp_path: Path, codec: str, separator: str) -> None:
    name = "a.csv" if separator == "," else "a.TSV"
    put(tmp_path / "in" / name, export(separator).encode(codec))
    documents, report = clean(tmp_path, text_field="記録")
    assert documents == [{"text": ncvc.clean(note), "ID": str(i), "病名": "J00"} for i, note in enumerate(NOTES)]
    assert report["sources"][0]["files"] == [{"path": str(tmp_path / "in" / name), "documents": 4}]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_rows_of_rfc_4180(tmp_path: Path, end: str, last: bool) -> None:
    lines = ["a,b", ",", '"x ""y"" z","1\n2"', "", '5" tube,c', '"",""']
    text = end.join(lines) + (end if last else "")
    expected = [["a", "b"], ["", ""], ['x "y" z', "1\n2"], ['5" tube', "c"], ["", ""]]
    assert [cells for _, cells in rows_of(put(tmp_path / "a", text.encode()))] == expected


CELLS = st.text(st.sampled_from('aあ癌",\t\n\r; '), max_size=6)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6), separator=st.sampled_from(",\t"))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_as_pythons_csv_writes_them(tmp_path: Path, rows: list[list[str]], separator: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator).writerows(rows)
    path = put(tmp_path / "a", written.getvalue().encode("cp932"))
    assert [cells for _, cells in rows_of(path, separator, encoding="shift_jis")] == rows


@given(data=st.binary(max_size=60) | st.text(st.sampled_from('aあ",\n\r'), max_size=40).map(str.encode))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_rows(tmp_path: Path, data: bytes) -> None:
    for separator in ",\t":
        # Nothing may begin like compressed data.
        try:
            found = rows_of(put(tmp_path / "a", b"," + data), separator)
        except UnreadableError:
            assert sum(byte < 0x20 or byte == 0x7F for byte in data) > 3
            continue
        lines = [number for number, _ in found]
        assert lines == sorted(set(lines))


def table(folder: Path, kind: str, rows: list[list[str]]) -> None:
    """Writes a table of this kind with libraries that are not the readers'."""
    path = folder / f"in/a.{kind}"
    path.parent.mkdir()
    if kind == "parquet":
        columns = {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    elif kind == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t" if kind == "tsv" else ",").writerows(rows)


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "parquet"])
def test_a_missing_column_names_those_that_there_are(tmp_path: Path, kind: str) -> None:
    table(tmp_path, kind, [["ID", "記録", "病名"], ["0012345", "発熱あり。", "J00"]])
    with pytest.raises(ncvc.InputError, match=r'no column of the name.*; there are "ID", "記録", "病名"$'):
        clean(tmp_path, text_field="所見")


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
def test_a_record_in_the_place_of_names_is_not_shown(tmp_path: Path, kind: str) -> None:
    table(tmp_path, kind, [["0012345", "山田太郎", "発熱あり。"], ["0012346", "佐藤花子", "腹痛。"]])
    with pytest.raises(ncvc.InputError, match=r'; there are "1", "2", "3"$'):
        clean(tmp_path, text_field="所見")


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_the_size_of_a_chunk_changes_nothing(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a", export().encode())
    whole = rows_of(path)
    monkeypatch.setattr("ncvc.documents.lines.CHUNK", chunk)
    assert rows_of(path) == whole
    assert [n for n, _ in whole] == [1, 2, 3, 6, 7]


def test_a_bad_row_costs_only_itself(tmp_path: Path) -> None:
    lines = ["n,note", "1,発熱", '2,"開いたまま', "3,咳", '4,"x"y', "5,あ,余り", '6,"閉じた"', '7,"またも']
    path = put(tmp_path / "a", "\n".join(lines).encode())
    assert rows_of(path) == [
        (1, ["n", "note"]),
        (2, ["1", "発熱"]),
        (3, "malformed_row"),
        (4, ["3", "咳"]),
        (5, "malformed_row"),
        (6, ["5", "あ", "余り"]),
        (7, ["6", "閉じた"]),
        (8, "malformed_row"),
    ]
    put(tmp_path / "in/a.csv", "\n".join(lines).encode())
    with pytest.raises(ncvc.InputError, match=r"a\.csv:3: the row cannot be parsed, or has more cells"):
        clean(tmp_path, text_field="note")
    documents, report = clean(tmp_path, text_field="note", on_error="quarantine")
    assert texts(documents) == ["発熱", "咳", "閉じた"]
    assert quarantine(tmp_path) == [("a.csv", n, "malformed_row") for n in (3, 5, 6, 8)]
    assert report["documents"] == {"in": 7, "out": 3, "dropped": 0, "quarantined": 4}


def test_bytes_outside_the_encoding_cost_their_row(tmp_path: Path) -> None:
    good = "症例の経過は良好であった。"
    torn = b'2,"\x82\xa0\n\x82\n"'
    put(tmp_path / "in/a.csv", b"\n".join([b"n,text", f"1,{good}".encode("cp932"), torn, f"3,{good}".encode("cp932")]))
    documents, _ = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == [ncvc.clean(good)] * 2
    assert quarantine(tmp_path) == [("a.csv", 3, "undecodable")]


@pytest.mark.parametrize("text", ["御厨と神饌", "胸部X線", "全ての患者に投与した。", "ﾅﾄﾘｳﾑ140、ｶﾘｳﾑ4.2の患者"])
@pytest.mark.parametrize("codec", ["cp932", "euc_jp"])
def test_short_texts_in_any_encoding(tmp_path: Path, text: str, codec: str) -> None:
    path = put(tmp_path / "a", f"x,{text}\n".encode(codec))
    assert rows_of(path) == [(1, ["x", text])]


def test_bytes_of_no_encoding(tmp_path: Path) -> None:
    assert rows_of(put(tmp_path / "a", b"\xff\xfe\xff\n\xa0\x00\n\xff\xff"), encoding=None) != []


def test_a_long_row_is_passed_over_whole(tmp_path: Path) -> None:
    long = '"' + "長い\n" * 5000 + '"'
    path = put(tmp_path / "a", f"n,t\n1,{long}\n2,短い\n{'x' * 20_000}\n3,終わり\n".encode())
    assert rows_of(path)[1:] == [
        (2, "line_too_long"),
        (5003, ["2", "短い"]),
        (5004, "line_too_long"),
        (5005, ["3", "終わり"]),
    ]
    bomb = put(tmp_path / "b", gzip.compress(b"n\n" + b'"' + bytes(50_000_000)))
    assert rows_of(bomb) == [(1, ["n"]), (2, "line_too_long")]
    unclosed = put(tmp_path / "c", b'n\n"' + b"1\n" * 10_000)
    assert rows_of(unclosed)[1] == (2, "damaged_file")


def test_quotation_marks_of_tsv_may_be_characters(tmp_path: Path) -> None:
    path = put(tmp_path / "a", '"引用"で始まる\t1\n"改\n行"\t2\n"開いた\t3\n'.encode())
    assert rows_of(path, "\t") == [(1, ['"引用"で始まる', "1"]), (2, ["改\n行", "2"]), (4, ['"開いた', "3"])]


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress])
def test_compressed_and_cut_off(tmp_path: Path, pack: Any) -> None:
    suffix = {"bz2": "bz2", "gzip": "gz", "lzma": "xz"}[pack.__module__.strip("_")]
    put(tmp_path / f"in/a.csv.{suffix}", pack(export().encode("cp932")))
    assert len(clean(tmp_path, text_field="記録")[0]) == 4
    put(tmp_path / f"in/a.csv.{suffix}", pack((export() * 5000).encode("cp932"))[:-20])
    _, report = clean(tmp_path, text_field="記録", on_error="quarantine")
    assert report["reasons"]["damaged_file"] == 1


def test_columns_by_number_and_several_together(tmp_path: Path) -> None:
    put(tmp_path / "in/a.csv", "主訴,年齢,現病歴,text\n発熱,60,昨日から。,x\n,61,咳。,y\n,,,\n,62,,z\n".encode())
    expected = [
        {"text": "発熱\n昨日から。", "年齢": "60", "text_2": "x"},
        {"text": "咳。", "年齢": "61", "text_2": "y"},
    ]
    for columns in (["主訴", "現病歴"], [1, "現病歴"], [1, 3]):
        documents, report = clean(tmp_path, text_field=columns)
        assert documents == expected
        assert report["reasons"] == {"empty_after_cleaning": 1}
    documents, _ = clean(tmp_path, text_field=3, header=False)
    assert [document["text"] for document in documents] == ["現病歴", "昨日から。", "咳。"]
    assert documents[0]["column_4"] == "text"


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    put(tmp_path / "in/a.csv", export().encode())
    for column in ("所見", 4, ["記録", "所見"]):
        with pytest.raises(ncvc.InputError, match=r"a\.csv:1: the file has no column of the name in `text_field`"):
            clean(tmp_path, text_field=column)
    clean(tmp_path, text_field="所見", on_error="quarantine")
    assert quarantine(tmp_path) == [("a.csv", 1, "missing_column")]
    assert "記録" not in (tmp_path / "out/quarantine.jsonl").read_text(encoding="utf-8")
    put(tmp_path / "in/b.jsonl", b'{"text": "a"}')
    with pytest.raises(ConfigError, match=r"b\.jsonl: `text_field: \['記録'\]` names columns, and only CSV, TSV"):
        clean(tmp_path, text_field=["記録"])


def test_impossible_columns_are_config_errors(tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    for line in ("text_field: 0", "text_field: []", "header: false", "text_field: [a], header: false"):
        config.write_text(f"sources: [{{name: a, inputs: [in], {line}}}]\noutput: out\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"a\.yaml:1: "):
            PreprocessConfig.load(config)


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if isinstance(value, datetime.date):
                        sheet.write_datetime(i, j, value, date)
                    elif value is not None:
                        sheet.write(i, j, value)
    return path


def test_all_sheets_of_a_workbook(tmp_path: Path) -> None:
    day = datetime.datetime(2024, 1, 31)
    sheets: dict[str, list[list[Any]]] = {
        "2023": [["ID", "記録", "日付", "値"], [1, NOTES[1], day, 1.5], [], [2, NOTES[2], None, True]],
        "Sheet2": [],
        "2024": [[None, "記録"], [None, NOTES[0]]],
    }
    workbook(tmp_path / "in/a.xlsx", sheets)
    documents, report = clean(tmp_path, text_field="記録")
    assert documents == [
        {"text": ncvc.clean(NOTES[1]), "sheet": "2023", "ID": "1", "日付": "2024-01-31", "値": "1.5"},
        {"text": ncvc.clean(NOTES[2]), "sheet": "2023", "ID": "2", "日付": "", "値": "TRUE"},
        {"text": ncvc.clean(NOTES[0]), "sheet": "2024", "column_1": ""},
    ]
    assert report["sources"][0]["files"] == [{"path": str(tmp_path / "in/a.xlsx"), "documents": 3}]
    sheets["2024"][0] = ["別", "別"]
    workbook(tmp_path / "in/a.xlsx", sheets)
    documents, _ = clean(tmp_path, text_field="記録", on_error="quarantine")
    assert len(documents) == 2
    assert quarantine(tmp_path) == [("a.xlsx", 5, "missing_column")]


def test_a_sheet_that_begins_elsewhere(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", {"s": [[], [], [None, "n", "text"], [], [None, 1, "熱"]], "t": [["text"], ["咳"]]}
    )
    found = list(read_excel(path, ("text",), header=True, longest=10**6))
    assert found == [
        (5, {"text": "熱", "sheet": "s", "column_1": "", "n": "1"}),
        (7, {"text": "咳", "sheet": "t"}),
    ]
    assert next(read_excel(path, (2,), header=True, longest=10**6))[1]["text"] == "1"


XLS = (
    "c-rk)O=uHA6#izCZGK48q^4pklu)p?wTGw|FYRhkiw8>;K@mYyn}f8Z8iHsKTCKSh1feIzOQ9Dp)gt(V9`q(CRP-PSLZZi>1O*Rm"
    "wr}3fYFc|}z!sJHmU;8`{p`HVym_11w{!90)NE4;E6@!e%1#J16*56B<lV$TddE?$*9WON2LBX7L0ZTf3(sob1k@U;^)5l;f&V2@"
    ";4`&TIFG)OY$myZ=;0XBLdDQURNyX2qG;r(>Y1Kpx{2w1wtUWXFH3GR?IPQvIEgvCuVatS;uErkby2A2K4zbfEZK<$yi!?w^_FmL"
    "E$qvkOAr5@ie`TV)1Y<h&15sV^l%XgTEJ<1cap$2Z>PRU8u`Y`1xWs5xje9nd{X*>F*s*9!3&7swNGiJ*fOzeash21JvU0uL;H!z"
    "XD;O}h|!C)7kW|?DVZY2hsR_ptV%O)<=C>VT+1mQAv%aU=Hr~`F)G#z_rAV6JkW2SX2}?rZ@0*AQ*pt;HRVChQPyy1Y}>(f2h;2P"
    ")UC`nF-=f<Qs3I&pqYc?Y;%LPtu)SV#(R5v1>Z(|VgAUI=E4`do%osF(r9AlgFS^7dg%<3zq-cJDLTcS+X_!@uNS%?d}7-8TX6`="
    "n2z1iZ?ZZpBFt=@se7kpM`(Mo!v2a3vn<Z@s_ezj*;Mv&6?@6{^FG(!oqaWn-Lf8!l#)u-FN9%WU|?WiU|?Wiu+9+rFTGD6G%S5^"
    "2<Y!Ri`2^IGs%C8qZpwpPY2Tj$Wouf<*M>$Gc4gfORUky`(CJUoJP-K2m>6)P}TWM2R~8yd)Dk2`*T~U+VRWP#JSGnF99!a#k>"
)
"""A workbook of Excel 97 that xlwt 1.3 wrote, in zlib and base 85."""


def test_an_older_workbook(tmp_path: Path) -> None:
    put(tmp_path / "in/a.xls", zlib.decompress(base64.b85decode(XLS)))
    documents, _ = clean(tmp_path)
    assert documents == [
        {"text": "発熱あり。", "sheet": "記録", "ID": "1"},
        {"text": "咳。", "sheet": "記録", "ID": "2.5"},
    ]


def test_damaged_encrypted_and_large_workbooks(tmp_path: Path) -> None:
    path = workbook(tmp_path / "in/a.xlsx", {"s": [["text"], *([str(i) * 100] for i in range(500))]})
    whole = path.read_bytes()
    clean(tmp_path, on_error="quarantine", longest_line=2000)
    assert quarantine(tmp_path) == [("a.xlsx", 0, "line_too_long")]
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16le") + bytes(2000)
    for data, reason in ((whole[:3000], "damaged_file"), (b"", "damaged_file"), (ole, "encrypted")):
        put(path, data)
        clean(tmp_path, on_error="quarantine")
        assert quarantine(tmp_path) == [("a.xlsx", 0, reason)]
    for i in range(0, len(whole), 97):
        put(path, whole[:i] + bytes([whole[i] ^ 0x20]) + whole[i + 1 :])
        list(read_excel(path, ("text",), header=True, longest=10**6))


def test_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    for i in range(6):
        put(tmp_path / f"in/{i}.csv", export().encode("cp932" if i % 2 else "utf-8"))
    workbook(tmp_path / "in/7.xlsx", {"s": [["記録"], *([note] for note in NOTES)]})
    clean(tmp_path, text_field="記録", threads=1)
    one = (tmp_path / "out/a.jsonl.zst").read_bytes(), (tmp_path / "out/summary.json").read_bytes()
    clean(tmp_path, text_field="記録", threads=3)
    assert ((tmp_path / "out/a.jsonl.zst").read_bytes(), (tmp_path / "out/summary.json").read_bytes()) == one
    assert json.loads(one[1])["documents"]["in"] == 28
