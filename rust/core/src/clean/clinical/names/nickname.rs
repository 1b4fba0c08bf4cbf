//! Nicknames of children in hiragana: みっちゃん, たっくん, みーちゃん.

use std::ops::Range;

use crate::clean::characters::{is_kanji, is_katakana};

/// Nicknames of two characters before ちゃん and くん that other words are written like.
pub const SHORT: [&str; 30] = [
    "しん",
    "けん",
    "じゅん",
    "こう",
    "まさ",
    "ひで",
    "とし",
    "やす",
    "よし",
    "のぶ",
    "かず",
    "たか",
    "ひろ",
    "あき",
    "ゆき",
    "なお",
    "とも",
    "あつ",
    "しげ",
    "すみ",
    "せつ",
    "つね",
    "てる",
    "とき",
    "のり",
    "はる",
    "みつ",
    "よう",
    "れい",
    "りょう",
];

/// Words before っちゃん that are no names.
const NO_NICKNAMES: [&str; 9] = ["お", "ぼ", "ば", "じ", "と", "か", "あ", "おば", "おじ"];

/// Finds a nickname with a long vowel: みーちゃん, ゆーくん.
pub fn lengthened(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let rest = text[end..].strip_prefix('ー')?;
    let name = &text[start..end];
    let other =
        || NO_NICKNAMES.contains(&name) && name != "あ" || matches!(name, "ね" | "に" | "ちょ" | "わ");
    let apart = || !text[..start].ends_with(|c: char| is_kanji(c) || is_katakana(c) || c == 'ー');
    let honorific = ["ちゃん", "くん"].iter().find(|word| rest.starts_with(**word))?;
    (name.chars().nth(2).is_none() && apart() && !other())
        .then(|| start..text.len() - rest.len() + honorific.len())
}

/// Finds a nickname before っちゃん or っくん; `Some(None)` where another word stands before it.
pub fn doubled(text: &str, start: usize, end: usize) -> Option<Option<Range<usize>>> {
    let run = &text[start..end];
    if !run.contains('っ') {
        return None;
    }
    let (at, honorific) =
        ["っちゃん", "っくん"].iter().find_map(|word| run.find(word).map(|at| (at, *word)))?;
    if at == 0 || run[..at].chars().count() > 2 {
        return None;
    }
    // 一君(いっくん)万民論
    let other = NO_NICKNAMES.contains(&&run[..at]) && !(&run[..at] == "あ" && honorific == "っくん")
        || text[..start].ends_with(is_kanji)
        || honorific.ends_with("くん") && text[..start].ends_with('(');
    Some((!other).then(|| start..start + at + honorific.len()))
}
