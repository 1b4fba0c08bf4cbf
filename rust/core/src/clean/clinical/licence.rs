//! 運転免許証番号.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::any_code;
use super::reading::{after_label, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "driving_licence",
    tag: "〔*免許証番号〕",
    what: "twelve digits behind 運転免許証番号 or 免許証",
    source: "道路交通法施行規則 別記様式第14 (第…号)",
    words: &[
        "運転免許証番号",
        "運転免許証の番号",
        "運転免許証",
        "運転免許番号",
        "免許証番号",
        "免許証の番号",
        "免許証",
    ],
    read,
    examples: &[
        Example { before: "運転免許証番号:第301234567890号", after: "", why: "as it is printed" },
        Example { before: "免許証 3012-3456-7890 確認", after: " 確認", why: "groups" },
        Example { before: "免許証返納 2021年", after: "免許証返納 2021年", why: "no number" },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    twelve_digits(text, &word).or_else(|| any_code(text, &word))
}

fn twelve_digits(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let mut end = digits(text, start, 12)?.end;
    if text[..start].ends_with('第') && text[end..].starts_with('号') {
        end += '号'.len_utf8();
    }
    Some(labelled(text, word, start..end))
}
