//! Codes behind a label, of any hospital's or authority's making: letters and digits in groups.

use std::ops::Range;

use super::names::runs::run_up_to;
use super::reading::{after_marks, char_at, labelled};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// The most characters of a code, so that time grows with the text.
const LONGEST: usize = 40;

/// The most letters that a code may begin with.
const MOST_LETTERS: usize = 8;

/// The longest grade before 第, in characters.
const LONGEST_GRADE: usize = 5;

/// Units with which a lone number is a quantity.
const UNITS: [&str; 22] = [
    "mg", "ml", "l", "g", "kg", "cm", "mm", "m", "h", "u", "iu", "gy", "fr", "t", "c", "kcal", "bpm", "min",
    "mmhg", "dl", "mv", "v",
];

/// Counters behind a number that is no code.
const COUNTERS: &str = "年月日時分秒歳才件例人名床回錠週級%℃°円本枚個種倍割代点通冊台度条";

/// Kanji before a number that begin no code.
const NO_PREFIX: &str = "約計全各他毎同右左上下前後年月日時分又或及並各次別有無未不";

/// Reads the code of at least `least` digits behind the label at `word`, with the label.
pub fn labelled_code(text: &str, word: &Range<usize>, least: usize) -> Option<super::category::Place> {
    let start = after_authority(text, after_marks(text, word.end));
    code(text, start, least).or_else(|| in_kanji(text, start)).map(|value| labelled(text, word, value))
}

/// Reads the code behind a label: of three digits where the label's last word can only announce one, else of six that
/// are no date.
pub fn any_code(text: &str, word: &Range<usize>) -> Option<super::category::Place> {
    let label = text[word.clone()].to_ascii_lowercase();
    let sure = ["番号", "no", "id", "コード", "number", "記号"].iter().any(|end| label.ends_with(end));
    let place = labelled_code(text, word, if sure { 3 } else { 6 })?;
    let value = &text[place.value.clone()];
    let dated = value.len() == 8 && value.bytes().all(|b| b.is_ascii_digit()) && value.starts_with("20");
    (sure || !dated).then_some(place)
}

/// Reads a number of four digits or more in kanji: 七七四一二.
fn in_kanji(text: &str, at: usize) -> Option<Range<usize>> {
    let digits = text[at..].chars().take(LONGEST).take_while(|&c| "〇一二三四五六七八九零".contains(c));
    let (count, length) = digits.fold((0, 0), |(count, length), c| (count + 1, length + c.len_utf8()));
    let counted = text[at + length..].starts_with(|c| COUNTERS.contains(c));
    (count >= 4 && !counted).then_some(at..at + length)
}

/// Skips who has issued the number or its grade, and 第: 大阪府第98765号, 東京都公安委員会 第123号.
pub fn after_authority(text: &str, at: usize) -> usize {
    let end = run_up_to(10, text, at, |c| is_kanji(c) && c != '第');
    let authority =
        text[at..end].ends_with(['都', '道', '府', '県', '市', '区', '会', '局', '省', '度', '級', '種']);
    let rest = after_grade(text[end..].trim_start_matches(' '));
    match rest.strip_prefix('第').filter(|_| authority || end == at) {
        Some(code) => text.len() - code.trim_start_matches(' ').len(),
        None => at,
    }
}

/// Strips the grade before 第: B2-第44173号, B1 第20773号, 2級 第773号, (A)第1204号.
fn after_grade(rest: &str) -> &str {
    let grade = run_up_to(LONGEST_GRADE, rest, 0, |c| c.is_ascii_alphanumeric() || "-(級種度)".contains(c));
    let behind = rest[grade..].trim_start_matches(' ');
    if behind.starts_with('第') { behind } else { rest }
}

/// Reads a code of at least `least` digits at `at`: AB-12345, 24-P-00871, 1234 5678 9012, 東-00912, 医45123, 123号.
pub fn code(text: &str, at: usize, least: usize) -> Option<Range<usize>> {
    let first = prefix_end(text, at);
    let mut end = first;
    let mut groups: Vec<&str> = Vec::new();
    let mut next = first;
    while next - at <= LONGEST {
        let group = group_at(text, next);
        if group.is_empty() {
            break;
        }
        groups.push(group);
        end = next + group.len();
        match joint(text, end, group) {
            Some(behind) => next = behind,
            None => break,
        }
    }
    let letters = groups.first()?.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits: usize = groups.iter().map(|g| g.bytes().filter(u8::is_ascii_digit).count()).sum();
    let least = if first > at { least.max(3) } else { least };
    let plain = is_date(&groups) || is_quantity(&groups) || registered_elsewhere(groups[0]);
    if digits < least || digits > 24 || letters > MOST_LETTERS || plain || end - at > LONGEST {
        return None;
    }
    let closed = suffix_end(text, end);
    let mut behind = text[closed..].chars();
    let goes_on = match behind.next() {
        Some(c) if closed == end && COUNTERS.contains(c) => true,
        Some(c) if c.is_ascii_alphanumeric() => true,
        Some('.' | ',' | '/' | '-' | ':') => behind.next().is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    (!goes_on).then_some(at..closed)
}

/// Returns the letters and digits at `at`.
fn group_at(text: &str, at: usize) -> &str {
    let length = text.as_bytes()[at..].iter().take(LONGEST).take_while(|b| b.is_ascii_alphanumeric()).count();
    &text[at..at + length]
}

/// Returns the end of one to three kanji or kana with which a code begins; `at` if there are none.
fn prefix_end(text: &str, at: usize) -> usize {
    let is_prefix =
        |&c: &char| (is_kanji(c) || is_katakana(c) || is_hiragana(c)) && !NO_PREFIX.contains(c) && c != '第';
    let prefix: Vec<char> = text[at..].chars().take(4).take_while(is_prefix).collect();
    let end = at + prefix.iter().map(|c| c.len_utf8()).sum::<usize>();
    let kana = prefix.iter().any(|&c| is_hiragana(c));
    let rest = &text[end..];
    let behind = ["-第", "-", "・", "第"].iter().find_map(|mark| rest.strip_prefix(mark));
    let behind = behind.or((!kana).then_some(&text[end..]));
    match behind.filter(|behind| behind.starts_with(|c: char| c.is_ascii_digit())) {
        Some(behind) if (1..=3).contains(&prefix.len()) => text.len() - behind.len(),
        _ => at,
    }
}

/// Returns the start of the group behind a joint at `end`, if `group` before it and the next one can be of one code.
fn joint(text: &str, end: usize, group: &str) -> Option<usize> {
    let is_number = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let mark = char_at(text, end)?;
    let next = end + mark.len_utf8();
    let follows = group_at(text, next.min(text.len()));
    let has_digit = follows.bytes().any(|b| b.is_ascii_digit());
    let counted = || char_at(text, next + follows.len()).is_some_and(|c| COUNTERS.contains(c));
    let joins = match mark {
        '-' | '_' => has_digit || (1..=3).contains(&follows.len()),
        '/' | '#' => has_digit && group.len() <= 4 && !counted(),
        '.' | '・' => is_number(group) && is_number(follows) && group.len() >= 2 && follows.len() >= 2,
        ' ' => {
            let lengths = (3..=6).contains(&group.len()) && (3..=6).contains(&follows.len());
            let behind = next + follows.len();
            let marked = text[behind..].starts_with(['%', '℃', '°', ':', '/', '.', ',', '〜']);
            let tail = !marked && !counted();
            let dashed = text[end..].strip_prefix(" - ").map(|rest| text.len() - rest.len());
            if let Some(after) = dashed.filter(|&after| is_number(group) && is_number(group_at(text, after)))
            {
                return Some(after);
            }
            is_number(group)
                && is_number(follows)
                && lengths
                && group.len().abs_diff(follows.len()) <= 2
                && tail
        }
        _ => false,
    };
    joins.then_some(next)
}

/// Returns the end of 号 or 番 behind a number.
fn suffix_end(text: &str, end: usize) -> usize {
    let rest = &text[end..];
    let other = ["号室", "号線", "号棟", "号館", "番目", "番地", "番号", "番染"];
    match rest.strip_prefix(['号', '番']) {
        Some(behind) if !other.iter().any(|other| rest.starts_with(other)) => text.len() - behind.len(),
        _ => end,
    }
}

/// Tests whether the groups are a year, a month and a day.
fn is_date(groups: &[&str]) -> bool {
    let values: Vec<u32> = groups.iter().map_while(|group| group.parse().ok()).collect();
    let [year, month, day] = values[..] else { return false };
    groups.len() == 3
        && groups.iter().skip(1).all(|group| group.len() <= 2)
        && (1850..=2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
}

/// Tests for a lone number with a unit.
fn is_quantity(groups: &[&str]) -> bool {
    let [only] = groups else { return false };
    let unit = only.trim_start_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
    unit.len() < only.len() && UNITS.contains(&unit.as_str()) && only.len() - unit.len() <= 4
}

/// Tests for a number of a public register of studies, papers or books.
fn registered_elsewhere(group: &str) -> bool {
    let group = group.to_ascii_lowercase();
    ["umin", "nct", "jrct", "japic", "isrctn", "eudract", "pmid", "pmc", "doi", "isbn", "issn", "chictr"]
        .iter()
        .any(|register| group.starts_with(register))
}
