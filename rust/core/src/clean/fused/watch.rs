//! Places of the output where a rule may match more than a character: the pass leaves them to the rules.

use super::super::characters::is_word;
use super::super::classes::Class;
use super::{Pass, Unsure};

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

impl Pass<'_> {
    /// Looks for a possible match of a rule that ends or begins at `c`.
    pub fn watch(&mut self, c: char, end: usize) -> Result<(), Unsure> {
        let seen = match c {
            '0'..='9' => self.is_phone_number(c),
            '.' => self.out.ends_with(['w', 'W']), // www.
            '/' => self.out.ends_with(":/"),       // https://
            'C' => self.out.ends_with(['°', '゜']),
            '線' => self.out.ends_with('内'),
            '#' => self.may_be_tag(end),
            _ => true,
        };
        if seen { Err(Unsure) } else { Ok(()) }
    }

    /// Tests for a # that ends at `end` and may begin a tag: neither behind a word or a line break, nor before a digit.
    fn may_be_tag(&self, end: usize) -> bool {
        let before = self.text[..end].strip_suffix('#').map(|before| before.chars().next_back());
        let is_apart = match before {
            Some(Some(c)) => {
                c != '\n' && !(is_word(c) && matches!(self.classes.of(c), Class::Plain | Class::Watched))
            }
            Some(None) => false,
            None => true,
        };
        is_apart && self.text.as_bytes().get(end).is_some_and(|next| !b" \n#0123456789".contains(next))
    }

    /// Tests for enough digits for a telephone number, including the one to be written.
    fn is_phone_number(&mut self, digit: char) -> bool {
        let between = &self.out[self.number.end..];
        let goes_on = |c| matches!(c, ' ' | '\n' | '-' | 'ー' | '.' | '・' | '(' | ')' | '+');
        if !between.chars().all(goes_on) {
            self.number.digits = 0;
        }
        let begins = match digit {
            '0' => {
                self.number.parted_at == self.out.len()
                    || self.last().is_none_or(|before| !before.is_ascii_digit())
            }
            '8' => self.out.trim_end_matches(' ').ends_with('+'),
            _ => false,
        };
        if begins || self.number.digits > 0 {
            self.number.digits += 1;
        }
        self.number.end = self.out.len() + 1;
        self.number.digits >= PHONE_DIGITS
    }
}
