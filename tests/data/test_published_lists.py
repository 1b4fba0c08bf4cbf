"""Term lists and topics from J-MeDic and the price list; written by another author than the code, from the specification.

The columns are those of MANBYO_20210602.xlsx, of the working table of 2022, and of the ministry's Excel files.
"""

import csv
import json
import re
import unicodedata
from pathlib import Path

import pytest

from ncvc.data.published_lists import DRUG_PRICES, MANBYO, TermList
from ncvc.data.terms import prepare_terms
from ncvc.data.topics import prepare_topics
from ncvc.errors import InputError
from tests.rows import write_table

Table = list[list[str]]

OF_2021: Table = [
    ["出現形", "出現形よみ", "ICDコード", "標準病名", "信頼度レベル", "頻度レベル"],
    ["２型糖尿病", "にがたとうにょうびょう", "E11", "２型糖尿病", "S", "95-100%"],
    ["ﾅﾙｺﾚﾌﾟｼｰ", "なるこれぷしー", "G474", "ナルコレプシー", "A", "5%"],
    ["ナルコレプシー", "なるこれぷしー", "G474", "ナルコレプシー", "S", "5%"],
    ["嘔気,嘔吐", "", "R11", "嘔気", "C", "1%"],
    ["腰痛増強", "", "-1", "-1", "D", "5%"],
]
OF_2022: Table = [
    ["SEQ", "ID", "出現形", "出現形よみ1", "出現形よみ2", "標準病名", "標準病名よみ", "ICDコード", "信頼度レベル"],
    ["1", "M000001", "２型糖尿病", "", "", "２型糖尿病", "", "E11", "S"],
    ["2", "M000002", "腰痛", "", "", "腰痛症", "", "M545", "A"],
]
PRICES: Table = [
    ["区分", "薬価基準収載\n医薬品コード", "成分名", "規格", "", "品名", "メーカー名", "薬価", "経過措置による\n使用期限"],
    ["内用薬", "1149019F1", "ロキソプロフェンナトリウム水和物", "60mg", "", "ロキソニン錠６０ｍｇ", "社", "10.1", ""],
    ["内用薬", "1149019F9", "ロキソプロフェンナトリウム水和物", "60mg", "", "ロキソニン錠６０ｍｇ", "社", "9.8", "R7.3.31"],
    ["内用薬", "3222013F1", "クエン酸第一鉄ナトリウム", "50mg", "", "ﾌｪﾛﾐｱ錠５０ｍｇ", "社", "7.1", ""],
    ["注射薬", "3231400A1", "ブドウ糖", "500mL", "", "（局）ブドウ糖注射液", "社", "97", ""],
]  # fmt: skip


def prepared(kind: TermList, path: Path) -> list[list[str]]:
    out = path.with_name("out.csv")
    prepare_terms(kind, [path], out)
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_the_table_of_2021(encoding: str, tmp_path: Path) -> None:
    assert prepared(MANBYO, write_table(tmp_path / "m.csv", OF_2021, encoding)) == [
        ["2型糖尿病", "2型糖尿病", "E11", "S"],
        ["ナルコレプシー", "ナルコレプシー", "G474", "A"],
        ["嘔気,嘔吐", "嘔気", "R11", "C"],
        ["腰痛増強", "", "", "D"],
    ]


def test_numbers_and_codes_in_front_are_no_terms(tmp_path: Path) -> None:
    assert prepared(MANBYO, write_table(tmp_path / "m.csv", OF_2022)) == [
        ["2型糖尿病", "2型糖尿病", "E11", "S"],
        ["腰痛", "腰痛症", "M545", "A"],
    ]


def test_the_price_list_with_broken_headers_and_a_drug_that_leaves_it(tmp_path: Path) -> None:
    assert prepared(DRUG_PRICES, write_table(tmp_path / "p.csv", PRICES)) == [
        ["ロキソニン錠60mg", "ロキソプロフェンナトリウム水和物", "品名"],
        ["ロキソニン", "ロキソプロフェンナトリウム水和物", "商標"],
        ["ロキソプロフェンナトリウム水和物", "ロキソプロフェンナトリウム水和物", "成分名"],
        ["ロキソプロフェン", "ロキソプロフェンナトリウム水和物", "成分名"],
        ["フェロミア錠50mg", "クエン酸第一鉄ナトリウム", "品名"],
        ["フェロミア", "クエン酸第一鉄ナトリウム", "商標"],
        ["クエン酸第一鉄ナトリウム", "クエン酸第一鉄ナトリウム", "成分名"],
        ["クエン酸第一鉄", "クエン酸第一鉄ナトリウム", "成分名"],
        ["ブドウ糖注射液", "ブドウ糖", "品名"],
        ["ブドウ糖", "ブドウ糖", "成分名"],
    ]


@pytest.mark.parametrize(
    ("kind", "table", "said"),
    [
        (MANBYO, [[row[0], row[2]] for row in OF_2021], "m.csv:1: has the column 出現形, and no 標準病名"),
        (DRUG_PRICES, [[row[0], row[5]] for row in PRICES], "m.csv:1: has the column 品名, and no 成分名"),
        (MANBYO, PRICES, "expected MANBYO"),
        (DRUG_PRICES, OF_2021, "with the columns 品名 and 成分名"),
        (MANBYO, OF_2021[:1], "no rows in the form of J-MeDic"),
        (MANBYO, [["出現形", "標準病名"], ["嘔気", "嘔吐", "嘔気"]], "m.csv:2: has more cells than the header"),
        (DRUG_PRICES, [["成分名", "品名"], ["１", "620000001"]], "holds no term"),
    ],
)
def test_a_list_of_another_form_is_refused(kind: TermList, table: Table, said: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / "m.csv", table)
    with pytest.raises(InputError, match=re.escape(said)):
        prepare_terms(kind, [path], tmp_path / "out.csv")
    assert [each.name for each in tmp_path.iterdir()] == ["m.csv"]


def test_a_cell_that_was_broken_into_lines_is_one_name(tmp_path: Path) -> None:
    cells = ["改\n行症", "Type 2\r\ndiabetes", "タブ\t語", "嘔\u200b気", "肺\x07炎"]
    found = prepared(
        MANBYO, write_table(tmp_path / "m.csv", [["出現形", "標準病名"], *([cell, "x"] for cell in cells)])
    )
    assert [row[0] for row in found] == ["改行症", "Type 2 diabetes", "タブ 語", "嘔気", "肺炎"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write_table(tmp_path / "m.csv", OF_2021)
    with pytest.raises(InputError, match=r"none/out\.csv: its folder is not there; make it first"):
        prepare_terms(MANBYO, [path], tmp_path / "none" / "out.csv")


def test_topics_name_both_of_two_lists_with_one_name(tmp_path: Path) -> None:
    paths = []
    for year, table in (("2021", OF_2021), ("2022", OF_2022)):
        (tmp_path / year).mkdir()
        paths.append(write_table(tmp_path / year / "MANBYO.csv", table))
    prepare_topics(tmp_path / "out", diseases=paths)
    assert list(json.loads((tmp_path / "out/manifest.json").read_bytes())["inputs"]) == [str(path) for path in paths]


def test_the_shared_list_is_counted_as_by_a_few_lines(shared: Path, tmp_path: Path) -> None:
    with (shared / "terms/manbyo_dic.csv").open(encoding="utf-8", newline="") as file:
        names = [unicodedata.normalize("NFKC", row[0]).strip() for row in csv.reader(file)]
    letters = re.compile(r"[ぁ-ゖァ-ヺ一-鿿々A-Za-zα-ωΑ-Ω]")
    expected = list(dict.fromkeys(name for name in names if 2 <= len(name) <= 60 and letters.search(name)))
    found = prepare_terms(MANBYO, [shared / "terms/manbyo_dic.csv"], tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == expected
    assert (found.rows, found.terms) == (len(names), len(expected))
