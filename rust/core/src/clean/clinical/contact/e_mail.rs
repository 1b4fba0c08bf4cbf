//! E-mail addresses with a hidden @ or dot, a domain in other letters, or white space inside.

use std::ops::Range;

use super::group;
use super::top_level::is_sure;
use super::words::Seen;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Spellings of @ that hide an address from programs; ASCII letters in the cases that people use.
pub const HIDDEN: [&str; 73] = [
    "(at)",
    "(At)",
    "(AT)",
    "[at]",
    "[At]",
    "[AT]",
    "{at}",
    "{AT}",
    "<at>",
    "<AT>",
    "【at】",
    "【AT】",
    "〔at〕",
    "「at」",
    "( at )",
    "[ at ]",
    "( AT )",
    "[ AT ]",
    "(a)",
    "[a]",
    "(アット)",
    "[アット]",
    "【アット】",
    "{アット}",
    "<アット>",
    "(アットマーク)",
    "[アットマーク]",
    "【アットマーク】",
    "<アットマーク>",
    "アットマーク",
    " アット ",
    "(あっと)",
    "あっと",
    "[あっと]",
    "(あっとまーく)",
    "[あっとまーく]",
    "あっとまーく",
    "(@)",
    "[@]",
    "{@}",
    "<@>",
    "【@】",
    "「@」",
    "『@』",
    "\"@\"",
    "( @ )",
    "[ @ ]",
    "%40",
    "&#64;",
    "&#x40;",
    "&#X40;",
    "&commat;",
    "&AMP;#64;",
    "&amp;#64;",
    " at ",
    " AT ",
    " At ",
    "_at_",
    "_AT_",
    "-at-",
    "-AT-",
    "*at*",
    ".at.",
    "☆",
    "★",
    "◎",
    "■",
    "●",
    "◆",
    "※",
    "_@_",
    "-@-",
    "/at/",
];

/// @ with white space.
pub const PLAIN: [&str; 4] = ["@", " @ ", "@\n", " @"];

/// Marks that stand for a dot, longest first.
const DOTS: [&str; 37] = [
    ",",
    " [dot] ",
    " (dot) ",
    "【ドット】",
    "[ドット]",
    "(ドット)",
    "{dot}",
    "[dot]",
    "(dot)",
    "<dot>",
    "【dot】",
    "[DOT]",
    "(DOT)",
    "【DOT】",
    "{DOT}",
    " dot ",
    " DOT ",
    " Dot ",
    "_dot_",
    "_DOT_",
    "-dot-",
    "どっと",
    "ドット",
    "[.]",
    "(.)",
    "{.}",
    "<.>",
    "【.】",
    "「.」",
    "(点)",
    "[点]",
    " . ",
    ". ",
    " .",
    "。",
    "・",
    ".",
];

/// Top-level domains in other letters.
const NATIVE: [&str; 10] = [
    "みんな",
    "テスト",
    "コム",
    "日本",
    "ストア",
    "セール",
    "ファッション",
    "グーグル",
    "クラウド",
    "ポイント",
];

/// The longest local part and the longest label of a domain, in characters.
const LONGEST: usize = 64;

fn is_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._+-%'".contains(&b)
}

/// E-mail addresses with a hidden @, a domain in other letters, or white space or a line break inside.
pub fn e_mails(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, at) in seen.of(group::E_MAIL_PLAIN).chain(seen.of(group::E_MAIL_HIDDEN)) {
        let sure = mark.contains(['@', '&', '[', '(', '【', '{', '<', '「']) || mark == "%40";
        let domain = at + mark.len();
        let domain = domain + white_space(&text[domain..], sure);
        let start = local_start(text, at - trailing_white_space(&text[..at], sure), mark.contains('@'));
        let (Some(start), Some(end)) = (start, domain_end(text, domain)) else { continue };
        let host = &text[domain..end];
        let tld = host.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        if !sure && (host.starts_with("www.") || !is_sure(tld)) {
            continue;
        }
        found.push(start..end);
    }
    found.sort_by_key(|range| (range.start, range.end));
    found
}

/// Length of one space or line break at the beginning, which may stand beside a mark that is @ for sure.
fn white_space(rest: &str, sure: bool) -> usize {
    usize::from(sure && rest.starts_with([' ', '\n']))
}

fn trailing_white_space(head: &str, sure: bool) -> usize {
    usize::from(sure && head.ends_with([' ', '\n']))
}

/// Returns the start of the local part that ends at `end`; with `native`, in kanji and kana where there is no other.
fn local_start(text: &str, end: usize, native: bool) -> Option<usize> {
    let mut start = end - ascii_local(text, end);
    // harada DOT t: a written dot inside.
    while let Some(dot) = DOTS.iter().find(|dot| dot.len() > 3 && text[..start].ends_with(**dot)) {
        let more = ascii_local(text, start - dot.len());
        if more == 0 || end - start > LONGEST || start == end {
            break;
        }
        start -= dot.len() + more;
    }
    // "taro"@: quoted.
    if start == end && text[..end].ends_with('"') {
        let inner = ascii_local(text, end - 1);
        if inner > 0 && text[..end - 1 - inner].ends_with('"') {
            return Some(end - 2 - inner);
        }
    }
    start += text[start..end].len() - text[start..end].trim_start_matches(['.', '-', '\'', '%']).len();
    if start < end {
        return text[start..end].contains(|c: char| c.is_ascii_alphanumeric()).then_some(start);
    }
    let is_native = |c: char| {
        (is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ー') && !"はをにへのでがと".contains(c)
    };
    let length: usize =
        text[..end].chars().rev().take(12).take_while(|&c| is_native(c)).map(char::len_utf8).sum();
    (native && length > 0).then_some(end - length)
}

fn ascii_local(text: &str, end: usize) -> usize {
    text.as_bytes()[..end].iter().rev().take(LONGEST).take_while(|&&b| is_local(b)).count()
}

/// Returns the end of a domain with its last part in letters; other marks may stand for dots, and one line break may be
/// inside.
pub fn domain_end(text: &str, start: usize) -> Option<usize> {
    let is_label = |c: char| c.is_alphanumeric() && c != '〇' || c == '-';
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut broken = false;
    let mut part = start;
    loop {
        let ascii = text[part..].starts_with(|c: char| c.is_ascii());
        let take = |at: usize, ascii: bool, any: bool| -> usize {
            let label = text[at..].chars().take(40);
            label.take_while(|&c| is_label(c) && (any || c.is_ascii() == ascii)).map(char::len_utf8).sum()
        };
        let length = take(part, ascii, parts.is_empty() && !ascii);
        if length == 0 {
            break;
        }
        let mut end = part + length;
        if text[end..].starts_with('\n') && !broken && ascii {
            let more = take(end + 1, true, false);
            if more > 0 && text[end + 1 + more..].starts_with('.') {
                broken = true;
                end += 1 + more;
            }
        }
        parts.push(part..end);
        let Some(dot) = dot_at(text, end) else { break };
        part = end + dot;
        if text[part..].starts_with('\n') && !broken {
            let more = take(part + 1, true, false);
            let goes_on = more > 0 && text[part + 1..].starts_with(|c: char| c.is_ascii_lowercase());
            if goes_on && TOP_LEVEL.contains(&&text[part + 1..part + 1 + more]) {
                broken = true;
                part += 1;
            }
        }
    }
    close(text, start, &parts)
}

/// Top-level domains that may stand behind a line break.
const TOP_LEVEL: [&str; 8] = ["com", "net", "org", "jp", "co", "ne", "or", "ac"];

/// Length of the mark for a dot at `at`; spaces around a dot need a known domain behind it.
fn dot_at(text: &str, at: usize) -> Option<usize> {
    let dot = DOTS.iter().find(|dot| text[at..].starts_with(**dot))?;
    let behind = &text[at + dot.len()..];
    let known = |behind: &str| {
        let length = behind.bytes().take_while(u8::is_ascii_alphanumeric).count();
        TOP_LEVEL.contains(&&behind[..length])
    };
    let loose = matches!(*dot, " . " | ". " | " ." | "," | "・" | "ドット" | "どっと");
    (!loose || known(behind)).then_some(dot.len())
}

/// Returns the end of a domain of these parts, if the last one can be a top-level domain, or all are a v4 address.
fn close(text: &str, start: usize, parts: &[Range<usize>]) -> Option<usize> {
    let is_number = |part: &Range<usize>| text[part.clone()].parse::<u8>().is_ok();
    if parts.len() == 4 && parts.iter().all(is_number) {
        return Some(parts[3].end);
    }
    let last = parts.last().filter(|_| parts.len() >= 2)?;
    let tld = &text[last.clone()];
    let ascii_tld = tld.len() >= 2 && tld.len() <= 12 && tld.bytes().all(|b| b.is_ascii_alphabetic());
    match NATIVE.iter().find(|idn| tld.starts_with(**idn)) {
        Some(idn) => Some(last.start + idn.len()),
        None if ascii_tld => Some(last.end),
        // A sentence behind the domain: example.com。です.
        None => {
            let before = parts.len().checked_sub(2).filter(|&n| n >= 1).map(|n| parts[n].clone())?;
            let tld = &text[before.clone()];
            let known = tld.len() >= 2 && tld.bytes().all(|b| b.is_ascii_alphabetic());
            (known && before.start > start).then_some(before.end)
        }
    }
}
