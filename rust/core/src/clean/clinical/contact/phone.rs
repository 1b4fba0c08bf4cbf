//! Telephone numbers in kanji or with other marks than hyphens between their groups.

use std::ops::Range;

use super::group;
use super::words::Seen;

/// Digits in kanji, by value.
const NUMERALS: &str = "〇一二三四五六七八九";

/// The digit that `c` is, in ASCII or kanji.
fn digit(c: char) -> Option<u8> {
    let value = c.to_digit(10).map(|d| d as usize);
    let value = value.or_else(|| NUMERALS.chars().position(|n| n == c)).or((c == '零').then_some(0));
    value.and_then(|value| u8::try_from(value).ok())
}

/// The digits with which a number begins.
pub const WORDS: [&str; 3] = ["0", "〇", "零"];

/// Telephone numbers in three groups with /, 〜, の or a middle dot between them, in kanji, and those with 0990 and 020.
pub fn phones(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut starts: Vec<_> = seen.of(group::PHONE).map(|(zero, start)| (start, zero)).collect();
    starts.sort_unstable();
    for (start, zero) in starts {
        if found.last().is_some_and(|last| start < last.end)
            || text[..start].ends_with(|c: char| {
                digit(c).is_some() || c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-')
            })
        {
            continue;
        }
        if let Some(end) = phone_end(text, start, zero != "0") {
            found.push(start..end);
        }
    }
    found
}

/// The end of the number at `start`.
fn phone_end(text: &str, start: usize, kanji: bool) -> Option<usize> {
    let mut groups: Vec<usize> = Vec::new();
    let mut digits = Vec::new();
    let mut separators = Vec::new();
    let mut at = start;
    loop {
        let mut length = 0;
        for c in text[at..].chars().take(5).take_while(|&c| digit(c).is_some() && c.is_ascii() != kanji) {
            digits.extend(digit(c));
            at += c.len_utf8();
            length += 1;
        }
        groups.push(length);
        if groups.len() == 3 || length == 0 {
            break;
        }
        let rest = text[at..].trim_start_matches(' ');
        let separator = rest
            .chars()
            .next()
            .filter(|c| "/〜の-ー・".contains(*c))
            .or_else(|| text[at..].starts_with(' ').then_some(' '))?;
        separators.push(separator);
        let rest = if separator == ' ' { rest } else { rest[separator.len_utf8()..].trim_start_matches(' ') };
        at = text.len() - rest.len();
    }
    let alike = separators.windows(2).all(|pair| pair[0] == pair[1]);
    let special = digits.starts_with(&[0, 2, 0]) || digits.starts_with(&[0, 9, 9, 0]);
    let unusual = kanji
        || special
        || !separators.contains(&'-') && !separators.contains(&' ') && !separators.contains(&'・');
    let fits = matches!(groups[..], [2..=5, 1..=4, 3 | 4]) && (9..=11).contains(&digits.len());
    let ends = !text[at..].starts_with(|c: char| digit(c).is_some() && c.is_ascii() != kanji);
    (groups.len() == 3 && alike && unusual && fits && ends && digits[1] != 0).then_some(at)
}
