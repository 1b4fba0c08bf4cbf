"""Noise of real text that cleaning has to remove: each function adds one kind of it to a document.

A function returns the text unchanged where there is nothing to take hold of.
"""

import re
import unicodedata
from collections.abc import Callable

from ncvc.demo.grammar import Writer

ZERO_WIDTH = ("\u200b", "\u200d", "\ufeff", "\u00ad")
SPACES = ("  ", "\u3000\u3000", "\t", "\u00a0", " \u3000 ")
EMOJI = ("😊", "🌸", "💊", "🏥", "👩‍⚕️", "🙇‍♀️", "❤️", "☔", "🍙", "✨✨")
HYPHENS = "‐‑‒–—−－"
LONG_VOWELS = "ｰ―─−-"
TILDES = "～∼~〰"
EXCITEMENT = ("！！！！", "!!!!!", "……………", "。。。。", "〜〜〜〜〜", "wwww", "♪♪♪", "？？？")
CIRCLED = "①②③④⑤⑥⑦⑧⑨"
UNITS = {"mg": "㎎", "mL": "㎖", "kg": "㎏", "cm": "㎝", "mm": "㎜", "km": "㎞", "%": "％", "℃": "°C"}
_HALF_WIDTH = {
    unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)
}  # ｦ to ﾝ; voiced kana are decomposed first and get ﾞ or ﾟ
_HALF_WIDTH |= {"\u3099": "ﾞ", "\u309a": "ﾟ"}


def full_width(text: str, writer: Writer) -> str:
    """Writes one run of ASCII letters, digits and signs full-width: `mg/dL` becomes ｍｇ／ｄＬ."""
    return _one_match(r"[!-~]{2,}", text, writer, lambda run: run.translate({c: c + 0xFEE0 for c in range(33, 127)}))


def half_width_kana(text: str, writer: Writer) -> str:
    """Writes one run of katakana half-width: ドレーン becomes ﾄﾞﾚｰﾝ."""

    def narrow(run: str) -> str:
        return "".join(_HALF_WIDTH.get(character, character) for character in unicodedata.normalize("NFD", run))

    return _one_match("[ァ-ヴー]{2,}", text, writer, narrow)


def combining_mark(text: str, writer: Writer) -> str:
    """Splits one voiced kana into its base and a combining mark: が becomes か and U+3099."""
    return _one_match(
        "[がぎぐげござじずぜぞだでどばびぶべぼぱぷぽガグゴジズデドバビブパプポ]",
        text,
        writer,
        lambda kana: unicodedata.normalize("NFD", kana),
    )


def unit_sign(text: str, writer: Writer) -> str:
    """Writes one unit as a single character: mg becomes ㎎."""
    return _one_match("mg|mL|kg|cm|mm|km|%|℃", text, writer, lambda unit: UNITS[unit])


def hyphen(text: str, writer: Writer) -> str:
    """Writes one hyphen with a character that looks like it."""
    return _one_match("-", text, writer, lambda _: _choose(HYPHENS, writer))


def long_vowel(text: str, writer: Writer) -> str:
    """Writes one ー with a dash: エコー becomes エコ―."""
    return _one_match("(?<=[ァ-ヴ])ー", text, writer, lambda _: _choose(LONG_VOWELS, writer))


def tilde(text: str, writer: Writer) -> str:
    """Writes one 〜 with another tilde."""
    return _one_match("〜", text, writer, lambda _: _choose(TILDES, writer))


def western_stops(text: str, writer: Writer) -> str:
    """Writes all 。 and 、 of the document as ．and ，."""
    return text.replace("。", "．").replace("、", "，")


def excitement(text: str, writer: Writer) -> str:
    """Ends one sentence with a mark repeated too often."""
    return _one_match("。", text, writer, lambda _: _choose(EXCITEMENT, writer))


def emoji(text: str, writer: Writer) -> str:
    """Puts an emoji after one sentence."""
    return _one_match("。", text, writer, lambda stop: stop + _choose(EMOJI, writer))


def zero_width(text: str, writer: Writer) -> str:
    """Puts one invisible character between two visible ones."""
    return _one_match(r"\w(?=\w)", text, writer, lambda character: character + _choose(ZERO_WIDTH, writer))


def white_space(text: str, writer: Writer) -> str:
    """Puts white space of some kind after one mark or sentence."""
    return _one_match("[。、：）]", text, writer, lambda mark: mark + _choose(SPACES, writer))


def circled_numbers(text: str, writer: Writer) -> str:
    """Numbers the first sentences ①②③."""
    numbers = iter(CIRCLED)
    return re.sub("[^。\n]+。", lambda sentence: next(numbers, "") + sentence[0], text)


def repeated_sentence(text: str, writer: Writer) -> str:
    """Repeats one sentence."""
    return _one_match("(?<=。)[^。\n]{8,}。", text, writer, lambda sentence: sentence * 2)


NOISES: tuple[Callable[[str, Writer], str], ...] = (
    full_width,
    half_width_kana,
    combining_mark,
    unit_sign,
    hyphen,
    long_vowel,
    tilde,
    western_stops,
    excitement,
    emoji,
    zero_width,
    white_space,
    circled_numbers,
    repeated_sentence,
)


def add_noise(text: str, writer: Writer) -> str:
    """Puts one kind of noise, drawn from all, into `text`."""
    return NOISES[writer.below(len(NOISES))](text, writer)


def _choose(options: str | tuple[str, ...], writer: Writer) -> str:
    return options[writer.below(len(options))]


def _one_match(pattern: str, text: str, writer: Writer, change: Callable[[str], str]) -> str:
    """Changes one match of `pattern`, drawn from all, and leaves the rest as it is."""
    matches = list(re.finditer(pattern, text))
    if not matches:
        return text
    match = matches[writer.below(len(matches))]
    return text[: match.start()] + change(match[0]) + text[match.end() :]
