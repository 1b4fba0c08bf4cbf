//! Places of the output where a rule may match more than a character: the pass leaves them to the rules.

use super::super::characters::is_word;
use super::super::classes::{Class, Classes};

/// Digits in the output that may be a telephone number.
#[derive(Default)]
pub struct Number {
    /// Count from its first digit; 0 if no number can have begun.
    pub digits: usize,
    /// End of the last digit in the output.
    pub end: usize,
    /// Position of the last deletion in the output: the rule still sees the deleted character between the digits.
    pub parted_at: usize,
}

/// Least number of digits of a telephone number, with a leading 0 or a country code.
const PHONE_DIGITS: usize = 10;

impl Number {
    /// Tests for enough digits for a telephone number, including the one to be written.
    pub fn is_whole(&mut self, out: &str, digit: char) -> bool {
        let between = &out[self.end..];
        let goes_on = |c| matches!(c, ' ' | '\n' | '-' | 'ー' | '.' | '・' | '(' | ')' | '+');
        if !between.chars().all(goes_on) {
            self.digits = 0;
        }
        let begins = match digit {
            '0' => self.parted_at == out.len() || !out.ends_with(|before: char| before.is_ascii_digit()),
            '8' => out.trim_end_matches(' ').ends_with('+'),
            _ => false,
        };
        if begins || self.digits > 0 {
            self.digits += 1;
        }
        self.end = out.len() + 1;
        self.digits >= PHONE_DIGITS
    }
}

/// Tests for a # that ends at `end` and may begin a tag: neither behind a word or a line break, nor before a digit.
pub fn may_be_tag(classes: &Classes, text: &str, end: usize) -> bool {
    let before = text[..end].strip_suffix('#').map(|before| before.chars().next_back());
    let is_apart = match before {
        Some(Some(c)) => c != '\n' && !(is_word(c) && matches!(classes.of(c), Class::Plain | Class::Watched)),
        Some(None) => false,
        None => true,
    };
    is_apart && text.as_bytes().get(end).is_some_and(|next| !b" \n#0123456789".contains(next))
}
