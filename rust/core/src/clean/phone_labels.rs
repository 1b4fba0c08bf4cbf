//! Labels of telephone numbers, and extensions (内線), which only a label reveals.

use std::ops::Range;

/// In lower case; a label in ASCII begins a word.
const LABELS: [&str; 29] = [
    "tel",
    "phone",
    "fax",
    "mobile",
    "phs",
    "電話",
    "でんわ",
    "携帯",
    "ケータイ",
    "スマホ",
    "連絡先",
    "ファックス",
    "ファクス",
    "ファクシミリ",
    "フリーダイヤル",
    "ナビダイヤル",
    "自宅",
    "職場",
    "勤務先",
    "実家",
    "直通",
    "代表",
    "問い合わせ",
    "問合せ",
    "問い合わせ先",
    "問合せ先",
    "☎",
    "📞",
    "☏",
];

/// Marks and words between a label and its number.
const BETWEEN: [char; 18] =
    [' ', '\n', ':', '(', ')', '.', '-', '/', '=', 'は', 'が', 'に', 'へ', '】', '〕', ']', '」', '→'];

/// Tests for a label before `at`, within the last few characters, so that time stays linear.
pub fn labelled(text: &str, at: usize) -> bool {
    let window = text[..at].char_indices().rev().nth(15).map_or(0, |(i, _)| i);
    let before = text[window..at].trim_end_matches(BETWEEN);
    let before = before.strip_suffix("番号").unwrap_or(before).trim_end_matches(BETWEEN);
    let before = before.to_ascii_lowercase();
    LABELS.iter().any(|label| {
        before
            .strip_suffix(label)
            .is_some_and(|rest| !label.is_ascii() || !rest.ends_with(|c: char| c.is_ascii_alphabetic()))
    })
}

/// Returns the digits of extensions: two to six behind 内線 or 内線番号.
pub fn extensions(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, label) in text.match_indices("内線") {
        let rest = &text[at + label.len()..];
        let number = rest.strip_prefix("番号").unwrap_or(rest).trim_start_matches([' ', ':', '(', '.']);
        let start = text.len() - number.len();
        let length = number.bytes().take_while(u8::is_ascii_digit).count();
        if (2..=6).contains(&length) {
            found.push(start..start + length);
        }
    }
    found
}
