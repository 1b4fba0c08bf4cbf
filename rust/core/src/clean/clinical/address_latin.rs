//! Addresses in Latin letters, known by the endings of wards, cities and towns: 2-11-3 Meguro, Meguro-ku, Tokyo.

use std::ops::Range;

use super::category::Place;

/// The longest address, in bytes on either side of the ending.
const LONGEST: usize = 60;

/// Finds the address around the ending at `word`: words with a capital and numbers, with commas and spaces between.
pub fn around(text: &str, word: &Range<usize>) -> Option<Place> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let goes_on = text[word.end..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let mut start = word_start(text, word.start);
    if goes_on || !is_part(&text[start..word.end]) || !is_name(&text[start..word.start]) {
        return None;
    }
    while let Some(gap) = [", ", " ", ","].iter().find(|gap| text[..start].ends_with(**gap)) {
        let end = start - gap.len();
        let next = word_start(text, end);
        if word.start - next > LONGEST || next == end || !is_part(&text[next..end]) {
            break;
        }
        start = next;
    }
    let mut end = word.end;
    while let Some(gap) = [", ", " ", ","].iter().find(|gap| text[end..].starts_with(**gap)) {
        let next = end + gap.len();
        let length = text.as_bytes()[next..].iter().take(LONGEST).take_while(|b| is_word(**b)).count();
        let part = &text[next..next + length];
        let apart =
            !gap.contains(',') && !part.contains('-') && !part.starts_with(|c: char| c.is_ascii_digit());
        if next + length - word.end > LONGEST || apart || !is_part(part) {
            break;
        }
        end = next + length;
    }
    let numbered = text[start..end].bytes().any(|b| b.is_ascii_digit());
    let several = text[start..end].contains(',');
    (numbered || several).then_some(Place { whole: start..end, value: start..end })
}

/// Tests for a name as Japanese is written in Latin letters: HDL-Cho and T-Cho are laboratory tests.
fn is_name(stem: &str) -> bool {
    let name = stem.rsplit('-').next().unwrap_or_default();
    let closed = name.ends_with(|c: char| "aeiouhmn".contains(c.to_ascii_lowercase()));
    name.len() > 1 && closed || name.ends_with(|c: char| c.is_ascii_digit())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Returns the start of the letters, digits and dashes that end at `end`.
fn word_start(text: &str, end: usize) -> usize {
    end - text.as_bytes()[..end].iter().rev().take(LONGEST).take_while(|b| is_word(**b)).count()
}
