//! Bank accounts.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::any_code;
use super::reading::{after_label, begins_word, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "bank_account",
    tag: "〔*口座番号〕",
    what: "seven digits (ゆうちょ: five and up to eight) behind 口座番号, 普通預金, 当座 and the like",
    source: "全銀協規定フォーマット (account number: seven digits; from memory); ゆうちょ銀行 記号・番号",
    words: &[
        "口座番号",
        "振込先口座",
        "振込口座",
        "普通預金口座",
        "普通預金",
        "普通口座",
        "当座預金",
        "当座",
        "貯蓄預金",
        "口座no",
        "支店 普通",
        "店 普通",
        "支店(普通)",
        "支店普通",
        "ゆうちょ銀行 記号",
        "ゆうちょ銀行記号",
        "ゆうちょ 記号",
        "ゆうちょ記号",
        "ゆうちょ",
        "口座",
        "普通",
        "普",
    ],
    read,
    examples: &[
        Example { before: "口座番号:1234567", after: "", why: "seven digits" },
        Example {
            before: "北東銀行本町支店 普通 1234567",
            after: "北東銀行本町",
            why: "the kind of account",
        },
        Example {
            before: "普通預金 口座番号 123-4567", after: "普通預金 ", why: "the nearer label"
        },
        Example {
            before: "ゆうちょ銀行 記号 12340 番号 12345671", after: "", why: "sign and number"
        },
        Example { before: "普通食 1800kcal", after: "普通食 1800kcal", why: "a diet" },
    ],
};

/// Tests for a bank in the words before 普通, which is many other things too.
fn of_bank(text: &str, start: usize) -> bool {
    let head = text[..start].trim_end_matches([' ', ':', '\n', '(', '、']);
    ["銀行", "口座", "支店", "信金", "信用金庫", "信組", "農協", "JA", "労金", "振込先", "返金先", "預金"]
        .iter()
        .any(|word| head.ends_with(word))
}

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    if &text[word.clone()] == "普通" && !of_bank(text, word.start) {
        return None;
    }
    // (普)No.2290417
    if &text[word.clone()] == "普" {
        let short = text[..word.start].ends_with('(') && text[word.end..].starts_with([')', ' ']);
        return seven_digits(text, &word).filter(|_| short);
    }
    seven_digits(text, &word).or_else(|| any_code(text, &word))
}

/// Skips the kind of account between 口座番号 and the number.
fn after_kind(text: &str, at: usize) -> usize {
    let rest = ["普通預金", "普通", "当座預金", "当座", "貯蓄"]
        .iter()
        .find_map(|kind| text[at..].strip_prefix(kind));
    rest.map_or(at, |rest| after_label(text, text.len() - rest.len()))
}

fn seven_digits(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_kind(text, after_label(text, word.end));
    if !begins_word(text, word.start) {
        return None;
    }
    if text[word.clone()].starts_with("ゆうちょ") {
        return postal_bank(text, word, start);
    }
    let read = digits(text, start, 7)?;
    Some(labelled(text, word, start..read.end))
}

/// A sign of five digits (a sixth may stand behind a dash) and a number of up to eight.
fn postal_bank(text: &str, label: &Range<usize>, start: usize) -> Option<Place> {
    let bytes = text.as_bytes();
    let run = |at: usize| bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = start + run(start);
    if end - start != 5 {
        return None;
    }
    if bytes.get(end) == Some(&b'-') && run(end + 1) == 1 {
        end += 2;
    }
    let number = after_label(text, end);
    let length = run(number);
    (number > end && (2..=8).contains(&length)).then(|| labelled(text, label, start..number + length))
}
