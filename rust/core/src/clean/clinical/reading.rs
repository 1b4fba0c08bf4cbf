//! Helpers of the categories' readers: marks between a label and its data, digits, codes.

use std::ops::Range;

use super::category::Place;

/// Marks and words between a label and its data.
const BETWEEN: [&str; 26] = [
    " ", "\n", "\r", ":", ";", "=", "(", ")", "[", "]", "】", "〕", "「", "」", "・", "→", "-", ".", "#",
    "は", "が", "の", "番号", "no", "第", "〒",
];

/// The longest stretch of such marks.
const MOST_BETWEEN: usize = 6;

/// Returns the character before `at`.
pub fn char_before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

/// Returns the character at `at`.
pub fn char_at(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

/// Strips `prefix` (of lower case), whatever the case of ASCII letters in `rest`.
fn strip<'a>(rest: &'a str, prefix: &str) -> Option<&'a str> {
    let head = rest.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &rest[prefix.len()..])
}

/// Strips a mark, which does not end within a Latin word: the beginning of November is no "no".
fn strip_mark<'a>(rest: &'a str, mark: &str) -> Option<&'a str> {
    let word = mark.ends_with(|c: char| c.is_ascii_alphabetic());
    strip(rest, mark).filter(|behind| !(word && behind.starts_with(|c: char| c.is_ascii_alphabetic())))
}

/// Returns the start of the data behind a label that ends at `end`.
pub fn after_label(text: &str, end: usize) -> usize {
    let mut rest = &text[end..];
    for _ in 0..MOST_BETWEEN {
        match BETWEEN.iter().find_map(|mark| strip_mark(rest, mark)) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    text.len() - rest.len()
}

/// Marks between a label and a number that no name has.
const BEFORE_NUMBER: [&str; 11] = ["\"", "'", "/", "|", ">", "⇒", "『", "【", "<", "_", "*"];

/// The longest remark in brackets behind a label, in characters: 登録番号(治験):.
const LONGEST_REMARK: usize = 12;

/// Returns the start of the number behind a label that ends at `end`; a remark in brackets may be between.
pub fn after_marks(text: &str, end: usize) -> usize {
    let mut at = after_label(text, end);
    let remark = end + usize::from(text[end..].starts_with(' '));
    if let Some(behind) = remark_end(text, remark).or_else(|| length_end(text, at)) {
        at = after_label(text, behind);
    }
    for _ in 0..2 {
        let Some(mark) = BEFORE_NUMBER.iter().find(|mark| strip(&text[at..], mark).is_some()) else { break };
        // Two asterisks are emphasis, one begins a bar code.
        if *mark == "*" && text[at + 1..].starts_with('*') {
            break;
        }
        at = after_label(text, at + mark.len());
    }
    at
}

/// Returns the end of what says how many digits a number has at `at`: 7桁, (8桁).
fn length_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let behind = rest[digits..].strip_prefix('桁').filter(|_| (1..=2).contains(&digits))?;
    Some(text.len() - behind.len())
}

/// Tests for a DICOM tag, group and element, at the start of `text`: 0010,0020.
fn is_dicom_tag(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 9
        && bytes[4] == b','
        && bytes[9] == b')'
        && bytes[..4].iter().chain(&bytes[5..9]).all(u8::is_ascii_hexdigit)
}

/// Returns the end of a remark in brackets without digits at `at`.
fn remark_end(text: &str, at: usize) -> Option<usize> {
    let inner = text[at..].strip_prefix('(')?;
    let length: usize = inner
        .chars()
        .take(LONGEST_REMARK)
        .take_while(|&c| c != ')' && (!c.is_ascii_digit() || is_dicom_tag(inner)) && c != '\n')
        .map(char::len_utf8)
        .sum();
    inner[length..].strip_prefix(')').filter(|_| length > 0).map(|behind| text.len() - behind.len())
}

/// Returns the start of the last ( in `head`, which is looked for in its last `longest` bytes.
pub fn open_bracket(head: &str, longest: usize) -> Option<usize> {
    let lowest = head.len().saturating_sub(longest);
    Some(lowest + head.as_bytes()[lowest..].iter().rposition(|&b| b == b'(')?)
}

/// Tests whether a label at `start` begins a word; one that begins with kanji or kana always does.
pub fn begins_word(text: &str, start: usize) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    !(is_letter(char_at(text, start)) && is_letter(char_before(text, start)))
}

/// Joins the label and the data behind it, with brackets around the two.
pub fn labelled(text: &str, label: &Range<usize>, value: Range<usize>) -> Place {
    let mut whole = label.start..value.end;
    let between = &text[label.end..value.start];
    for (open, close) in [('(', ')'), ('[', ']'), ('【', '】'), ('〔', '〕'), ('「', '」')] {
        if between.ends_with(open) && char_at(text, whole.end) == Some(close) {
            whole.end += close.len_utf8();
        }
        let closes = between.matches(close).count() > between.matches(open).count();
        if closes && char_before(text, whole.start) == Some(open) {
            whole.start -= open.len_utf8();
        }
    }
    Place { whole, value }
}

/// Digits with separators between them.
pub struct Digits {
    /// The digits, each 0–9.
    pub digits: Vec<u8>,
    /// Their end.
    pub end: usize,
    /// True if only dashes and dots are between them.
    pub tight: bool,
}

/// Reads exactly `count` digits at `at`; a dash, a dot, spaces or a line break may separate two of them.
pub fn digits(text: &str, at: usize, count: usize) -> Option<Digits> {
    let bytes = text.as_bytes();
    let mut read = Digits { digits: Vec::with_capacity(count), end: at, tight: true };
    loop {
        let &byte = bytes.get(read.end).filter(|b| b.is_ascii_digit())?;
        read.digits.push(byte - b'0');
        read.end += 1;
        if read.digits.len() == count {
            return ends_number(text, read.end).then_some(read);
        }
        let next = separator(text, read.end);
        read.tight &= !text[read.end..next].contains([' ', '\n', '\r']);
        read.end = next;
    }
}

/// Returns the position of the digit behind a separator at `at`; `at` if there is no separator.
fn separator(text: &str, at: usize) -> usize {
    let mut dashes = 0;
    for (i, c) in text[at..].char_indices().take(5) {
        match c {
            ' ' | '\n' | '\r' => {}
            '-' | '.' | '・' | 'ー' if dashes == 0 => dashes += 1,
            '0'..='9' => return at + i,
            _ => break,
        }
    }
    at
}

/// Tests whether a number may end at `end`: no digit, letter, decimal or further group follows.
pub fn ends_number(text: &str, end: usize) -> bool {
    let mut rest = text[end..].chars();
    match rest.next() {
        Some('-' | '.' | '/' | ',') => !rest.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => !c.is_ascii_alphanumeric() && c != '%' && c != '℃',
        None => true,
    }
}

/// Reads the first of `counts` digits at `at` with a valid check digit; else the first without spaces.
pub fn checked_digits(
    text: &str,
    at: usize,
    counts: &[usize],
    is_valid: fn(&[u8]) -> bool,
) -> Option<Range<usize>> {
    let read = || counts.iter().filter_map(|&count| digits(text, at, count));
    let right = read().find(|read| is_valid(&read.digits));
    right.or_else(|| read().find(|read| read.tight)).map(|read| at..read.end)
}
