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
        "郵便",
        "郵便番号は",
        "〒番号",
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
        Example {
            before: "〒一〇〇-〇〇〇五、郵便番号は890の0064",
            after: "、",
            why: "kanji; as it is spoken",
        },
        Example { before: "〒100", after: "〒100", why: "three digits" },
    ],
};

/// Digits in kanji, by value.
const NUMERALS: &str = "〇一二三四五六七八九零○";

/// Returns the end of three and four digits at `start`, in ASCII or kanji, with a dash or の between them.
fn spoken(text: &str, start: usize) -> Option<usize> {
    let is_digit = |c: char| c.is_ascii_digit() || NUMERALS.contains(c);
    let run = |at: usize| {
        at + text[at..].chars().take(8).take_while(|&c| is_digit(c)).map(char::len_utf8).sum::<usize>()
    };
    let count = |range: Range<usize>| text[range].chars().count();
    let first = run(start);
    if count(start..first) == 7 {
        return Some(first);
    }
    let mark = text[first..].chars().next().filter(|c| "-ー−―‐の・ ".contains(*c))?;
    let next = first + mark.len_utf8();
    let end = run(next);
    (count(start..first) == 3 && count(next..end) == 4).then_some(end)
}

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    if !begins_word(text, word.start) {
        return None;
    }
    let end = digits(text, start, 7).map(|read| read.end).or_else(|| spoken(text, start))?;
    Some(labelled(text, &word, start..end))
}
