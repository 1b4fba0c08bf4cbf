"""Japanese labels of reasons, rules, stages and scripts."""

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
    "low quality": "品質が低い",
    "duplicate document": "重複文書",
    "near duplicate document": "ほぼ重複する文書",
    "duplicate sentences": "既出の文のみ",
}
"""Reason → label, in the order in which the pass checks them."""

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
    "white space": "連続する空白・空行の整理",
}

CATEGORIES = {"name": "氏名（見出しの後）", "name in text": "氏名（文中）"}
"""Clinical categories that have one tag; the others are called like their tags."""

STAGES = {"cleaning": "クリーニング", "deduplication": "重複除去", "encoding": "エンコード", "writing": "書き出し"}

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
