//! IP addresses (version 4).

use std::ops::Range;

use super::category::{Category, Place};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "ip_address",
    tag: "〔*IPアドレス〕",
    what: "four numbers of up to 255 with dots, where no section, version or enzyme is numbered so",
    source: "RFC 791, RFC 1123 2.1",
    words: &["."],
    read,
    examples: &[
        Example { before: "端末192.168.0.12から", after: "端末から", why: "a private network" },
        Example { before: "IP: 3.14.1.20", after: "IP: ", why: "behind a label however small" },
        Example {
            before: "EC 2.7.11.101、第3.1.2.4節",
            after: "EC 2.7.11.101、第3.1.2.4節",
            why: "an enzyme, a section",
        },
        Example { before: "Ver. 11.2.202.235", after: "Ver. 11.2.202.235", why: "a version" },
        Example { before: "1.2.840.10008.1", after: "1.2.840.10008.1", why: "an object identifier" },
    ],
};

/// Labels of other things that are numbered with four numbers.
const OTHERS: [&str; 12] =
    ["ec", "ver", "ver.", "version", "v", "v.", "版", "第", "表", "図", "項", "バージョン"];

/// Reads the address around its first dot.
fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let bytes = text.as_bytes();
    let first = bytes[..word.start].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let start = word.start - first;
    if bytes[..start].last().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return None;
    }
    let mut at = start;
    let mut parts = [0u16; 4];
    for (i, part) in parts.iter_mut().enumerate() {
        if i > 0 {
            bytes.get(at).filter(|&&b| b == b'.')?;
            at += 1;
        }
        let length = bytes[at..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let digits = &text[at..at + length];
        *part =
            digits.parse().ok().filter(|&value| value <= 255 && (length == 1 || !digits.starts_with('0')))?;
        at += length;
    }
    // This host, any host, all hosts.
    if parts == [127, 0, 0, 1] || parts == [0; 4] || parts == [255; 4] {
        return None;
    }
    let goes_on = bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        || bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    let window = text[..start].char_indices().rev().nth(11).map_or(0, |(i, _)| i);
    let before = text[window..start].trim_end_matches([' ', ':', '(']).to_ascii_lowercase();
    let labelled = before.ends_with("ip") || before.ends_with("アドレス") || before.ends_with("ホスト");
    let other = OTHERS.iter().any(|other| before.ends_with(other));
    // Sections and enzymes begin with a small number and seldom reach three digits.
    let plain = parts[0] >= 10 && parts.iter().any(|&part| part >= 100) || parts[0] == 10 || parts[0] >= 100;
    (!goes_on && (labelled || (plain && !other))).then_some(Place { whole: start..at, value: start..at })
}
