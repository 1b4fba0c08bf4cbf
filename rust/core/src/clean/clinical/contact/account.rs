//! Accounts behind @, with dots and hyphens, and behind the name of a service.

use std::ops::Range;

use super::group;
use super::words::Seen;

/// Services before the name of an account.
pub const WORDS: [&str; 24] = [
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
pub fn handles(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '#' | ':');
    let mut found = Vec::new();
    for (_, at) in seen.of(group::E_MAIL_PLAIN).filter(|&(mark, _)| mark == "@") {
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
    for (service, at) in seen.of(group::ACCOUNT) {
        let mut start = at + service.len();
        let rest = text[start..].trim_start_matches([' ', ':', '「', '→', '=', 'は', '(']);
        let gap = text[start..].len() - rest.len();
        start += gap;
        let length: usize = rest.chars().take(40).take_while(|&c| is_name(c)).map(char::len_utf8).sum();
        let name = rest[..length].trim_end_matches(['.', '-', ':', '#']);
        let letters = name.bytes().any(|b| b.is_ascii_alphabetic());
        let marked = name.bytes().any(|b| b.is_ascii_digit()) || name.contains(['_', '.', '-']);
        let explicit = service.ends_with("ID") || text[at + service.len()..start].contains([':', '「', '→']);
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
    found
}
