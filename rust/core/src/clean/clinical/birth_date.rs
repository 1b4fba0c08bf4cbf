//! Dates of birth. An age stays, and a year that stands alone outside of a label too.

use std::ops::Range;

use super::calendar::{Precision, date};
use super::category::{Category, Place};
use super::reading::{after_label, begins_word, char_at, char_before, labelled};
use crate::clean::characters::{is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "birth_date",
    tag: "〔*生年月日〕",
    what: "a date behind 生年月日, 誕生日, DOB and the like, or before 生 and 生まれ",
    source: "JIS X 0301 (dates, with M T S H R); labels of 診療情報提供書",
    words: &[
        "生年月日",
        "出生年月日",
        "生年月",
        "誕生日",
        "お誕生日",
        "出生日",
        "生年",
        "dob",
        "d.o.b.",
        "date of birth",
        "birth date",
        "birthdate",
        "birthday",
        "生",
    ],
    read,
    examples: &[
        Example { before: "生年月日:昭和50年1月2日(49歳)", after: "(49歳)", why: "the age stays" },
        Example { before: "DOB: 1970/01/02 M", after: " M", why: "the Western calendar" },
        Example { before: "生年月日 S50.1.2", after: "", why: "the era's letter" },
        Example { before: "1970年1月2日生まれの女性", after: "の女性", why: "before the word" },
        Example { before: "(H5.3.4生)", after: "()", why: "before 生" },
        Example {
            before: "2021年3月4日生検施行", after: "2021年3月4日生検施行", why: "a biopsy"
        },
        Example { before: "1950年生まれ", after: "1950年生まれ", why: "a year alone" },
        Example { before: "生年月日不詳", after: "生年月日不詳", why: "no date" },
    ],
};

/// Longest distance of the start of a date from 生, in characters.
const LONGEST: usize = 28;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    if &text[word.clone()] == "生" {
        return before_birth(text, word);
    }
    if !begins_word(text, word.start) {
        return None;
    }
    let start = after_label(text, word.end);
    let end = date(text, start, Precision::Year)?;
    let mut place = labelled(text, &word, start..end);
    if place.whole.end == end {
        place.whole.end = birth_word(text, end).unwrap_or(end);
    }
    Some(place)
}

/// Returns the end of 生, 生れ or 生まれ at `at`; 生検 and the like are other words.
fn birth_word(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix('生')?;
    let rest = rest.strip_prefix("まれ").or_else(|| rest.strip_prefix('れ')).unwrap_or(rest);
    let end = text.len() - rest.len();
    (!char_at(text, end).is_some_and(|c| is_kanji(c) || is_katakana(c))).then_some(end)
}

/// The date before 生.
fn before_birth(text: &str, word: Range<usize>) -> Option<Place> {
    let whole_end = birth_word(text, word.start)?;
    let end = text[..word.start].trim_end_matches(' ').len();
    if !char_before(text, end).is_some_and(|c| c.is_ascii_digit() || c == '日') {
        return None;
    }
    let starts = text[..end].char_indices().rev().take(LONGEST).map(|(i, _)| i);
    let begins = |&start: &usize| match char_at(text, start) {
        Some(c) if c.is_whitespace() => false,
        Some(c) if c.is_ascii_alphanumeric() => !char_before(text, start)
            .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/')),
        _ => true,
    };
    let start =
        starts.filter(begins).filter(|&start| date(text, start, Precision::Day) == Some(end)).last()?;
    Some(Place { whole: start..whole_end, value: start..end })
}
