//! Wards that are called by a storey, a building and a point of the compass, or a number with a letter: 南館2F, 8階北, 6A.

use std::ops::Range;

use crate::clean::characters::{is_kanji, is_katakana};

const NUMERALS: &str = "一二三四五六七八九十";

/// Words and signs behind a ward.
const BEHIND: [&str; 22] = [
    "の",
    "へ",
    "に",
    "より",
    "から",
    " ",
    "\n",
    "、",
    "。",
    "で",
    "(",
    ")",
    "/",
    "→",
    "を",
    "は",
    "病棟",
    "スタッフ",
    "ナース",
    "詰所",
    "個室",
    "師長",
];

fn closes(behind: &str) -> bool {
    behind.is_empty() || BEHIND.iter().any(|word| behind.starts_with(word))
}

/// Returns the end of 病棟 at `end`, which goes along: 3階西病棟.
fn behind_ward(text: &str, end: usize) -> usize {
    if text[end..].starts_with("病棟") { end + "病棟".len() } else { end }
}

/// Returns the length of a number of a storey at the start of `text`.
fn number(text: &str) -> usize {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=2).contains(&digits) {
        return digits;
    }
    if digits > 0 {
        0
    } else {
        text.chars().take(2).take_while(|&c| NUMERALS.contains(c)).map(char::len_utf8).sum()
    }
}

/// Finds a building with a storey at 館: 南館2F, 本館四階, A館地下1階.
pub fn building(text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let before = text[from..word.start].chars().next_back()?;
    if !("東西南北本新別旧中".contains(before) || before.is_ascii_uppercase()) {
        return None;
    }
    let rest = &text[word.end..];
    let basement = rest.strip_prefix("地下").unwrap_or(rest);
    let length = number(basement);
    let storey = ["階", "F"].iter().find(|storey| basement[length..].starts_with(**storey))?;
    let end = text.len() - basement.len() + length + storey.len();
    (length > 0 && closes(&text[end..])).then_some(word.start - before.len_utf8()..end)
}

/// Finds a storey with a point of the compass at 階: 8階北, 五階東.
pub fn storey(text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let head = &text[from..word.start];
    let digits: usize = head.bytes().rev().take_while(u8::is_ascii_digit).count();
    let kanji: usize =
        head.chars().rev().take(2).take_while(|&c| NUMERALS.contains(c)).map(char::len_utf8).sum();
    let length = digits.max(kanji);
    let side =
        text[word.end..].chars().next().filter(|&c| "東西南北".contains(c) || c.is_ascii_uppercase())?;
    let end = word.end + side.len_utf8();
    (length > 0 && closes(&text[end..])).then_some(word.start - length..behind_ward(text, end))
}

/// Finds the ward that is called by the point of the compass at `word` and a storey behind or before it.
pub fn compass(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    storey_behind(text, word).or_else(|| storey_before(text, word))
}

/// Finds a point of the compass with a storey behind it: 西3F, 西4から, 北4は欠員.
fn storey_behind(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    const BEHIND: [&str; 11] =
        ["から", "へ", "より", "病棟", "の", "に", "は欠員", "は満床", "は空床", "が満床", "も満床"];
    let apart =
        !text[..word.start].ends_with(|c: char| is_kanji(c) || is_katakana(c) || c.is_ascii_alphanumeric());
    let rest = &text[word.end..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let storey = ["階", "F"]
        .iter()
        .find(|storey| rest[digits..].starts_with(**storey))
        .map_or(0, |storey| storey.len());
    let end = word.end + digits + storey;
    let behind = &text[end..];
    let ends = storey > 0 && closes(behind) || BEHIND.iter().any(|word| behind.starts_with(word));
    ((1..=2).contains(&digits) && apart && ends).then_some(word.start..behind_ward(text, end))
}

/// Finds a point of the compass with a storey before it: 5西.
fn storey_before(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    const BEHIND: [char; 13] = ['の', 'へ', 'に', 'よ', 'か', ' ', '\n', '、', '。', 'で', '(', ')', '/'];
    let digits = text[..word.start].bytes().rev().take_while(u8::is_ascii_digit).count();
    let start = word.start - digits;
    let apart =
        !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | '+'));
    let behind = &text[word.end..];
    let ends = behind.is_empty() || behind.starts_with(BEHIND);
    ((1..=2).contains(&digits) && apart && ends).then_some(start..word.end)
}

/// Words behind a ward of a number and a letter.
const OF_WARDS: [&str; 20] = [
    "の看護師",
    "の師長",
    "の病室",
    "の個室",
    "のナース",
    "の夜勤",
    "の日勤",
    "の詰所",
    "のスタッフ",
    "から転",
    "へ転",
    "に転",
    "へ引",
    "に引",
    "へ移",
    "に移",
    "より転",
    "へ申",
    "間で",
    "病棟",
];

/// Adds wards of a number and a letter, alone, with another one or with a bed: 6A, 3E/3W, 2B-14床.
pub fn lettered(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let start = at + next;
        let digits = bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        let end = start + digits + 1;
        at = start + digits;
        let apart = !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        let letter = bytes.get(end - 1).is_some_and(|b| matches!(b, b'A'..=b'F' | b'N' | b'S' | b'W'));
        if digits > 2 || !apart || !letter || matches!(&text[start..end], "2D" | "3D" | "4D") {
            continue;
        }
        let behind = &text[end..];
        let bed = behind.strip_prefix('-').map_or(0, |rest| {
            let number = rest.bytes().take_while(u8::is_ascii_digit).count();
            if (1..=2).contains(&number) && rest[number..].starts_with('床') {
                1 + number + "床".len()
            } else {
                0
            }
        });
        let follows = found.last().is_some_and(|last| text[last.end..start].chars().count() <= 8);
        let pair = behind.strip_prefix('/').is_some_and(|rest| {
            let number = rest.bytes().take_while(u8::is_ascii_digit).count();
            (1..=2).contains(&number) && rest[number..].starts_with(|c: char| c.is_ascii_uppercase())
        });
        if bed > 0
            || pair
            || follows && closes(behind)
            || OF_WARDS.iter().any(|word| behind.starts_with(word))
        {
            found.push(start..end + bed);
            at = end + bed;
        }
    }
    found
}
