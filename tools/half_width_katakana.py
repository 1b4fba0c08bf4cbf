"""Writes the table of half-width katakana by the one before, by which Shift_JIS is told from EUC-JP.

    python tools/half_width_katakana.py > rust/core/src/source/half_width_katakana.txt

A line has a character, or ^ for the beginning of a word, and -log2 of the probability of each half-width character, ｦ
to ﾟ, behind it, a digit to base 36 each. Counted in the words of ipadic that are kana, each once; a frequency in all
words stands for PSEUDOCOUNT observations.
"""

import math
import unicodedata
from collections import Counter
from pathlib import Path

import ipadic
from kanji_frequency import words

CHARACTERS = "".join(map(chr, range(0xFF66, 0xFFA0)))
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PSEUDOCOUNT = 20
HIRAGANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def half_width_forms() -> dict[str, str]:
    """Returns full-width katakana → half-width characters, sound marks apart."""
    forms = {}
    for half in CHARACTERS[:-2]:
        for mark, combining in (("", ""), ("ﾞ", "\u3099"), ("ﾟ", "\u309a")):
            full = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", half) + combining)
            if len(full) == 1:
                forms[full] = half + mark
    return forms


def main() -> None:
    """Prints the table."""
    forms = half_width_forms()
    pairs: Counter[tuple[str, str]] = Counter()
    for surface in words((Path(ipadic.DICDIR) / "sys.dic").read_bytes()):
        kana = surface.translate(HIRAGANA)
        if len(kana) > 1 and all(character in forms for character in kana):
            written = "".join(forms[character] for character in kana)
            pairs.update(zip("^" + written, written, strict=False))
    behind: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for (first, second), count in pairs.items():
        before[first] += count
        behind[second] += count
    total = pairs.total()
    for first in "^" + CHARACTERS:
        digits = ""
        for second in CHARACTERS:
            share = (behind[second] + 0.5) / (total + len(CHARACTERS) / 2)
            probability = (pairs[first, second] + PSEUDOCOUNT * share) / (before[first] + PSEUDOCOUNT)
            digits += DIGITS[min(len(DIGITS) - 1, round(-math.log2(probability)))]
        print(first, digits)


if __name__ == "__main__":
    main()
