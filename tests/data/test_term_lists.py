"""Term lists from the published forms of J-MeDic and of the price list, made here, and from the shared lists."""

import csv
import json
from pathlib import Path

import pytest

import ncvc
from ncvc.data.published_lists import DRUG_PRICES, MANBYO, TERM_LISTS
from ncvc.data.terms import Prepared, prepare_terms
from ncvc.errors import InputError
from tests.conftest import run_ncvc
from tests.rows import write_table

HEADER = ["出現形", "出現形よみ", "ICD10コード", "標準病名", "信頼度LEVEL", "頻度LEVEL"]
ROWS = [
    ["２型糖尿病", "にがたとうにょうびょう", "E11", "２型糖尿病", "S", "95%"],
    ["NIDDM", "えぬあいでぃーでぃーえむ", "E11", "２型糖尿病", "B", "40%"],
    ["腰痛増強", "ようつうぞうきょう", "-1", "-1", "D", "5%"],
    ["２型糖尿病", "にがたとうにょうびょう", "E11", "２型糖尿病", "S", "95%"],
]
PRICES = [
    ["区分", "薬価基準収載\n医薬品コード", "成分名", "規格", "", "", "", "品名", "メーカー名", "薬価"],
    ["内用薬", "1124001F1", "エスタゾラム", "１ｍｇ１錠", "", "", "", "ユーロジン１ｍｇ錠", "会社", "7.4"],
    ["注射薬", "6132401D1", "セファゾリンナトリウム水和物", "１ｇ", "", "", "※", "セファゾリンＮａ注射用１ｇ「会社」", "会社", "99"],
]  # fmt: skip


def terms(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row[0] for row in csv.reader(file)][1:]


def workbook(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def manbyo(tmp_path: Path, path: Path, **options: object) -> Prepared:
    return prepare_terms(MANBYO, [path], tmp_path / "out.csv", **options)  # type: ignore[arg-type]


def test_the_published_table(tmp_path: Path) -> None:
    found = manbyo(tmp_path, write_table(tmp_path / "m.csv", [HEADER, *ROWS], encoding="utf-8-sig"))
    assert found == Prepared(rows=4, terms=3, dropped={"repeated": 1}, levels={"B": 1, "D": 1, "S": 2})
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines() == [
        "出現形,標準病名,ICD10コード,信頼度LEVEL",
        "2型糖尿病,2型糖尿病,E11,S",
        "NIDDM,2型糖尿病,E11,B",
        "腰痛増強,,,D",
    ]


def test_the_published_workbook_with_a_title_and_a_sheet_of_notes(tmp_path: Path) -> None:
    path = workbook(tmp_path / "m.xlsx", {"README": [["万病辞書"]], "data": [["万病辞書 2021"], [], HEADER, *ROWS]})
    assert manbyo(tmp_path, path).terms == 3


@pytest.mark.parametrize("encoding", ["utf-8", "euc-jp"])
def test_the_source_of_the_dictionary_of_mecab(encoding: str, tmp_path: Path) -> None:
    feature = "にがたとうにょうびょう;icd=E11;lv=S/freq=95%;２型糖尿病"
    row = ["２型糖尿病", "1288", "1288", "100", "名詞", "固有名詞", "一般", "*", "*", "*", "２型糖尿病", feature]
    short = [
        "腰痛",
        "-1",
        "-1",
        "1000",
        "名詞",
        "固有名詞",
        "一般",
        "*",
        "*",
        "*",
        "腰痛",
        "ようつう;icd=M545;lv=A;腰痛症",
    ]
    found = manbyo(tmp_path, write_table(tmp_path / "m.csv", [row, short], encoding=encoding))
    assert (found.rows, found.levels) == (2, {"A": 1, "S": 1})
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "2型糖尿病,2型糖尿病,E11,S",
        "腰痛,腰痛症,M545,A",
    ]


def test_three_columns_without_a_header_keep_every_row(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("疼痛,R529,疼痛\nいたい,-1\n発熱,R509,発熱,余分\n", encoding="utf-8")
    assert manbyo(tmp_path, tmp_path / "m.csv").rows == 3
    assert terms(tmp_path / "out.csv") == ["疼痛", "いたい", "発熱"]


def test_levels_are_chosen(tmp_path: Path) -> None:
    path = write_table(tmp_path / "m.tsv", [HEADER, *ROWS], separator="\t")
    found = manbyo(tmp_path, path, levels=["S", "B"])
    assert (found.rows, found.terms, found.dropped) == (4, 2, {"level": 1, "repeated": 1})
    with pytest.raises(InputError, match="no row of level X; its levels are B, D, S"):
        prepare_terms(MANBYO, [path], tmp_path / "other.csv", ["X"])
    assert not (tmp_path / "other.csv").exists()


def test_the_price_lists_of_all_categories(tmp_path: Path) -> None:
    workbooks = [
        workbook(tmp_path / f"tp{number}.xlsx", {"薬価": [PRICES[0], row]}) for number, row in enumerate(PRICES[1:])
    ]
    found = prepare_terms(DRUG_PRICES, workbooks, tmp_path / "out.csv")
    assert found.rows == 2
    assert terms(tmp_path / "out.csv") == [
        "ユーロジン1mg錠",
        "ユーロジン",
        "エスタゾラム",
        "セファゾリンNa注射用1g",
        "セファゾリンNa",
        "セファゾリンナトリウム水和物",
        "セファゾリン",
    ]
    csv_file = write_table(tmp_path / "p.csv", PRICES, encoding="shift_jis")
    prepare_terms(DRUG_PRICES, [csv_file], tmp_path / "again.csv")
    assert terms(tmp_path / "again.csv") == terms(tmp_path / "out.csv")


def test_the_dictionary_takes_what_was_written(tmp_path: Path) -> None:
    write_table(tmp_path / "m.csv", [HEADER, *ROWS])
    write_table(tmp_path / "p.csv", PRICES)
    run_ncvc("data", "manbyo", tmp_path / "m.csv", tmp_path / "diseases.csv")
    done = run_ncvc("data", "drug-prices", tmp_path / "p.csv", tmp_path / "drugs.csv", "--json")
    assert json.loads(done.stdout)["licence"] == DRUG_PRICES.licence
    lists = ["--terms", tmp_path / "diseases.csv", "--terms", tmp_path / "drugs.csv"]
    run_ncvc("dictionary", "build", tmp_path / "medical.dic", *lists)
    analyzer = ncvc.Analyzer.load(tmp_path / "medical.dic")
    assert analyzer.split("腰痛増強にユーロジンを投与")[0] == "腰痛増強"
    assert "ユーロジン" in analyzer.split("腰痛増強にユーロジンを投与")
    assert "NIDDM" in analyzer.split("既往にNIDDMあり")


@pytest.mark.parametrize("name", TERM_LISTS)
@pytest.mark.parametrize("content", [b"", "名前,値\nあ,い\n".encode(), bytes(range(256)) * 9, b"%PDF-1.4 \x80\x81\x00"])
def test_another_file_is_refused_with_what_is_expected(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.dic").write_bytes(content)
    with pytest.raises(InputError) as error:
        prepare_terms(TERM_LISTS[name], [tmp_path / "x.dic"], tmp_path / "out.csv")
    assert str(tmp_path / "x.dic") in str(error.value)
    assert TERM_LISTS[name].form in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["x.dic"]


@pytest.mark.parametrize("name", TERM_LISTS)
def test_help_names_publisher_and_licence(name: str) -> None:
    shown = "".join(run_ncvc("data", name, "--help").stdout.split())
    for said in (TERM_LISTS[name].publisher, TERM_LISTS[name].licence, TERM_LISTS[name].form):
        assert "".join(said.split()) in shown


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        manbyo(tmp_path, write_table(tmp_path / "m.csv", [HEADER, *ROWS]))
    assert (tmp_path / "out.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "file", "rows"),
    [
        ("manbyo", "MANBYO_mini.txt", 9_122),
        ("manbyo", "manbyo_dic.csv", 73_342),
        ("drug-prices", "mhlw_price_2024_20240401.csv", 12_917),
    ],
)
def test_the_shared_lists(name: str, file: str, rows: int, shared: Path, tmp_path: Path) -> None:
    found = prepare_terms(TERM_LISTS[name], [shared / "terms" / file], tmp_path / "out.csv")
    assert found.rows == rows
    written = terms(tmp_path / "out.csv")
    assert len(written) == len(set(written)) == found.terms
    if name == "manbyo":
        assert found.terms + sum(found.dropped.values()) == rows
