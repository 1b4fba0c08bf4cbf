//! Payment cards.

use std::ops::Range;

use super::category::{Category, Place};
use super::check_digit::is_valid_modulus_10;
use super::code::any_code;
use super::reading::{after_label, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "card_number",
    tag: "〔*カード番号〕",
    what: "fourteen to sixteen digits with a right check digit behind クレジットカード, VISA and the like, any code behind カード番号",
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
        Example { before: "カード番号 4111111111111112", after: "", why: "a wrong check digit" },
        Example { before: "JCB 3割負担", after: "JCB 3割負担", why: "no number" },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let mut read = [16, 15, 14].iter().filter_map(|&count| digits(text, start, count));
    let read = read.find(|read| is_valid_modulus_10(&read.digits));
    read.map(|read| labelled(text, &word, start..read.end)).or_else(|| any_code(text, &word))
}
