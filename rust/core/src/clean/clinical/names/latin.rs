//! Names in Latin letters behind a title or before an honorific.

use super::super::category::Place;
use super::lists::NO_LATIN;
use super::runs::run_of;
use super::titles::title_latin;

/// The longest name in Latin letters, in parts.
const MOST_PARTS: usize = 3;

/// Names in Latin letters that begin at `start`, with a capital behind no letter; returns the end of the word too.
pub fn latin(text: &str, start: usize) -> (Option<Place>, usize) {
    let ends = part_ends(text, start);
    let place = if title_latin(&text[..start]) {
        titled(text, start, &ends).map(|end| Place { whole: start..end, value: start..end })
    } else {
        ends.iter().rev().find_map(|&end| {
            let length = honoured(text, start, end)?;
            Some(Place { whole: start..end + length, value: start..end })
        })
    };
    let end = place.as_ref().map_or(ends[0], |place| place.value.end);
    (place, end)
}

/// Tests for a word in Latin letters that is no name.
pub fn is_other(word: &str) -> bool {
    NO_LATIN.contains(&word.to_ascii_lowercase())
}

/// The ends of the parts of the name that may begin at `start`.
fn part_ends(text: &str, start: usize) -> Vec<usize> {
    let word = |at: usize| run_of(text, at, |c| c.is_ascii_alphabetic() || matches!(c, '\'' | '-'));
    let mut end = word(start);
    let mut ends = vec![end];
    while ends.len() < MOST_PARTS {
        let rest = &text[end..];
        let gap = if rest.starts_with(". ") { 2 } else { usize::from(rest.starts_with([' ', '.'])) };
        let next = end + gap;
        if gap == 0
            || !text[next..].starts_with(|c: char| c.is_ascii_uppercase())
            || word(next) == next + 1 && !text[next + 1..].starts_with('.')
        {
            break;
        }
        end = word(next);
        ends.push(end);
    }
    ends
}

/// Returns the end of the name behind a title: its parts up to the first that is none.
fn titled(text: &str, start: usize, ends: &[usize]) -> Option<usize> {
    let mut end = start;
    for &to in ends {
        let part = text[end..to].trim_start_matches([' ', '.']);
        if part.len() != 1 && (part.is_empty() || is_other(part)) {
            break;
        }
        end = to;
    }
    let long = text[start..end].split([' ', '.']).any(|part| part.len() >= 2);
    (long && !text[end..].starts_with(|c: char| c.is_ascii_digit())).then_some(end)
}

/// Returns the length of the honorific behind the name in capitals that ends at `end`.
fn honoured(text: &str, start: usize, end: usize) -> Option<usize> {
    let name = &text[start..end];
    let behind = &text[end..];
    let after = behind.strip_prefix(' ').unwrap_or(behind);
    let honorific = ["様", "氏", "先生", "さん", "さま"].into_iter().find(|word| after.starts_with(word))?;
    let several = name.contains([' ', '.']);
    // The first part alone, of as many characters as this one, is tested for another word.
    let capitalised = name.split([' ', '.']).all(|part| {
        part.len() >= 2
            && part[1..].bytes().all(|b| !b.is_ascii_uppercase())
            && !is_other(&text[start..start + part.len()])
    });
    let fits = (several || honorific != "様") && capitalised && name.len() >= 4;
    fits.then(|| behind.len() - after.len() + honorific.len())
}
