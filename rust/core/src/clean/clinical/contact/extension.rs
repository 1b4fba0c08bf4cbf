//! Extensions of a hospital's telephone.

use std::ops::Range;

use super::group;
use super::words::Seen;
use crate::clean::characters::{is_kanji, is_katakana};

/// Words before the number of an extension or a hospital's own telephone.
pub const WORDS: [&str; 64] = [
    "ナイセン",
    "内線番号",
    "PHS番号",
    "内線電話",
    "PHS",
    "phs",
    "Phs",
    "DECT",
    "内線",
    "内",
    "ピッチ",
    "ポケベル",
    "ポケットベル",
    "ページャー",
    "ページャ",
    "院内携帯",
    "院内電話",
    "院内スマホ",
    "院内スマートフォン",
    "院内フォン",
    "業務携帯",
    "業務用携帯",
    "業務スマホ",
    "業務用スマホ",
    "当直携帯",
    "当番携帯",
    "オンコール携帯",
    "医師携帯",
    "病棟携帯",
    "病棟電話",
    "医局電話",
    "直通",
    "短縮",
    "短縮ダイヤル",
    "呼出番号",
    "呼び出し番号",
    "呼出し番号",
    "コール番号",
    "インターホン",
    "院内コール",
    "extension",
    "Extension",
    "EXTENSION",
    "ext",
    "Ext",
    "EXT",
    "pager",
    "Pager",
    "beeper",
    "bleep",
    "Bleep",
    "病棟スマホ",
    "病棟スマートフォン",
    "外来スマホ",
    "当直スマホ",
    "師長スマホ",
    "リーダースマホ",
    "医局スマホ",
    "個室電話",
    "病室電話",
    "病室内電話",
    "床頭台電話",
    "詰所電話",
    "ナースステーション電話",
];

/// Marks and words between a word and its number.
const BETWEEN: [&str; 36] = [
    "で",
    "を",
    " ",
    "\n",
    ":",
    ".",
    "(",
    ")",
    "[",
    "]",
    "「",
    "」",
    "=",
    "#",
    "/",
    "-",
    "→",
    ">",
    "、",
    ",",
    "番号",
    "電話",
    "携帯",
    "直通",
    "呼出",
    "呼び出し",
    "No",
    "no",
    "NO",
    "は",
    "が",
    "の",
    "に",
    "へ",
    "★",
    "~",
];

/// Words between the numbers of a list.
const OR: [&str; 17] = [
    "〜",
    "、",
    ",",
    "/",
    "・",
    "または",
    "又は",
    "もしくは",
    "若しくは",
    "または内線",
    "及び",
    "および",
    "と",
    "か",
    "or",
    "&",
    "->",
];

/// The most marks between a word and its number.
const MOST_MARKS: usize = 5;

/// Numbers of extensions, of two to eight digits, and lists of them.
pub fn extensions(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (word, at) in seen.of(group::EXTENSION) {
        let end = at + word.len();
        if !begins(text, at, word) {
            continue;
        }
        if let Some(number) = number_before(text, at, end) {
            found.push(number);
        }
        // 内線(薬剤部)3461
        let remark = if word.contains("内線") { remark_end(text, end) } else { end };
        let start = skip(text, remark, &BETWEEN);
        if word == "内" && !stands_alone(text, at, end, start) {
            continue;
        }
        numbers(text, start, word, &mut found);
    }
    found
}

/// Adds the number at `start` and those that follow in a list.
fn numbers(text: &str, mut start: usize, word: &str, found: &mut Vec<Range<usize>>) {
    let bare = matches!(word, "内" | "直通" | "短縮" | "インターホン");
    let rotation = word.eq_ignore_ascii_case("ext");
    let least = if bare || rotation { 3 } else { 2 };
    while let Some(end) = number_end(text, start, least, !rotation) {
        found.push(start..end);
        let mut next = skip(text, remark_end(text, end), &[" "]);
        let listed = skip(text, next, &OR);
        if listed == next {
            break;
        }
        next = skip(text, listed, &["(", "内線", "PHS", " ", ":", "内", ")"]);
        start = next;
    }
}

/// Tests whether the word begins apart: ASCII letters by themselves, 内 behind no word.
fn begins(text: &str, at: usize, word: &str) -> bool {
    let before = text[..at].chars().next_back();
    match word {
        "内" => before.is_none_or(|c| c.is_whitespace() || "(:、。,・/".contains(c)),
        "ピッチ" => !before.is_some_and(|c| is_katakana(c) || c == 'ー'),
        _ if word.is_ascii() => !before.is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => true,
    }
}

/// Tests for 内 as an abbreviation of 内線: with a mark, or before a number of four digits or five.
fn stands_alone(text: &str, at: usize, end: usize, start: usize) -> bool {
    let bracketed = text[..at].ends_with('(') && text[end..].starts_with(')');
    let is_number = |b: &u8| b.is_ascii_digit() || *b == b'-';
    let digits = text[start..].bytes().take_while(is_number).count();
    let marked = bracketed || text[end..].starts_with([':', '.']);
    let behind = text[start + digits..].chars().next();
    let counted = |c: char| c.is_ascii_alphanumeric() || "年月日時分秒歳才件例人名床回割個円台本".contains(c);
    let worded = |c: char| counted(c) || is_kanji(c) || is_katakana(c);
    if marked {
        return digits >= 3 && !behind.is_some_and(counted);
    }
    (4..=5).contains(&digits) && !behind.is_some_and(worded) && !text[end..].starts_with('の')
}

/// Returns the end of a number of up to eight digits, which may have a dash (55-123); no quantity.
fn number_end(text: &str, start: usize, least: usize, dashed: bool) -> Option<usize> {
    let run = |at: usize| text.as_bytes()[at..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    let first = run(start);
    let mut end = start + first;
    let mut digits = first;
    if dashed && (1..=5).contains(&first) && text[end..].starts_with('-') && (2..=5).contains(&run(end + 1)) {
        digits += run(end + 1);
        end += 1 + run(end + 1);
    }
    let mut behind = text[end..].chars();
    let quantity = match behind.next() {
        Some(c) if "年月日時分秒歳才%度°例人件名台円個割点回本℃".contains(c) => true,
        Some(c) if c.is_ascii_alphabetic() => true,
        Some('.' | ':') => behind.next().is_some_and(|c| c.is_ascii_digit()),
        Some('-') => true,
        _ => false,
    };
    (digits >= least && digits <= 8 && first <= 5.max(least) && !quantity).then_some(end)
}

/// Returns the number in front of a word in brackets: 7123(PHS).
fn number_before(text: &str, at: usize, end: usize) -> Option<Range<usize>> {
    // (7310内線)
    let digits = text[..at].bytes().rev().take(6).take_while(u8::is_ascii_digit).count();
    if (4..=5).contains(&digits) && text[..at - digits].ends_with('(') && text[end..].starts_with(')') {
        return Some(at - digits..at);
    }
    let open = text[..at].strip_suffix('(').or_else(|| text[..at].strip_suffix("(院内"))?;
    text[end..].starts_with(')').then_some(())?;
    let open = open.trim_end_matches(' ');
    let digits = open.bytes().rev().take(6).take_while(u8::is_ascii_digit).count();
    let start = open.len() - digits;
    let apart = !open[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || "-./".contains(c));
    ((4..=5).contains(&digits) && apart).then_some(start..open.len())
}

/// Returns the end of a remark in brackets without digits at `at`: 7123(日中)、7124.
fn remark_end(text: &str, at: usize) -> usize {
    let Some(inner) = text[at..].strip_prefix('(') else { return at };
    let length: usize = inner
        .chars()
        .take(12)
        .take_while(|&c| c != ')' && c != '\n' && !c.is_ascii_digit())
        .map(char::len_utf8)
        .sum();
    inner[length..].strip_prefix(')').map_or(at, |behind| text.len() - behind.len())
}

/// Skips at most [`MOST_MARKS`] of the marks at `at`.
fn skip(text: &str, at: usize, marks: &[&str]) -> usize {
    let mut rest = &text[at..];
    for _ in 0..MOST_MARKS {
        match marks.iter().find_map(|mark| rest.strip_prefix(mark)) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    text.len() - rest.len()
}
