//! Finds Japanese telephone numbers in text that has been through NFKC and the dash rule.
//!
//! The first digits define the length of a number (0[5-9]0: eleven digits, else ten) and the places of its separators.
//! A number counts if separators of one kind are at those places; as one run of digits only if no other code begins so
//! (mobile, 050, 0120, 0800, 0570, +81); behind a label such as TEL with any separators. A line break may be anywhere
//! in a number with valid separators, for text wrapped at a fixed width.

use std::ops::Range;

use super::area_codes::is_area_code;
use super::phone_labels::{extensions, labelled};

/// Returns the positions of telephone numbers and extensions.
pub fn phone_numbers(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for zero_or_plus in memchr::memchr2_iter(b'0', b'+', bytes) {
        if found.last().is_some_and(|last| zero_or_plus < last.end) {
            continue;
        }
        found.extend(number_at(text, zero_or_plus));
    }
    found.extend(extensions(text));
    found
}

/// Reads the number whose first digit or plus sign is at `start`.
fn number_at(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (national_start, international) = after_country_code(bytes, start)?;
    let number = read(text, national_start, international)?;
    let outer = with_brackets(text, start..number.end);
    let labelled = labelled(text, outer.start);
    let shape = shape(&number.digits, number.cuts, number.breaks);
    let taken = match shape {
        Shape::Cut => number.one_kind || labelled,
        Shape::Partly => labelled || international || (number.hyphens && is_unmistakable(&number.digits)),
        Shape::Run => labelled || international || is_unmistakable(&number.digits),
        Shape::Other => labelled && number.one_kind && number.breaks == 0 && number.digits[1] != 0,
    };
    let strong = shape == Shape::Cut && number.hyphens;
    (taken && (labelled || begins_apart(bytes, outer.start, strong)) && ends_apart(bytes, outer.end, strong))
        .then_some(outer)
}

/// Returns the place of a number with the brackets around it that close and open inside: (03)0000-1234, (090)0000(1234).
pub fn with_brackets(text: &str, number: Range<usize>) -> Range<usize> {
    let (mut unopened, mut unclosed) = (0_usize, 0_usize);
    for byte in text[number.clone()].bytes() {
        match byte {
            b'(' => unclosed += 1,
            b')' if unclosed > 0 => unclosed -= 1,
            b')' => unopened += 1,
            _ => {}
        }
    }
    let opened = unopened > 0 && text[..number.start].ends_with('(');
    let closed = unclosed > 0 && text[number.end..].starts_with(')');
    number.start - usize::from(opened)..number.end + usize::from(closed)
}

/// Returns the start of the national digits, and true if a country code (+81, 0081) is before them.
fn after_country_code(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let code = [&b"+81"[..], b"+ 81", b"0081"].into_iter().find(|code| bytes[start..].starts_with(code));
    let Some(code) = code else { return (bytes[start] == b'0').then_some((start, false)) };
    let mut at = start + code.len();
    for optional in [&b")"[..], b" ", b"-", b" ", b"(0)", b" ", b"-"] {
        if bytes[at..].starts_with(optional) {
            at += optional.len();
        }
    }
    Some((at, true))
}

/// Digits of a number with their separators.
#[derive(Default)]
struct Number {
    /// National digits (0–9), with the leading 0.
    digits: Vec<u8>,
    /// Bit n: a separator follows the first n digits.
    cuts: u16,
    /// Bit n: a lone line break follows the first n digits.
    breaks: u16,
    /// All separators are of one kind.
    one_kind: bool,
    /// They are hyphens.
    hyphens: bool,
    end: usize,
}

/// Reads as many digits from `start` as their beginning requires.
fn read(text: &str, start: usize, international: bool) -> Option<Number> {
    let bytes = text.as_bytes();
    let mut number = Number { end: start, ..Number::default() };
    if international && bytes.get(start) != Some(&b'0') {
        number.digits.push(0);
    }
    let mut kinds = Vec::with_capacity(3);
    loop {
        while let Some(digit) = bytes.get(number.end).filter(|b| b.is_ascii_digit()) {
            number.digits.push(digit - b'0');
            number.end += 1;
            if number.digits.len() == length(&number.digits) {
                // Brackets go with any other separator: (03)0000-1234.
                let mut others = kinds.iter().filter(|&&kind| kind != Some(')'));
                let first = others.next();
                number.one_kind = others.all(|kind| Some(kind) == first);
                number.hyphens = number.one_kind && first == Some(&Some('-'));
                // One dot is a decimal point.
                return (kinds != [Some('.')]).then_some(number);
            }
        }
        let (kind, end) = separator(text, number.end)?;
        let bit = 1 << number.digits.len();
        if kind == Some('\n') {
            number.breaks |= bit;
        } else {
            number.cuts |= bit;
            kinds.push(kind);
        }
        number.end = end;
    }
}

/// Returns the number of digits that a number beginning with `digits` has; 11 while that is open.
///
/// 06-0… reads as 060…: no exchange of a fixed line begins with 0, so this costs made-up numbers only.
fn length(digits: &[u8]) -> usize {
    match digits {
        [0, 5..=9, 0, ..] | [_, _] | [_] | [] => 11,
        _ => 10,
    }
}

/// Returns the kind of the separator at `at` (`None`: spaces) and the position of the next digit.
fn separator(text: &str, at: usize) -> Option<(Option<char>, usize)> {
    let mut kind = None;
    for (i, c) in text[at..].char_indices().take(7) {
        match c {
            '0'..='9' => return (i > 0).then_some((kind, at + i)),
            ' ' => {}
            '\n' | '\r' => kind = kind.or(Some('\n')),
            '-' | 'ー' if matches!(kind, None | Some('\n' | ')')) => {
                kind = kind.filter(|&k| k == ')').or(Some('-'))
            }
            '.' | '・' if kind.is_none() => kind = Some('.'),
            '(' | ')' if matches!(kind, None | Some('-')) => kind = Some(')'),
            _ => return None,
        }
    }
    None
}

/// Comparison of a number's separators with those of numbers of its kind.
#[derive(PartialEq)]
enum Shape {
    /// Separators at every place of such numbers, and nowhere else.
    Cut,
    /// Separators at one of the places.
    Partly,
    /// One run of digits.
    Run,
    Other,
}

fn shape(digits: &[u8], cuts: u16, breaks: u16) -> Shape {
    let bits = |a: usize, b: usize| 1u16 << a | 1 << b;
    let mut forms = Vec::with_capacity(4);
    match digits {
        [0, 8, 0, 0, ..] => forms.extend([bits(4, 7), bits(4, 6), bits(3, 7)]),
        [0, 5..=9, 0, ..] => forms.push(bits(3, 7)),
        [0, 1, 2, 0, ..] | [0, 5, 7, 0, ..] => forms.extend([bits(4, 7), bits(4, 6)]),
        [0, 1..=9, ..] => forms.extend((2..=5).filter(|&n| is_area_code(digits, n)).map(|n| bits(n, 6))),
        _ => {}
    }
    // The 0 that a country code replaces is cut off by it, as in +81-(0)90: no place of its own.
    let cuts = cuts & !0b11;
    if forms.is_empty() {
        Shape::Other
    } else if forms.contains(&cuts) && breaks.count_ones() <= 2 {
        Shape::Cut
    } else if breaks > 0 {
        Shape::Other
    } else if cuts == 0 {
        Shape::Run
    } else if forms.iter().any(|form| cuts & !form == 0) {
        Shape::Partly
    } else {
        Shape::Other
    }
}

/// Tests for a beginning that hardly any other code has.
fn is_unmistakable(digits: &[u8]) -> bool {
    matches!(digits, [0, 5..=9, 0, ..] | [0, 1, 2, 0, ..] | [0, 5, 7, 0, ..])
}

/// Tests that the number is not the rest of a longer code that begins before it.
fn begins_apart(bytes: &[u8], start: usize, strong: bool) -> bool {
    let Some(&before) = start.checked_sub(1).and_then(|i| bytes.get(i)) else { return true };
    let earlier = start.checked_sub(2).and_then(|i| bytes.get(i)).copied().unwrap_or(b' ');
    match before {
        b'/' | b',' | b':' => strong || !earlier.is_ascii_digit(),
        b'-' | b'.' | b'+' => !earlier.is_ascii_alphanumeric(),
        b'_' => false,
        b => !b.is_ascii_alphanumeric(),
    }
}

/// Tests that no longer code continues behind it.
fn ends_apart(bytes: &[u8], end: usize, strong: bool) -> bool {
    let more = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    match bytes.get(end) {
        Some(b'-' | b'.') => !more,
        Some(b'/' | b',') => strong || !more,
        Some(b) if b.is_ascii_alphabetic() => strong,
        Some(b) => !b.is_ascii_digit(),
        None => true,
    }
}
