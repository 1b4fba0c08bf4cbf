//! Names beside each other, and at the end of an entry.

use super::lists::COMMON;
use super::runs::{closed_bracket, run_up_to};
use super::titles::honorific;
use super::words::{Kind, Words};
use crate::clean::characters::is_kanji;

const CHAIN: [char; 8] = ['、', ',', '・', '/', '&', '→', '\n', ' '];

/// The longest list of surnames that is read.
pub const LONGEST_LIST: usize = 12;

/// Tests for what stands between two names of a list.
pub fn is_chain(between: &str) -> bool {
    let between = without_remark(between);
    between.chars().count() <= 2
        && between.contains(['、', ',', '・', '/', '&', '→'])
        && between.chars().all(|c| CHAIN.contains(&c))
}

/// Strips a remark in brackets behind the name before: 桐山(MRSA)、楠.
fn without_remark(between: &str) -> &str {
    let inner = between.strip_prefix('(').and_then(|rest| closed_bracket(rest, LONGEST_LIST));
    inner.map_or(between, |(_, rest)| rest)
}

/// Tests for what stands between two names of a numbered list: a space, with a digit, a bullet or a measured value.
pub fn is_numbered(between: &str) -> bool {
    between.chars().count() <= 6
        && between.contains(' ')
        && between
            .chars()
            .all(|c| c == ' ' || c.is_ascii_digit() || matches!(c, '.' | ')' | '(' | '①'..='⑳' | '・'))
}

/// Tests for a second common surname behind 、 or と, with which a sentence goes on.
pub fn is_pair(behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix(['、', 'と', ',', ' ', '・', '/', '→']) else { return false };
    let rest = rest.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit() || matches!(c, '①'..='⑳'));
    let length = run_up_to(4, rest, 0, is_kanji);
    let goes_on = &rest[length..];
    COMMON.contains(&rest[..length])
        && (goes_on.is_empty()
            || goes_on.starts_with([
                '、', 'が', 'は', 'で', 'に', 'の', '。', 'を', '\n', ' ', ',', '→', '/', '・', '(',
            ]))
}

/// Tests for further surnames behind ・ or / at `at`, the last of which ends a word.
pub fn begins_list(words: &Words, text: &str, at: usize, most: usize) -> bool {
    let Some(rest) = text[at..].strip_prefix(['・', '/', '→']) else { return false };
    let start = text.len() - rest.len();
    let length = run_up_to(12, rest, 0, is_kanji);
    let run = &rest[..length];
    let run =
        ["組", "両医師", "両先生", "両名", "班"].iter().find_map(|end| run.strip_suffix(end)).unwrap_or(run);
    let honoured = run.char_indices().skip(2).take(2).any(|(i, _)| {
        let behind = &rest[i..];
        let together = behind.strip_prefix('両').unwrap_or(behind);
        words.is(&run[..i], &[Kind::Surname]) && (honorific(together).is_some() || behind.starts_with('組'))
    });
    honoured
        || words.is(run, &[Kind::Surname])
            && run.chars().count() > 1
            && (most > 0 && begins_list(words, text, start + length, most - 1)
                || !rest[length..].starts_with(['・', '/', '→']))
}

/// Tests for a place where the writer of an entry signs: the end of a line, alone, in brackets or behind a full stop.
pub fn is_signature(before: &str, behind: &str) -> bool {
    let line_ends = |rest: &str| rest.is_empty() || rest.starts_with('\n');
    let spaced = before.ends_with(' ') && !before.trim_end_matches(' ').ends_with('\n');
    let closed = behind.strip_prefix([')', '〕', ']', '】']);
    let behind = closed.unwrap_or(behind);
    let behind = behind.strip_prefix(' ').unwrap_or(behind);
    let behind = ["拝", "記", "印"].iter().find_map(|mark| behind.strip_prefix(mark)).unwrap_or(behind);
    let behind = behind.trim_start_matches([' ', '。']);
    let opened = before.ends_with(['(', '〔', '[', '/', '【', '-']);
    let last = behind.trim_matches([' ', '\n']).is_empty() || !before.ends_with('\n');
    let sentence =
        last && before.trim_end_matches([' ', '\n', '(', '〔', '[', '/', '【', '-']).ends_with(['。', '.']);
    let alone =
        last && behind.trim_matches([' ', '\n']).is_empty() && before.ends_with('\n') && closed.is_none();
    let apart = [" (", "\n("].iter().any(|open| before.ends_with(open)) && closed.is_some()
        || before.ends_with(" /")
        || before.ends_with(['【', '〔'])
        || alone;
    line_ends(behind)
        && (sentence || spaced || apart)
        && (closed.is_some() == opened || before.ends_with(['/', '-']))
}
