//! Finds Japanese telephone numbers in text that has been through NFKC and the dash rule.
//!
//! A number begins with 0 or +81 and has ten digits, or eleven for mobile, IP and 0800 numbers. Grouping
//! decides what is taken for one: with hyphens or brackets any valid number; in one run of digits or with
//! spaces only those whose beginning no other code has (0[5-9]0, 0120, 0800, 0570), or any after a label.

use std::ops::Range;

/// Where telephone numbers stand.
pub fn phone_numbers(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for zero_or_plus in memchr::memchr2_iter(b'0', b'+', bytes) {
        if found.last().is_some_and(|last| zero_or_plus < last.end) {
            continue;
        }
        if let Some(range) = number_at(text, zero_or_plus) {
            found.push(range);
        }
    }
    found
}

/// The number whose first digit or plus sign is at `start`.
fn number_at(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let bracket = start > 0 && bytes[start - 1] == b'(';
    let outer = if bracket { start - 1 } else { start };
    if outer > 0
        && (bytes[outer - 1].is_ascii_alphanumeric() || b"-.,/_+:".contains(&bytes[outer - 1]))
        && !labelled(text, outer)
    {
        return None;
    }
    let (national, groups) = read_groups(bytes, start, bracket)?;
    let end = groups.end;
    let follows = bytes.get(end).copied().unwrap_or(b' ');
    let more = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if follows.is_ascii_alphanumeric() || (b"-.,/".contains(&follows) && more) || !valid(&national) {
        return None;
    }
    let grouped = groups.hyphens >= 2 || (groups.brackets && groups.count >= 3);
    let unmistakable = is_mobile(&national)
        || national.starts_with(b"0120")
        || national.starts_with(b"0800")
        || national.starts_with(b"0570");
    let international = bytes[start] == b'+';
    (grouped || unmistakable || international || labelled(text, outer)).then_some(outer..end)
}

/// How the digits of a number are grouped.
struct Groups {
    count: usize,
    hyphens: usize,
    brackets: bool,
    end: usize,
}

/// Reads digits with single separators from `start`; returns them with the leading 0, and their grouping.
fn read_groups(bytes: &[u8], start: usize, bracket: bool) -> Option<(Vec<u8>, Groups)> {
    let mut digits = Vec::with_capacity(11);
    let mut i = start;
    if bytes[start] == b'+' {
        if !bytes[start..].starts_with(b"+81") {
            return None;
        }
        i += 3;
        digits.push(b'0');
        for optional in [&b"-"[..], b" ", b"(0)", b"-", b" ", b"0"] {
            if bytes[i..].starts_with(optional) {
                i += optional.len();
            }
        }
    }
    let mut groups = Groups { count: 0, hyphens: 0, brackets: bracket, end: i };
    while groups.count < 5 {
        let length = bytes[i..].iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 || digits.len() + length > 11 {
            break;
        }
        digits.extend_from_slice(&bytes[i..i + length]);
        i += length;
        groups.count += 1;
        groups.end = i;
        let separators = bytes[i..].iter().take(2).take_while(|b| b"-() ".contains(b)).count();
        groups.hyphens += usize::from(bytes[i..i + separators].contains(&b'-'));
        groups.brackets |= bytes[i..i + separators].contains(&b')');
        i += separators;
    }
    // The separator behind the last group belongs to the text.
    groups.hyphens -= usize::from(groups.hyphens > 0 && bytes[groups.end..i].contains(&b'-'));
    Some((digits, groups))
}

fn is_mobile(national: &[u8]) -> bool {
    national.len() == 11 && national[0] == b'0' && (b'5'..=b'9').contains(&national[1]) && national[2] == b'0'
}

fn valid(national: &[u8]) -> bool {
    match national.len() {
        10 => national[0] == b'0' && national[1] != b'0',
        11 => is_mobile(national) || national.starts_with(b"0800"),
        _ => false,
    }
}

/// Whether a word that announces a telephone number stands before `at`.
fn labelled(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', ':', '(', '.', '-']);
    [
        "TEL",
        "Tel",
        "tel",
        "FAX",
        "Fax",
        "fax",
        "電話",
        "電話番号",
        "携帯",
        "携帯番号",
        "連絡先",
        "ファックス",
        "☎",
        "📞",
    ]
    .iter()
    .any(|label| before.ends_with(label))
}
