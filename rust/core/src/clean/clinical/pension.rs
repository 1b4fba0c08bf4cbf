//! 基礎年金番号, 雇用保険被保険者番号 and 住民票コード.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::any_code;
use super::reading::{after_label, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "pension_number",
    tag: "〔*年金番号〕",
    what: "ten or eleven digits behind 基礎年金番号, 雇用保険被保険者番号 or 住民票コード",
    source: "国民年金法施行規則 1 (4-6 digits); 雇用保険 (4-6-1); 住民基本台帳法施行規則 1 (11 digits); from memory",
    words: &[
        "基礎年金番号",
        "年金番号",
        "年金手帳番号",
        "雇用保険被保険者番号",
        "雇用保険番号",
        "住民票コード",
    ],
    read,
    examples: &[
        Example { before: "基礎年金番号 1234-567890", after: "", why: "four and six digits" },
        Example {
            before: "雇用保険被保険者番号:1234-567890-1。",
            after: "。",
            why: "a check digit behind them",
        },
        Example { before: "年金番号は不明", after: "年金番号は不明", why: "no number" },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let read = [11, 10].iter().find_map(|&count| digits(text, start, count));
    read.map(|read| labelled(text, &word, start..read.end)).or_else(|| any_code(text, &word))
}
