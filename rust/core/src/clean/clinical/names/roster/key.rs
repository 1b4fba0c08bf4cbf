//! Marks before the names of a roster: weekdays, numbers, times, beds and rooms.

use crate::clean::characters::is_kanji;

/// Kind of mark before a name of a roster.
#[derive(Clone, Copy, PartialEq)]
pub enum Key {
    /// 月:, 火 .
    Weekday,
    /// 1., 2).
    Number,
    /// ①.
    Circled,
    /// 9:15.
    Time,
    /// ベッド2.
    Bed,
    /// A室:.
    Room,
}

/// Words before a number that say where somebody lies.
const BEDS: [&str; 4] = ["ベッド", "ベット", "Bed", "bed"];

/// Reads the key that begins at `at`; returns it with the start of what stands behind it.
pub fn read(text: &str, at: usize) -> Option<(Key, usize)> {
    let before = &text[..at];
    let rest = &text[at..];
    let first = rest.chars().next()?;
    let behind = &rest[first.len_utf8()..];
    let place = |key, rest: &str| {
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        Some((key, text.len() - rest.len()))
    };
    if matches!(first, '①'..='⑳') {
        return place(Key::Circled, behind);
    }
    let opens = before.is_empty() || before.ends_with([' ', '\n', '、', ':', '/', '・', ',', '\t']);
    if is_kanji(first) {
        return behind.strip_prefix([':', ' ']).filter(|_| opens).and_then(|rest| place(Key::Weekday, rest));
    }
    if first.is_ascii_uppercase() {
        return behind.strip_prefix("室:").filter(|_| opens).and_then(|rest| place(Key::Room, rest));
    }
    if before.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let rest = &rest[digits..];
    if digits > 2 {
        return None;
    }
    if BEDS.iter().any(|word| before.ends_with(word)) {
        return rest.strip_prefix([' ', ':']).and_then(|rest| place(Key::Bed, rest));
    }
    let minutes =
        rest.strip_prefix(':').filter(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() == 2);
    if let Some(minutes) = minutes {
        return minutes[2..].strip_prefix(' ').filter(|_| opens).and_then(|rest| place(Key::Time, rest));
    }
    rest.strip_prefix(['.', ')']).filter(|_| opens).and_then(|rest| place(Key::Number, rest))
}
