//! Payment cards.

use std::ops::Range;

use super::category::{Category, Place};
use super::check_digit::is_valid_modulus_10;
use super::reading::{after_label, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "card_number",
    tag: "〔*カード番号〕",
    what: "fourteen to sixteen digits with a right check digit behind カード番号, クレジットカード and the like",
    source: "ISO/IEC 7812-1",
    words: &[
        "クレジットカード番号",
        "クレジットカード",
        "カード番号",
        "デビットカード",
        "visa",
        "mastercard",
        "jcb",
        "amex",
    ],
    read,
    examples: &[
        Example { before: "カード番号 4111-1111-1111-1111", after: "", why: "four groups" },
        Example { before: "VISA 4111111111111111", after: "", why: "one run" },
        Example {
            before: "カード番号 4111111111111112",
            after: "カード番号 4111111111111112",
            why: "the check digit is wrong",
        },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let mut read = [16, 15, 14].iter().filter_map(|&count| digits(text, start, count));
    let read = read.find(|read| is_valid_modulus_10(&read.digits))?;
    Some(labelled(text, &word, start..read.end))
}
