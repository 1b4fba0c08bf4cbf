//! 保険者番号.

use std::ops::Range;

use super::category::{Category, Place};
use super::check_digit::is_valid_modulus_10;
use super::code::any_code;
use super::reading::{after_label, checked_digits, digits, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "insurer_number",
    tag: "〔*保険者番号〕",
    what: "eight or six digits behind 保険者番号; eight behind 保険証 and the like where prefecture and check digit are right",
    source: "診療報酬請求書等の記載要領, 別添2 保険者番号等設定要領",
    words: &[
        "保険者番号",
        "保険者no",
        "保険者コード",
        "保険者",
        "健康保険証",
        "保険証",
        "資格確認書",
        "資格情報",
    ],
    read,
    examples: &[
        Example { before: "保険者番号 01130012", after: "", why: "eight digits" },
        Example {
            before: "保険者番号:138057、本人", after: "、本人", why: "six, national health insurance"
        },
        Example { before: "保険者(0113-0012)", after: "", why: "brackets of its own" },
        Example {
            before: "保険証確認 01130012", after: "保険証確認 ", why: "the check digit is right"
        },
        Example { before: "保険証確認 20210304", after: "保険証確認 20210304", why: "a date" },
    ],
};

/// Longest distance between the word and a number with a valid check digit, in characters.
const NEAR: usize = 12;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    eight_or_six(text, &word).or_else(|| any_code(text, &word))
}

fn eight_or_six(text: &str, word: &Range<usize>) -> Option<Place> {
    if text[word.clone()].starts_with("保険者") {
        let start = after_label(text, word.end);
        let value = checked_digits(text, start, &[8, 6], is_valid_modulus_10)?;
        return Some(labelled(text, word, value));
    }
    let mut near = text[word.end..].char_indices().take(NEAR).map(|(i, c)| (word.end + i, c));
    let (at, _) = near.find(|(_, c)| c.is_ascii_alphanumeric())?;
    let read = digits(text, at, 8).filter(|read| read.tight && is_insurer(&read.digits))?;
    Some(Place { whole: at..read.end, value: at..read.end })
}

/// Law (two digits), prefecture (01–47), insurer (three), check digit.
fn is_insurer(digits: &[u8]) -> bool {
    let [law @ .., prefecture_1, prefecture_2, _, _, _, _] = digits else { return false };
    let law = law.iter().fold(0, |value, digit| value * 10 + digit);
    let is_law = matches!(law, 1..=4 | 6 | 7 | 31..=34 | 39 | 63 | 67 | 72..=75);
    is_law && (1..=47).contains(&(prefecture_1 * 10 + prefecture_2)) && is_valid_modulus_10(digits)
}
