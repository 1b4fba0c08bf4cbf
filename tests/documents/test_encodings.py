"""Encodings of Japanese text: recognised, set, and never taken for another."""

import gzip
import importlib.util
import json
import random
from pathlib import Path

import pytest

import ncvc
from ncvc import _native as native
from tests.conftest import SLOW
from tests.documents.test_sources import clean, cleaned, json_lines, put, quarantine, texts

NOTES = ["術後の経過は良好で、第９病日に退院。", "ﾊﾞｲﾀﾙ安定｡ BT 36.8", "嘔気なし。痛みは軽い。", "頭痛、めまい"]
CODECS = ["utf-8", "utf-8-sig", "cp932", "shift_jis", "euc_jp", "iso2022_jp_ext", "utf-16"]
"""iso2022_jp_ext is ISO-2022-JP with half-width katakana."""
OTHER_LANGUAGES = [
    ("gb18030", "患者昨天开始咳嗽，今天没有发热。"),
    ("gb18030", "医生说检查结果正常"),
    ("big5", "醫生說檢查結果正常，沒有發燒。"),
    ("euc_kr", "의사가 검사 결과는 정상이라고 말했다."),
    ("latin-1", "Le médecin a trouvé une légère fièvre à l'hôpital."),
    ("latin-1", "Größe 180 cm"),
    ("cp1251", "Врач сказал, что температура нормальная."),
    ("koi8_r", "Врач сказал, что температура нормальная."),
    ("iso2022_kr", "의사가 검사 결과는 정상이라고 말했다."),
    ("utf-32", "頭痛"),
]


def measure_table() -> object:
    """The tool that counts refused and wrong texts."""
    path = Path(__file__).parents[2] / "tools/encodings_table.py"
    spec = importlib.util.spec_from_file_location("encodings_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("codec", CODECS)
def test_short_notes_are_read(codec: str) -> None:
    for note in NOTES:
        assert native.decode_text(note.encode(codec)) == note


@pytest.mark.parametrize(("codec", "text"), OTHER_LANGUAGES)
def test_other_languages_and_encodings_are_refused(codec: str, text: str) -> None:
    assert native.decode_text(text.encode(codec)) is None


@pytest.mark.parametrize(("length", "most"), [(10, 60), (20, 2), (40, 0), (100, 0)])
def test_random_bytes_are_no_utf_16_and_seldom_text(length: int, most: int) -> None:
    """Of 1,000 pieces; ten bytes may be a word of Shift_JIS."""
    chance = random.Random(length)
    read = [(data, native.decode_text(data)) for data in (chance.randbytes(length) for _ in range(1000))]
    found = [(data, text) for data, text in read if text is not None]
    assert len(found) <= most
    for data, text in found:
        assert text not in (data.decode("utf-16-le", "replace"), data.decode("utf-16-be", "replace"))


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize("note", ["喘鳴+", "喘鳴", "喀痰", "黄疸", "褥瘡", "嚥下", "潰瘍", "疼痛", "浮腫", "癌", "痰"])
def test_words_of_clinics_alone_are_read(note: str, codec: str) -> None:
    """In EUC-JP their bytes are half-width katakana of Shift_JIS too."""
    assert native.decode_text(note.encode(codec)) == note


@pytest.mark.parametrize(
    "text",
    ["Copyright © 2024", "© 2024 ABC", "Microsoft<sup>®</sup>", "[AD\xa0FS\xa01.x", "const\xa0uint x", "α-blocker"],
)
def test_utf_8_with_a_single_sign_is_read(text: str) -> None:
    """The two bytes of © are those of a kanji in EUC-JP too."""
    assert native.decode_text(text.encode()) == text


def test_iso_2022_jp_is_never_read_as_ascii(tmp_path: Path) -> None:
    page = NOTES[0].encode("iso2022_jp")
    for name in ("utf-8", "shift_jis", "euc-jp"):
        assert native.decode_text(page, name) is None
    put(tmp_path / "in/a.txt", page)
    assert texts(clean(tmp_path, encoding="utf-8", on_error="quarantine")[0]) == []
    assert quarantine(tmp_path) == [("a.txt", 1, "undecodable")]


@pytest.mark.parametrize("encoding", ["auto", "set"])
@pytest.mark.parametrize("codec", CODECS)
def test_json_lines_in_any_encoding(tmp_path: Path, codec: str, encoding: str) -> None:
    names = {"cp932": "shift_jis", "euc_jp": "euc-jp", "iso2022_jp_ext": "iso-2022-jp", "utf-16": "utf-16le"}
    name = "auto" if encoding == "auto" else names.get(codec, codec.removesuffix("-sig"))
    put(tmp_path / "in/a.jsonl", json_lines(NOTES).decode().encode(codec))
    put(tmp_path / "in/b.jsonl.gz", gzip.compress(json_lines(NOTES[:1]).decode().encode(codec)))
    documents, _ = clean(tmp_path, encoding=name)
    assert texts(documents) == cleaned([*NOTES, NOTES[0]])


def test_a_damaged_line_of_shift_jis_costs_only_itself(tmp_path: Path) -> None:
    lines = json_lines(NOTES).decode().encode("cp932").splitlines(keepends=True)
    lines[1] = lines[1].replace("安定".encode("cp932"), b"\x82 ")
    put(tmp_path / "in/a.jsonl", b"".join(lines))
    documents, _ = clean(tmp_path, on_error="quarantine")
    assert texts(documents) == cleaned([NOTES[0], *NOTES[2:]])
    assert quarantine(tmp_path) == [("a.jsonl", 2, "undecodable")]


def test_json_lines_in_an_unknown_encoding_say_what_to_do(tmp_path: Path) -> None:
    put(tmp_path / "in/a.jsonl", json_lines([OTHER_LANGUAGES[0][1]]).decode().encode("gb18030"))
    with pytest.raises(ncvc.InputError, match=r"a\.jsonl:1: not UTF-8; set `encoding`, convert the file"):
        clean(tmp_path)


def check_corpora(shared: Path, every: int) -> None:
    table = measure_table()
    counts = table.measure(shared.parent, every)  # type: ignore[attr-defined]
    total = {
        kind: sum(count for key, count in counts.items() if key[2] == kind) for kind in ("texts", "refused", "wrong")
    }
    assert total["texts"] > 1000
    # Texts with one or two characters beyond ASCII may be words in two encodings: docs/sources.md has the table.
    assert total["wrong"] < 3e-5 * total["texts"]
    assert total["refused"] < 1e-4 * total["texts"]


def test_a_sample_of_the_corpora_reads_back(shared: Path) -> None:
    check_corpora(shared, 97)


@SLOW
def test_the_corpora_read_back(shared: Path) -> None:
    check_corpora(shared, 1)


def test_the_cases_of_short_notes(shared: Path) -> None:
    cases = shared.parent / "cases/text"
    expected = {
        "05_sjis_refused.txt": "風邪気味なのでとりあえず解熱剤を飲んだ。",
        "05_euc_refused.txt": "術後は順調に経過し,術後第18病日に退院となった",
    }
    for name, text in expected.items():
        assert native.decode_text((cases / name).read_bytes()) == text
    line = native.decode_text((cases / "13_sjis.jsonl").read_bytes())
    assert line is not None
    assert json.loads(line)["text"].startswith("シフトJIS")
