//! E-mail addresses with a hidden @, a domain in other letters, or white space inside.

use std::ops::Range;

use super::group;
use super::words::Seen;

/// Spellings of @ that hide an address from programs.
pub const HIDDEN: [&str; 19] = [
    "(at)",
    "[at]",
    "【at】",
    "{at}",
    "<at>",
    "(AT)",
    "[AT]",
    "(アット)",
    "[アット]",
    "(アットマーク)",
    "アットマーク",
    "(@)",
    "[@]",
    "%40",
    "&#64;",
    "&#x40;",
    "&commat;",
    " at ",
    "_at_",
];

fn is_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._+-".contains(&b)
}

/// @ with white space.
pub const PLAIN: [&str; 4] = ["@", " @ ", "@\n", " @"];

/// E-mail addresses with a hidden @, a domain in other letters, or white space or a line break inside.
pub fn e_mails(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, at) in seen.of(group::E_MAIL_PLAIN).chain(seen.of(group::E_MAIL_HIDDEN)) {
        let local = text.as_bytes()[..at].iter().rev().take(64).take_while(|&&b| is_local(b)).count();
        let local = text[at - local..at].trim_start_matches(['.', '-']).len();
        let domain = at + mark.len();
        let end = domain_end(text, domain);
        if local > 0
            && let Some(end) = end
        {
            found.push(at - local..end);
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    found
}

/// The end of a domain with its last part in letters; 。 and " dot " may stand for a dot, and one line break inside.
pub fn domain_end(text: &str, start: usize) -> Option<usize> {
    let is_label = |c: char| c.is_alphanumeric() && c != '〇' || c == '-';
    let mut end = start;
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut broken = false;
    let mut part = start;
    loop {
        let ascii = text[part..].starts_with(|c: char| c.is_ascii());
        let length: usize = text[part..]
            .chars()
            .take(40)
            .take_while(|&c| is_label(c) && (c.is_ascii() == ascii || parts.is_empty() && !ascii))
            .map(char::len_utf8)
            .sum();
        if length == 0 {
            break;
        }
        end = part + length;
        if text[end..].starts_with('\n') && !broken && ascii {
            let more: usize = text[end + 1..]
                .chars()
                .take(40)
                .take_while(|&c| c.is_ascii() && is_label(c))
                .map(char::len_utf8)
                .sum();
            if more > 0 && text[end + 1 + more..].starts_with('.') {
                broken = true;
                end += 1 + more;
            }
        }
        parts.push(part..end);
        let Some(dot) =
            [".", "。", " dot ", "[.]", "(dot)"].iter().find(|dot| text[end..].starts_with(**dot))
        else {
            break;
        };
        part = end + dot.len();
    }
    let last = parts.last().filter(|_| parts.len() >= 2)?;
    let tld = &text[last.clone()];
    let ascii_tld = tld.len() >= 2 && tld.len() <= 12 && tld.bytes().all(|b| b.is_ascii_alphabetic());
    let idn = ["テスト", "みんな", "コム", "日本"].iter().find(|idn| tld.starts_with(**idn));
    match idn {
        Some(idn) => Some(last.start + idn.len()),
        None => ascii_tld.then_some(end),
    }
}
