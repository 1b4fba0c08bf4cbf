//! Telephone numbers that the papers' rule does not know: in kanji, with other marks between their groups, cut where
//! no area code ends, without a plus sign, and of other countries.

use std::ops::Range;

use super::group;
use super::words::Seen;
use crate::clean::characters::{is_kanji, is_katakana};
use crate::clean::phone::with_brackets;
use crate::clean::phone_labels::labelled;

/// Digits in kanji, by value.
const NUMERALS: &str = "〇一二三四五六七八九";

/// The digit that `c` is, in ASCII or kanji.
fn digit(c: char) -> Option<u8> {
    let value = c.to_digit(10).map(|d| d as usize);
    let value = value.or_else(|| NUMERALS.chars().position(|n| n == c));
    let value = value.or(matches!(c, '零' | '○' | '◯').then_some(0));
    value.and_then(|value| u8::try_from(value).ok())
}

/// The beginnings of a number.
pub const WORDS: [&str; 7] = ["0", "〇", "零", "○", "◯", "81", "+"];

/// Marks between groups; の as in 06の1234の5678.
const SEPARATORS: &str = "-ー/〜の・.()\n";

/// The least digits of a number.
const LEAST_DIGITS: usize = 9;

/// The most groups of a number with its country code.
const MOST_GROUPS: usize = 7;

/// Labels beside those of the papers' rule.
const LABELS: [&str; 31] = [
    "市外局番",
    "M",
    "mob",
    "Mob",
    "cell",
    "Cell",
    "call",
    "Call",
    "T",
    "F",
    "Ph",
    "ph",
    "HP",
    "デンワ",
    "ケイタイ",
    "レンラクサキ",
    "ジタク",
    "連絡",
    "緊急",
    "緊急時",
    "携",
    "固定",
    "コール",
    "架電",
    "呼出",
    "夜間",
    "日中",
    "休日",
    "宛",
    "モバイル",
    "番号",
];

/// Telephone numbers beside those of the papers' rule.
pub fn phones(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut starts: Vec<_> = seen.of(group::PHONE).map(|(_, start)| start).collect();
    starts.sort_unstable();
    for start in starts {
        let taken = found.last().is_some_and(|last| start < last.end);
        // 08011112222/08011113333, T.03-1111-2222
        let second = text[..start].strip_suffix('/').map(str::len);
        let second = second.is_some_and(|end| found.last().is_some_and(|last| last.end == end));
        let initial =
            || text[..start].ends_with('.') && (is_initial(text, start) || is_labelled(text, start));
        let inside = text[..start].ends_with(|c: char| {
            digit(c).is_some()
                || matches!(c, '.' | '/' | '-' | '_' | '+') && !second && !initial()
                || c.is_ascii_alphabetic() && !labelled(text, start)
        });
        if taken || inside {
            continue;
        }
        let number = Number::read(text, start).and_then(|number| number.range(text));
        found.extend(number.map(|range| with_last(text, range)).or_else(|| spaced(text, start)));
    }
    found
}

/// Reads a number with a space behind each of its digits: 0 5 2-5 5 5-6 6 1 8.
fn spaced(text: &str, start: usize) -> Option<Range<usize>> {
    let mut rest = text[start..].strip_prefix('0')?;
    let (mut digits, mut spaces) = (1, 0);
    while digits < 11 {
        let inner = rest.trim_start_matches([' ', '-', 'の']);
        if rest.len() - inner.len() > 5 || !inner.starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        spaces += usize::from(rest.len() > inner.len());
        digits += 1;
        rest = &inner[1..];
    }
    let closes = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    let end = text.len() - rest.len();
    let marked = text[start..end].contains(['-', 'の']);
    (digits >= 10 && spaces >= 7 && closes && marked
        || digits >= 10 && spaces >= 4 && closes && text[start..end].contains('の'))
    .then_some(start..end)
}

/// Groups of digits with marks between them.
struct Number {
    start: usize,
    digits: Vec<u8>,
    /// Length of each group, and its end in the text.
    groups: Vec<(usize, usize)>,
    /// The mark before each group but the first.
    separators: Vec<char>,
    /// True if a digit is in kanji.
    kanji: bool,
    /// True if it begins with a plus sign.
    plus: bool,
}

impl Number {
    fn read(text: &str, start: usize) -> Option<Self> {
        let plus = text[start..].starts_with('+');
        let mut number = Self {
            start,
            digits: Vec::new(),
            groups: Vec::new(),
            separators: Vec::new(),
            kanji: false,
            plus,
        };
        let mut at = start + usize::from(plus);
        while number.groups.len() < MOST_GROUPS {
            let mut length = 0;
            for c in text[at..].chars().take(12) {
                let Some(value) = digit(c) else { break };
                // 0800-123-456724時間対応
                if length >= 3 && text[at..].starts_with("24時間") {
                    break;
                }
                number.digits.push(value);
                number.kanji |= !c.is_ascii();
                length += 1;
                at += c.len_utf8();
            }
            if length == 0 {
                break;
            }
            number.groups.push((length, at));
            let (mark, next) = separator(text, at);
            if mark == '\0' {
                break;
            }
            number.separators.push(mark);
            at = next;
        }
        (number.digits.len() >= LEAST_DIGITS).then_some(number)
    }

    /// Returns the range of the number that the first groups are, if they are one.
    fn range(&self, text: &str) -> Option<Range<usize>> {
        let labelled = labelled(text, self.start) || is_labelled(text, self.start);
        let mut total = 0;
        for (i, &(length, end)) in self.groups.iter().enumerate() {
            total += length;
            let lengths: Vec<usize> = self.groups[..=i].iter().map(|group| group.0).collect();
            let joined = i == 0
                && matches!(length, 10 | 11)
                && !self.kanji
                && matches!(self.digits[..], [0, 1..=9, ..])
                && text[..self.start].ends_with(|c: char| is_kanji(c) || is_katakana(c));
            let mobile = i == 0 && length == 11 && matches!(self.digits[..], [0, 5..=9, 0, ..]);
            let pair = mobile && (text[..self.start].ends_with('/') || is_paired(text, end));
            let is_number = || joined || pair || self.is_number(&self.digits[..total], &lengths, labelled);
            let more = || is_paired(text, end) || with_last(text, self.start..end).end > end;
            if is_number() && (ends(text, end) || more()) {
                return Some(with_brackets(text, self.start..end));
            }
        }
        None
    }

    /// Tests whether the digits in groups of these lengths are a telephone number.
    fn is_number(&self, digits: &[u8], lengths: &[usize], labelled: bool) -> bool {
        if digits.len() < LEAST_DIGITS {
            return false;
        }
        let separators = &self.separators[..lengths.len() - 1];
        if let Some((code, groups)) = self.country_code(digits, lengths) {
            let rest = &digits[code..];
            let national = [&[0][..], rest].concat();
            let national = if rest.first() == Some(&0) { rest } else { &national };
            let sure = self.plus || groups >= 3;
            return sure && national.get(1) != Some(&0) && matches!(national.len(), 10 | 11);
        }
        if self.plus {
            let grouped = lengths.len() >= 3 || digits.len() >= 11;
            return (10..=15).contains(&digits.len()) && grouped && digits[0] != 0;
        }
        if digits[0] != 0 || digits[1] == 0 {
            return false;
        }
        let mobile = matches!(digits, [0, 5..=9, 0, ..]);
        let special = digits.starts_with(&[0, 2, 0]) || digits.starts_with(&[0, 9, 9, 0]);
        let count = digits.len();
        let thirds = matches!(lengths, [2..=5, 1..=4, 3 | 4]);
        let alike = separators.windows(2).all(|pair| pair[0] == pair[1]);
        let unusual = self.kanji || special || separators.iter().all(|c| "/〜の".contains(*c));
        let hyphens = separators.iter().all(|c| "-ー".contains(*c));
        let broken = || is_broken(lengths, separators);
        let bracketed = separators.iter().all(|c| "()-ー".contains(*c)) && separators.contains(&')');
        if mobile
            && count == 11
            && (lengths == [3, 4, 4] || lengths == [3, 2, 2, 2, 2] || broken() || labelled || self.kanji)
        {
            return true;
        }
        if labelled && matches!(count, 10 | 11) && !(mobile && count == 10 && !thirds) {
            return lengths.len() == 1 || lengths.iter().all(|&length| length >= 1) && lengths[0] <= 6;
        }
        let free = digits.starts_with(&[0, 8, 0, 0]) && lengths == [4, 3, 4]
            || digits.starts_with(&[0, 1, 2, 0]) && lengths == [4, 3, 3];
        if free && hyphens {
            return true;
        }
        thirds
            && (alike && unusual && (9..=11).contains(&count)
                || (hyphens || bracketed) && count == 10 && lengths[2] == 4 && lengths[0] + lengths[1] == 6)
    }

    /// Returns the digits of Japan's country code at the beginning, and the number of groups behind it.
    fn country_code(&self, digits: &[u8], lengths: &[usize]) -> Option<(usize, usize)> {
        let codes: [&[u8]; 4] = [&[8, 1], &[0, 0, 8, 1], &[0, 1, 0, 8, 1], &[0, 0, 1, 0, 8, 1]];
        let code = codes.into_iter().find(|code| digits.starts_with(code))?;
        let mut behind = 0;
        let mut at = 0;
        for &length in lengths {
            behind += usize::from(at >= code.len());
            at += length;
        }
        (digits.len() > code.len()).then_some((code.len(), behind))
    }
}

/// Tests for a mobile number with a space within one of its groups: 080-64 21-9987.
fn is_broken(lengths: &[usize], separators: &[char]) -> bool {
    let mut joined: Vec<usize> = lengths.iter().take(1).copied().collect();
    for (&length, mark) in lengths[1..].iter().zip(separators) {
        match (mark, joined.last_mut()) {
            (' ', Some(last)) => *last += length,
            ('-', _) => joined.push(length),
            _ => return false,
        }
    }
    lengths.len() == 4 && joined == [3, 4, 4]
}

/// Tests for a lone capital before the dot at the end of `at`: H.075-….
fn is_initial(text: &str, at: usize) -> bool {
    let mut before = text[..at].chars().rev().skip(1);
    before.next().is_some_and(|c| c.is_ascii_uppercase())
        && !before.next().is_some_and(|c| c.is_ascii_alphanumeric())
}

/// Takes the last four digits of a second number: 075-221-3344/3345.
fn with_last(text: &str, number: Range<usize>) -> Range<usize> {
    let Some(rest) = text[number.end..].strip_prefix('/') else { return number };
    let digits = rest.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let goes_on = rest[digits..].starts_with(|c: char| c.is_ascii_alphanumeric() || "-./年月:%".contains(c));
    let grouped = text[number.clone()].bytes().rev().position(|b| b == b'-') == Some(4);
    if digits == 4 && grouped && !goes_on { number.start..number.end + 5 } else { number }
}

/// Tests for a second number behind a slash at `end`.
fn is_paired(text: &str, end: usize) -> bool {
    let Some(second) = text[end..].strip_prefix("/0") else { return false };
    let is_part = |b: &u8| b.is_ascii_digit() || *b == b'-';
    let length = second.bytes().take(16).take_while(is_part).count();
    let digits = second[..length].bytes().filter(u8::is_ascii_digit).count();
    matches!(digits, 9 | 10) && !second[length..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.')
}

/// Returns the mark at `at` and the start of the digits behind it; `\0` where none follow.
fn separator(text: &str, at: usize) -> (char, usize) {
    let mut mark = ' ';
    let mut rest = &text[at..];
    for _ in 0..4 {
        let c = rest.chars().next().unwrap_or('\0');
        if digit(c).is_some() {
            let moved = rest.len() < text[at..].len();
            return if moved { (mark, text.len() - rest.len()) } else { ('\0', at) };
        }
        if c != ' ' && (mark == 'の' || !SEPARATORS.contains(c)) {
            break;
        }
        if c != ' ' && (mark == ' ' || c == ')') {
            mark = c;
        }
        rest = &rest[c.len_utf8()..];
    }
    ('\0', at)
}

/// Tests for a label before `at` that the papers' rule does not know.
fn is_labelled(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', ':', '(', '.', '=', '→', 'は', 'へ', 'に', '/', '-']);
    let marked = before.len() < at;
    LABELS.iter().any(|label| {
        let head = before.strip_suffix(label);
        head.is_some_and(|head| {
            (marked || !label.is_ascii())
                && !(label.is_ascii() && head.ends_with(|c: char| c.is_ascii_alphanumeric()))
                && (*label != "番号" || head.ends_with("電話") || head.ends_with("連絡"))
        })
    })
}

/// Tests that no longer code goes on at `end`.
fn ends(text: &str, end: usize) -> bool {
    let mut behind = text[end..].chars();
    match behind.next() {
        Some('-' | '.' | '/' | 'ー') => behind.next().is_none_or(|c| digit(c).is_none()),
        Some('2') => text[end..].starts_with("24時間"),
        Some(c) => digit(c).is_none() && !c.is_ascii_alphabetic() && c != '%',
        None => true,
    }
}
