//! 旅券番号.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::any_code;
use super::reading::{after_label, begins_word, ends_number, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "passport",
    tag: "〔*旅券番号〕",
    what: "two letters and seven digits behind 旅券 or パスポート",
    source: "ICAO Doc 9303; Japanese passports have two letters and seven digits (from memory)",
    words: &[
        "旅券番号",
        "旅券",
        "パスポート番号",
        "パスポートno",
        "パスポート",
        "passport no",
        "passport number",
        "passport",
    ],
    read,
    examples: &[
        Example {
            before: "旅券番号:TR1234567、渡航歴あり", after: "、渡航歴あり", why: "as it is printed"
        },
        Example { before: "パスポート ab 123-4567", after: "", why: "lower case, a space and a dash" },
        Example { before: "パスポートNo.TR1234567", after: "", why: "a label with No." },
        Example {
            before: "パスポート2021年取得", after: "パスポート2021年取得", why: "no letters"
        },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    two_letters_seven_digits(text, &word).or_else(|| any_code(text, &word))
}

fn two_letters_seven_digits(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let bytes = text.as_bytes();
    if !begins_word(text, word.start) || !bytes.get(start..start + 2)?.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let mut at = start + 2;
    let mut count = 0;
    while count < 7 {
        let separated = count == 0 || count == 3;
        at +=
            bytes[at..].iter().take(2).take_while(|b| separated && matches!(b, b' ' | b'-' | b'\n')).count();
        bytes.get(at).filter(|b| b.is_ascii_digit())?;
        at += 1;
        count += 1;
    }
    ends_number(text, at).then(|| labelled(text, word, start..at))
}
