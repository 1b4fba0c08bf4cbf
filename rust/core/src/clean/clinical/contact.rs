//! Ways to reach a person that the papers' rules do not know: written-out addresses, hidden @, IDs of messengers.

use std::ops::Range;

use super::Found;
use crate::clean::options::WebOptions;
use crate::clean::rules::{PERSONAL, WEB};

const PHONE: &str = "〔*電話番号〕";
const E_MAIL: &str = "〔*メールアドレス〕";
const URL: &str = "〔*URL〕";
const ACCOUNT: &str = "〔*アカウント〕";

/// Adds what is found to `found`.
pub fn find(options: &WebOptions, text: &str, found: &mut Vec<Found>) {
    let mut add = |range: Range<usize>, tag, row| {
        found.push(Found { whole: range.clone(), value: range, tag, row });
    };
    extensions(text).into_iter().for_each(|range| add(range, PHONE, PERSONAL));
    phones(text).into_iter().for_each(|range| add(range, PHONE, PERSONAL));
    e_mails(text).into_iter().for_each(|range| add(range, E_MAIL, PERSONAL));
    if options.urls {
        urls(text).into_iter().for_each(|range| add(range, URL, WEB));
    }
    if options.accounts {
        handles(text).into_iter().for_each(|range| add(range, ACCOUNT, WEB));
    }
}

/// Words before the number of an extension or a hospital's own telephone.
const EXTENSIONS: [&str; 13] = [
    "PHS番号",
    "PHS",
    "phs",
    "(内)",
    "内線番号",
    "内線",
    "ピッチ",
    "ポケベル",
    "extension",
    "Extension",
    "ext",
    "Ext",
    "EXT",
];

/// Numbers of extensions, of two to five digits, and lists of them.
fn extensions(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for word in EXTENSIONS {
        for (at, _) in text.match_indices(word) {
            let begins = !word.is_ascii() || !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let mut next = at + word.len();
            while begins {
                let gap = text[next..].len()
                    - text[next..].trim_start_matches([' ', ':', '.', '(', 'は', '、', ',', '/', '=']).len();
                let start = next + gap;
                let digits = number_end(text, start) - start;
                let end = start + digits;
                let unit = text[end..].starts_with([
                    '年', '月', '日', '時', '分', '秒', '歳', '%', 'm', 'h', 'H', '台', '例', '人', '件',
                    '.', ':',
                ]);
                if gap > 12 || !(2..=8).contains(&digits) || unit {
                    break;
                }
                found.push(start..end);
                next = end;
                if !text[next..].starts_with(['、', ',', '/']) {
                    break;
                }
            }
        }
    }
    found
}

/// The end of two to five digits, which may have a dash: 55-123.
fn number_end(text: &str, start: usize) -> usize {
    let run = |at: usize| text.as_bytes()[at..].iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    let first = run(start);
    let dash = start + first + 1;
    if (1..=4).contains(&first) && text[start + first..].starts_with('-') && (2..=4).contains(&run(dash)) {
        return dash + run(dash);
    }
    if first <= 5 { start + first } else { start }
}

/// Digits in kanji, by value.
const NUMERALS: &str = "〇一二三四五六七八九";

/// The digit that `c` is, in ASCII or kanji.
fn digit(c: char) -> Option<u8> {
    let value = c.to_digit(10).map(|d| d as usize);
    let value = value.or_else(|| NUMERALS.chars().position(|n| n == c)).or((c == '零').then_some(0));
    value.and_then(|value| u8::try_from(value).ok())
}

/// Telephone numbers in three groups with /, 〜, の or a middle dot between them, in kanji, and those with 0990 and 020.
fn phones(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, c) in text.char_indices().filter(|&(_, c)| matches!(c, '0' | '〇' | '零')) {
        if found.last().is_some_and(|last| start < last.end)
            || text[..start].ends_with(|c: char| {
                digit(c).is_some() || c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-')
            })
        {
            continue;
        }
        if let Some(end) = phone_end(text, start, c != '0') {
            found.push(start..end);
        }
    }
    found
}

/// The end of the number at `start`.
fn phone_end(text: &str, start: usize, kanji: bool) -> Option<usize> {
    let mut groups: Vec<usize> = Vec::new();
    let mut digits = Vec::new();
    let mut separators = Vec::new();
    let mut at = start;
    loop {
        let mut length = 0;
        for c in text[at..].chars().take(5).take_while(|&c| digit(c).is_some() && c.is_ascii() != kanji) {
            digits.extend(digit(c));
            at += c.len_utf8();
            length += 1;
        }
        groups.push(length);
        if groups.len() == 3 || length == 0 {
            break;
        }
        let rest = text[at..].trim_start_matches(' ');
        let separator = rest
            .chars()
            .next()
            .filter(|c| "/〜の-ー・".contains(*c))
            .or_else(|| text[at..].starts_with(' ').then_some(' '))?;
        separators.push(separator);
        let rest = if separator == ' ' { rest } else { rest[separator.len_utf8()..].trim_start_matches(' ') };
        at = text.len() - rest.len();
    }
    let alike = separators.windows(2).all(|pair| pair[0] == pair[1]);
    let special = digits.starts_with(&[0, 2, 0]) || digits.starts_with(&[0, 9, 9, 0]);
    let unusual = kanji
        || special
        || !separators.contains(&'-') && !separators.contains(&' ') && !separators.contains(&'・');
    let fits = matches!(groups[..], [2..=5, 1..=4, 3 | 4]) && (9..=11).contains(&digits.len());
    let ends = !text[at..].starts_with(|c: char| digit(c).is_some() && c.is_ascii() != kanji);
    (groups.len() == 3 && alike && unusual && fits && ends && digits[1] != 0).then_some(at)
}

/// Spellings of @ that hide an address from programs.
const AT: [&str; 19] = [
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

/// E-mail addresses with a hidden @, a domain in other letters, or white space or a line break inside.
fn e_mails(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let plain = ["@", " @ ", "@\n", " @"].iter().chain(AT.iter());
    for mark in plain {
        for (at, _) in text.match_indices(mark) {
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
    }
    found.sort_by_key(|range| (range.start, range.end));
    found
}

/// The end of a domain with its last part in letters; 。 and " dot " may stand for a dot, and one line break inside.
fn domain_end(text: &str, start: usize) -> Option<usize> {
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

/// Top-level domains behind which text without a scheme is an address.
const TOP_LEVEL: [&str; 20] = [
    "com", "net", "org", "jp", "info", "biz", "edu", "gov", "clinic", "hospital", "dev", "app", "be", "ly",
    "me", "tv", "site", "online", "xyz", "shop",
];

/// The longest path of a URL, in characters, so that time grows with the text.
const LONGEST_PATH: usize = 500;

/// URLs without a scheme, with a hidden one, or in other letters.
fn urls(text: &str) -> Vec<Range<usize>> {
    const SCHEMES: [&str; 11] = [
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
    let mut found: Vec<Range<usize>> = Vec::new();
    for scheme in SCHEMES {
        for (at, _) in text.match_indices(scheme) {
            if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == ':' || c == ']') {
                continue;
            }
            if let Some(end) = host_end(text, at + scheme.len()) {
                found.push(at..path_end(text, end));
            }
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

/// Services before the name of an account.
const SERVICES: [&str; 24] = [
    "LINE ID",
    "LINEのID",
    "LINEID",
    "ラインID",
    "LINE",
    "ライン",
    "Skype ID",
    "Skype",
    "スカイプ",
    "Instagram",
    "インスタ",
    "Facebook",
    "フェイスブック",
    "Twitter",
    "ツイッター",
    "TikTok",
    "カカオID",
    "カカオ",
    "WeChat ID",
    "WeChat",
    "Discord",
    "Zoom ID",
    "Telegram",
    "KakaoTalk",
];

/// Names of accounts behind @, with dots and hyphens, and behind the name of a service.
fn handles(text: &str) -> Vec<Range<usize>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '#' | ':');
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let length: usize =
            text[at + 1..].chars().take(40).take_while(|&c| is_name(c)).map(char::len_utf8).sum();
        let name = text[at + 1..at + 1 + length].trim_end_matches(['.', '-', ':', '#']);
        let begins = text[..at].chars().next_back().is_none_or(|c| {
            c.is_whitespace() || "(「、。:".contains(c) || !c.is_ascii() && c.is_alphabetic()
        });
        let parted =
            name.contains(['.', '-']) && name.len() >= 3 && name.bytes().any(|b| b.is_ascii_alphabetic());
        let before = text[..at].trim_end_matches(' ');
        let at_place = before.ends_with(|c: char| c.is_ascii_digit() || c == '%');
        if begins && parted && !at_place && !name.starts_with(|c: char| c.is_ascii_digit()) {
            found.push(at..at + 1 + name.len());
        }
    }
    for service in SERVICES {
        for (at, _) in text.match_indices(service) {
            let mut start = at + service.len();
            let rest = text[start..].trim_start_matches([' ', ':', '「', '→', '=', 'は', '(']);
            let gap = text[start..].len() - rest.len();
            start += gap;
            let length: usize = rest.chars().take(40).take_while(|&c| is_name(c)).map(char::len_utf8).sum();
            let name = rest[..length].trim_end_matches(['.', '-', ':', '#']);
            let letters = name.bytes().any(|b| b.is_ascii_alphabetic());
            let marked = name.bytes().any(|b| b.is_ascii_digit()) || name.contains(['_', '.', '-']);
            let explicit =
                service.ends_with("ID") || text[at + service.len()..start].contains([':', '「', '→']);
            let digits = name.bytes().filter(u8::is_ascii_digit).count() >= 9;
            if gap > 0
                && gap <= 9
                && name.len() >= 4
                && (letters && (marked || explicit) || digits)
                && (explicit || name.contains(['_', '.', '#']))
            {
                found.push(start..start + name.len());
            } else if service.starts_with("Zoom") {
                let number = rest.bytes().take(14).take_while(|b| b.is_ascii_digit() || *b == b' ').count();
                let number = rest[..number].trim_end_matches(' ');
                if number.bytes().filter(u8::is_ascii_digit).count() >= 9 {
                    found.push(start..start + number.len());
                }
            }
        }
    }
    found
}
