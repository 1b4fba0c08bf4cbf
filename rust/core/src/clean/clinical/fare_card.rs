//! Numbers of fare cards of railways: Suica JE80 4471 8829 1377 526.

use std::ops::Range;

use super::category::Place;
use super::reading::{after_marks, labelled};

/// Labels, in lower case.
pub const LABELS: [&str; 5] = ["icカード", "交通系カード", "suica", "pasmo", "icoca"];

/// The fewest and the most digits behind the two letters.
const DIGITS: [usize; 2] = [13, 17];

/// Reads J with a further capital and the digits behind them, spaces between their groups.
pub fn fare_card(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let rest = text[start..].strip_prefix('J')?.strip_prefix(|c: char| c.is_ascii_uppercase())?;
    let (mut digits, mut length) = (0, 0);
    for (i, b) in rest.bytes().enumerate().take(2 * DIGITS[1]) {
        match b {
            b'0'..=b'9' => (digits, length) = (digits + 1, i + 1),
            b' ' | b'-' => {}
            _ => break,
        }
    }
    let end = text.len() - rest.len() + length;
    let fits = (DIGITS[0]..=DIGITS[1]).contains(&digits);
    (fits && !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric()))
        .then(|| labelled(text, word, start..end))
}
