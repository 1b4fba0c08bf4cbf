"""The filters that count, against plain Python; and how strict the config is."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncvc
from ncvc._native import Filters, filters_version
from ncvc.corpus.filters import FiltersConfig
from ncvc.errors import ConfigError

OFF: dict[str, Any] = dict.fromkeys(FiltersConfig.model_fields)


def filters(**on: dict[str, Any]) -> Filters:
    return Filters(FiltersConfig.model_validate(OFF | on).options(Path()))


def reasons(engine: Filters, texts: list[str]) -> list[str | None]:
    return [reason for _, reason in engine.apply_batch(texts)]


HIRAGANA = re.compile(r"[ぁ-ゟ]")
JAPANESE = re.compile(r"[ぁ-ゟァ-ヺー-ヿㇰ-ㇿ々〆〇㐀-䶿一-鿿豈-﫿𠀀-𯿿]")


def too_little_japanese(text: str, *, least_japanese: float, least_hiragana: float, hiragana_from: int) -> str | None:
    characters = re.sub(r"[▁\n]", "", text)
    japanese = len(JAPANESE.findall(characters))
    letters = japanese + len([c for c in characters if c.isalpha() and not JAPANESE.match(c)])
    if japanese < least_japanese * letters and is_foreign(text, japanese, len(characters), least_japanese):
        return "too_little_japanese"
    hiragana = len(HIRAGANA.findall(characters))
    too_few = hiragana < least_hiragana * len(characters) and hiragana < least_hiragana * japanese
    has_values = len(re.findall("[0-9]", text)) * 5 >= len(characters)
    return "too_little_hiragana" if len(characters) >= hiragana_from and too_few and not has_values else None


def is_foreign(text: str, japanese: int, characters: int, least_japanese: float) -> bool:
    """Whether words of another script, names of values apart, outnumber Japanese ones and take much of a text."""
    found = []
    for word in re.finditer(r"[^\W\d_][^\W\d_']*", text):
        small = all(c.islower() or c == "'" for c in word[0][1:])
        value = re.match(r"[▁:=]*[0-9]", text[word.end() :])
        if len(word[0]) >= 3 and small and not JAPANESE.search(word[0]) and not value:
            found.append(word[0])
    letters = sum(len(word.encode()) for word in found)
    return japanese / 2 < least_japanese * (japanese / 2 + len(found)) and letters >= 0.4 * characters


def repeated(units: list[str]) -> tuple[float, float]:
    """Fractions of units, and of their bytes, that stood before."""
    units = [unit for unit in units if len(unit.encode()) >= 10]
    again = [unit for i, unit in enumerate(units) if unit in units[:i]]
    size = sum(len(unit.encode()) for unit in units)
    return len(again) / max(len(units), 1), sum(len(unit.encode()) for unit in again) / max(size, 1)


ITEM = re.compile(r"[▁(\[〈]*(?:(?:[0-9]{1,2}|[A-Za-zア-ン])[▁.)\]:、〉]|[○×□✓◎△①-⑳㉑-㉟㊱-㊿])")
WRITING = re.compile(r"[ぁ-ゖァ-ヺㇰ-ㇿ々〆〇㐀-䶿一-鿿豈-﫿𠀀-𯿿]")


def is_prose(line: str) -> bool:
    """Whether a line is no item of a list, program text or values."""
    characters = re.sub(r"[▁\n]", "", line)
    digits = len(re.findall("[0-9]", characters))
    is_code = len(WRITING.findall(characters)) * 5 < len(characters) or digits * 5 > len(characters)
    return line == "\n" or not (ITEM.match(line) or is_code)


def too_repetitive(text: str, limits: dict[str, Any]) -> str | None:
    """The verdict on all of a text, and where that is bad on its prose."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    prose = "".join(line for line in lines if is_prose(line))
    return repeats_itself(text, limits) and repeats_itself(prose, limits)


def repeats_itself(text: str, limits: dict[str, Any]) -> str | None:
    characters = re.sub(r"[▁\n]", "", text)
    if len(characters) < limits["least_characters"]:
        return None
    lines, line_bytes = repeated(text.split("\n"))
    if lines > limits["most_lines"] or line_bytes > limits["most_line_characters"]:
        return "repeated_lines"
    paragraphs, paragraph_bytes = repeated(text.split("\n\n"))
    if paragraphs > limits["most_paragraphs"] or paragraph_bytes > limits["most_paragraph_characters"]:
        return "repeated_paragraphs"
    n = limits["frequent_length"]
    ngrams = Counter(characters[i : i + n] for i in range(len(characters) - n + 1))
    if max(ngrams.values(), default=0) * n > limits["most_frequent_characters"] * len(characters):
        return "frequent_phrase"
    n, seen, i, again = limits["repeated_length"], set(), 0, 0
    while i <= len(characters) - n:
        if (ngram := characters[i : i + n]) in seen:
            again += n
            i += n
        else:
            seen.add(ngram)
            i += 1
    return "repeated_phrases" if again > limits["most_repeated_characters"] * len(characters) else None


LIMITS = {
    "least_characters": 10, "most_lines": 0.4, "most_line_characters": 0.35, "most_paragraphs": 0.35,
    "most_paragraph_characters": 0.3, "frequent_length": 3, "most_frequent_characters": 0.5,
    "repeated_length": 4, "most_repeated_characters": 0.2,
}  # fmt: skip
PHRASES = [
    "肺炎",
    "の治療",
    "を▁行う。",
    "検査",
    "ABC",
    "3.5",
    "カタカナ",
    "\n",
    "\n\n",
    "、",
    "とても",
    "痛い",
    "𠮟る",
]
TEXT = st.lists(st.sampled_from(PHRASES), max_size=40).map(lambda parts: ncvc.clean("".join(parts)))


@given(st.lists(TEXT, min_size=1, max_size=20))
@settings(max_examples=300, deadline=None)
def test_they_equal_plain_python_on_built_text(texts: list[str]) -> None:
    expected = [too_repetitive(text, LIMITS) for text in texts]
    assert reasons(filters(repetition=LIMITS), texts) == expected
    japanese = {"least_japanese": 0.7, "least_hiragana": 0.25, "hiragana_from": 20}
    assert reasons(filters(japanese=japanese), texts) == [too_little_japanese(text, **japanese) for text in texts]


def test_every_reason_is_met_on_built_text() -> None:
    """What the test above compares is not one verdict only."""
    texts = [
        "検査結果\n検査結果\n検査結果\n治療を行う。\n{\n{\n{",
        "あいうふ\nえお。かき\n\nくけ。こさ\n\nあいうふ\nえお。かき",
        "痛い痛い痛い痛い痛い痛い、とても。",
        "肺炎の治療を行う。検査、肺炎の治療を行う。",
        "肺炎の治療を行う。検査は翌日である。",
    ]
    found = reasons(filters(repetition=LIMITS), texts)
    assert found == [too_repetitive(text, LIMITS) for text in texts]
    assert found == ["repeated_lines", "repeated_lines", "frequent_phrase", "repeated_phrases", None]
    paragraphs = LIMITS | {"most_lines": 1.0, "most_line_characters": 1.0}
    assert reasons(filters(repetition=paragraphs), texts[1:2]) == ["repeated_paragraphs"]


def test_they_equal_plain_python_on_real_text(lines: list[str]) -> None:
    pages = ncvc.clean_batch(["\n".join(lines[i : i + 12]) for i in range(0, 2400, 12)])
    defaults = FiltersConfig().repetition
    assert defaults is not None
    for limits in (LIMITS, defaults.model_dump(), defaults.model_dump() | {"most_repeated_characters": 0.05}):
        assert reasons(filters(repetition=limits), pages) == [too_repetitive(page, limits) for page in pages]


def test_shortness_counts_characters() -> None:
    engine = filters(too_short={"least_characters": 4})
    assert reasons(engine, ["肺▁炎\n。", "肺▁炎\n。。", "𠮟る。", ""]) == ["too_short", None, "too_short", "too_short"]


def test_lines_and_sentences_can_go_alone() -> None:
    engine = filters(copyright_notices={"remove": "line"}, unfinished_sentences={"remove": "sentence"})
    page = "熱が出ました。\n(C)▁2020▁山田医院\n詳しくは次の…続きを読む"
    assert engine.apply(page) == ("熱が出ました。", None)
    counts = json.loads(engine.count([page, "咳。"]))
    assert [row["filter"] for row in counts] == list(FiltersConfig.model_fields)
    assert (counts[0]["seen"], counts[0]["changed"], counts[0]["removed"]) == (2, 1, 1)
    assert counts[1]["removed_bytes"] == len("\n詳しくは次の…続きを読む".encode())


def test_all_but_the_one_that_needs_a_model_are_on_by_default_and_can_be_switched_off() -> None:
    config = FiltersConfig()
    assert [name for name in FiltersConfig.model_fields if getattr(config, name) is None] == ["quality"]
    text = "AAAA▁AAAA…\n(C)▁2020▁A"
    assert filters().apply(text) == (text, None)
    assert filters_version() >= 1


def test_mistakes_in_the_config_are_explained(tmp_path: Path) -> None:
    config = tmp_path / "filters.yaml"
    config.write_text("too_short:\n  least_charcters: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"filters.yaml:2: unknown key 'too_short.least_charcters'"):
        FiltersConfig.load(config)
    config.write_text("adult_words: {list: missing.txt}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"missing.txt: cannot read the list"):
        FiltersConfig.load(config).options(tmp_path)
    (tmp_path / "missing.txt").write_bytes("動画 1".encode("shift_jis"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        FiltersConfig.load(config).options(tmp_path)
