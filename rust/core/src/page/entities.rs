//! Character references of HTML, named and numeric.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Named character references of the HTML standard: a name without its ampersand, a tab, code points in hexadecimal.
/// Those that need no semicolon are listed without one too.
const TABLE: &str = include_str!("entities.tsv");

/// Longest name, with its semicolon: `CounterClockwiseContourIntegral;`.
const LONGEST: usize = 32;

/// Characters of the references 0x80 to 0x9f, which mean windows-1252; 0 keeps the code point.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
    0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
    0x0153, 0, 0x017e, 0x0178,
];

static NAMED: LazyLock<FxHashMap<&'static str, String>> = LazyLock::new(|| {
    let code_point = |hex: &str| u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
    TABLE
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, codes)| (name, codes.split(' ').filter_map(code_point).collect()))
        .collect()
});

/// Replaces the character references of a text; what looks like one and is none stays.
pub fn decode(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(&text[..first]);
    let mut rest = &text[first..];
    while !rest.is_empty() {
        let length = match rest[1..].strip_prefix('#') {
            Some(number) => numeric(number, &mut decoded).map(|length| length + 2),
            None => named(&rest[1..], &mut decoded).map(|length| length + 1),
        };
        if length.is_none() {
            decoded.push('&');
        }
        let after = &rest[length.unwrap_or(1)..];
        let next = memchr::memchr(b'&', after.as_bytes()).unwrap_or(after.len());
        decoded.push_str(&after[..next]);
        rest = &after[next..];
    }
    Cow::Owned(decoded)
}

/// Decodes what follows `&#`; returns its length.
fn numeric(text: &str, decoded: &mut String) -> Option<usize> {
    let hexadecimal = text.starts_with(['x', 'X']);
    let digits = &text[usize::from(hexadecimal)..];
    let radix = if hexadecimal { 16 } else { 10 };
    let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let number = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
    let windows = match number {
        0x80..=0x9f => u32::from(WINDOWS_1252[number as usize - 0x80]),
        _ => 0,
    };
    let code_point = if windows == 0 { number } else { windows };
    let character = char::from_u32(code_point).filter(|c| *c != '\0').unwrap_or('\u{fffd}');
    decoded.push(character);
    Some(usize::from(hexadecimal) + length + usize::from(digits[length..].starts_with(';')))
}

/// Decodes the longest name at the start of what follows `&`; returns its length.
fn named(text: &str, decoded: &mut String) -> Option<usize> {
    let letters = text.bytes().take(LONGEST).take_while(u8::is_ascii_alphanumeric).count();
    let with_semicolon = letters + usize::from(text[letters..].starts_with(';'));
    let (length, characters) =
        (2..=with_semicolon).rev().find_map(|length| Some((length, NAMED.get(&text[..length])?)))?;
    decoded.push_str(characters);
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded() {
        for (text, expected) in [
            ("&minus;", "−"),
            ("a&#x764C;b&#30284;", "a癌b癌"),
            ("&nbsp;&nbsp", "\u{a0}\u{a0}"),
            ("&lt;5&amp;&gt;3&ltx", "<5&>3<x"),
            ("&notit; &notin;", "¬it; ∉"),
            ("&NotEqualTilde;", "≂\u{338}"),
            ("&CounterClockwiseContourIntegral;", "∳"),
            ("&#150;&#x80;&#0;&#xd800;&#99999999999;", "–€\u{fffd}\u{fffd}\u{fffd}"),
            ("A&B &; &#; &#x; &unknown; &", "A&B &; &#; &#x; &unknown; &"),
            ("&熱;", "&熱;"),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
