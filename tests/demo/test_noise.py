"""Each kind of noise, told by the Unicode normal forms or by a pattern of its own."""

import re
import unicodedata

import pytest

from ncvc.demo import noise
from ncvc.demo.grammar import Grammar, Writer

TEXT = "ドレーンを確認。CRP 5.2 mg/dL、体温38.2℃（10-12時〜）が続く。経過を観察し明日も採血する。"


@pytest.fixture
def writer() -> Writer:
    return Writer(Grammar({}, {}, {}), seed=1)


@pytest.mark.parametrize("change", [noise.full_width, noise.half_width_kana, noise.combining_mark, noise.unit_sign])
def test_compatibility_forms_normalise_to_the_text(change, writer: Writer) -> None:
    noisy = change(TEXT, writer)
    assert noisy != TEXT
    assert unicodedata.normalize("NFKC", noisy) == unicodedata.normalize("NFKC", TEXT)


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        (noise.full_width, "[！-～]{2,}"),
        (noise.half_width_kana, "ﾄﾞﾚｰﾝ"),
        (noise.combining_mark, "[\u3099\u309a]"),
        (noise.hyphen, "10[‐‑‒–—−－]12"),
        (noise.long_vowel, "ドレ[ｰ―─−-]ン"),
        (noise.tilde, "時[～∼~〰]"),
        (noise.excitement, r"([！!…。〜w♪？])\1{2,}"),
        (noise.emoji, "。[\U0001f300-\U0001faff\u2600-\u27bf]"),
        (noise.zero_width, "[\u200b\u200d\ufeff\u00ad]"),
        (noise.white_space, "[。、：）][ \u3000\t\u00a0]+"),
        (noise.circled_numbers, "^①.*。②.*。③.*。$"),
        (noise.repeated_sentence, r"([^。]{8,}。)\1"),
    ],
)
def test_what_it_puts_in(change, pattern: str, writer: Writer) -> None:
    assert not re.search(pattern, TEXT)
    assert re.search(pattern, change(TEXT, writer))


def test_western_stops(writer: Writer) -> None:
    assert noise.western_stops("夜、雨。朝、晴れ。", writer) == "夜，雨．朝，晴れ．"


@pytest.mark.parametrize("change", noise.NOISES)
def test_a_text_without_a_place_for_it_stays(change, writer: Writer) -> None:
    assert change("夜", writer) == "夜"
