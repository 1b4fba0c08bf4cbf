//! The rule `repetition`: shortens runs of one character.
//!
//! The longest run that stays depends on the meaning of repetition: digits are numbers (100000) and stay; +++ and ↑↑
//! are clinical grades; GGGGCC is a sequence; ！！！！ and ーーーー are emphasis.

use super::characters::{is_hiragana, is_kanji, is_katakana};
use super::output::Output;
use super::rule::{Example, Rule};

pub const RULE: Rule = Rule {
    name: "repetition",
    what: "a character repeated beyond what it can mean is cut",
    apply,
    examples: &[
        Example { before: "痛い!!!!!", after: "痛い!", why: "emphasis" },
        Example { before: "すごーーーい", after: "すごーい", why: "a long vowel is long once" },
        Example { before: "ああああああ", after: "あああ", why: "three kana say it" },
        Example {
            before: "尿蛋白+++、CRP↑↑", after: "尿蛋白+++、CRP↑↑", why: "clinical grades"
        },
        Example { before: "==========", after: "===", why: "a ruled line" },
        Example { before: "100000000、GGGGCC", after: "100000000、GGGGCC", why: "a number, a sequence" },
        Example { before: "。。。", after: "。", why: "one full stop" },
    ],
};

/// Returns the longest run of a character that stays.
pub fn limit(c: char) -> usize {
    match c {
        '0'..='9' | '\n' | '\r' => usize::MAX,
        'ー' | '〜' | '…' | '、' | '。' | '・' | ',' | ':' | ';' | '!' | '?' | '"' | '\'' | '`' | '_'
        | '^' => 1,
        '.' => 2,
        c if is_hiragana(c) || is_katakana(c) || is_kanji(c) => 3,
        c if c.is_alphabetic() => 8,
        c if c.is_whitespace() => usize::MAX,
        _ => 3,
    }
}

fn apply(text: &str, out: &mut Output) -> u64 {
    let mut edits = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        let mut count = 1;
        while rest.next_if(|&(_, next)| next == c).is_some() {
            count += 1;
        }
        let stay = if count > 1 { limit(c) } else { count };
        if count > stay {
            out.replace(text, i + stay * c.len_utf8()..i + count * c.len_utf8(), "");
            edits += 1;
        }
    }
    if edits > 0 {
        out.finish(text);
    }
    edits
}
