//! Dates of birth beside the sex, the letter b, a correction and words for whose they are.

use std::ops::Range;

use super::calendar::{Precision, date, marked_month_and_day, month_and_day};
use super::category::Place;
use super::reading::{begins_word, open_bracket};
use crate::clean::characters::is_kanji;

/// Eras in which nearly all dates of today's notes are dates of birth.
pub const OLD_ERAS: [&str; 8] = ["S", "T", "M", "昭和", "大正", "明治", "昭", "大"];

/// The longest date beside the sex, in characters.
const LONGEST_BESIDE: usize = 12;

/// Reads the date of an old era that a space, a comma or a slash parts from the sex: S18.2.3 男, 女 S31.4.2.
pub fn beside_sex(text: &str, word: &Range<usize>) -> Option<Place> {
    let gap = [' ', '、', ',', '/', '\t'];
    let old = |at: usize| OLD_ERAS.iter().any(|era| text[at..].starts_with(era)) && begins_word(text, at);
    let sex = text[word.end..].strip_prefix(['性', '児']).unwrap_or(&text[word.end..]);
    let start = text.len() - sex.trim_start_matches(gap).len();
    let behind = sex.starts_with(gap) && old(start);
    // 長女、大正4年12月29日死去
    let closed = |end: usize| text[end..].starts_with('生') || !text[end..].starts_with(is_kanji);
    let end = if behind { date(text, start, Precision::Day) } else { None };
    if let Some(end) = end.filter(|&end| closed(end)) {
        return Some(Place { whole: start..end, value: start..end });
    }
    let end = age_start(text[..word.start].trim_end_matches(gap));
    // (昭22.9.17) 女
    let inner = text[..end].strip_suffix(')').map(str::len);
    let (end, bracketed) = inner.filter(|_| end < word.start).map_or((end, false), |inner| (inner, true));
    if end == word.start || sex.starts_with(is_kanji) {
        return None;
    }
    let starts = text[..end].char_indices().rev().take(LONGEST_BESIDE).map(|(i, _)| i);
    let start = starts
        .into_iter()
        .filter(|&i| old(i) && (!bracketed || text[..i].ends_with('(')))
        .find(|&i| date(text, i, Precision::Day) == Some(end))?;
    Some(Place { whole: start..end, value: start..end })
}

/// The longest age in brackets, in bytes: (104歳.
const LONGEST_AGE: usize = 7;

/// Returns the end of what stands before an age in brackets at the end of `head`: S48.12.1(50) ♀.
fn age_start(head: &str) -> usize {
    let age = || {
        let inner = head.strip_suffix(')')?;
        let open = open_bracket(inner, LONGEST_AGE)?;
        let (before, age) = (&inner[..open], &inner[open + 1..]);
        let digits = age.strip_suffix(['歳', '才']).unwrap_or(age);
        let fits = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| before.trim_end_matches(' ').len())
    };
    age().unwrap_or(head.len())
}

/// Reads the date behind b. before the sex or the age: b. 7/4/1959, M.
pub fn initial(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = text.len() - text[word.end..].trim_start_matches(' ').len();
    let end = date(text, start, Precision::Day).filter(|_| begins_word(text, word.start))?;
    let rest = text[end..].trim_start_matches([',', ' ', '(']);
    let sex = ["M", "F", "m", "f", "male", "female", "Male", "Female", "man", "woman"].iter().any(|sex| {
        rest.strip_prefix(sex).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    });
    let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let aged = digits > 0 && rest[digits..].trim_start_matches(' ').starts_with(['y', 'M', 'F', '歳']);
    (sex || aged).then_some(Place { whole: start..end, value: start..end })
}

/// The longest stretch between the label of a date of birth and the correction of the date, in characters.
const LONGEST_CORRECTION: usize = 48;

/// The longest date, in characters.
const LONGEST_DATE: usize = 16;

/// Reads the date with its year and day that ends at `end`.
pub fn date_before(text: &str, end: usize) -> Option<Range<usize>> {
    let starts = text[..end].char_indices().rev().take(LONGEST_DATE).map(|(i, _)| i);
    let numeral = |c: char| c.is_ascii_alphanumeric() || "〇一二三四五六七八九十".contains(c);
    let fits = |&i: &usize| {
        let apart = !text[..i].ends_with(numeral) && !text[i..].starts_with(char::is_whitespace);
        apart && date(text, i, Precision::Day) == Some(end)
    };
    starts.filter(fits).last().map(|start| start..end)
}

/// Reads the date before a correction, where the label of a date of birth stands before it in the line: 生年月日… 「S8年11月3日」に訂正.
pub fn corrected(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = &text[..word.start];
    let date = date_before(text, head.strip_suffix(['」', '』', ')']).unwrap_or(head).len())?;
    let length = |c: char| c.len_utf8();
    let before = &text[..date.start];
    let near: usize =
        before.chars().rev().take(LONGEST_CORRECTION).take_while(|&c| c != '\n').map(length).sum();
    let labelled =
        ["生年月日", "誕生日", "DOB"].iter().any(|label| before[before.len() - near..].contains(label));
    labelled.then_some(Place { whole: date.clone(), value: date })
}

/// Reads the date before words that say whose birthday it is: 令和4年2月22日(=本児の誕生日), 11月19日が誕生日.
pub fn day_of(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = &text[..word.start];
    let date = match head.strip_suffix('の') {
        Some(head) => {
            let head =
                ["本児", "児", "本人", "患児", "患者"].iter().find_map(|child| head.strip_suffix(child))?;
            let head = ["(=", "(", "="].iter().find_map(|mark| head.strip_suffix(mark))?;
            date_before(text, head.trim_end_matches(' ').len())?
        }
        None => {
            let party = text[word.end..].starts_with(['会', 'カ', 'ケ', 'パ', 'プ', 'メ', '祝']);
            let end = head.strip_suffix(['が', '=', 'に']).filter(|_| !party)?.len();
            date_before(text, end).or_else(|| day_before(text, end))?
        }
    };
    Some(Place { whole: date.clone(), value: date })
}

/// Reads the month and the day that end at `end`, without a year.
fn day_before(text: &str, end: usize) -> Option<Range<usize>> {
    let starts = text[..end].char_indices().rev().take(LONGEST_BESIDE).map(|(i, _)| i);
    let fits = |&i: &usize| {
        let apart = !text[..i].ends_with(|c: char| c.is_ascii_alphanumeric() || "/.-年".contains(c));
        let read = || month_and_day(text, i).or_else(|| marked_month_and_day(text, i));
        apart && !text[i..].starts_with(char::is_whitespace) && read() == Some(end)
    };
    starts.filter(fits).last().map(|start| start..end)
}

/// Words between a bracket and the label that tells what the dates before it are.
const ALL_OF_THEM: [&str; 9] =
    ["", "いずれも", "すべて", "全て", "全員", "各々の", "それぞれ", "共に", "ともに"];

/// Reads the date before its label in brackets: H28.10.5(いずれも生年月日).
pub fn listed(text: &str, word: &Range<usize>) -> Option<Place> {
    text[word.end..].starts_with(')').then_some(())?;
    let head = &text[..word.start];
    let open = ALL_OF_THEM.iter().rev().find_map(|all| head.strip_suffix(all)?.strip_suffix('('))?;
    let date = date_before(text, open.trim_end_matches(' ').len())?;
    Some(Place { whole: date.clone(), value: date })
}

/// The most further dates before a label that tells what all of them are.
const MOST_LISTED: usize = 6;

/// The longest stretch between two such dates, in characters.
const LONGEST_GAP: usize = 10;

/// Finds the further dates before the one at `value`, where words behind it say that all are dates of birth.
pub fn earlier(text: &str, value: &Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let behind = text[value.end..].trim_start_matches(' ').strip_prefix('(').unwrap_or("");
    if !ALL_OF_THEM.iter().any(|all| !all.is_empty() && behind.starts_with(all)) {
        return found;
    }
    let mut end = value.start;
    while found.len() < MOST_LISTED {
        let ends = text[..end].char_indices().rev().take(LONGEST_GAP).take_while(|&(_, c)| c != '\n');
        let mut dates = ends.filter(|(_, c)| !c.is_ascii_digit()).map(|(i, _)| i);
        let Some(date) = dates.find_map(|i| date_before(text, i)) else { break };
        end = date.start;
        found.push(date);
    }
    found
}
