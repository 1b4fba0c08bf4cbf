//! 医療機関コード.

use std::ops::Range;

use super::category::{Category, Place};
use super::check_digit::is_valid_modulus_10;
use super::code::any_code;
use super::reading::{after_label, checked_digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "institution_code",
    tag: "〔*医療機関コード〕",
    what: "ten or seven digits behind 医療機関コード, 薬局コード and the like",
    source: "診療報酬請求書等の記載要領, 別添2 医療機関コード設定要領 (01・1234・5)",
    words: &[
        "保険医療機関コード",
        "医療機関コード",
        "医療機関番号",
        "医療機関no",
        "保険医療機関番号",
        "保険薬局コード",
        "薬局コード",
        "医療機関等コード",
        "医療機関cd",
    ],
    read,
    examples: &[
        Example {
            before: "医療機関コード 1310012347", after: "", why: "prefecture, table, seven digits"
        },
        Example {
            before: "医療機関コード:01・1234・7、外科",
            after: "、外科",
            why: "seven digits as on claims",
        },
        Example { before: "医療機関コード表", after: "医療機関コード表", why: "no number" },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let value = checked_digits(text, after_label(text, word.end), &[10, 7], is_valid_modulus_10);
    value.map(|value| labelled(text, &word, value)).or_else(|| any_code(text, &word))
}
