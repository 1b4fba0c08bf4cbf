//! Names that the dictionary lacks, or has as places, behind a title or in a list of names: 研修医館林が, 今野・綿引.

use std::ops::Range;

use super::candidate::is_titled_single;
use super::chains::is_chain;
use super::closing::closes;
use super::lists::NO_LABEL_VALUES;
use super::titles::{Tie, honorific, is_family, title};
use super::unknown::is_unsettled;
use super::words::{Kind, Words};

/// Ends of words for offices and persons, which no name has.
const NO_ENDS: &str = "家手役主世代下上左右持月火水木金土日科室部課棟院長員者師士医会班係所局署側宅様方等達中後前時内外用的性化式型法病症";

/// The fewest surnames with the same first or last character as a name that the dictionary lacks.
const ALIKE: u16 = 10;
/// The same behind a title.
const ALIKE_TITLED: u16 = 3;

/// Finds the name in the run of kanji at `run`; `last` is the end of the name before.
pub fn name(words: &Words, text: &str, run: &Range<usize>, last: Option<usize>) -> Option<Range<usize>> {
    if !closes(&text[run.end..]) {
        return None;
    }
    let part = &text[run.clone()];
    let follows = last.and_then(|last| text.get(last..run.start)).is_some_and(is_chain);
    if follows && part.chars().count() == 2 && is_lacking(words, part, ALIKE) {
        return Some(run.clone());
    }
    let sentence = text[run.end..].starts_with('の') || part == "今";
    if !sentence
        && is_titled_single(part)
        && text[..run.start].ends_with(['.', ':', ' '])
        && is_titled(&text[..run.start])
    {
        return Some(run.clone());
    }
    let starts = part.char_indices().map(|(i, _)| i);
    let mut names = starts.filter(|&i| {
        let name = &part[i..];
        (2..=3).contains(&name.chars().count())
            && (is_lacking(words, name, ALIKE_TITLED) || is_place(words, name))
            && is_titled(&text[..run.start + i])
    });
    names.next().map(|i| run.start + i..run.end)
}

/// Tests for a title of a person right before, behind a mark, a space or の.
fn is_titled(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', ':', '.', 'の', '(', '・', '/']);
    let of_person = rest.ends_with(|c: char| "医師士員者長婦授".contains(c) || c.is_ascii_alphabetic());
    of_person && matches!(title(before), Some(Tie::Direct | Tie::Loose | Tie::Mark))
}

/// Tests for characters that are no word of the dictionary and are like a surname.
fn is_lacking(words: &Words, name: &str, alike: u16) -> bool {
    const KINDS: [Kind; 5] = [Kind::Other, Kind::Place, Kind::Organisation, Kind::Given, Kind::Person];
    may_be(name)
        && !words.is(name, &KINDS)
        && words.looks_like_surname(name, alike)
        && !holds_a_word(words, name)
}

/// Tests for an ordinary word of two characters in one of three: 機能 in 腎機能.
fn holds_a_word(words: &Words, name: &str) -> bool {
    let middle: Vec<usize> = name.char_indices().skip(1).map(|(i, _)| i).collect();
    let [second, third] = middle[..] else { return false };
    words.is_ordinary(&name[..third]) || words.is_ordinary(&name[second..])
}

/// Tests for a place that is no well-known town.
fn is_place(words: &Words, name: &str) -> bool {
    may_be(name) && !words.is(name, &[Kind::Organisation]) && is_unsettled(words, name)
}

fn may_be(name: &str) -> bool {
    !name.ends_with(|c| NO_ENDS.contains(c))
        && !NO_LABEL_VALUES.begins(name)
        && !is_family(name)
        && honorific(name).is_none()
}
