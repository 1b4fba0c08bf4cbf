"""Tables that rules carry: months in English, and kanji of given names that the dictionary lacks.

Written without the tables: dates from the forms that people write them in, given names from the lists of the most
frequent names of newborns that an insurer publishes each year (from memory), words from notes.
"""

import calendar
from itertools import product

import pytest

import ncvc

LABELS = ["DOB ", "DOB: ", "Date of birth: ", "生年月日："]
FORMS = ["{day} {month} {year}", "{day}-{month}-{year}", "{month} {day}, {year}", "{month}. {day}, {year}",
         "{day}th {month} {year}", "{month} {day} {year}"]  # fmt: skip
MONTHS = [form for name in calendar.month_name[1:] for form in (name, name[:3], name[:3].upper(), name.lower())]
NOVEMBER = [month for month in MONTHS if month.lower().startswith("no")]
NO_DATES = ["DOB 5 Mat 1955", "DOB 5 Mar", "DOB 5 Mar 1755", "DOB Mar 1955kg", "5 mg 3錠", "May 3錠", "12 Dec 24 units"]

GIVEN = [
    "陽翔", "蓮翔", "湊斗", "悠真", "大翔", "颯真", "碧斗", "陽葵", "結菜", "芽依", "紬希", "陽菜",
    "結愛", "咲良", "心春", "美月", "莉子", "琉生", "朝陽", "暖斗", "凪沙",
]  # fmt: skip
SURNAMES = ["山田", "佐藤", "高橋", "渡辺"]
WORDS = ["診察", "入院", "退院", "内服", "胃瘻", "発熱", "転倒", "採血", "外来", "食事", "説明", "受診"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("label", LABELS)
def test_birth_dates_with_the_month_in_english(label: str, form: str) -> None:
    month_first = form.startswith("{month}")
    for month, (day, year) in product(MONTHS, [(5, 1955), (28, 2001)]):
        if month_first and month in NOVEMBER:
            continue
        date = form.format(day=day, month=month, year=year)
        assert ncvc.clean(f"{label}{date}、男性", clinical=True) == "、男性", date


@pytest.mark.parametrize("month", NOVEMBER)
def test_a_birth_date_that_begins_with_november(month: str) -> None:
    assert ncvc.clean(f"DOB {month} 5, 1955、男性", clinical=True) == "、男性"


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_birth_date_stays(text: str) -> None:
    assert ncvc.clean(text, clinical=True) == ncvc.clean(text)


def test_a_date_in_english_without_a_label_stays() -> None:
    assert ncvc.clean("5 Mar 2024 手術", clinical=True) == ncvc.clean("5 Mar 2024 手術")


@pytest.mark.parametrize("given", GIVEN)
def test_a_given_name_goes_with_its_surname(given: str) -> None:
    for surname, honorific in product(SURNAMES, ["様", "さん"]):
        assert ncvc.clean(f"{surname}{given}{honorific}、来院", clinical=True) == "、来院"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_behind_a_surname_is_no_given_name(word: str) -> None:
    for surname in SURNAMES:
        assert word in ncvc.clean(f"{surname}様、{word}。{surname}{word}時", clinical=True)
