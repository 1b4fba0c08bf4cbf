"""HTML of text in two languages; the page's style shows the one that the reader chose."""

import html
import unicodedata


def both(english: str, japanese: str) -> str:
    """The same in English and in Japanese; neither comes from the data."""
    return f'<span lang="en">{html.escape(english)}</span><span lang="ja">{html.escape(japanese)}</span>'


def escaped(text: str) -> str:
    """Text of the corpus: nothing in it is markup, and nothing in it turns the text around it."""
    visible = "".join(f"⟨U+{ord(c):04X}⟩" if _hidden(c) else c for c in text)
    return f"<bdi>{html.escape(visible)}</bdi>"


def _hidden(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") and c not in "\n\t"


def number(value: int) -> str:
    """1234567 → 1,234,567."""
    return f"{value:,}"


def size(value: int) -> str:
    """Bytes as people say them."""
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.4g} TB"


def tokens(value: int) -> str:
    """Tokens as the papers write them, in billions, where there are as many."""
    return f"{value / 1e9:.2f} B" if value >= 100_000_000 else number(value)


def percent(part: float, whole: float) -> str:
    """A share of a whole."""
    return f"{part / whole:.1%}" if whole else "–"


REASONS = {
    "quality warning": "OSCAR の品質警告",
    "empty after cleaning": "クリーニング後に空",
    "copyright notice": "著作権表示",
    "cut off at the end": "末尾が途切れている",
    "cut off sentences": "途切れた文",
    "unfinished sentences": "文の途中で終わる",
    "too short": "短すぎる",
    "too little japanese": "日本語が少ない",
    "too little hiragana": "ひらがなが少ない",
    "repeated lines": "行の繰り返し",
    "repeated paragraphs": "段落の繰り返し",
    "frequent phrase": "同じ語句の多用",
    "repeated phrases": "語句の繰り返し",
    "adult words": "アダルト語",
    "duplicate document": "重複文書",
    "near duplicate document": "ほぼ重複する文書",
    "duplicate sentences": "既出の文のみ",
}
"""In the order in which a pass asks."""

RULES = {
    "punctuation": "全角の．，を 。、 に",
    "nfkc": "NFKC 正規化",
    "dashes": "ハイフン・長音・波線の統一",
    "restore": "… と ℃ の復元",
    "personal": "電話番号・メールアドレスの削除",
    "web": "URL・@アカウント・#タグの削除",
    "symbols": "記号の統一",
    "allowed": "使用文字以外の削除",
    "repetition": "過剰な繰り返しの削除",
    "white space": "空白の ▁ への置換",
}

SCRIPTS = {
    "hiragana": "ひらがな",
    "katakana": "カタカナ",
    "kanji": "漢字",
    "latin": "ラテン文字",
    "digits": "数字",
    "symbols": "記号・句読点",
    "space": "空白・改行",
    "other": "その他",
}


def named(name: str, japanese: dict[str, str]) -> str:
    """A rule's, reason's or script's name; one that is not known here stands as it is."""
    words = name.replace("_", " ")
    return both(words, japanese.get(words, words))


def rank(name: str, japanese: dict[str, str]) -> int:
    """Where a name stands among those that are known; the others come last."""
    words = name.replace("_", " ")
    return list(japanese).index(words) if words in japanese else len(japanese)
