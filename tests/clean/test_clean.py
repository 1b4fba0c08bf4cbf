"""Cleaning against the standard library's Unicode data and codecs, and against what clinical text needs."""

import itertools
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncvc
from ncvc._native import allowed_characters, cleaning_rules

ALLOWED = set(allowed_characters())
KEPT_FROM_NFKC = "⓪①-⑳㉑-㉟㊱-㊿¹²³⁰⁴-ⁿ¼-¾⅐-⅞…℃゛゜"

TEXT = st.text(
    st.sampled_from(
        "あがｶﾞー〜~―−-‐0９.．，。、@＠#＃:/wWａhttps.comTEL()（）+81 　\t\n\r▁①²½℃°C゜…・!！漢字ア\u200b\u3099\u0301😀"
    ),
    max_size=40,
)


@given(TEXT | st.text(max_size=40))
@settings(max_examples=2000, deadline=None)
def test_cleaned_text_is_a_fixed_point_of_allowed_characters_in_nfkc(text: str) -> None:
    cleaned = ncvc.clean(text)
    assert ncvc.clean(cleaned) == cleaned
    assert set(cleaned) <= ALLOWED | {"▁", "\n"}
    others = re.sub(f"[{KEPT_FROM_NFKC}]", "。", cleaned)
    assert unicodedata.normalize("NFKC", others) == others
    assert not re.search(r"▁▁|\n\n\n|▁\n|\n▁|^[▁\n]|[▁\n]\Z", cleaned)


def test_all_kanji_and_kana_of_jis_x_0213_survive() -> None:
    codes = (bytes([lead, trail]) for lead in range(0x81, 0xFD) for trail in range(0x40, 0xFD))
    characters = {code.decode("shift_jis_2004", errors="ignore") for code in codes}
    wanted = [
        c for c in characters if c and re.match("CJK|HIRAGANA LETTER|KATAKANA LETTER", unicodedata.name(c[0], ""))
    ]
    assert len(wanted) > 10_000
    wrong = [c for c in wanted if ncvc.clean(c) != unicodedata.normalize("NFKC", c)]
    assert wrong == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("BT 37.8℃, WBC 12,300/μL↑, 2021-03-04〜", "BT▁37.8℃,▁WBC▁12,300/μL↑,▁2021-03-04〜"),
        ("A-Bライン", "A-Bライン"),
        ("ｍｇ/ｄＬ", "mg/dL"),
        ("−2.5", "-2.5"),
        ("HbA1c≧6.5%", "HbA1c≧6.5%"),
        ("体温37.8°C、SpO₂ 98％（室内気）", "体温37.8℃、SpO2▁98%(室内気)"),
        ("①2型糖尿病　②高血圧症", "①2型糖尿病▁②高血圧症"),
        ("尿蛋白(+++)、CRP 12.3↑↑", "尿蛋白(+++)、CRP▁12.3↑↑"),
        ("抗CCP抗体≥4.5U/mL、IgG4 350㎎/㎗", "抗CCP抗体≧4.5U/mL、IgG4▁350mg/dl"),
        ("ワルファリン2½錠 朝食後", "ワルファリン2½錠▁朝食後"),
        ("血圧120〜130/70～80mmHg", "血圧120〜130/70〜80mmHg"),
        ("Sjögren症候群・Ménière病", "Sjögren症候群・Ménière病"),
        ("2.5×10³個", "2.5×10³個"),
        ("ﾍﾓｸﾞﾛﾋﾞﾝ１２．５ｇ／ｄＬ", "ヘモグロビン12.5g/dL"),
    ],
)
def test_clinical_text_keeps_its_meaning(before: str, after: str) -> None:
    assert ncvc.clean(before) == after


DASHES = "-‐‑‒–—―−－ー"


@pytest.mark.parametrize(
    "number",
    [("03", "0000", "1234"), ("090", "0000", "1234"), ("0120", "000", "123"), ("0466", "00", "1234")],
)
@pytest.mark.parametrize("dash", DASHES)
def test_telephone_numbers_go_and_the_sentence_stays(number: tuple[str, ...], dash: str) -> None:
    full_width = str.maketrans("0123456789", "０１２３４５６７８９")
    for digits in (dash.join(number), dash.join(number).translate(full_width)):
        assert ncvc.clean(f"ご家族は{digits}に連絡を希望。") == "ご家族はに連絡を希望。"


@pytest.mark.parametrize(
    "text",
    [
        "WBC▁12300/μL",
        "2021-03-04",
        "ID▁0012345678",
        "0.25mg",
        "HR▁60-70",
        "10-20-30mg",
        "Grade▁0-1-2",
        "1:1000-2000",
        "ICD-10▁E11.9",
    ],
)
def test_clinical_numbers_are_not_telephone_numbers(text: str) -> None:
    assert ncvc.clean(text) == text


def test_web_notations_go() -> None:
    text = (
        "詳細はhttps://example.org/a?b=c#d 、問合せはinfo@example.co.jp、@hospital_pr まで。今日の院内 #健康 #walking"
    )
    assert ncvc.clean(text) == "詳細は▁、問合せは、▁まで。今日の院内"


def test_batches_equal_single_calls() -> None:
    texts = [f"症例{i}　体温３７．{i % 10}℃" for i in range(1000)]
    assert ncvc.clean_batch(texts) == [ncvc.clean(text) for text in texts]


def test_the_rules_are_the_ten_of_the_report() -> None:
    names = [name for name, _, _ in cleaning_rules()]
    assert names == ["punctuation", "nfkc", "dashes", "restore", "personal", "web", "symbols", "allowed",
                     "repetition", "white_space"]  # fmt: skip


def test_two_marks_around_any_allowed_character_change_nothing() -> None:
    # A character that some rule would treat differently inside a word would show here.
    words = [f"検{c}査" for c in sorted(ALLOWED) if c not in "\u3099\u309a"]
    changed = [word for word, cleaned in zip(words, ncvc.clean_batch(words), strict=True) if word != cleaned]
    assert changed == []


def test_long_runs_are_cut() -> None:
    for character, count in itertools.product("ー!?。…〜", (2, 3, 50)):
        assert ncvc.clean("痛い" + character * count) == "痛い" + character
    assert ncvc.clean("1" * 50) == "1" * 50
