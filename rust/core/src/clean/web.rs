//! Web notations are removed: URLs, @accounts and #tags.
//!
//! A # at the start of a line is a heading, and clinical problem lists are written so (#2型糖尿病); a # before
//! a digit numbers a problem. Both stay.

use std::ops::Range;

use super::characters::is_word;
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
        Example { before: "5mg@夕食後", after: "5mg@夕食後", why: "not an account" },
    ],
};

fn apply(text: &str, out: &mut String) -> u64 {
    remove_ranges(text, out, &notations(text))
}

/// Returns the positions of URLs, accounts and tags; the first character tells them apart.
pub fn notations(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(i) = bytes[at..]
        .iter()
        .position(|b| matches!(b, b'h' | b'H' | b't' | b'f' | b'w' | b'W' | b'@' | b'#'))
        .map(|n| at + n)
    {
        let end = match bytes[i] {
            b'@' => account_end(text, i),
            b'#' => tag_end(text, i),
            _ => url_end(text, i),
        };
        match end {
            Some(end) => {
                ranges.push(i..end);
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
    if before(text, start).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let name = &text[start + 1..];
    let length = name.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    (length >= 2 && name[..length].contains(|c: char| c.is_ascii_alphabetic())).then_some(start + 1 + length)
}

fn tag_end(text: &str, start: usize) -> Option<usize> {
    let at_line_start =
        text[..start].chars().rev().find(|&c| c == '\n' || !c.is_whitespace()).is_none_or(|c| c == '\n');
    if at_line_start || before(text, start).is_some_and(|c| is_word(c) || c == '#' || c == '&') {
        return None;
    }
    let name = &text[start + 1..];
    let length = name.find(|c| !is_word(c)).unwrap_or(name.len());
    let first = name.chars().next()?;
    (length > 0 && !first.is_ascii_digit()).then_some(start + 1 + length)
}
