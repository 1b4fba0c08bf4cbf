"""Encodings: a right file is never refused, another encoding never becomes Japanese, characters are never wrong."""

import csv
import io
import json

import pytest

import ncvc
from tests.documents.promises import Case, Output, by_name, check, run_cases

# Notes as short as they are in wards.
NOTES = [
    "肺炎。",
    "熱あり。",
    "経過良好",
    "糖尿病、高血圧。",
    "KT 38.5、咳、痰。",
    "腹痛。嘔吐なし。",
    "BP 120/80, HR 72, SpO2 98%",
    "右下肺野に浸潤影を認める",
    "主訴：腰痛",
    "抗菌薬を開始し、三日後に解熱した。",
    "ロキソニン60mg 3錠 分3 毎食後",
    "インフルエンザA型陽性",
    "疼痛自制内",
    "胃癌術後",
    "ＣＴで異常なし",
    "神経学的所見：異常なし\n四肢：浮腫なし",
    "〜と考える。",
    "退院。",
    "喘鳴あり",
    "嚥下障害",
]
# Characters of CP932 alone.
NEC_IBM = ["①髙橋病棟、﨑", "Ⅲ度熱傷、㎎", "№3 ℡", "㈱の検診", "髙度肥満"]
HALF_WIDTH = ["ｱﾚﾙｷﾞｰなし", "ﾍﾟﾆｼﾘﾝでｼｮｯｸ", "ｶﾙﾃ参照"]
ENCODINGS = {
    "utf8": "utf-8",
    "utf8_bom": "utf-8-sig",
    "utf16_bom": "utf-16",
    "utf16be_bom": "utf-16-be",
    "cp932": "cp932",
    "euc": "euc_jp",
    "iso2022": "iso2022_jp",
}
NAMED = {
    "cp932": "shift_jis",
    "euc": "euc-jp",
    "iso2022": "iso-2022-jp",
    "utf8": "utf-8",
}


def encoded(text: str, name: str) -> bytes:
    """Text in an encoding of Python's; 〜 as the encoding's own wave."""
    if name == "utf16be_bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return (text.replace("〜", "～") if name == "cp932" else text).encode(ENCODINGS[name])


def files(notes: list[str], name: str) -> dict[str, bytes]:
    return {f"{i:02}.txt": encoded(note, name) for i, note in enumerate(notes)}


def waved(notes: list[str], name: str) -> list[str]:
    return [note.replace("〜", "～") for note in notes] if name == "cp932" else notes


def as_csv(notes: list[str], name: str) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["番号", "text"], *([i, note] for i, note in enumerate(notes))])
    return encoded(written.getvalue(), name)


def as_json(notes: list[str], name: str) -> bytes:
    return encoded("".join(json.dumps({"text": note}, ensure_ascii=False) + "\n" for note in notes), name)


def as_html(note: str, name: str) -> bytes:
    return encoded(f"<html><head><title>題</title></head><body><p>{note.splitlines()[0]}</p></body></html>", name)


READ = [
    *(Case(f"text_{name}", files(NOTES, name), waved(NOTES, name)) for name in ENCODINGS),
    *(
        Case(f"named_{name}", files(NOTES, name), waved(NOTES, name), source={"encoding": encoding})
        for name, encoding in NAMED.items()
    ),
    Case("text_nec", files(NEC_IBM, "cp932"), NEC_IBM),
    Case("named_nec", files(NEC_IBM, "cp932"), NEC_IBM, source={"encoding": "shift_jis"}),
    Case("named_half_width", files(HALF_WIDTH, "cp932"), HALF_WIDTH, source={"encoding": "shift_jis"}),
    Case("text_half_width", files(HALF_WIDTH, "cp932"), HALF_WIDTH),
    Case("named_utf16le", {"a.txt": "肺炎。".encode("utf-16-le")}, ["肺炎。"], source={"encoding": "utf-16le"}),
    Case("named_utf16be", {"a.txt": "肺炎。".encode("utf-16-be")}, ["肺炎。"], source={"encoding": "utf-16be"}),
    *(Case(f"csv_{name}", {"a.csv": as_csv(NOTES, name)}, waved(NOTES, name)) for name in ENCODINGS),
    *(
        Case(f"csv_named_{name}", {"a.csv": as_csv(NOTES, name)}, waved(NOTES, name), source={"encoding": encoding})
        for name, encoding in NAMED.items()
    ),
    *(
        Case(f"json_named_{name}", {"a.jsonl": as_json(NOTES, name)}, waved(NOTES, name), source={"encoding": encoding})
        for name, encoding in NAMED.items()
    ),
    Case("json_named_nec", {"a.jsonl": as_json(NEC_IBM, "cp932")}, NEC_IBM, source={"encoding": "shift_jis"}),
    Case("json_utf8_bom", {"a.jsonl": as_json(NOTES, "utf8_bom")}, NOTES),
    *(
        Case(
            f"html_{name}",
            {f"{i:02}.html": as_html(note, name) for i, note in enumerate(NOTES) if "〜" not in note},
            [note.splitlines()[0] for note in NOTES if "〜" not in note],
        )
        for name in ("utf8", "utf8_bom", "cp932", "euc", "iso2022")
    ),
    Case("mixed_files", {"a.txt": encoded("肺炎。", "cp932"), "b.txt": encoded("肺炎。", "euc")}, ["肺炎。"] * 2),
    Case(
        "paragraphs_cp932",
        {"a.txt": encoded("肺炎。\r\n\r\n熱あり。", "cp932")},
        ["肺炎。", "熱あり。"],
        source={"format": "paragraphs"},
    ),
]

CHINESE = "患者主诉发热三天，咳嗽有痰，胸部检查发现右肺有阴影。医生建议住院治疗，并给予抗生素。这是一个常见的疾病，应该及时就医。"
TAIWAN = (
    "病患主訴發燒三天，咳嗽有痰，胸部檢查發現右肺有陰影。醫師建議住院治療，並給予抗生素。這是常見的疾病，應該及早就醫。"
)
KOREAN = "환자는 사흘 동안 열이 나고 기침을 하였다. 의사는 입원을 권하였고 항생제를 처방하였다."
RUSSIAN = "Больной жалуется на кашель и высокую температуру в течение трёх дней."
GREEK = "Ο ασθενής παραπονιέται για βήχα και υψηλό πυρετό."
FRENCH = "Le patient présente une fièvre élevée depuis trois jours. Il a été hospitalisé à l'hôpital."
REFUSED = {
    "gb18030": CHINESE.encode("gb18030"),
    "gb2312_short": "患者主诉发热。".encode("gb2312"),
    "gbk_title": "诊断：肺炎".encode("gbk"),
    "big5": TAIWAN.encode("big5"),
    "big5_short": "病患主訴發燒。".encode("big5"),
    "euc_kr": KOREAN.encode("euc_kr"),
    "cp1251": RUSSIAN.encode("cp1251"),
    "koi8_r": RUSSIAN.encode("koi8_r"),
    "cp1253": GREEK.encode("cp1253"),
    "latin1": FRENCH.encode("latin-1"),
    "cp1252_quotes": "Fieber \x93hoch\x94 – Müller".encode("latin-1", "replace"),
    "tis620": "ผู้ป่วยมีไข้สูงสามวัน".encode("tis-620"),
    "binary_png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
    "binary_elf": b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(range(256)) * 4,
    "utf8_cut": "肺炎と診断し、入院とした".encode()[:-1],
    "utf8_flipped": "肺炎と診断".encode() + b"\xff" + "し、入院とした。".encode(),
    "utf8_surrogate": "肺炎".encode() + b"\xed\xa0\xbd" + "と診断。".encode(),
    "utf8_overlong": "肺炎".encode() + b"\xc0\xaf" + "と診断。".encode(),
    "utf8_joined_to_cp932": "肺炎と診断した。".encode() + "入院とした。".encode("cp932"),
    "cp932_joined_to_euc": "肺炎と診断した。\n".encode("cp932") + "右の肺に影を認める。\n".encode("euc_jp"),
    "cp932_cut": "右の肺に影を認める".encode("cp932")[:-1],
    "euc_cut": "右の肺に影を認める".encode("euc_jp")[:-1],
}
REFUSED_CASES = [Case(f"refused_{name}", {"a.txt": content}, [], quarantined=1) for name, content in REFUSED.items()]
REFUSED_CASES += [
    Case("refused_json_broken", {"a.jsonl": b'{"text": "abc\x80"}\n{"text": "ok"}\n'}, ["ok"], quarantined=1),
    Case("refused_named", {"a.txt": encoded("右の肺に影を認める。", "cp932")}, [], 1, {"encoding": "utf-8"}),
    Case("refused_named_euc", {"a.txt": "右の肺に影を認める。".encode()}, [], 1, {"encoding": "iso-2022-jp"}),
]
ALL = READ + REFUSED_CASES


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return run_cases(tmp_path_factory.mktemp("encodings"), ALL)


@by_name(READ)
def test_right_files_are_read(output: Output, case: Case) -> None:
    check(output, case)


@by_name(REFUSED_CASES)
def test_others_are_set_aside(output: Output, case: Case) -> None:
    read = check(output, case)
    assert all(q["line"] is not None and "text" not in q for q in read.quarantine)


def test_json_in_shift_jis_is_read_or_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Under `auto`, JSON Lines in Shift_JIS give their text, or the closing lines say which encoding to set."""
    case = Case("json", {"a.jsonl": as_json(NOTES[:5], "cp932")}, NOTES[:5])
    output = run_cases(tmp_path_factory.mktemp("json"), [case])
    printed = output.process.stdout + output.process.stderr
    read = output.source("json")
    assert read.texts == [ncvc.clean(note) for note in case.texts] or (
        not read.texts and "shift_jis" in printed.lower()
    )
