"""No visible character is lost so that its neighbours join; every kanji of the Japanese code pages stays.

Written from the specification, without the rules at hand.
"""

import re
import unicodedata

import pytest

import ncvc

# Default_Ignorable_Code_Point of Unicode, as far as general categories do not tell.
IGNORABLE = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0} | set(range(0x180B, 0x1810))
VISIBLE = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk",
           "So", "Co"}  # fmt: skip


def visible_characters() -> list[str]:
    """Every visible character up to the third plane."""
    codes = (code for code in range(0x21, 0x32000) if code not in IGNORABLE)
    return [character for code in codes if unicodedata.category(character := chr(code)) in VISIBLE]


NEIGHBOURS = [("1", "2"), ("甲", "乙"), ("カ", "ナ"), ("mg", "5")]


# A letter before it makes @ an e-mail address or # a tag, which go whole; they are judged in the tables.
TAGS_AND_ACCOUNTS = set("@＠﹫#＃﹟♯")


@pytest.mark.parametrize(("left", "right"), NEIGHBOURS)
def test_a_visible_character_never_joins_its_neighbours(left: str, right: str) -> None:
    middle = [character for character in visible_characters() if character not in TAGS_AND_ACCOUNTS]
    cleaned = ncvc.clean_batch([left + character + right for character in middle])
    joined = [f"U+{ord(c):04X}" for c, text in zip(middle, cleaned, strict=True) if text == left + right]
    assert joined == []


LOST = "▶➤⇄⤵⤴⏩🔺🠒⭢⇨➥⟶⟹↦⇉⚠⚡☂✿❤⏰✂❄한яعกא⠿‽🀄💉🏥〠⛔❗❓❎☠⏎␣⌘⚀♞⚖🅰🆗\ue000\uf8ff\ufffd\ufffc"


@pytest.mark.parametrize(
    "middle", [*list(LOST), "😀😀", "👩\u200d⚕\ufe0f", "🇯🇵", "❤\ufe0f", "👍🏽", "▶\ufe0f", "➤➤", "\u200b➤"]
)
@pytest.mark.parametrize(
    ("left", "right"), [("CRP▁12", "8"), ("朝", "夕"), ("5mg", "錠"), ("カルテ", "ナース"), ("WBC", "CRP")]
)
def test_both_neighbours_stay_as_they_are(left: str, middle: str, right: str) -> None:
    cleaned = ncvc.clean(left.replace("▁", " ") + middle + right)
    assert cleaned.startswith(left)
    assert cleaned.endswith(right)
    between = cleaned[len(left) : len(cleaned) - len(right)]
    assert between
    assert not re.search(r"[0-9ぁ-ヿ一-鿿]", between)


def test_two_lost_characters_leave_one_space() -> None:
    assert ncvc.clean("頭痛\ue000\ue001あり") == "頭痛▁あり"
    assert ncvc.clean("頭痛 \ue000 \ue001 あり") == "頭痛▁あり"
    assert ncvc.clean("\ue000頭痛\ue001\n\ue000咳\ue001") == "頭痛\n咳"


INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2063\u2064\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2069\ufe0e\ufe0f\U000e0100\U000e0101"


@pytest.mark.parametrize("character", [pytest.param(c, id=f"U+{ord(c):04X}") for c in INVISIBLE])
def test_an_invisible_character_vanishes(character: str) -> None:
    assert ncvc.clean(f"体{character}温3{character}7.{character}5℃") == "体温37.5℃"


def kanji_of(codec: str) -> list[str]:
    """Kanji that a codec of two or three bytes can write, compatibility ideographs among them."""
    found = []
    for code in [*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x32000)]:
        character = chr(code)
        try:
            character.encode(codec)
        except UnicodeEncodeError:
            continue
        if unicodedata.name(character, "").startswith("CJK"):
            found.append(character)
    return found


# Python's EUC codecs of JIS X 0213 take JIS X 0212 in; the Shift_JIS one of the edition of 2004 does not.
@pytest.mark.parametrize(("codec", "least"), [("cp932", 6700), ("shift_jis_2004", 10000)])
def test_every_kanji_of_a_code_page_stays(codec: str, least: int) -> None:
    """A unified ideograph stays itself; a compatibility ideograph becomes its unified one, as NFKC has it."""
    kanji = kanji_of(codec)
    assert len(kanji) >= least
    cleaned = ncvc.clean_batch(kanji)
    wrong = [c for c, text in zip(kanji, cleaned, strict=True) if text != unicodedata.normalize("NFKC", c)]
    assert wrong == []


@pytest.mark.parametrize("text", ["髙橋", "山﨑", "𠮷田", "靑木", "髂骨", "胬肉", "德永", "瀨戸", "増田と增田", "塚本と塚本", "濵田", "彅", "鄧", "昻", "曻", "桒原"])  # fmt: skip
def test_names_and_terms_keep_their_kanji(text: str) -> None:
    assert ncvc.clean(text) == unicodedata.normalize("NFKC", text)


# EquivalentUnifiedIdeograph of Unicode for the radicals that fonts of Japanese PDFs use.
SUPPLEMENT = {
    "⺟": "母", "⺠": "民", "⻁": "虎", "⻄": "西", "⻆": "角", "⻑": "長", "⻘": "青", "⻝": "食", "⻣": "骨", "⻤": "鬼",
    "⻨": "麦", "⻩": "黄", "⻫": "斉", "⻭": "歯", "⻯": "竜", "⻲": "亀", "⺝": "月", "⺮": "竹", "⺩": "王", "⻗": "雨",
    "⺼": "肉", "⺬": "示",
}  # fmt: skip
# The Japanese form is as good as the one that NFKC gives.
JAPANESE_FORM = {
    "戶": "戸",
    "黃": "黄",
    "靑": "青",
    "齒": "歯",
    "龜": "亀",
    "齊": "斉",
    "麥": "麦",
    "黑": "黒",
    "龍": "竜",
    "彐": "彑",
}


@pytest.mark.parametrize(("radical", "ideograph"), SUPPLEMENT.items())
def test_a_radical_of_the_supplement_becomes_its_ideograph(radical: str, ideograph: str) -> None:
    assert ncvc.clean(f"右{radical}の") == f"右{ideograph}の"


def test_every_kangxi_radical_becomes_an_ideograph() -> None:
    wrong = {}
    for code in range(0x2F00, 0x2FD6):
        unified = unicodedata.normalize("NFKC", chr(code))
        cleaned = ncvc.clean(f"右{chr(code)}の")
        if cleaned not in {f"右{unified}の", f"右{JAPANESE_FORM.get(unified, unified)}の"}:
            wrong[chr(code)] = cleaned
    assert wrong == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("⻑期投与", "長期投与"),
        ("⻭科、⻩疸", "歯科、黄疸"),
        ("⻆膜、⻣折、⻝事", "角膜、骨折、食事"),
        ("⺠間療法と⺟乳", "民間療法と母乳"),
        ("⼤腸⽪膚⾎管", "大腸皮膚血管"),
        ("⾻髄、⽿⿐科、⼿術", "骨髄、耳鼻科、手術"),
        ("⻄洋医学、⻘年期、⻤⻭", "西洋医学、青年期、鬼歯"),
        ("⼆次性⾼⾎圧", "二次性高血圧"),
        ("⻲裂、⿊⾊便", "亀裂、黒色便"),
    ],
)
def test_text_of_a_pdf_reads_as_printed(before: str, after: str) -> None:
    assert ncvc.clean(before) == after


@pytest.mark.parametrize("mark", list("☒✗✘◼☑✔✓■✅⬛🗹"))
def test_a_marked_box_is_neither_lost_nor_empty(mark: str) -> None:
    cleaned = ncvc.clean(f"喫煙: {mark}あり ☐なし")
    assert cleaned not in {ncvc.clean("喫煙: あり ☐なし"), ncvc.clean("喫煙: ☐あり ☐なし")}
    assert cleaned.endswith("あり▁□なし")


@pytest.mark.parametrize("box", list("☐□◻⬜▢"))
def test_an_empty_box_is_not_lost(box: str) -> None:
    assert ncvc.clean(f"喫煙: {box}あり") != ncvc.clean("喫煙: あり")
