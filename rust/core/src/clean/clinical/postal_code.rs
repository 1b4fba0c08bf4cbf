//! Postal codes.

use std::ops::Range;

use super::category::{Category, Place};
use super::reading::{after_marks, begins_word, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "postal_code",
    tag: "〔*郵便番号〕",
    what: "seven digits behind 〒 or 郵便番号",
    source: "日本郵便 郵便番号制度 (three and four digits)",
    words: &[
        "〒",
        "〠",
        "郵便番号",
        "郵便no",
        "郵便コード",
        "ユウビン番号",
        "ゆうびん番号",
        "zip code",
        "zipcode",
        "zip",
        "postal code",
        "postcode",
        "post code",
    ],
    read,
    examples: &[
        Example { before: "〒060-0042 札幌", after: " 札幌", why: "the mark" },
        Example { before: "郵便番号:1000001", after: "", why: "the label; one run" },
        Example { before: "〒\n100-\n0001", after: "", why: "line breaks" },
        Example { before: "〒100", after: "〒100", why: "three digits" },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    if !begins_word(text, word.start) {
        return None;
    }
    let read = digits(text, start, 7)?;
    Some(labelled(text, &word, start..read.end))
}
