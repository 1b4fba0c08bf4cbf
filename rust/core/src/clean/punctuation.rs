//! The rule `punctuation`: full-width period and comma become Japanese punctuation, before NFKC makes them ASCII.
//!
//! Between digits they are a decimal point and a thousands separator, and clinical notes write them in full
//! width: these are left to NFKC, or １２．５ would become two sentences.

use super::rule::{Example, Rule, replace_characters};

pub const RULE: Rule = Rule {
    name: "punctuation",
    what: "full-width ． and ， become 。 and 、 unless they stand between digits",
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
        Example { before: "図１．肺", after: "図１。肺", why: "a digit on one side only" },
    ],
};

fn apply(text: &str, out: &mut String) -> u64 {
    replace_characters(text, out, replacement)
}

/// Returns the replacement of a character between two others.
pub fn replacement(before: Option<char>, c: char, after: Option<char>) -> Option<&'static str> {
    let replacement = match c {
        '．' => "。",
        '，' => "、",
        _ => return None,
    };
    (!(is_digit(before) && is_digit(after))).then_some(replacement)
}

fn is_digit(c: Option<char>) -> bool {
    matches!(c, Some('0'..='9' | '０'..='９'))
}
