//! Dates of birth. An age stays, and a year that stands alone outside of a label too.

use std::ops::Range;

use super::calendar::{Precision, date, month_and_day, short_year};
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
        "生年月日(西暦)",
        "生年月日(和暦)",
        "生年月日 明・大・昭・平",
        "生年月日 明・大・昭・平・令",
        "生年月日 大・昭・平・令",
        "生年月日 m・t・s・h・r",
        "生年月日",
        "出生年月日",
        "出生日時",
        "生まれ",
        "born on",
        "born",
        "b.d.",
        "b/d",
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
        "出生",
        "生",
    ],
    read,
    examples: &[
        Example { before: "生年月日:昭和50年1月2日(49歳)", after: "(49歳)", why: "the age stays" },
        Example { before: "DOB: 1970/01/02 M", after: " M", why: "the Western calendar" },
        Example { before: "生年月日 S50.1.2", after: "", why: "the era's letter" },
        Example { before: "1970年1月2日生まれの女性", after: "の女性", why: "before the word" },
        Example {
            before: "昭30.3.5生、DOB 5 Mar 1955", after: "、", why: "one kanji for the era; English"
        },
        Example {
            before: "誕生日は3月5日、1962年12月24日出生", after: "、", why: "no year; 出生"
        },
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
    if &text[word.clone()] == "生まれ" && !text[word.end..].starts_with([':', ' '])
        || matches!(&text[word.clone()], "生" | "出生")
    {
        return before_birth(text, word);
    }
    if !begins_word(text, word.start) {
        return None;
    }
    let start = after_label(text, word.end);
    let label = &text[word.clone()];
    let end = if label.ends_with("平") || label.ends_with("令") {
        era_chosen(text, start)?
    } else {
        date(text, start, Precision::Year)
            .or_else(|| label.ends_with("誕生日").then(|| month_and_day(text, start)).flatten())?
    };
    let mut place = labelled(text, &word, start..end);
    if place.whole.end == end {
        place.whole.end = birth_word(text, end).unwrap_or(end);
    }
    Some(place)
}

/// The date behind a list of eras, one of which was ringed: 明・大・昭・平 40年6月7日.
fn era_chosen(text: &str, at: usize) -> Option<usize> {
    let dated = format!("昭{}", text[at..].chars().take(LONGEST).collect::<String>());
    Some(at + date(&dated, 0, Precision::Day)? - "昭".len())
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
    let whole_end =
        if text[word.clone()].starts_with('出') { word.end } else { birth_word(text, word.start)? };
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
        starts.clone().filter(begins).filter(|&start| date(text, start, Precision::Day) == Some(end)).last();
    let start = start
        .or_else(|| starts.filter(begins).filter(|&start| short_year(text, start) == Some(end)).last())?;
    Some(Place { whole: start..whole_end, value: start..end })
}
