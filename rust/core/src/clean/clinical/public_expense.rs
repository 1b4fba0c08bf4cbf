//! 公費負担者番号 and 受給者番号.

use std::ops::Range;

use super::category::{Category, Place};
use super::check_digit::is_valid_modulus_10;
use super::code::any_code;
use super::reading::{after_label, checked_digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "public_expense_number",
    tag: "〔*公費番号〕",
    what: "eight digits behind 公費負担者番号 and seven behind 受給者番号",
    source: "診療報酬請求書等の記載要領, 別添2 公費負担者番号・公費負担医療の受給者番号設定要領",
    words: &[
        "公費負担者番号",
        "公費負担番号",
        "負担者番号",
        "市町村番号",
        "公費受給者番号",
        "公費負担医療の受給者番号",
        "医療受給者番号",
        "受給者番号",
        "受給者証番号",
        "受給者no",
    ],
    read,
    examples: &[
        Example {
            before: "公費負担者番号:54136015、難病", after: "、難病", why: "eight digits"
        },
        Example { before: "受給者番号 123 4566", after: "", why: "seven, in groups" },
        Example { before: "受給者番号は不明", after: "受給者番号は不明", why: "no number" },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let start = law_end(text, word.end).unwrap_or_else(|| after_label(text, word.end));
    let value = checked_digits(text, start, &[8, 7], is_valid_modulus_10);
    value.map(|value| labelled(text, &word, value)).or_else(|| any_code(text, &word))
}

/// Returns the end of the law's number of two digits in brackets behind the label: 受給者番号(54)5502817.
fn law_end(text: &str, at: usize) -> Option<usize> {
    let inner = text[at..].strip_prefix('(')?;
    let digits = inner.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let behind = inner[digits..].strip_prefix(')').filter(|_| digits == 2)?;
    Some(after_label(text, text.len() - behind.len()))
}
