//! 被保険者証の記号・番号.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::{any_code, labelled_code};
use super::names::runs::{run_before, run_up_to};
use super::reading::{after_label, char_at, ends_number, labelled};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "insured_symbol_number",
    tag: "〔*記号番号〕",
    what: "a sign with a number behind 記号 … 番号, 記号・番号, and four to ten digits behind 被保険者番号",
    source: "健康保険法施行規則 47 (記号・番号・枝番); 介護保険法施行規則 26 (ten digits), 高齢者医療 (eight digits)",
    words: &[
        "被保険者証の記号・番号",
        "被保険者証記号・番号",
        "被保険者証等記号・番号",
        "被保険者記号・番号",
        "被保険者証の記号番号",
        "被保険者証記号番号",
        "保険証の記号番号",
        "保険証の記号・番号",
        "保険証記号番号",
        "保険証記号・番号",
        "記号・番号",
        "記号番号",
        "記号/番号",
        "被保険者証の記号",
        "被保険者証記号",
        "保険証の記号",
        "保険証記号",
        "記号",
        "被保険者証番号",
        "被保険者証の番号",
        "被保険者番号",
        "介護保険番号",
        "保険証番号",
        "保険証の番号",
        "組合員証番号",
        "組合員番号",
        "枝番号",
        "枝番",
    ],
    read,
    examples: &[
        Example { before: "記号 12345678 番号 123", after: "", why: "sign and number" },
        Example {
            before: "保険証の記号・番号:東薬12-345(枝番)01",
            after: "",
            why: "kanji in the sign; a branch",
        },
        Example { before: "被保険者番号:0012345678", after: "", why: "nursing care" },
        Example { before: "記号Aで示す", after: "記号Aで示す", why: "no number" },
        Example {
            before: "被保険者番号は不明", after: "被保険者番号は不明", why: "no number"
        },
    ],
};

/// The longest beginning of a sign in hiragana, in characters.
const LONGEST_KANA: usize = 4;

/// The longest sign, in characters.
const LONGEST_SIGN: usize = 10;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    if text[word.clone()].starts_with("枝番") {
        return labelled_code(text, &word, 2);
    }
    let bare = &text[word.clone()] == "記号";
    sign_with_number(text, &word)
        .or_else(|| any_code(text, &word).filter(|_| !bare))
        .or_else(|| bare.then(|| sign_alone(text, &word)).flatten())
}

/// Reads the sign before a number of a form that none has: 記号 5012 番号 88-3.
fn sign_alone(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let end = sign_end(text, start)?;
    let digits = text[start..end].bytes().filter(u8::is_ascii_digit).count();
    let number = text[end..].trim_start_matches([' ', '\n', '、', '・', '/', '-']).starts_with("番号");
    (digits >= 2 && number).then(|| labelled(text, word, start..end))
}

/// The fewest digits of a sign and a number that need nothing else of an insurance beside them.
const FEWEST: usize = 3;

/// Characters on either side of a sign and a number among which an insurance is looked for.
const BESIDE: usize = 24;

/// Tests for a word of an insurance beside the sign and the number from `start` to `end`: 記号 5 番号 3 枝番 01.
fn is_of_insurance(text: &str, start: usize, end: usize) -> bool {
    let (from, to) = (run_before(BESIDE, &text[..start], |_| true), run_up_to(BESIDE, text, end, |_| true));
    let beside = [&text[from..start], &text[end..to]];
    beside.iter().any(|side| {
        ["保険", "枝番", "組合", "被扶養", "社保", "国保", "協会けんぽ", "本人", "家族"]
            .iter()
            .any(|word| side.contains(word))
    })
}

fn sign_with_number(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    let label = &text[word.clone()];
    let end = if label.ends_with("記号") {
        let sign = sign_end(text, start)?;
        let end = number_behind_sign(text, sign)?;
        let digits = text[start..end].bytes().filter(u8::is_ascii_digit).count();
        let short = digits < FEWEST && text[start..sign].bytes().all(|b| b.is_ascii_alphanumeric());
        if label == "記号" && short && !is_of_insurance(text, word.start, end) {
            return None;
        }
        end
    } else if label.ends_with("記号・番号") || label.ends_with("記号番号") || label.ends_with("記号/番号")
    {
        sign_and_number(text, start)?
    } else {
        let length = digits_and_dashes(text, start);
        let count = text[start..start + length].bytes().filter(u8::is_ascii_digit).count();
        ((4..=10).contains(&count) && ends_number(text, start + length)).then_some(start + length)?
    };
    Some(labelled(text, word, start..branch_end(text, end)))
}

/// Returns the end of a sign of kanji, kana, letters and digits.
fn sign_end(text: &str, start: usize) -> Option<usize> {
    let is_sign = |c: char| is_kanji(c) || is_katakana(c) || c.is_ascii_alphanumeric() || c == '-';
    let mut end = start;
    for (i, c) in text[start..].char_indices() {
        let at = start + i;
        let short_kana = is_hiragana(c) && i < 3 * LONGEST_KANA;
        if text[at..].starts_with("番号") || !(is_sign(c) || short_kana) || i >= 3 * LONGEST_SIGN {
            break;
        }
        end = at + c.len_utf8();
    }
    (end > start).then_some(end)
}

/// Returns the end of the number behind 番号, which follows the sign.
fn number_behind_sign(text: &str, sign: usize) -> Option<usize> {
    let rest = text[sign..].trim_start_matches([' ', '\n', '、', ',', '・', ':', '/', ')', '(', '-']);
    let rest = rest.strip_prefix("番号")?;
    number_end(text, after_label(text, text.len() - rest.len()))
}

/// Returns the end of a number of one to eight digits.
fn number_end(text: &str, start: usize) -> Option<usize> {
    let count = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    ((1..=8).contains(&count) && ends_number(text, start + count)).then_some(start + count)
}

/// Returns the end of a sign, a mark and a number; together they must have three digits.
fn sign_and_number(text: &str, start: usize) -> Option<usize> {
    let sign = sign_end(text, start)?;
    let rest = text[sign..].trim_start_matches([' ', '・', '/', '、', ',']);
    let number = text.len() - rest.len();
    let end = if number > sign { number_end(text, number).unwrap_or(sign) } else { sign };
    let digits = text[start..end].bytes().filter(u8::is_ascii_digit).count();
    (digits >= 3 && !char_at(text, end).is_some_and(|c| "年月日歳".contains(c))).then_some(end)
}

fn digits_and_dashes(text: &str, start: usize) -> usize {
    let length = text[start..].bytes().take_while(|b| b.is_ascii_digit() || *b == b'-').count();
    text[start..start + length].trim_end_matches('-').len()
}

/// Returns the end of the branch number (枝番, two digits) behind a number that ends at `end`; `end` if there is none.
fn branch_end(text: &str, end: usize) -> usize {
    let rest = text[end..].trim_start_matches([' ', '(', '-', '、', ',']);
    let Some(rest) = rest.strip_prefix("枝番") else { return end };
    let rest = rest.strip_prefix("号").unwrap_or(rest).trim_start_matches([' ', ':', ')']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let close = usize::from(
        text[end..].trim_start().starts_with("(枝番") && rest[digits..].starts_with(')') && !rest.is_empty(),
    );
    if digits == 2 { text.len() - rest.len() + digits + close } else { end }
}
