//! Hyphens, the chōonpu (ー) and tildes: one spelling each.
//!
//! Hyphens and minus signs become -, so that −2.5 stays a number and A‐Bライン a word. Horizontal bars are a
//! mistyped chōonpu after katakana (サ―バ) and a dash elsewhere. A chōonpu follows kana only: before a digit, or alone in
//! brackets, it is a mistyped hyphen or minus sign.
//! Tildes become 〜, which NFKC leaves alone and Japanese uses for ranges.

use super::characters::{is_hiragana, is_katakana};
use super::output::Output;
use super::rule::{Example, Rule, replace_characters};

pub const RULE: Rule = Rule {
    name: "dashes",
    what: "hyphens and minus signs become -, long dashes - or ー, tildes 〜",
    apply,
    examples: &[
        Example { before: "−2.5", after: "-2.5", why: "a minus sign" },
        Example {
            before: "A‐Bライン、Guillain–Barré",
            after: "A-Bライン、Guillain-Barré",
            why: "hyphen and en dash",
        },
        Example {
            before: "サ―バ―の", after: "サーバーの", why: "a horizontal bar typed for ー"
        },
        Example { before: "検査―結果", after: "検査-結果", why: "a dash" },
        Example {
            before: "03ー0000ー1234",
            after: "03-0000-1234",
            why: "ー typed for a hyphen between digits",
        },
        Example {
            before: "BE ー2.5(ー1.0)、尿糖(ー)、蛋白 ー/+",
            after: "BE -2.5(-1.0)、尿糖(-)、蛋白 -/+",
            why: "ー typed for a minus sign",
        },
        Example { before: "コーヒー2杯", after: "コーヒー2杯", why: "a chōonpu" },
        Example {
            before: "3~5日、3∼5日、2021-03-04〜",
            after: "3〜5日、3〜5日、2021-03-04〜",
            why: "one tilde",
        },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    replace_characters(text, out, |before, c, after| match c {
        '\u{2010}'..='\u{2013}' | '⁃' | '−' | '˗' | '֊' | '➖' => Some("-"),
        c if is_long_dash(c) => Some(if is_chouonpu_here(before, after) { "ー" } else { "-" }),
        'ー' if is_minus(before, after) => Some("-"),
        '~' | '∼' | '∾' | '〰' | '⁓' => Some("〜"),
        _ => None,
    })
}

/// Tests for a dash that may have been typed for a chōonpu.
pub fn is_long_dash(c: char) -> bool {
    matches!(c, '—' | '―' | '─' | '━' | '⸺' | '⸻')
}

fn is_chouonpu_here(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(is_katakana)
        && after.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '—' | '―' | '─' | '━'))
}

/// Tests for a ー that cannot be a chōonpu: behind no kana, before a digit or alone between brackets and spaces.
fn is_minus(before: Option<char>, after: Option<char>) -> bool {
    let opens = |c: char| c.is_whitespace() || "([{「『【〔〈《<|/:=".contains(c);
    let closes = |c: char| c.is_whitespace() || ")]}」』】〕〉》>|/〜、。,;".contains(c);
    !before.is_some_and(takes_chouonpu)
        && (after.is_some_and(|c| c.is_ascii_digit())
            || (before.is_some_and(opens) && after.is_none_or(closes)))
}

/// Tests for a character whose vowel a chōonpu can lengthen.
pub fn takes_chouonpu(c: char) -> bool {
    is_katakana(c) || is_hiragana(c) || c == 'ー'
}
