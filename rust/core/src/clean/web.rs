//! The rule `web`: web notations are removed, that is URLs, @accounts and #tags; a source can switch each off.
//!
//! Clinical problem lists are written with # (#高血圧 #糖尿病), and a # before a digit numbers a problem: both stay
//! ([`problem_list`](super::problem_list)). An @ behind a word, a number or %, and before a digit or a unit, means at
//! (98%@RA, 酸素@3L), and source code has annotations: these stay.

use std::ops::Range;

use super::characters::is_word;
use super::code_words::is_code;
use super::options::WebOptions;
use super::output::Output;
use super::problem_list::ProblemLists;
use super::rule::{Example, Rule, remove_ranges};

pub const RULE: Rule = Rule {
    name: "web",
    what: "URLs, @accounts and #tags are removed",
    apply,
    examples: &[
        Example {
            before: "詳細はhttps://example.com/a?b=1&c=2#d参照",
            after: "詳細は参照",
            why: "a URL ends at Japanese text",
        },
        Example { before: "(www.example.com)", after: "()", why: "no scheme; the bracket is not part of it" },
        Example { before: "@taro_99 おはよう", after: " おはよう", why: "an account" },
        Example { before: "旅行 #京都 #autumn", after: "旅行  ", why: "tags" },
        Example {
            before: "#高血圧\n#2型糖尿病",
            after: "#高血圧\n#2型糖尿病",
            why: "a clinical problem list",
        },
        Example {
            before: "経過良好 #1 糖尿病", after: "経過良好 #1 糖尿病", why: "a numbered problem"
        },
        Example {
            before: "プロブレム:#高血圧 #糖尿病\nA) #心房細動 安定 #貧血",
            after: "プロブレム:#高血圧 #糖尿病\nA) #心房細動 安定 #貧血",
            why: "problem lists on one line",
        },
        Example {
            before: "5mg@夕食後、98%@RA、点滴@60ml/h、98% @room air、@3L",
            after: "5mg@夕食後、98%@RA、点滴@60ml/h、98% @room air、@3L",
            why: "not an account",
        },
        Example {
            before: "@Override は @article{ と @app.route(\"/\") に",
            after: "@Override は @article{ と @app.route(\"/\") に",
            why: "source code",
        },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    apply_with(&WebOptions::default(), text, out)
}

/// Removes the notations that the options name.
pub fn apply_with(options: &WebOptions, text: &str, out: &mut Output) -> u64 {
    remove_ranges(text, out, &notations(options, text))
}

/// Returns the positions of the URLs, accounts and tags that the options name; the first character tells them apart.
pub fn notations(options: &WebOptions, text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut lists = ProblemLists::default();
    let mut at = 0;
    while let Some(i) = bytes[at..]
        .iter()
        .position(|b| matches!(b, b'h' | b'H' | b't' | b'f' | b'w' | b'W' | b'@' | b'#'))
        .map(|n| at + n)
    {
        let (end, removed) = match bytes[i] {
            b'@' => (account_end(text, i), options.accounts),
            b'#' if lists.has(text, i) => (None, false),
            b'#' => (tag_end(text, i), options.tags),
            _ => (url_end(text, i), options.urls),
        };
        match end {
            Some(end) => {
                if removed {
                    ranges.push(i..end);
                }
                at = end;
            }
            None => at = i + 1,
        }
    }
    ranges
}

fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn url_end(text: &str, start: usize) -> Option<usize> {
    const BEGINNINGS: [&str; 6] = ["https://", "http://", "ttps://", "ttp://", "ftp://", "www."];
    let rest = &text[start..];
    let beginning =
        BEGINNINGS.iter().find(|b| rest.get(..b.len()).is_some_and(|head| head.eq_ignore_ascii_case(b)))?;
    if before(text, start).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let length = rest.find(|c| !is_url(c)).unwrap_or(rest.len());
    let url = without_final_punctuation(&rest[..length]);
    (url.len() > beginning.len()).then(|| start + url.len())
}

/// Strips the marks that close the sentence or the bracket around the URL.
fn without_final_punctuation(url: &str) -> &str {
    let mut unopened = url.matches(')').count().saturating_sub(url.matches('(').count());
    let mut url = url;
    loop {
        url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
        match url.strip_suffix(')') {
            Some(inner) if unopened > 0 => (url, unopened) = (inner, unopened - 1),
            _ => return url,
        }
    }
}

/// Tests for RFC 3986's characters; the tilde has become 〜 by now.
fn is_url(c: char) -> bool {
    c == '〜' || c.is_ascii_alphanumeric() || "-._:/?#[]@!$&'()*+,;=%".contains(c)
}

fn account_end(text: &str, start: usize) -> Option<usize> {
    if before(text, start).is_some_and(|c| is_word(c) || matches!(c, '%' | '‰' | '℃' | '°' | ')' | ']'))
    {
        return None;
    }
    // 98% @room air, HR 60 @rest
    if text[..start].trim_end_matches(' ').ends_with(|c: char| c == '%' || c.is_ascii_digit()) {
        return None;
    }
    let name = &text[start + 1..];
    let length = name.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let (name, rest) = name.split_at(length);
    let is_account = length >= 3
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.contains(|c: char| c.is_ascii_alphabetic())
        && !is_abbreviation(name)
        && !is_code(name, rest);
    is_account.then_some(start + 1 + length)
}

/// Tests for a place or a unit as notes write it: @ICU, @min.
fn is_abbreviation(name: &str) -> bool {
    const UNITS: [&str; 6] = ["min", "mmHg", "mEq", "kcal", "bpm", "hour"];
    name.len() <= 4 && name.bytes().all(|b| b.is_ascii_uppercase()) || UNITS.contains(&name)
}

fn tag_end(text: &str, start: usize) -> Option<usize> {
    if before(text, start).is_some_and(|c| is_word(c) || c == '#' || c == '&') {
        return None;
    }
    let name = &text[start + 1..];
    let length = name.find(|c| !is_word(c)).unwrap_or(name.len());
    let first = name.chars().next()?;
    (length > 0 && !first.is_ascii_digit()).then_some(start + 1 + length)
}
