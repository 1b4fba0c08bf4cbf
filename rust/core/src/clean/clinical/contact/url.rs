//! URLs without a scheme, with a hidden one, or in other letters.

use std::ops::Range;

use super::e_mail::domain_end;
use super::group;
use super::words::Seen;

/// Top-level domains behind which text without a scheme is an address.
const TOP_LEVEL: [&str; 20] = [
    "com", "net", "org", "jp", "info", "biz", "edu", "gov", "clinic", "hospital", "dev", "app", "be", "ly",
    "me", "tv", "site", "online", "xyz", "shop",
];

/// The longest path of a URL, in characters, so that time grows with the text.
const LONGEST_PATH: usize = 500;

/// Schemes, some hidden from programs.
pub const WORDS: [&str; 11] = [
    "hxxps://",
    "hxxp://",
    "hxxps[:]//",
    "hxxp[:]//",
    "https://",
    "http://",
    "HXXPS://",
    "HXXP://",
    "//",
    "www.",
    "https[:]//",
];

/// URLs without a scheme, with a hidden one, or in other letters.
pub fn urls(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (scheme, at) in seen.of(group::URL) {
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == ':' || c == ']') {
            continue;
        }
        if let Some(end) = host_end(text, at + scheme.len()) {
            found.push(at..path_end(text, end));
        }
    }
    for (dot, _) in text.match_indices('.') {
        let is_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let before: usize =
            text[..dot].chars().rev().take(60).take_while(|&c| is_host(c)).map(char::len_utf8).sum();
        let start = dot - before;
        if before == 0
            || text[..start].ends_with(['@', '/', '_', '\\', '〜'])
            || text[..start].ends_with("%40")
        {
            continue;
        }
        let host: usize =
            text[start..].chars().take(80).take_while(|&c| is_host(c)).map(char::len_utf8).sum();
        let end = start + text[start..start + host].trim_end_matches(['.', '-']).len();
        let Some((name, tld)) = text[start..end].rsplit_once('.') else { continue };
        let known =
            TOP_LEVEL.contains(&tld) && (tld.len() > 2 || tld == "jp" || text[end..].starts_with('/'));
        if known
            && name.bytes().any(|b| b.is_ascii_alphabetic())
            && name.len() >= 2
            && !name.starts_with(['.', '-'])
            && !text[end..].starts_with('@')
        {
            found.push(start..path_end(text, end));
        }
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    found
}

/// The end of a host in any letters behind a scheme.
fn host_end(text: &str, start: usize) -> Option<usize> {
    let end = domain_end(text, start)?;
    (end > start).then_some(end)
}

/// The end of the path behind a host; behind a host in other letters it may be in kanji.
fn path_end(text: &str, end: usize) -> usize {
    if !text[end..].starts_with(['/', '?', '#', ':']) {
        return end;
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || "-._:/?#[]@!$&'*+;=%〜".contains(c);
    let mut length: usize =
        text[end..].chars().take(LONGEST_PATH).take_while(|&c| is_path(c)).map(char::len_utf8).sum();
    if length == 1 {
        length += text[end + 1..]
            .chars()
            .take(12)
            .take_while(|&c| c.is_alphanumeric())
            .map(char::len_utf8)
            .sum::<usize>();
    }
    end + text[end..end + length].trim_end_matches(['.', ':', ';', '!', '?', '\'']).len()
}
