//! The rule `restore`: three dots become …, °C becomes ℃. An ordinal indicator º is a degree sign behind a number.

use super::output::Output;
use super::rule::{Example, Rule};

pub const RULE: Rule = Rule {
    name: "restore",
    what: "three or more dots become …, °C becomes ℃, º behind a number °",
    apply,
    examples: &[
        Example { before: "痛み...", after: "痛み…", why: "technical report 2.2" },
        Example {
            before: "痛み・・・・・・", after: "痛み…", why: "middle dots typed for an ellipsis"
        },
        Example { before: "1..2", after: "1..2", why: "two dots are not an ellipsis" },
        Example { before: "37.5°C", after: "37.5℃", why: "technical report 2.2" },
        Example {
            before: "37.5゜C、37.5˚C", after: "37.5℃、37.5℃", why: "marks typed for the degree sign"
        },
        Example { before: "体幹を30°挙上", after: "体幹を30°挙上", why: "an angle" },
        Example {
            before: "37.5ºC、30º、Nº",
            after: "37.5℃、30°、No",
            why: "the ordinal indicator, which looks like °",
        },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    let mut edits = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        let (replacement, end) = match c {
            '.' | '・' => {
                let mut end = i + c.len_utf8();
                while rest.next_if(|&(_, next)| next == c).is_some() {
                    end += c.len_utf8();
                }
                if end - i < 3 * c.len_utf8() {
                    continue;
                }
                ("…", end)
            }
            '°' | '˚' | '゜' | 'º' => match rest.next_if(|&(_, next)| next == 'C') {
                Some((j, _)) => ("℃", j + 1),
                None if c == 'º' => {
                    let behind_number =
                        text[..i].trim_end_matches(' ').ends_with(|c: char| c.is_ascii_digit());
                    (if behind_number { "°" } else { "o" }, i + c.len_utf8())
                }
                None => continue,
            },
            _ => continue,
        };
        out.replace(text, i..end, replacement);
        edits += 1;
    }
    if edits > 0 {
        out.finish(text);
    }
    edits
}
