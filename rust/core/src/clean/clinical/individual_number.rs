//! 個人番号 (マイナンバー).

use std::ops::Range;

use super::category::{Category, Place};
use super::check_digit::is_valid_individual_number;
use super::code::any_code;
use super::reading::{after_label, checked_digits, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "individual_number",
    tag: "〔*個人番号〕",
    what: "twelve digits behind 個人番号 or マイナンバー, or with a right check digit within 30 characters of them",
    source: "行政手続における特定の個人を識別するための番号の利用等に関する法律施行令 8; 総務省令 85 of 2014, 5",
    words: &[
        "個人番号(マイナンバー)",
        "マイナンバー(個人番号)",
        "個人番号",
        "マイナンバーカード",
        "マイナンバー",
        "マイナカード",
        "my number",
    ],
    read,
    examples: &[
        Example { before: "個人番号:1234-5678-9018", after: "", why: "groups of four" },
        Example { before: "マイナンバーは123456789018。", after: "。", why: "one run" },
        Example { before: "個人番号\n1234 5678\n9018", after: "", why: "line breaks" },
        Example {
            before: "マイナンバーカードを確認した(1234 5678 9018)",
            after: "マイナンバーカードを確認した()",
            why: "near the word and with a right check digit",
        },
        Example {
            before: "マイナンバーカードを確認した。検体1234 5678 9012",
            after: "マイナンバーカードを確認した。検体1234 5678 9012",
            why: "near the word, but the check digit is wrong",
        },
        Example {
            before: "JAN 123456789018",
            after: "JAN 123456789018",
            why: "a tenth of all numbers would pass",
        },
    ],
};

/// Longest distance between the word and a number with a valid check digit, in characters.
const NEAR: usize = 30;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    twelve_digits(text, &word).or_else(|| any_code(text, &word))
}

fn twelve_digits(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    if let Some(value) = checked_digits(text, start, &[12], is_valid_individual_number) {
        return Some(labelled(text, word, value));
    }
    let near = text[word.end..].char_indices().take(NEAR).map(|(i, c)| (word.end + i, c));
    let mut apart = true;
    for (at, c) in near {
        let begins = apart && c.is_ascii_digit();
        apart = !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.');
        if begins
            && let Some(read) = digits(text, at, 12).filter(|read| is_valid_individual_number(&read.digits))
        {
            return Some(Place { whole: at..read.end, value: at..read.end });
        }
    }
    None
}
