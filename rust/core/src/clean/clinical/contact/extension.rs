//! Extensions of a hospital's telephone.

use std::ops::Range;

use super::group;
use super::words::Seen;

/// Words before the number of an extension or a hospital's own telephone.
pub const WORDS: [&str; 13] = [
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
pub fn extensions(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (word, at) in seen.of(group::EXTENSION) {
        let begins = !word.is_ascii() || !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        if !begins {
            continue;
        }
        let mut next = at + word.len();
        loop {
            let gap = text[next..].len()
                - text[next..].trim_start_matches([' ', ':', '.', '(', 'は', '、', ',', '/', '=']).len();
            let start = next + gap;
            let digits = number_end(text, start) - start;
            let end = start + digits;
            let unit = text[end..].starts_with([
                '年', '月', '日', '時', '分', '秒', '歳', '%', 'm', 'h', 'H', '台', '例', '人', '件', '.',
                ':',
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
