//! URLs without a scheme, with a hidden one, or in other letters.

use std::ops::Range;

use super::e_mail::domain_end;
use super::group;
use super::top_level::{is_before_path, is_sure};
use super::words::Seen;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// The longest path of a URL, in characters, so that time grows with the text.
const LONGEST_PATH: usize = 500;

/// Marks between a scheme and its host, some hidden from programs, and dots in brackets.
pub const WORDS: [&str; 18] = [
    "://",
    "[:]//",
    "(:)//",
    "[://]",
    ":[//]",
    ":\\\\",
    "//",
    ":/",
    "www.",
    "WWW.",
    "[.]",
    "(.)",
    "{.}",
    "[dot]",
    "(dot)",
    "{dot}",
    "[ドット]",
    "(ドット)",
];

/// URLs without a scheme, with a hidden one, or in other letters.
pub fn urls(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, at) in seen.of(group::URL) {
        found.extend(match mark {
            "www." | "WWW." => with_host(text, at, at),
            _ if mark.starts_with(['[', '(', '{']) && !mark.contains('/') => around_dot(text, at),
            _ => behind_scheme(text, at, at + mark.len(), mark),
        });
    }
    for (dot, _) in text.match_indices('.') {
        found.extend(ascii_host(text, dot));
        found.extend(native_host(text, dot));
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    found
}

/// Reads the scheme that ends at `at` and the host behind it.
fn behind_scheme(text: &str, at: usize, host: usize, mark: &str) -> Option<Range<usize>> {
    let is_scheme = |b: &&u8| b.is_ascii_alphabetic() || b"*+[]".contains(*b);
    let length = text.as_bytes()[..at].iter().rev().take(9).take_while(is_scheme).count();
    let scheme = &text[at - length..at];
    let word = scheme.trim_matches(['[', ']']).to_ascii_lowercase();
    let web = word.contains("ttp") || word.contains("xxp") || word.contains("**p") || word.ends_with("tp");
    let known = web || matches!(word.as_str(), "ftps" | "ssh" | "smb" | "file" | "rtsp" | "ldap" | "line");
    let start = match length {
        // Without a scheme only //host, behind no colon or slash.
        0 if mark == "//" && !text[..at].ends_with([':', '/', ']']) => at,
        0 if mark == "://" && !text[..at].ends_with(|c: char| c.is_alphanumeric()) => at,
        1..=8 if known && (mark != "//" && mark != ":/" || web) => at - length,
        _ => return None,
    };
    let start = start + usize::from(text[start..].starts_with('['));
    let host = host + usize::from(known && text[host..].starts_with(' '));
    with_host(text, start, host).or_else(|| local_host(text, start, host).filter(|_| known))
}

/// Reads a host at `host` with its path.
fn with_host(text: &str, start: usize, host: usize) -> Option<Range<usize>> {
    if text[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '@') {
        return None;
    }
    let end = domain_end(text, host)?;
    (end > host).then(|| start..path_end(text, end))
}

/// Reads a host of one label with a port or a path behind it: http://pacs/view, http://localhost:8080.
fn local_host(text: &str, start: usize, host: usize) -> Option<Range<usize>> {
    let is_label = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
    let length = text.as_bytes()[host..].iter().take(40).take_while(is_label).count();
    let end = host + length;
    (length > 0 && text[end..].starts_with([':', '/'])).then(|| start..path_end(text, end))
}

/// Reads the host around a dot in brackets: example[.]com/a.
fn around_dot(text: &str, dot: usize) -> Option<Range<usize>> {
    let before = host_before(text, dot);
    let start = dot - before;
    let apart = !text[..start].ends_with(['@', '/', '_', '\\', ']', ')']);
    let end = domain_end(text, start).filter(|&end| end > dot && before > 0 && apart)?;
    let tld = text[dot..end].rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    (is_sure(tld) || is_before_path(tld) && text[end..].starts_with('/')).then(|| start..path_end(text, end))
}

/// Length of the ASCII host that ends at `dot`.
fn host_before(text: &str, dot: usize) -> usize {
    let is_host = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    text.as_bytes()[..dot].iter().rev().take(60).take_while(is_host).count()
}

/// Reads the host with a known top-level domain around `dot`.
fn ascii_host(text: &str, dot: usize) -> Option<Range<usize>> {
    let is_host = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    let before = host_before(text, dot);
    let start = dot - before;
    let head = &text[..start];
    if before == 0 || head.ends_with(['@', '/', '_', '\\', '〜']) || head.ends_with("%40") {
        return None;
    }
    let host = text.as_bytes()[start..].iter().take(80).take_while(is_host).count();
    let end = start + text[start..start + host].trim_end_matches(['.', '-']).len();
    let (name, tld) = text[start..end].rsplit_once('.')?;
    let path = text[end..].strip_prefix('/').is_some_and(|path| {
        path.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '〜' | '-' | '?'))
    });
    let known = is_sure(tld) || path && is_before_path(tld);
    let letters = name.bytes().any(|b| b.is_ascii_alphabetic());
    let long = name.len() >= 2 || path;
    (known && letters && long && !name.starts_with(['.', '-']) && !text[end..].starts_with('@'))
        .then(|| start..path_end(text, end))
}

/// Reads the host in kanji or kana that ends at `dot` before a known top-level domain: 病院例.jp.
fn native_host(text: &str, dot: usize) -> Option<Range<usize>> {
    let is_native = |c: char| {
        is_kanji(c)
            || is_katakana(c)
            || c == 'ー'
            || c.is_ascii_alphanumeric()
            || c == '-'
            || is_hiragana(c) && !"はをにへのでがと".contains(c)
    };
    let before: usize =
        text[..dot].chars().rev().take(20).take_while(|&c| is_native(c)).map(char::len_utf8).sum();
    let start = dot - before;
    if text[..dot].ends_with(|c: char| c.is_ascii()) || text[..start].ends_with(['@', '/', '.']) {
        return None;
    }
    let end = domain_end(text, start).filter(|&end| end > dot)?;
    let (_, tld) = text[start..end].rsplit_once('.')?;
    let native = !tld.is_ascii();
    // 日本の研究.com is the name of a site.
    let phrase = tld != "jp" && text[..start].strip_suffix('の').is_some_and(|rest| rest.ends_with(is_kanji));
    (native || is_sure(tld) && !phrase).then(|| start..path_end(text, end))
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
