//! The rule `punctuation`: full-width period and comma become Japanese punctuation, before NFKC makes them ASCII.
//!
//! Between digits a comma is a thousands separator, and clinical notes write it in full width: it is left to NFKC. A
//! period is left too (１２．５, Ｅ．ｃｏｌｉ, Ｎｏ．３, １．主訴) unless a Japanese sentence ends there.

use super::characters::{META_SPACE, is_hiragana, is_kanji, is_katakana};
use super::nfkc::is_roman_numeral;
use super::output::Output;
use super::rule::{Example, Rule};
use super::white_space::is_line_break;

pub const RULE: Rule = Rule {
    name: "punctuation",
    what: "full-width ． becomes 。 where a Japanese sentence ends, full-width ， becomes 、 unless it is between digits",
    apply,
    examples: &[
        Example {
            before: "発熱あり．咳，痰なし．",
            after: "発熱あり。咳、痰なし。",
            why: "technical report 2.2",
        },
        Example {
            before: "３７．５℃",
            after: "３７．５℃",
            why: "a decimal point, not the end of a sentence",
        },
        Example {
            before: "１２，３００/μL", after: "１２，３００/μL", why: "a thousands separator"
        },
        Example { before: "図１．肺", after: "図１．肺", why: "a number, not the end of a sentence" },
        Example {
            before: "Ｅ．ｃｏｌｉ、Ｔ．Ｂｉｌ、Ｎｏ．３、Ｄｒ．山田",
            after: "Ｅ．ｃｏｌｉ、Ｔ．Ｂｉｌ、Ｎｏ．３、Ｄｒ．山田",
            why: "abbreviations",
        },
        Example { before: "ア．主訴", after: "ア．主訴", why: "an item of a list" },
        Example {
            before: "５ｍｇ．翌日はＣＴ．\n軽快した．３日後",
            after: "５ｍｇ。翌日はＣＴ。\n軽快した。３日後",
            why: "sentences that end in a unit, in letters, before a digit",
        },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    let mut edits = 0;
    for (i, c) in text.char_indices().filter(|(_, c)| matches!(c, '．' | '，')) {
        let end = i + c.len_utf8();
        if let Some(replacement) = replacement(&text[..i], c, &text[end..]) {
            out.replace(text, i..end, replacement);
            edits += 1;
        }
    }
    if edits > 0 {
        out.finish(text);
    }
    edits
}

/// Returns the replacement of a character between two texts, of which it reads no more than a word.
pub fn replacement(before: &str, c: char, after: &str) -> Option<&'static str> {
    match c {
        '，' => (!(ends_in_digit(before) && begins_with_digit(after))).then_some("、"),
        '．' => ends_sentence(before, after).then_some("。"),
        _ => None,
    }
}

/// Tests whether a period between two texts ends a Japanese sentence.
fn ends_sentence(before: &str, after: &str) -> bool {
    let next = after.chars().next();
    let Some(last) = before.chars().next_back() else { return false };
    if is_space(last) || is_point(last) || next.is_some_and(is_point) {
        return false; // nothing ends here, or an ellipsis goes on
    }
    let line_ends = next.is_none_or(is_line_break);
    let text_parts = next.is_none_or(|c| is_space(c) || is_japanese(c));
    if is_japanese(last) {
        let word = &before[..before.len() - last.len_utf8()];
        let is_item = word.chars().next_back().is_none_or(|c| is_space(c) || is_mark(c));
        line_ends || !is_item
    } else if is_digit(last) {
        text_parts && is_number_of_sentence(before, line_ends)
    } else if is_letter(last) {
        let word = before.trim_end_matches(is_letter);
        let is_abbreviation = word.ends_with(is_point) || before.len() - word.len() == last.len_utf8();
        if ends_in_digit(word) { text_parts } else { line_ends && !is_abbreviation }
    } else {
        !next.is_some_and(|c| is_digit(c) || is_letter(c))
    }
}

/// Tests whether the number at the end of a text is the last word of a sentence, not the number of an item (１．主訴).
fn is_number_of_sentence(before: &str, line_ends: bool) -> bool {
    let word = before.trim_end_matches(|c| is_digit(c) || is_point(c));
    let begins_line = word.trim_end_matches(is_blank).chars().next_back().is_none_or(is_line_break);
    !begins_line && (line_ends || word.ends_with(is_hiragana))
}

fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '０'..='９')
}

fn ends_in_digit(text: &str) -> bool {
    text.ends_with(is_digit)
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(is_digit)
}

fn is_point(c: char) -> bool {
    matches!(c, '.' | '．')
}

/// Tests for the marks that part items of a list.
fn is_mark(c: char) -> bool {
    matches!(c, '、' | '。' | '，' | '．')
}

/// Tests for a letter, a Roman numeral or a sign inside a unit (ｍｇ／ｄＬ, μＬ).
fn is_letter(c: char) -> bool {
    is_roman_numeral(c)
        || matches!(c, 'A'..='Z' | 'a'..='z' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | 'Α'..='ω' | '\u{b5}' | '/' | '／' | 'À'..='ž')
}

fn is_japanese(c: char) -> bool {
    is_hiragana(c) || is_katakana(c) || is_kanji(c) || c == 'ー'
}

fn is_space(c: char) -> bool {
    c == META_SPACE || c.is_whitespace()
}

/// Tests for white space inside a line.
fn is_blank(c: char) -> bool {
    is_space(c) && !is_line_break(c)
}
