//! Names in kana whose parts are one run: サカモトリョウヘイ, スズキサン, トモヤの母.

use super::super::category::Place;
use super::closing::closes;
use super::lists::{FAMILY, NO_KATAKANA};
use super::readings::katakana;
use super::words::{Kind, Words};
use crate::clean::characters::is_hiragana;

/// Honorifics in katakana, which end the run of a name.
const HONORIFICS: [&str; 4] = ["サン", "クン", "チャン", "サマ"];

/// The fewest characters of a surname, and of a given name.
const SHORTEST: (usize, usize) = (3, 2);

/// Finds a name in the run of katakana from `start` to `end`.
pub fn name(words: &Words, text: &str, start: usize, end: usize) -> Option<Place> {
    let run = &text[start..end];
    let place =
        |value_end: usize, whole_end: usize| Place { whole: start..whole_end, value: start..value_end };
    let readings = &words.readings_of_names;
    let other = |word: &str| words.is(word, &[Kind::Other, Kind::Organisation, Kind::Place]);
    for honorific in HONORIFICS {
        if let Some(name) = run.strip_suffix(honorific)
            && name.chars().count() >= 2
            && (readings.surnames.has(name) && name.chars().count() > 2
                || readings.has(name) && !other(name)
                || is_full(words, name))
            && !other(run)
            && !NO_KATAKANA.ends(name)
        {
            return Some(place(start + name.len(), end));
        }
    }
    let behind = &text[end..];
    if let Some(rest) = behind.strip_prefix('の')
        && run.chars().count() >= SHORTEST.0
        && FAMILY.begins(rest)
        && readings.given.has(run)
        && !other(run)
    {
        return Some(place(end, end));
    }
    (closes(behind)
        && !NO_KATAKANA.contains(run)
        && run.chars().count() > SHORTEST.0 + SHORTEST.1
        && is_full(words, run)
        && !other(run))
    .then(|| place(end, end))
}

/// Tests for a surname and a given name, each with its reading, in one run.
pub fn is_full(words: &Words, run: &str) -> bool {
    let length = run.chars().count();
    if !(SHORTEST.0 + SHORTEST.1..=12).contains(&length) || run.contains('ー') {
        return false;
    }
    let readings = &words.readings_of_names;
    let converted = run.starts_with(is_hiragana).then(|| katakana(run));
    let run = converted.as_deref().unwrap_or(run);
    run.char_indices().skip(SHORTEST.0).any(|(i, _)| {
        let (surname, given) = run.split_at(i);
        given.chars().nth(SHORTEST.1 - 1).is_some()
            && readings.given.has_katakana(given)
            && readings.surnames.has_katakana(surname)
            && !words.is(given, &[Kind::Other])
            && !words.is(surname, &[Kind::Other])
    })
}
