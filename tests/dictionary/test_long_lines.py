"""A line of any length is split as MeCab splits it; both engines agree up to the length of one lattice."""

import random
from pathlib import Path

import pytest

import ncvc
from ncvc.dictionary import find_base
from tests.dictionary import mecab

LENGTH = 60_000


def lines() -> dict[str, str]:
    """Lines of about `LENGTH` characters, most of them without an end of a sentence."""
    rng = random.Random(5)
    random_text = "".join(rng.choices("のもはを東京都に住む病院患者血圧ABC12 アイウ〜ー痛みが", k=LENGTH))
    return {
        "random": random_text,
        "sentences": random_text.replace("痛", "。"),
        "one word again and again": "すもももももももものうち" * (LENGTH // 12),
        "one character": "あ" * LENGTH,
        "unknown": "A" * LENGTH,
        "spaces": "東京" + " " * LENGTH + "都に住む",
        "words far apart": ("東京" + " " * 2000) * (LENGTH // 2000),
        "beyond the basic plane": "𠮷野家" * (LENGTH // 3),
    }


@pytest.mark.parametrize("line", lines().values(), ids=lines())
def test_long_lines_are_mecabs(dictionary: Path, line: str) -> None:
    ours = ncvc.Analyzer.load(dictionary)
    reference = mecab.tagger(find_base("ipadic").folder)
    for length in (16_383, 16_384, 16_385, len(line)):
        assert ours.split(line[:length]) == mecab.split(reference, line[:length])
